// Which key does what.

import { decideChosen, decideOne, revert } from "./deciding.js";
import { listKeys, NOTES } from "./words.js";

const REVERT_KEYS = { z: "undo", "ctrl+z": "undo", y: "redo", "ctrl+y": "redo" };

/** Return {onKey, onControlA} for a review. A held key counts once. */
export function makeReviewKeys(review) {
  const isAsking = () => review.root.querySelector("dialog[open]") !== null;
  const decideByKey = (key, isHeld) => {
    const found = listKeys(review.deck, review.cards[review.place]).find((one) => one.key.toLowerCase() === key);
    if (!found) return false;
    if (isHeld) review.say(NOTES.held);
    else (review.view === "one" ? decideOne : decideChosen)(review, found.action, found.label);
    return true;
  };
  const onKeyInOne = (key) => {
    const { stage } = review.one;
    const acts = {
      ArrowLeft: () => review.step(-1),
      ArrowRight: () => review.step(1),
      "+": () => stage.zoomBy(1.5),
      "=": () => stage.zoomBy(1.5),
      "-": () => stage.zoomBy(1 / 1.5),
      0: () => stage.reset(),
    };
    acts[key]?.();
    return key in acts;
  };
  const revertOnce = (event, verb) => {
    if (!event.repeat) revert(review, verb);
    return true;
  };
  const onKey = (key, event) => {
    if (!review.deck || isAsking()) return false;
    const lower = key.toLowerCase(), isShifted = event.shiftKey && /^[a-z]$/.test(lower);
    const acts = {
      "?": () => review.openHelp(),
      g: () => review.setView(review.view === "one" ? "grid" : "one"),
    };
    if (isShifted) return lower === "z" && revertOnce(event, "redo"); // no decision by a hand that means something else
    if (lower in REVERT_KEYS) acts[lower] = () => revert(review, REVERT_KEYS[lower]);
    if (lower in acts) {
      if (!event.repeat) acts[lower]();
      return true;
    }
    if (review.place < 0) return false;
    return decideByKey(lower, event.repeat) || (review.view === "one" ? onKeyInOne(key) : review.grid.onKey(key, event));
  };
  const onControlA = (event) => {
    const isTyped = event.composedPath()[0].matches?.("input, textarea, select");
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "a") return;
    if (!review.deck || isTyped || isAsking() || review.view !== "grid") return;
    event.preventDefault();
    review.grid.chooseShown();
  };
  return { onKey, onControlA };
}
