// Pointer and wheel on the map: move, zoom, click, loop, box, look.

import { panView, toPlace, zoomView } from "./view.js";

const CLICK_REACH = 4, LOOP_STEP = 3, DWELL = 80, WHEEL = 0.0016;

/**
 * Listen to a stage. `actions`: getTool, getHow(event), onClick(place, how), onLoop(corners, how), onLook(place or
 * null, pixel), onMoved(), onTwice(). Corners are a flat array of places.
 */
export function listenToHands(stage, actions) {
  const { canvas } = stage;
  const hands = { stage, actions, down: new Map(), drag: null, isSpaceHeld: false, rest: 0 };
  const on = (name, listener, options) => canvas.addEventListener(name, listener, options);
  on("pointerdown", (event) => press(hands, event));
  on("pointermove", (event) => move(hands, event));
  on("pointerup", (event) => release(hands, event));
  on("pointercancel", (event) => cancel(hands, event));
  on("pointerleave", () => stopLooking(hands));
  on("contextmenu", (event) => event.preventDefault());
  on("dblclick", (event) => actions.onTwice(getPixel(event), event.shiftKey));
  on("wheel", (event) => turnWheel(hands, event), { passive: false });
  on("blur", () => { hands.isSpaceHeld = false; });
  return hands;
}

function getPixel(event) {
  return [event.offsetX, event.offsetY];
}

function press(hands, event) {
  const { stage, actions, down } = hands;
  stage.canvas.focus({ preventScroll: true });
  stage.canvas.setPointerCapture(event.pointerId);
  down.set(event.pointerId, getPixel(event));
  stopLooking(hands);
  if (down.size === 2) {
    endShape(stage);
    hands.drag = { kind: "pinch", last: measurePinch(down) };
    return;
  }
  const tool = event.button === 1 || event.button === 2 || hands.isSpaceHeld ? "hand" : actions.getTool();
  hands.drag = { kind: tool, from: getPixel(event), last: getPixel(event), isMoved: false, how: actions.getHow(event), button: event.button };
  if (tool === "lasso") stage.loop = [...getPixel(event)];
}

function move(hands, event) {
  const { stage, drag, down } = hands, at = getPixel(event);
  if (!drag) {
    waitForRest(hands, at, event.pointerType);
    return;
  }
  if (!down.has(event.pointerId)) return;
  down.set(event.pointerId, at);
  if (drag.kind === "pinch") {
    pinch(hands);
    return;
  }
  drag.isMoved ||= Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > CLICK_REACH;
  if (!drag.isMoved) return;
  if (drag.kind === "hand") {
    stage.view = panView(stage.view, at[0] - drag.last[0], at[1] - drag.last[1]);
    stage.paint();
  } else if (drag.kind === "box") {
    stage.box = [...drag.from, ...at];
    stage.paintAbove();
  } else {
    const { loop } = stage;
    if (Math.hypot(at[0] - loop.at(-2), at[1] - loop.at(-1)) >= LOOP_STEP) loop.push(...at);
    stage.paintAbove();
  }
  drag.last = at;
}

function release(hands, event) {
  const { stage, actions, drag, down } = hands;
  down.delete(event.pointerId);
  if (!drag || down.size) return;
  hands.drag = null;
  const { loop, box } = stage;
  endShape(stage);
  if (drag.kind === "pinch" || (drag.kind === "hand" && drag.isMoved)) actions.onMoved();
  else if (!drag.isMoved) {
    if (drag.button === 0) actions.onClick(toPlace(stage.view, drag.from, stage.size), drag.how);
  } else if (drag.kind === "box" && box) actions.onLoop(toPlaces(stage, cornersOf(box)), drag.how);
  else if (drag.kind === "lasso" && loop) actions.onLoop(toPlaces(stage, loop), drag.how);
}

function cancel(hands, event) {
  hands.down.delete(event.pointerId);
  hands.drag = null;
  endShape(hands.stage);
}

function endShape(stage) {
  stage.loop = stage.box = null;
  stage.paintAbove();
}

function cornersOf([x0, y0, x1, y1]) {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

function toPlaces({ view, size }, pixels) {
  const places = [];
  for (let i = 0; i < pixels.length; i += 2) places.push(...toPlace(view, [pixels[i], pixels[i + 1]], size));
  return places;
}

function measurePinch(down) {
  const [[ax, ay], [bx, by]] = [...down.values()];
  return { middle: [(ax + bx) / 2, (ay + by) / 2], apart: Math.max(Math.hypot(ax - bx, ay - by), 1) };
}

function pinch({ stage, drag, down }) {
  if (down.size < 2) return;
  const now = measurePinch(down), { last } = drag;
  const moved = panView(stage.view, now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
  stage.view = zoomView(moved, now.apart / last.apart, now.middle, stage.size);
  drag.last = now;
  stage.paint();
}

function turnWheel(hands, event) {
  const { stage, actions } = hands;
  event.preventDefault();
  const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
  const factor = Math.exp(-pixels * WHEEL * (event.ctrlKey ? 5 : 1));
  stage.view = zoomView(stage.view, factor, getPixel(event), stage.size);
  stage.paint();
  stopLooking(hands);
  actions.onMoved();
}

/** A picture is shown when the pointer rests, so that crossing the map asks for none. */
function waitForRest(hands, at, kind) {
  clearTimeout(hands.rest);
  if (kind === "touch") return;
  const { stage, actions } = hands;
  actions.onNear(toPlace(stage.view, at, stage.size), at);
  hands.rest = setTimeout(() => actions.onLook(toPlace(stage.view, at, stage.size), at), DWELL);
}

function stopLooking(hands) {
  clearTimeout(hands.rest);
  hands.actions.onLook(null, null);
}
