// Many points as a picture of their density: no point is left out, each counts in exactly one cell.

import { DIMMED_CHOSEN, PLAIN } from "./styles.js";

const PALE = [0, 0.2, 0.5, 1, 1]; // how strongly each style is painted
const PALE_BESIDE = 0.3; // plain points while others are emphasised

/** Return empty cells for a canvas. */
export function makeCells(width, height, side) {
  const columns = Math.ceil(width / side), rows = Math.ceil(height / side), n = columns * rows;
  return {
    width, height, side, columns, rows,
    counts: new Uint32Array(n), // all points of the cell
    tops: new Uint8Array(n), // the strongest style in it
    topCounts: new Uint32Array(n), // points of that style, and the sum of their colours
    red: new Uint32Array(n), green: new Uint32Array(n), blue: new Uint32Array(n),
    touched: new Int32Array(n), nTouched: 0,
  };
}

/** Count all painted points of the view into cells; return how many are in view, and the most in one cell. */
export function countCells(cells, points, view) {
  const { places, styles, paints, palette } = points;
  const { width, height, side, columns, counts, tops, topCounts, red, green, blue, touched } = cells;
  clearCells(cells);
  const { scale } = view, left = width / 2 - view.x * scale, top = height / 2 + view.y * scale;
  let nTouched = 0, inView = 0, most = 0;
  for (let i = 0; i < styles.length; i++) {
    const style = styles[i];
    if (!style) continue;
    const px = places[2 * i] * scale + left, py = top - places[2 * i + 1] * scale;
    if (!(px >= 0 && py >= 0 && px < width && py < height)) continue;
    inView++;
    const cell = ((py / side) | 0) * columns + ((px / side) | 0);
    const count = ++counts[cell];
    if (count > most) most = count;
    if (style < tops[cell]) continue;
    const paint = 3 * paints[i];
    if (style > tops[cell]) {
      if (!tops[cell]) touched[nTouched++] = cell;
      tops[cell] = style;
      topCounts[cell] = 1;
      red[cell] = palette[paint]; green[cell] = palette[paint + 1]; blue[cell] = palette[paint + 2];
    } else {
      topCounts[cell]++;
      red[cell] += palette[paint]; green[cell] += palette[paint + 1]; blue[cell] += palette[paint + 2];
    }
  }
  cells.nTouched = nTouched;
  return { inView, most };
}

function clearCells({ counts, tops, touched, nTouched }) {
  for (let at = 0; at < nTouched; at++) {
    counts[touched[at]] = 0;
    tops[touched[at]] = 0;
  }
}

/** Paint counted cells: the mean colour of the strongest points, stronger the more there are. */
export function paintCells(cells, pixels, background, { most, isPicky, grey }) {
  const { width, height, side, columns, counts, tops, topCounts, red, green, blue, touched, nTouched } = cells;
  const strengths = Float32Array.from({ length: most + 1 }, (_, n) => 0.55 + (0.45 * Math.log2(1 + n)) / Math.log2(1 + most));
  const [groundRed, groundGreen, groundBlue] = background;
  for (let at = 0; at < nTouched; at++) {
    const cell = touched[at], style = tops[cell], n = topCounts[cell], isDimmed = style <= DIMMED_CHOSEN;
    const share = (style === PLAIN && isPicky ? PALE_BESIDE : PALE[style]) * strengths[counts[cell]];
    const r = groundRed + ((isDimmed ? grey[0] : red[cell] / n) - groundRed) * share;
    const g = groundGreen + ((isDimmed ? grey[1] : green[cell] / n) - groundGreen) * share;
    const b = groundBlue + ((isDimmed ? grey[2] : blue[cell] / n) - groundBlue) * share;
    const color = (255 << 24) | ((b + 0.5) << 16) | ((g + 0.5) << 8) | (r + 0.5); // little-endian ABGR
    const row = (cell / columns) | 0, x = (cell - row * columns) * side, y = row * side;
    const right = Math.min(x + side, width), bottom = Math.min(y + side, height);
    for (let py = y; py < bottom; py++) for (let px = x; px < right; px++) pixels[py * width + px] = color;
  }
}
