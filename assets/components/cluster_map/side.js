// The pictures beside the map: what is selected, in words, and what can be done with it.

import { make } from "../shared/dom.js";
import { iconButton } from "./controls.js";
import { countAway, listSelected } from "./scene.js";
import { describeSelection, sayThings } from "./words.js";

/** Make the head of the pictures and the frame around them. */
export function makeSide(gallery, actions) {
  const told = make("p", { class: "told" });
  const menu = make("details", { class: "menu" });
  const review = make("button", { type: "button", text: "Review these", title: "Open the Review page with this selection as its queue", onclick: () => actions.onReview() });
  const back = iconButton("back", "The selection before (Ctrl+Z)", () => actions.onBack());
  const clear = iconButton("close", "Clear the selection (Esc)", () => actions.onClear());
  const buttons = make("div", { class: "buttons" }, [review, menu, back, clear]);
  const picks = make("div", { class: "picks" });
  const empty = make("div", { class: "empty" });
  const head = make("div", { class: "side-head" }, [told, buttons]);
  const element = make("div", { class: "side" }, [head, picks, empty, gallery.frame]);
  const side = { element, head, told, buttons, menu, review, back, clear, picks, empty, gallery, actions, version: "" };
  side.show = () => showSide(side);
  return side;
}

function showSide(side) {
  const scene = side.actions.getScene(), { header, nSelected, picked } = scene;
  if (side.version !== header.version) {
    side.version = header.version;
    fillMenu(side, header);
    const lines = [...header.howTo.entries()];
    side.empty.replaceChildren(...lines.map(([i, text]) => make("p", { class: i ? "quiet" : "lead", text })));
  }
  side.told.textContent = describeSelection(scene, countAway(scene, listSelected(scene))) || "Nothing selected";
  side.told.classList.toggle("nothing", !nSelected);
  side.head.classList.toggle("nothing", !nSelected && !scene.history.length);
  side.gallery.frame.hidden = !nSelected;
  side.review.hidden = side.menu.hidden = side.clear.hidden = !nSelected;
  side.back.hidden = !scene.history.length;
  side.buttons.hidden = !nSelected && !scene.history.length;
  side.empty.hidden = nSelected > 0;
  side.picks.hidden = !picked.size;
  side.picks.replaceChildren(
    make("span", { text: `Picked ${sayThings(scene, picked.size)}` }),
    make("button", { type: "button", text: "Keep only these", onclick: () => side.actions.onPicked("new") }),
    make("button", { type: "button", text: "Take these out", onclick: () => side.actions.onPicked("remove") }),
    make("button", { type: "button", text: "Unpick", onclick: () => side.actions.onUnpick() }),
  );
}

function fillMenu(side, header) {
  const close = (what) => () => { side.menu.open = false; side.actions.onExport(what); };
  const entry = (what, text, words) => make("button", { type: "button", onclick: close(what) }, [
    make("span", { text }), make("span", { class: "quiet", text: words }),
  ]);
  const list = make("div", { class: "menu-list" }, [
    entry("csv", "Table (CSV)", "Ids, split, cluster, label in force"),
    entry("ids", "List of ids", "One id a line"),
    entry("files", "File names ...", header.filesWarning),
  ]);
  side.menu.replaceChildren(make("summary", { text: "Export" }), list);
  side.menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.menu.open) return;
    side.menu.open = false;
    side.menu.firstChild.focus();
    event.stopPropagation();
  });
}

/** Ask before file names leave the study; `onYes` is called when the reader agrees. */
export function makeFilesDialog(onYes) {
  const words = make("p");
  const dialog = make("dialog", { "aria-label": "File names" });
  const answer = (isYes) => () => { dialog.close(); if (isYes) onYes(); };
  dialog.append(make("h2", { text: "File names" }), words, make("div", { class: "buttons" }, [
    make("button", { type: "button", text: "Cancel", onclick: answer(false) }),
    make("button", { type: "button", class: "strong", text: "Save the file names", onclick: answer(true) }),
  ]));
  const show = (text) => { words.textContent = text; dialog.showModal(); };
  return { dialog, show };
}

/** Let the browser save a file. */
export function saveFile(name, bytes, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
