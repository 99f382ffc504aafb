// The reason of a proposal in words and pictures.

import { make } from "../shared/dom.js";

/** Fill an element with a reason; `thumbs` brings its pictures. */
export function showReason(element, { reason, deck, thumbs }) {
  if (reason === undefined) return element.replaceChildren(make("p", { class: "quiet", text: "Collecting the reason ..." }));
  if (reason === null) return element.replaceChildren();
  const parts = [
    make("h3", { text: reason.title }),
    ...reason.sentences.map((text) => make("p", { text })),
    ...drawPlaces(reason.drawn),
    make("p", { class: "quiet", text: reason.limits }),
  ];
  for (const { title, pictures } of reason.groups) {
    parts.push(make("h4", { text: title }));
    parts.push(make("ul", { class: "neighbours" }, pictures.map((one) => makeNeighbour(one, deck, thumbs))));
  }
  parts.push(make("p", { class: "quiet", text: reason.scale }));
  const changes = [make("summary", { text: "What would have changed this proposal" })];
  changes.push(make("ul", {}, reason.would_change_if.map((text) => make("li", { text }))));
  changes.push(make("p", { class: "quiet", text: reason.why }));
  if (reason.runners_up.length) {
    changes.push(make("h4", { text: reason.next_title }));
    changes.push(make("ul", {}, reason.runners_up.map((text) => make("li", { text }))));
  }
  parts.push(make("details", {}, changes));
  element.replaceChildren(...parts);
}

/** Return where in the picture the class map sees polyp, with its caption; nothing where none proposed it. */
function drawPlaces(drawn) {
  if (!drawn) return [];
  return [make("img", { class: "places", src: drawn.url, alt: drawn.words }), make("p", { class: "quiet", text: drawn.words })];
}

function makeNeighbour({ item, label, distance, is_other: isOther }, deck, thumbs) {
  const words = deck.header.class_words[label] ?? label;
  return make("li", {}, [
    thumbs.make(item, `Labelled ${words}`),
    makeClassChip(deck, label),
    make("span", { class: "quiet", text: `distance ${distance}` }),
    isOther ? make("span", { class: "quiet", text: "other class" }) : null,
  ]);
}

/** Return a class as a chip: colour, sign and word. */
export function makeClassChip(deck, label, before = "") {
  const { class_words: words, class_colors: colors, class_signs: signs } = deck.header;
  const chip = make("span", { class: "chip" }, [
    make("span", { class: "sign", text: signs[label] ?? "", "aria-hidden": "true" }),
    make("span", { text: `${before}${words[label] ?? label}` }),
  ]);
  chip.style.setProperty("--chip", colors[label] ?? "gray");
  return chip;
}
