// One large picture: fitted, zoomed by wheel, pinch and keys, moved by dragging.

import { fitCanvas, make, oncePerFrame, readTheme } from "../shared/dom.js";

const MOST_ZOOM = 12;
const HIGHEST_FRAME = 230;

/** Return {element, show(picture, label), zoomBy(factor), reset(), redraw()}. `picture`: {bitmap, box} or null. */
export function makeStage({ onPaint = () => {}, outline }) {
  const canvas = make("canvas", { class: "stage", role: "img", tabindex: "0" });
  let picture = null, zoom = 1, center = null;
  const pointers = new Map();

  const getArea = () => {
    const { bitmap, box } = picture;
    if (!box) return [0, 0, bitmap.width, bitmap.height];
    return [box[0] * bitmap.width, box[1] * bitmap.height, (box[2] - box[0]) * bitmap.width, (box[3] - box[1]) * bitmap.height];
  };
  const getScale = () => {
    const [, , width, height] = getArea();
    return zoom * Math.min(canvas.width / width, canvas.height / height);
  };
  const clamp = () => {
    const [x, y, width, height] = getArea(), { bitmap } = picture, scale = getScale();
    const [left, top, right, bottom] = zoom < 1 ? [0, 0, bitmap.width, bitmap.height] : [x, y, x + width, y + height];
    const halfX = canvas.width / scale / 2, halfY = canvas.height / scale / 2;
    const hold = (at, low, high, half) => (high - low <= 2 * half ? (low + high) / 2 : Math.min(Math.max(at, low + half), high - half));
    center = [hold(center[0], left, right, halfX), hold(center[1], top, bottom, halfY)];
  };
  const draw = oncePerFrame(() => {
    const [width, height] = fitCanvas(canvas);
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = readTheme(canvas).panel;
    context.fillRect(0, 0, width, height);
    if (picture && !picture.bitmap.width) picture = null; // it made room for others, and comes again
    if (picture) {
      const area = getArea(), [x, y, w, h] = area;
      center ??= [x + w / 2, y + h / 2];
      clamp();
      const scale = getScale();
      context.translate(width / 2 - center[0] * scale, height / 2 - center[1] * scale);
      context.scale(scale, scale);
      context.imageSmoothingQuality = "high";
      if (zoom < 1) drawSurroundings(context, area, scale);
      else context.drawImage(picture.bitmap, x, y, w, h, x, y, w, h);
    }
    canvas.paints = (canvas.paints ?? 0) + 1;
    onPaint(picture !== null);
  });
  const drawSurroundings = (context, [x, y, w, h], scale) => {
    context.drawImage(picture.bitmap, 0, 0);
    context.lineWidth = 4 / scale;
    context.strokeStyle = "#ffffff";
    context.strokeRect(x, y, w, h);
    context.lineWidth = 2 / scale;
    context.strokeStyle = outline;
    context.strokeRect(x, y, w, h);
  };
  const getLeastZoom = () => {
    const { bitmap } = picture, fitted = getScale() / zoom;
    return Math.min(1, Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height) / fitted);
  };
  const zoomAt = (factor, x, y) => {
    if (!picture) return;
    const before = getScale(), held = [center[0] + (x - canvas.width / 2) / before, center[1] + (y - canvas.height / 2) / before];
    zoom = Math.min(Math.max(zoom * factor, getLeastZoom()), MOST_ZOOM);
    if (Math.abs(zoom - 1) < 0.02) zoom = 1;
    const after = getScale();
    center = [held[0] - (x - canvas.width / 2) / after, held[1] - (y - canvas.height / 2) / after];
    draw();
  };
  const locate = (event) => {
    const frame = canvas.getBoundingClientRect();
    return [(event.clientX - frame.left) * canvas.width / frame.width, (event.clientY - frame.top) * canvas.height / frame.height];
  };
  const move = (event) => {
    if (!pointers.has(event.pointerId) || !picture) return;
    const before = [...pointers.values()], at = locate(event);
    const old = pointers.get(event.pointerId);
    pointers.set(event.pointerId, at);
    const after = [...pointers.values()];
    if (after.length === 2) {
      const spread = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoomAt(spread(after) / Math.max(spread(before), 1), (after[0][0] + after[1][0]) / 2, (after[0][1] + after[1][1]) / 2);
    } else if (zoom !== 1) {
      const scale = getScale();
      center = [center[0] - (at[0] - old[0]) / scale, center[1] - (at[1] - old[1]) / scale];
      draw();
    }
  };
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, locate(event));
  };
  canvas.onpointermove = move;
  canvas.onpointerup = canvas.onpointercancel = (event) => pointers.delete(event.pointerId);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...locate(event));
  }, { passive: false });
  const reset = () => { zoom = 1; center = null; };
  canvas.ondblclick = () => { reset(); draw(); };
  return {
    element: canvas,
    /** Show a picture now, fitted; null shows nothing. */
    show(shown, label) {
      if (shown?.bitmap !== picture?.bitmap || shown?.box?.join() !== picture?.box?.join()) reset();
      picture = shown;
      canvas.setAttribute("aria-label", label);
      draw.now();
    },
    zoomBy: (factor) => zoomAt(factor, canvas.width / 2, canvas.height / 2),
    reset() { reset(); draw(); },
    redraw: draw,
  };
}

/** Draw a whole frame small with a line around a part of it. */
export function drawFrame(canvas, bitmap, box, outline) {
  const room = canvas.parentElement.clientWidth, scale = Math.min(room / bitmap.width, HIGHEST_FRAME / bitmap.height);
  canvas.style.width = `${Math.round(bitmap.width * scale)}px`;
  canvas.style.height = `${Math.round(bitmap.height * scale)}px`;
  const [width, height] = fitCanvas(canvas);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const [x0, y0, x1, y1] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
  for (const [color, line] of [["#ffffff", 6], [outline, 3]]) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(x0 + 3, y0 + 3, x1 - x0 - 6, y1 - y0 - 6);
  }
}
