import { make } from "../shared/dom.js";

/** Make the help: keys of the frame, a few notes, what the words mean, and the way to the tour. */
export function makeHelp(bar) {
  const dialog = make("dialog", { role: "dialog", class: "help-window", "aria-labelledby": "help-title" });
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  const draw = () => dialog.replaceChildren(...drawHelp(bar, dialog));
  return { dialog, draw, open: () => { if (!dialog.open) dialog.showModal(); } };
}

function drawHelp(bar, dialog) {
  const { keys, notes, glossary, tour } = bar.data;
  const close = make("button", { text: "Close", type: "button", onclick: () => dialog.close() });
  const again = tour.length && make("button", {
    text: "Take the tour", type: "button", class: "primary",
    onclick: () => { dialog.close(); bar.tour.start(); },
  });
  return [
    make("div", { class: "head" }, [make("h2", { id: "help-title", text: "Help" }), again, close]),
    make("h3", { text: "Keys" }), drawTerms(keys, "kbd"),
    make("h3", { text: "Good to know" }), drawTerms(notes, "strong"),
    make("h3", { text: "Words" }), drawTerms(glossary, "strong"),
  ];
}

function drawTerms(terms, tag) {
  const rows = terms.flatMap(([name, words]) => [
    make("dt", {}, [make(tag, { text: name })]), make("dd", { text: words }),
  ]);
  return make("dl", {}, rows);
}
