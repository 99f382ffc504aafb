// Zoom and move by wheel, drag and pinch; say which pixel the pointer is on.

import { moveLens, zoomLens } from "./lens.js";

/** Listen on a stage; `getLens`, `setLens`, `getSize` and `onPoint(canvas, [x, y] or null)` are the stage's. */
export function watchLens(stage, { getLens, setLens, getSize, onPoint }) {
  const pointers = new Map(); // id -> [x, y] on the canvas

  stage.addEventListener("wheel", (event) => {
    const canvas = findCanvas(event);
    const isWanted = event.ctrlKey || event.metaKey || stage.contains(stage.getRootNode().activeElement);
    if (!canvas || !isWanted) return; // else the page scrolls
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015));
    setLens(zoomLens(getLens(), factor, findPlace(event, canvas), getSize(), [canvas.width, canvas.height]));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    const canvas = findCanvas(event);
    if (!canvas || event.button !== 0) return;
    pointers.set(event.pointerId, findPlace(event, canvas));
    if (getLens().zoom > 1 || pointers.size > 1) canvas.parentElement.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const canvas = findCanvas(event);
    if (!canvas) return;
    const place = findPlace(event, canvas), before = pointers.get(event.pointerId);
    if (before) follow(canvas, event.pointerId, before, place);
    onPoint(canvas, place);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("pointerleave", () => { pointers.clear(); onPoint(null, null); });
  stage.addEventListener("dblclick", (event) => {
    const canvas = findCanvas(event);
    if (!canvas) return;
    const factor = getLens().zoom > 1 ? 1e-3 : 3;
    setLens(zoomLens(getLens(), factor, findPlace(event, canvas), getSize(), [canvas.width, canvas.height]));
  });

  function follow(canvas, id, before, place) {
    const canvasSize = [canvas.width, canvas.height];
    pointers.set(id, place);
    if (pointers.size === 1) {
      if (getLens().zoom > 1) setLens(moveLens(getLens(), place[0] - before[0], place[1] - before[1], getSize(), canvasSize));
      return;
    }
    const [other] = [...pointers].filter(([otherId]) => otherId !== id).map(([, at]) => at);
    const stretch = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]);
    const middle = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    setLens(zoomLens(getLens(), stretch(place) / Math.max(1, stretch(before)), middle, getSize(), canvasSize));
  }
}

function findCanvas(event) {
  return event.target.closest?.(".frame")?.querySelector("canvas.over") ?? null;
}

/** Return where an event lies on a canvas, in the canvas's own pixels. */
function findPlace(event, canvas) {
  const box = canvas.getBoundingClientRect();
  return [
    (event.clientX - box.left) * canvas.width / Math.max(1, box.width),
    (event.clientY - box.top) * canvas.height / Math.max(1, box.height),
  ];
}
