// Many pictures at once: only the rows in sight are drawn; chosen by click, Shift, Ctrl, a box or keys.

import { make } from "../shared/dom.js";
import { getCardState } from "./deck.js";
import { makeClassChip } from "./reason_panel.js";
import { boxPlaces, clickPlace, emptyChoice } from "./selection.js";
import { OUTCOMES, shortenId } from "./words.js";

const CARD_WIDTH = 136;
const CARD_HEIGHT = 158;
const GAP = 8;
const DRAG_PIXELS = 6;
const EDGE = 4;

/** Return the view: {element, open(), redraw(), onKey(key, event), getChosen(), ...}; places are those of review.cards. */
export function makeGridView(review) {
  const rowsElement = make("div", { class: "rows" });
  const boxElement = make("div", { class: "drag-box", hidden: true });
  const scroller = make("div", {
    class: "scroller", role: "listbox", "aria-multiselectable": "true", "aria-label": "Pictures to judge", tabindex: "0",
  }, [rowsElement, boxElement]);
  const element = make("div", { class: "grid" }, [scroller]);
  const drawn = new Map();
  const seenSince = new Map();
  let choice = emptyChoice(), columns = 1, isAsked = false;

  const listPlaces = () => {
    const step = CARD_HEIGHT + GAP, first = Math.max(0, Math.floor(scroller.scrollTop / step) - 1);
    const last = Math.ceil((scroller.scrollTop + scroller.clientHeight) / step) + 1;
    return [first * columns, Math.min(last * columns, review.cards.length)];
  };
  const isInSight = (place) => {
    const top = Math.floor(place / columns) * (CARD_HEIGHT + GAP) - scroller.scrollTop;
    return top > -CARD_HEIGHT / 2 && top < scroller.clientHeight - CARD_HEIGHT / 2;
  };
  /** Whether a whole card is on the screen: in the scrolled part, and that in the window. */
  const isWhole = (place) => {
    const top = Math.floor(place / columns) * (CARD_HEIGHT + GAP) - scroller.scrollTop, frame = scroller.getBoundingClientRect();
    const isInFrame = top >= -EDGE && top + CARD_HEIGHT <= scroller.clientHeight + EDGE;
    return isInFrame && frame.top + top >= -EDGE && frame.top + top + CARD_HEIGHT <= window.innerHeight + EDGE;
  };
  const layOut = () => {
    columns = Math.max(1, Math.floor((scroller.clientWidth + GAP) / (CARD_WIDTH + GAP)));
    rowsElement.style.height = `${Math.ceil(review.cards.length / columns) * (CARD_HEIGHT + GAP)}px`;
  };
  const drawNow = () => {
    isAsked = false;
    if (!element.isConnected || element.hidden) return;
    layOut();
    const [from, to] = listPlaces();
    for (const [place, card] of drawn) {
      if (place >= from && place < to) continue;
      review.thumbs.forget(card.canvas);
      card.element.remove();
      drawn.delete(place);
    }
    for (let place = from; place < to; place += 1) drawCard(place);
    noteSeen();
  };
  const draw = () => {
    if (!isAsked) { isAsked = true; requestAnimationFrame(drawNow); }
  };
  const drawCard = (place) => {
    const number = review.cards[place], { deck } = review;
    if (!drawn.has(place)) drawn.set(place, makeCard(place));
    const card = drawn.get(place), state = getCardState(deck, review.desk, number);
    const width = (scroller.clientWidth + GAP) / columns;
    card.element.style.transform = `translate(${(place % columns) * width}px, ${Math.floor(place / columns) * (CARD_HEIGHT + GAP)}px)`;
    card.element.style.width = `${width - GAP}px`;
    const signature = `${deck.ids[number]} ${state.outcome} ${state.label} ${state.isFlagged} ${state.failure?.reason ?? ""}`;
    if (card.signature !== signature) {
      card.signature = signature;
      describe(card, number, state);
    }
    card.element.setAttribute("aria-selected", String(choice.chosen.has(place)));
    card.element.classList.toggle("cursor", place === review.place);
    if (card.item !== deck.ids[number]) {
      card.item = deck.ids[number];
      review.thumbs.show(card.canvas, card.item);
    }
  };
  const makeCard = (place) => {
    const canvas = make("canvas", { class: "thumb", "aria-hidden": "true" });
    const words = make("div", { class: "card-words" });
    const found = { canvas, words, element: make("div", { class: "card", role: "option", id: `card-${place}` }, [canvas, words]) };
    found.element.dataset.place = String(place);
    rowsElement.append(found.element);
    return found;
  };
  const describe = (card, number, state) => {
    const { deck } = review, label = deck.labelOf(number), [sign, words] = OUTCOMES[state.outcome];
    const said = state.outcome === "labelled" || state.outcome === "other" ? deck.header.class_words[state.label] : words;
    const parts = [label === null ? null : makeClassChip(deck, label)];
    if (state.outcome !== "open") parts.push(make("span", { class: "said", text: `${sign} ${said}` }));
    if (state.isFlagged) parts.push(make("span", { class: "said", text: "\u2691", title: "flagged" }));
    if (state.failure) parts.push(make("span", { class: "failed", text: `Not saved: ${state.failure.reason}`, title: state.failure.remedy }));
    if (!parts.some(Boolean)) parts.push(make("span", { class: "quiet", text: shortenId(deck.ids[number]) }));
    card.words.replaceChildren(...parts.filter(Boolean));
    card.element.classList.toggle("decided", state.outcome !== "open");
    card.element.classList.toggle("not-saved", Boolean(state.failure));
    const proposed = label === null ? "" : `, proposed ${deck.header.class_words[label]}`;
    card.element.setAttribute("aria-label", `${shortenId(deck.ids[number])}${proposed}, ${said}${state.isFlagged ? ", flagged" : ""}${state.failure ? `, not saved: ${state.failure.reason}` : ""}`);
  };
  const noteSeen = () => {
    if (document.visibilityState !== "visible") return;
    for (const [place, card] of drawn) {
      if (card.canvas.isDrawn && isInSight(place) && !seenSince.has(card.item)) seenSince.set(card.item, performance.now());
    }
  };
  const choose = (changed) => {
    choice = changed;
    draw();
    review.showActions();
  };
  const moveTo = (place, event) => {
    const at = Math.min(Math.max(place, 0), review.cards.length - 1);
    if (event.shiftKey) choose(clickPlace(choice.anchor === null ? { ...choice, anchor: review.place } : choice, at, { shift: true }));
    review.goTo(at);
    scrollTo(at);
  };
  const scrollTo = (place) => {
    const top = Math.floor(place / columns) * (CARD_HEIGHT + GAP);
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + CARD_HEIGHT > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + CARD_HEIGHT - scroller.clientHeight + GAP;
    scroller.setAttribute("aria-activedescendant", `card-${place}`);
    draw();
  };
  startBoxes({ scroller, boxElement, onClick: (event) => {
    const place = findPlace(event);
    if (place === null) return choose(emptyChoice());
    review.goTo(place);
    choose(clickPlace(choice, place, { shift: event.shiftKey, toggle: event.ctrlKey || event.metaKey || event.pointerType === "touch" }));
  }, onBox: (box, event) => {
    const inside = [...drawn].filter(([, card]) => isInside(card.element.getBoundingClientRect(), box)).map(([place]) => place);
    choose(boxPlaces(choice, inside.sort((a, b) => a - b), event.shiftKey || event.ctrlKey || event.metaKey));
  } });
  scroller.addEventListener("scroll", draw, { passive: true });
  scroller.addEventListener("dblclick", (event) => {
    const place = findPlace(event);
    if (place !== null) { review.goTo(place); review.setView("one"); }
  });
  new ResizeObserver(draw).observe(scroller);
  return {
    element,
    redraw: draw,
    noteSeen,
    /** Show another list of cards, from its start or where the reader is. */
    restart() {
      for (const card of drawn.values()) card.element.remove();
      drawn.clear();
      choice = emptyChoice();
      layOut();
      scrollTo(Math.max(review.place, 0));
    },
    scrollTo,
    isWhole,
    clear: () => choose(emptyChoice()),
    /** Choose what is in sight; where only open ones are shown, not those just decided on, whose answer would be lost. */
    chooseShown() {
      const isWanted = (place) => isInSight(place) && (review.show !== "open" || review.isOpen(review.cards[place]));
      choose(boxPlaces(emptyChoice(), [...drawn.keys()].filter(isWanted).sort((a, b) => a - b), false));
      if (!choice.chosen.size) review.say("Nothing in sight is open: you have decided on all of it.");
    },
    /** Return the chosen places; without a choice the place of the cursor. */
    getChosen: () => (choice.chosen.size ? [...choice.chosen].sort((a, b) => a - b) : review.place >= 0 ? [review.place] : []),
    countChosen: () => choice.chosen.size,
    wasSeen: (item) => performance.now() - (seenSince.get(item) ?? Infinity) >= review.lookMilliseconds,
    onKey(key, event) {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
      const jumps = { Home: 0, End: review.cards.length - 1 };
      if (key in steps) moveTo(review.place + steps[key], event);
      else if (key in jumps) moveTo(jumps[key], event);
      else if (key === " ") choose(clickPlace(choice, review.place, { toggle: true }));
      else if (key === "Enter") review.setView("one");
      else if (key === "Escape") choose(emptyChoice());
      else return false;
      return true;
    },
  };
}

function findPlace(event) {
  const card = event.composedPath().find((one) => one.dataset?.place !== undefined);
  return card ? Number(card.dataset.place) : null;
}

function isInside(card, box) {
  return card.left < box.right && card.right > box.left && card.top < box.bottom && card.bottom > box.top;
}

/** Tell clicks from boxes; a finger scrolls, so only mouse and pen draw boxes. */
function startBoxes({ scroller, boxElement, onClick, onBox }) {
  let start = null, isDragging = false, wasDragged = false;
  const getBox = (event) => ({
    left: Math.min(start.x, event.clientX), right: Math.max(start.x, event.clientX),
    top: Math.min(start.y, event.clientY), bottom: Math.max(start.y, event.clientY),
  });
  const place = (box) => {
    const frame = scroller.getBoundingClientRect();
    Object.assign(boxElement.style, {
      left: `${box.left - frame.left}px`, top: `${box.top - frame.top + scroller.scrollTop}px`,
      width: `${box.right - box.left}px`, height: `${box.bottom - box.top}px`,
    });
  };
  const stop = () => { start = null; isDragging = false; boxElement.hidden = true; };
  scroller.onpointerdown = (event) => {
    const isOnBar = event.clientX > scroller.getBoundingClientRect().left + scroller.clientWidth;
    wasDragged = false;
    if (event.button === 0 && !isOnBar && event.pointerType !== "touch") start = { x: event.clientX, y: event.clientY };
  };
  scroller.onpointermove = (event) => {
    if (!start) return;
    if (!isDragging && Math.hypot(event.clientX - start.x, event.clientY - start.y) > DRAG_PIXELS) {
      isDragging = true;
      scroller.setPointerCapture(event.pointerId);
    }
    boxElement.hidden = !isDragging;
    if (isDragging) place(getBox(event));
  };
  scroller.onpointerup = (event) => {
    const box = isDragging ? getBox(event) : null;
    wasDragged = isDragging;
    stop();
    if (box) onBox(box, event);
  };
  scroller.onpointercancel = stop;
  scroller.addEventListener("click", (event) => {
    if (!wasDragged && (event.detail <= 1 || event.shiftKey)) onClick(event);
    wasDragged = false;
  });
}
