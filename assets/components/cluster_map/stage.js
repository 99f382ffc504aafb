// The canvas with the points, and the one above it with rings, loop and box.

import { fitCanvas, make, oncePerFrame, readTheme } from "../shared/dom.js";
import { countCells, makeCells, paintCells } from "./density.js";
import { paintSymbols } from "./symbols.js";
import { DIMMED_CHOSEN, NOTHING } from "./styles.js";
import { fitView, isOnCanvas, isWhole, toPixel } from "./view.js";

const FEW = 5000, MANY = 7000; // fewer points in view are drawn as symbols, more as density
const MOST_RINGS = 300;

/** Make the stage; `getScene` gives what to paint. */
export function makeStage(getScene) {
  const canvas = make("canvas", { class: "points", tabindex: "0", role: "application", "aria-roledescription": "map" });
  const above = make("canvas", { class: "above", "aria-hidden": "true" });
  const stage = {
    canvas, above, getScene, view: null, size: [1, 1], ratio: 1, image: null, cells: null, seen: null,
    isDense: false, inView: 0, loop: null, box: null, ring: -1, theme: null,
    element: make("div", { class: "stage" }, [canvas, above]),
  };
  stage.paint = oncePerFrame(() => paintStage(stage));
  stage.paintAbove = oncePerFrame(() => paintAbove(stage));
  stage.observer = new ResizeObserver(() => { stage.theme = null; stage.paint(); });
  stage.observer.observe(stage.element);
  return stage;
}

/** Show the whole map. */
export function showWhole(stage) {
  stage.view = fitView(stage.getScene().bounds, ...stage.size);
  stage.paint();
}

function paintStage(stage) {
  const scene = stage.getScene();
  if (!scene || !stage.element.clientWidth) return;
  prepare(stage);
  if (!stage.view) stage.view = fitView(scene.bounds, ...stage.size);
  const { image, pixels, view, theme } = stage;
  pixels.fill(theme.pixel);
  const pixelView = stage.deviceView();
  const counted = countCells(stage.cells, scene.points, pixelView);
  stage.inView = counted.inView;
  stage.isDense = counted.inView > (stage.isDense ? FEW : MANY);
  const look = { isPicky: scene.isPicky, background: theme.ground, ink: theme.ink, grey: scene.header.grey };
  if (stage.isDense) paintCells(stage.cells, pixels, theme.ground, { most: counted.most, ...look });
  else {
    const seen = listSeen(stage, scene.points, pixelView);
    const target = { bytes: image.data, width: image.width, height: image.height };
    paintSymbols(target, scene.points, seen, { radius: findRadius(stage, scene), ...look });
  }
  stage.canvas.getContext("2d", { alpha: false }).putImageData(image, 0, 0);
  stage.canvas.paints = (stage.canvas.paints ?? 0) + 1;
  stage.canvas.dataset.drawn = stage.isDense ? "density" : "symbols";
  stage.onPainted?.();
  paintAbove(stage, view);
}

function prepare(stage) {
  const [width, height, ratio] = fitCanvas(stage.canvas);
  const cssSize = [stage.canvas.clientWidth, stage.canvas.clientHeight];
  if (stage.image?.width !== width || stage.image?.height !== height) {
    stage.image = new ImageData(width, height);
    stage.pixels = new Uint32Array(stage.image.data.buffer);
    stage.cells = makeCells(width, height, Math.max(2, Math.round(2 * ratio)));
    if (stage.view && stage.size[0] > 1) {
      const { bounds } = stage.getScene(), fitted = fitView(bounds, ...cssSize), factor = fitted.scale / stage.view.fitted;
      stage.view = isWhole(stage.view, bounds, stage.size)
        ? fitted
        : { ...stage.view, scale: stage.view.scale * factor, fitted: stage.view.fitted * factor };
    }
  }
  stage.size = cssSize;
  stage.ratio = ratio;
  stage.theme ??= readGround(stage.element);
  stage.deviceView = () => ({ ...stage.view, scale: stage.view.scale * ratio });
}

/** Return the theme's colours as numbers. */
function readGround(element) {
  const theme = readTheme(element);
  const canvas = make("canvas", { width: "1", height: "1" });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = (color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = read(theme.background), ink = read(theme.text);
  return { ...theme, ground, ink, pixel: ((255 << 24) | (ground[2] << 16) | (ground[1] << 8) | ground[0]) >>> 0 };
}

function listSeen(stage, { places, styles }, view) {
  const { width, height } = stage.image;
  stage.seen ??= { rows: new Int32Array(MANY + 1), pixels: new Float32Array(2 * (MANY + 1)), n: 0 };
  const { seen } = stage, left = width / 2 - view.x * view.scale, top = height / 2 + view.y * view.scale;
  const reach = 8 * stage.ratio;
  let n = 0;
  for (let i = 0; i < styles.length && n <= MANY; i++) {
    if (!styles[i]) continue;
    const x = places[2 * i] * view.scale + left, y = top - places[2 * i + 1] * view.scale;
    if (!(x >= -reach && y >= -reach && x < width + reach && y < height + reach)) continue;
    seen.rows[n] = i;
    seen.pixels[2 * n] = x;
    seen.pixels[2 * n + 1] = y;
    n++;
  }
  seen.n = n;
  return seen;
}

/** Symbols grow with the room that a point has at this zoom, within limits. */
function findRadius(stage, scene) {
  const [left, top, right, bottom] = scene.bounds, { scale } = stage.view;
  const area = (right - left) * (bottom - top) * scale * scale;
  const room = Math.sqrt(area / Math.max(scene.nOnMap, 1));
  return Math.min(Math.max(0.2 * room, 2.5), 6) * stage.ratio;
}

function paintAbove(stage) {
  const scene = stage.getScene(), { above, view, size, ratio } = stage;
  if (!scene || !view) return;
  fitCanvas(above);
  const context = above.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, ...size);
  const at = (i) => toPixel(view, scene.parts.places[2 * i], scene.parts.places[2 * i + 1], size);
  if (scene.nSelected <= MOST_RINGS && stage.isDense) {
    for (let i = 0, n = 0; n < scene.nSelected && i < scene.n; i++) {
      if (!scene.selected[i]) continue;
      n++;
      context.globalAlpha = [NOTHING, DIMMED_CHOSEN].includes(scene.points.styles[i]) ? scene.points.styles[i] && 0.5 : 1;
      ringPoint(context, at(i), 4.5, stage.theme.text, 1.5);
    }
    context.globalAlpha = 1;
  }
  for (const i of scene.picked) ringPoint(context, at(i), 9, scene.header.ring, 2.5);
  if (stage.ring >= 0) markPoint(context, at(stage.ring), stage);
  paintShape(context, stage);
}

function ringPoint(context, [x, y], radius, color, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** Ring the point that is looked at; when it is out of view, say at the edge where it lies. */
function markPoint(context, at, { size, theme }) {
  if (isOnCanvas(at, size)) {
    ringPoint(context, at, 11, theme.background, 5);
    ringPoint(context, at, 11, theme.text, 2.5);
    return;
  }
  const x = Math.min(Math.max(at[0], 12), size[0] - 12), y = Math.min(Math.max(at[1], 12), size[1] - 12);
  context.setLineDash([3, 3]);
  ringPoint(context, [x, y], 8, theme.text, 2);
  context.setLineDash([]);
}

function paintShape(context, { loop, box, theme }) {
  context.strokeStyle = theme.primary;
  context.fillStyle = `color-mix(in srgb, ${theme.primary} 14%, transparent)`;
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  context.beginPath();
  if (loop) for (let i = 0; i < loop.length; i += 2) context.lineTo(loop[i], loop[i + 1]);
  if (box) context.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
  if (loop) context.closePath();
  context.fill();
  context.stroke();
  context.setLineDash([]);
}
