// One picture at a time: the picture, the keys, its place in the frame, and why a label is proposed.

import { make } from "../shared/dom.js";
import { decideOne } from "./deciding.js";
import { getCardState } from "./deck.js";
import { makeClassChip, showReason } from "./reason_panel.js";
import { drawFrame, makeStage } from "./stage.js";
import { listKeys, NOTES, OUTCOMES, shortenId } from "./words.js";

/** Return the view: {element, show(card), redraw(), getLook()}. `review` gives deck, desk, pictures and acts. */
export function makeOneView(review) {
  const parts = {
    head: make("div", { class: "head" }),
    note: make("p", { class: "stage-note", hidden: true }),
    keys: make("div", { class: "keys", role: "group", "aria-label": "Decide" }),
    frame: make("canvas", { class: "frame", role: "img" }),
    place: make("p", { class: "quiet" }),
    reason: make("div", { class: "reason" }),
  };
  const look = { item: null, at: Infinity };
  const stage = makeStage({
    outline: review.outline,
    onPaint(hasPicture) {
      if (hasPicture && look.item === null && card !== null) Object.assign(look, { item: getItem(), at: performance.now() });
    },
  });
  let card = null, keysOf = null, reasonOf = null, waking = 0;
  const getItem = () => review.deck.ids[card];
  const zoomKeys = make("div", { class: "zoom" }, [
    ["\u2212", "Zoom out", () => stage.zoomBy(1 / 1.5)], ["\u25a1", "Whole picture", () => stage.reset()], ["+", "Zoom in", () => stage.zoomBy(1.5)],
  ].map(([text, label, onclick]) => make("button", { text, type: "button", "aria-label": label, title: label, onclick })));
  const framePlace = make("figure", {}, [parts.frame, parts.place]);
  const element = make("div", { class: "one" }, [
    make("div", { class: "looking" }, [parts.head, make("div", { class: "stage-place" }, [stage.element, parts.note, zoomKeys])]),
    make("div", { class: "deciding" }, [parts.keys, make("div", { class: "evidence", tabindex: "0", role: "region", "aria-label": "Evidence" }, [framePlace, parts.reason])]),
  ]);

  const showPicture = () => {
    const bitmap = review.large.get(review.deck.images[card]);
    const label = `Picture ${shortenId(getItem())}, enlarged, to be judged by eye`;
    if (look.item !== getItem()) look.item = null;
    stage.show(bitmap ? { bitmap, box: review.deck.boxOf(card) } : null, bitmap ? label : "No picture yet");
    parts.note.hidden = Boolean(bitmap);
    parts.note.textContent = bitmap === null ? NOTES.unreadable : "Loading the picture ...";
    wake();
    return bitmap;
  };
  /** Keys wait until the picture was there for long enough; a click before is answered in words. */
  const wake = () => {
    clearTimeout(waking);
    const left = look.item === null ? Infinity : review.lookMilliseconds - (performance.now() - look.at);
    const isUnreadable = card !== null && review.large.get(review.deck.images[card]) === null;
    for (const button of parts.keys.children) {
      const isReady = isUnreadable ? ["flag", "skip"].includes(button.dataset.action) : left <= 0;
      button.setAttribute("aria-disabled", String(review.isReadOnly || !isReady));
    }
    if (left > 0 && left < Infinity) waking = setTimeout(wake, left);
  };
  const showKeys = () => {
    const signature = `${review.deck.header.deck_id} ${review.deck.labelOf(card)}`;
    if (signature === keysOf) return;
    keysOf = signature;
    parts.keys.dataset.count = String(listKeys(review.deck, card).length);
    parts.keys.replaceChildren(...listKeys(review.deck, card).map(({ key, action, label, words, help }) => make("button", {
      type: "button", title: help, "data-action": action, "aria-keyshortcuts": key, onclick: () => decideOne(review, action, label),
    }, [make("span", { text: words }), make("kbd", { text: key, "aria-hidden": "true" })])));
  };
  const showHead = () => {
    const { deck, desk } = review, label = deck.labelOf(card), state = getCardState(deck, desk, card);
    const said = [];
    if (state.outcome !== "open") {
      const words = state.outcome === "labelled" || state.outcome === "other" ? deck.header.class_words[state.label] : OUTCOMES[state.outcome][1];
      said.push(make("span", { class: "chip own", text: `you: ${words}` }));
    }
    if (state.isFlagged) said.push(make("span", { class: "chip own", text: "\u2691 flagged" }));
    parts.head.replaceChildren(
      make("strong", { text: label === null ? "Is there a polyp?" : "Proposed" }),
      ...(label === null ? [] : [makeClassChip(deck, label)]),
      ...said,
      make("span", { class: "quiet", text: shortenId(deck.ids[card]) }),
      make("span", { class: "quiet place", text: review.describePlace() }),
      makeArrow("\u2190", "Picture before", () => review.step(-1)),
      makeArrow("\u2192", "Picture after", () => review.step(1)),
    );
  };
  const showFrame = () => {
    const { deck } = review, box = deck.boxOf(card), bitmap = review.large.get(deck.images[card]);
    framePlace.hidden = !box;
    if (!box || !bitmap) return;
    const [row, column] = deck.placeOf(card);
    drawFrame(parts.frame, bitmap, box, review.outline);
    parts.frame.setAttribute("aria-label", `Whole frame; the part to judge is outlined at row ${row}, column ${column}`);
    parts.place.textContent = `Whole frame; the part to judge is outlined (row ${row}, column ${column}).`;
  };
  const showWhy = () => {
    const reason = review.deck.labelOf(card) === null ? null : review.reasons?.get(getItem());
    if (reasonOf?.item === getItem() && reasonOf.reason === reason) return;
    reasonOf = { item: getItem(), reason };
    showReason(parts.reason, { reason, deck: review.deck, thumbs: review.thumbs });
    if (reason !== undefined) parts.reason.parentElement.scrollTop = 0;
  };
  return {
    element,
    stage,
    /** Show a card; the picture first, the rest right after. */
    show(shown) {
      const isNew = shown !== card;
      if (isNew) look.item = null;
      card = shown;
      element.hidden = card === null;
      if (card === null) return;
      showPicture();
      showHead();
      showKeys();
      wake();
      setTimeout(() => {
        if (card !== shown) return;
        showFrame();
        showWhy();
      }, 0);
    },
    redraw() {
      if (card !== null) { showPicture(); showFrame(); showHead(); showWhy(); }
    },
    /** Forget what is drawn: another deck numbers its cards anew. */
    restart() { card = null; keysOf = reasonOf = null; look.item = null; },
    /** Say why no decision can be taken on the picture now; null when one can. */
    refuse(action) {
      const bitmap = review.large.get(review.deck.images[card]);
      if (bitmap === null) return action === "flag" || action === "skip" ? null : NOTES.unreadable;
      if (look.item !== getItem()) return NOTES.coming;
      return performance.now() - look.at < review.lookMilliseconds ? NOTES.soon : null;
    },
  };
}

function makeArrow(text, label, onclick) {
  return make("button", { class: "arrow", type: "button", text, "aria-label": label, title: label, onclick });
}
