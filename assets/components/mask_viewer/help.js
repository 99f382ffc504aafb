// The keys, sent from one place: what is listed here is what viewer.js listens to.

import { make } from "../shared/dom.js";

const KEY_LIST = [
  ["← →, PageUp PageDown", "layer before, next layer"],
  [", .", "lower limit down, up by 0.01"],
  ["; :", "upper limit down, up by 0.01"],
  ["N, P", "next picture, picture before"],
  ["H (hold)", "hide heat and mask, to compare by flicker"],
  ["1 2 3 4", "side by side, overlay, swipe, many pictures"],
  ["O", "outline only"],
  ["I", "invert the mask"],
  ["Z, Shift+Z", "undo, redo a change of the setting"],
  ["B", "best setting on the tuning pictures"],
  ["L", "the locked setting"],
  ["+ − 0", "zoom in, out, whole picture"],
  ["Shift + arrows", "move the zoomed picture"],
  ["?", "this help"],
];

/** Make the dialog; `open()` shows it. */
export function makeHelp() {
  const rows = KEY_LIST.map(([keys, words]) =>
    make("tr", {}, [make("th", { scope: "row" }, [make("kbd", { text: keys })]), make("td", { text: words })]));
  const close = make("button", { type: "button", text: "Close", onclick: () => element.close() });
  const element = make("dialog", { class: "help", "aria-label": "Keys and help" }, [
    make("h2", { text: "Keys" }),
    make("table", {}, [make("tbody", {}, rows)]),
    make("p", { class: "quiet", text: "Wheel with Ctrl, or after a click on the picture: zoom. Drag: move. Double click: zoom in, whole picture. "
      + "Arrow keys on a slider move that slider." }),
    close,
  ]);
  element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
  return { element, open: () => { if (!element.open) element.showModal(); } };
}
