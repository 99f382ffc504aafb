// Help, and the question before many decisions.

import { make } from "../shared/dom.js";

/** Open a dialog with what it holds; it is gone when closed. Keys do not reach the review meanwhile. */
export function openDialog(root, title, children) {
  const dialog = make("dialog", { role: "dialog", "aria-label": title }, [make("h2", { text: title }), ...children]);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  root.append(dialog);
  dialog.showModal();
  return dialog;
}

export function openHelp(root, rows) {
  const list = make("dl", { class: "key-list" });
  for (const [key, words] of rows) {
    list.append(make("dt", {}, [make("kbd", { text: key })]), make("dd", { text: words }));
  }
  const dialog = openDialog(root, "Keys of the review", [list]);
  dialog.append(make("form", { method: "dialog" }, [make("button", { text: "Close" })]));
}

/** Ask before many decisions; `choices`: {words, act}. What was not seen all of waits for a tick; else Enter is enough. */
export function askForMany(root, { title, sentences, choices, isSeen = false }) {
  const buttons = choices.map(({ words, act }) => make("button", {
    text: words, type: "button", disabled: !isSeen, onclick() { dialog.close(); act(); },
  }));
  const tick = make("input", {
    type: "checkbox", id: "sure", onchange() { for (const button of buttons) button.disabled = !tick.checked; },
  });
  const dialog = openDialog(root, title, [
    ...sentences.map((text) => make("p", { text })),
    isSeen ? null : make("p", {}, [tick, make("label", { for: "sure", text: " I want to decide on all of them" })]),
    make("div", { class: "row" }, [...buttons, make("button", { text: "Cancel", type: "button", onclick: () => dialog.close() })]),
  ]);
  if (isSeen) buttons[0].focus();
}
