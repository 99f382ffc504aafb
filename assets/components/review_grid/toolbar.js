// What stands around the pictures: which queue, how far, what is saved, undo, help.

import { make } from "../shared/dom.js";
import { revert } from "./deciding.js";
import { capitalize, countWords, SHOW_OPTIONS } from "./words.js";

/** Return {element, update()}; the choices go to `review`. */
export function makeToolbar(review) {
  const views = [["one", "One by one"], ["grid", "Grid"]].map(([view, text]) => make("button", {
    type: "button", text, "data-view": view, title: "Key G", onclick: () => review.setView(view),
  }));
  const order = make("select", { "aria-label": "Order", onchange: () => leave(order, () => review.chooseOrder(order.value)) });
  const show = make("select", { "aria-label": "Show", onchange: () => leave(show, () => review.chooseShow(show.value)) });
  const cluster = make("select", { "aria-label": "Cluster", onchange: () => leave(cluster, () => review.chooseCluster(cluster.value)) });
  const undo = makeRevert(review, "undo", "\u21b6", "Undo", "Z");
  const redo = makeRevert(review, "redo", "\u21b7", "Redo", "Y");
  const help = make("button", { type: "button", class: "arrow", text: "?", "aria-label": "Keys of the review", title: "Keys (?)", onclick: () => review.openHelp() });
  const saved = make("span", { class: "saved" });
  const spoken = make("span", { class: "only-spoken", role: "status", "aria-live": "polite" });
  const element = make("div", { class: "toolbar" }, [
    make("div", { class: "views", role: "group", "aria-label": "View" }, views), order, show, cluster,
    make("div", { class: "row end" }, [undo, redo, help]),
  ]);
  let optionsOf = null;
  const leave = (select, act) => { select.blur(); act(); };
  const fill = () => {
    const { header } = review.deck;
    optionsOf = header.deck_id;
    setOptions(order, header.orders);
    setOptions(show, SHOW_OPTIONS[header.mode]);
    const counts = new Map();
    for (const one of review.deck.clusters) if (one >= 0) counts.set(one, (counts.get(one) ?? 0) + 1);
    const clusters = [...counts].sort((a, b) => a[0] - b[0]);
    setOptions(cluster, [["", `All ${header.group}s`], ...clusters.map(([one, n]) => [String(one), `${capitalize(header.group)} ${one} (${n})`])]);
    order.hidden = header.orders.length < 2;
    cluster.hidden = header.mode === "seeds" || clusters.length < 2;
  };
  return {
    element,
    saved: make("span", {}, [saved, spoken]),
    update() {
      const { header } = review.deck;
      if (optionsOf !== header.deck_id) fill();
      order.value = header.order;
      show.value = header.is_shared && review.show === "open" ? "shared" : review.show;
      cluster.value = review.cluster === null ? "" : String(review.cluster);
      for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === review.view));
      for (const [button, verb] of [[undo, "undo"], [redo, "redo"]]) {
        const n = review.desk.canRevert(verb);
        button.disabled = !n || review.isReadOnly;
        button.title = n > 1 ? `${verb === "undo" ? "Take back" : "Bring back"} your last ${n} decisions, made at once` : `${verb === "undo" ? "Take back" : "Bring back"} your last decision`;
      }
    },
    /** Say what is saved; aloud only when that takes long, or when it is done again. */
    showSaved({ n, isLate, trouble, cannotKeep, ofOthers }) {
      const words = n ? `${n.toLocaleString("en")} not saved yet` : "All saved";
      saved.textContent = `${n ? "\u25cf" : "\u2713"} ${words}`;
      saved.classList.toggle("late", isLate || Boolean(trouble));
      saved.classList.toggle("waiting", n > 0);
      review.showLateness(sayLate({ n, isLate, trouble, cannotKeep, ofOthers }));
      if (isLate || (!n && spoken.textContent !== "")) spoken.textContent = words;
    },
  };
}

function sayLate({ n, isLate, trouble, cannotKeep, ofOthers }) {
  const said = [];
  if (trouble) said.push(`${trouble.message} ${trouble.remedy}`);
  if (isLate) {
    const kept = cannotKeep ? "This browser cannot keep them: do not close the page." : "They are kept in this browser and sent again.";
    said.push(`${countWords(n, "decision")} not saved for more than 5 seconds. ${kept}`);
  }
  for (const [reader, count] of ofOthers) {
    said.push(`${countWords(count, "decision")} of reader ${reader} wait in this browser; choose that reader to save them.`);
  }
  return said.join(" ");
}

function makeRevert(review, verb, sign, words, key) {
  return make("button", { type: "button", "aria-label": words, "aria-keyshortcuts": key, onclick: () => revert(review, verb) }, [
    make("span", { text: sign, "aria-hidden": "true" }), make("kbd", { text: key, "aria-hidden": "true" }),
  ]);
}

function setOptions(select, options) {
  select.replaceChildren(...options.map(([value, text]) => make("option", { value, text })));
}
