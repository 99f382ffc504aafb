// Few points as single symbols: colour and shape both say what they are.

import { DIMMED_CHOSEN, EMPHASISED, PLAIN } from "./styles.js";

/** Shapes in the order of the codes; the names are those of the legend's styles. */
export const SHAPES = ["circle", "square", "diamond", "triangle", "cross", "star"];

const stamps = new Map();
const STRENGTHS = [0, 0.22, 0.22, 0.9, 1];
const STRENGTH_BESIDE = 0.35;
const RIM = 1.6; // pixels around an emphasised symbol
const FAINT_RIM = 0.5; // how strong it is around a dimmed one that is selected

/** Paint the points of the view that are listed in `seen`, weakest first; `at` holds their pixels. */
export function paintSymbols(target, points, seen, { radius, isPicky, background, ink, grey }) {
  const { styles, paints, shapes, palette } = points;
  const order = Array.from({ length: 10 }, () => []);
  for (let s = 0; s < seen.n; s++) {
    const i = seen.rows[s];
    order[2 * styles[i] + (paints[i] ? 1 : 0)].push(s);
  }
  for (const group of order) {
    for (const s of group) {
      const i = seen.rows[s], style = styles[i], paint = 3 * paints[i];
      const color = style <= DIMMED_CHOSEN ? grey : [palette[paint], palette[paint + 1], palette[paint + 2]];
      const x = seen.pixels[2 * s], y = seen.pixels[2 * s + 1];
      if (style === EMPHASISED) stampSymbol(target, getStamp(shapes[i], radius + RIM), x, y, ink, 1);
      if (style === DIMMED_CHOSEN) {
        stampSymbol(target, getStamp(shapes[i], radius + RIM), x, y, ink, FAINT_RIM);
        stampSymbol(target, getStamp(shapes[i], radius), x, y, background, 1);
      }
      const strength = style === PLAIN && isPicky ? STRENGTH_BESIDE : STRENGTHS[style];
      stampSymbol(target, getStamp(shapes[i], radius), x, y, color, strength);
    }
  }
}

function stampSymbol({ bytes, width, height }, stamp, x, y, [red, green, blue], strength) {
  const left = Math.round(x - stamp.side / 2), top = Math.round(y - stamp.side / 2);
  for (let row = Math.max(0, -top); row < stamp.side && top + row < height; row++) {
    for (let column = Math.max(0, -left); column < stamp.side && left + column < width; column++) {
      const cover = stamp.cover[row * stamp.side + column] * strength;
      if (!cover) continue;
      const at = 4 * ((top + row) * width + left + column);
      bytes[at] += (red - bytes[at]) * cover;
      bytes[at + 1] += (green - bytes[at + 1]) * cover;
      bytes[at + 2] += (blue - bytes[at + 2]) * cover;
    }
  }
}

/** Return how much of each pixel a shape covers. */
function getStamp(shape, radius) {
  const size = Math.round(radius * 2) / 2, key = shape * 1000 + size;
  if (!stamps.has(key)) stamps.set(key, drawStamp(SHAPES[shape % SHAPES.length], size));
  return stamps.get(key);
}

function drawStamp(shape, radius) {
  const side = 2 * Math.ceil(radius * 1.35) + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.translate(side / 2, side / 2);
  traceShape(context, shape, radius);
  context.fill();
  const { data } = context.getImageData(0, 0, side, side);
  return { side, cover: Float32Array.from({ length: side * side }, (_, i) => data[4 * i + 3] / 255) };
}

/** Trace a shape of about the same area around the origin. */
export function traceShape(context, shape, radius) {
  context.beginPath();
  if (shape === "circle") {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    return;
  }
  for (const [x, y] of OUTLINES[shape]) context.lineTo(x * radius, y * radius);
  context.closePath();
}

const spin = (n, radii, turn = 0) =>
  Array.from({ length: n }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / n, radius = radii[i % radii.length];
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
const OUTLINES = {
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  diamond: [[0, -1.25], [1.05, 0], [0, 1.25], [-1.05, 0]],
  triangle: [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]],
  cross: [
    [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4],
    [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4],
  ],
  star: spin(10, [1.35, 0.6]),
};
