// Where the picture lies on a canvas, and which pixel of it each pixel of the canvas shows.

export const OUTSIDE = 1 << 17; // key of a canvas pixel that shows no picture
const BLANK = OUTSIDE + 1; // keys of a blank map: no mask ever holds them
export const N_KEYS = BLANK + 2;
const MOST_ZOOM = 24;

/** Return a lens that shows the whole picture. */
export function makeLens() {
  return { zoom: 1, x: 0.5, y: 0.5 };
}

/** Return where a picture (height, width) lies on a canvas of some size: {scale, left, top}. */
export function placePicture(lens, [height, width], [canvasWidth, canvasHeight]) {
  const scale = Math.min(canvasWidth / width, canvasHeight / height) * lens.zoom;
  const left = canvasWidth / 2 - lens.x * width * scale, top = canvasHeight / 2 - lens.y * height * scale;
  return { scale, left, top };
}

/** Zoom by a factor around a point of the canvas; the point stays where it is. */
export function zoomLens(lens, factor, [px, py], size, canvasSize) {
  const before = placePicture(lens, size, canvasSize);
  const zoom = Math.min(MOST_ZOOM, Math.max(1, lens.zoom * factor));
  const imageX = (px - before.left) / before.scale, imageY = (py - before.top) / before.scale;
  const scale = before.scale * zoom / lens.zoom;
  const x = (canvasSize[0] / 2 - px + imageX * scale) / (size[1] * scale);
  const y = (canvasSize[1] / 2 - py + imageY * scale) / (size[0] * scale);
  return keepInside({ zoom, x, y }, size, canvasSize);
}

/** Move the picture by some pixels of the canvas. */
export function moveLens(lens, dx, dy, size, canvasSize) {
  const { scale } = placePicture(lens, size, canvasSize);
  const moved = { zoom: lens.zoom, x: lens.x - dx / (size[1] * scale), y: lens.y - dy / (size[0] * scale) };
  return keepInside(moved, size, canvasSize);
}

/** Keep the canvas filled with picture, as far as the picture reaches. */
function keepInside(lens, [height, width], canvasSize) {
  const { scale } = placePicture(lens, [height, width], canvasSize);
  const clamp = (at, half) => (half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, at)));
  return {
    zoom: lens.zoom,
    x: clamp(lens.x, canvasSize[0] / (2 * width * scale)),
    y: clamp(lens.y, canvasSize[1] / (2 * height * scale)),
  };
}

/** Return for each canvas pixel of an axis the picture's pixel it shows (the nearest), or -1. */
export function findSources(nCanvas, nPicture, start, scale) {
  const sources = new Int32Array(nCanvas);
  for (let i = 0; i < nCanvas; i++) {
    const at = Math.floor((i + 0.5 - start) / scale);
    sources[i] = at >= 0 && at < nPicture ? at : -1;
  }
  return sources;
}

/**
 * Write the key of each canvas pixel: its level, plus 65536 in the polyp; OUTSIDE; or one of two keys of a blank map.
 * `truth` may be null.
 */
export function gatherKeys(keys, { levels, isBlank }, truth, width, columns, rows) {
  const base = isBlank ? BLANK : 0, step = isBlank ? 1 : 1 << 16, nColumns = columns.length;
  let at = 0;
  for (let y = 0; y < rows.length; y++) {
    const start = rows[y] * width;
    if (rows[y] < 0) {
      keys.fill(OUTSIDE, at, at += nColumns);
      continue;
    }
    for (let x = 0; x < nColumns; x++, at++) {
      const column = columns[x];
      if (column < 0) keys[at] = OUTSIDE;
      else {
        const pixel = start + column;
        keys[at] = base + (isBlank ? 0 : levels[pixel]) + (truth !== null && truth[pixel] ? step : 0);
      }
    }
  }
  return keys;
}

/**
 * Fill a table with one value a key: `out` and `inside` the mask outside the polyp, `missed` and `hit` in the polyp.
 * `limits` are levels, see counts.findLimits.
 */
export function fillTable(table, [low, high], isInverted, { out, inside, missed, hit }) {
  const first = low + 1, end = Math.max(first, high);
  for (const [start, rest, taken] of [[0, out, inside], [1 << 16, missed, hit]]) {
    table.fill(isInverted ? taken : rest, start, start + (1 << 16));
    table.fill(isInverted ? rest : taken, start + first, start + end);
  }
  table[OUTSIDE] = 0;
  table[BLANK] = out;
  table[BLANK + 1] = missed;
  return table;
}
