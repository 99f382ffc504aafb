// From a small raw map to levels 0..65535 at the size of the picture: operation by operation what
// medxai_core/heatmaps/alignment.py and masks.quantize_heatmap do in IEEE doubles, so that both count the same pixels.

export const MAX_LEVEL = 65535;
const ROUND_UP = 0.5025; // masks.ROUND_UP
const BLANK_SPREAD = 1e-6; // alignment._BLANK_SPREAD
const PIXELS_A_STEP = 1 << 16;

/** Return the numbers that float16 bits (Uint16Array) stand for. */
export function decodeHalves(bits) {
  return Float64Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24;
  });
}

/**
 * Return for each pixel of an axis the two cells it lies between and how far it is from the first to the second.
 * `axis`: {inputSize, center, stride}, or null for plain resizing.
 */
export function findCells(nPixels, nCells, axis) {
  const first = new Int32Array(nPixels), second = new Int32Array(nPixels), fraction = new Float64Array(nPixels);
  const last = nCells - 1, most = Math.max(nCells - 2, 0);
  for (let i = 0; i < nPixels; i++) {
    const place = axis
      ? ((i + 0.5) * axis.inputSize / nPixels - 0.5 - axis.center) / axis.stride
      : (i + 0.5) * nCells / nPixels - 0.5;
    const inside = Math.min(Math.max(place, 0), last);
    first[i] = Math.min(Math.floor(inside), most);
    second[i] = Math.min(first[i] + 1, last);
    fraction[i] = inside - first[i];
  }
  return { first, second, fraction };
}

/** Interpolate the rows of a small map to `width` columns; return (rows * width) doubles. */
function widenMap(map, width, { first, second, fraction }) {
  const lines = new Float64Array(map.rows * width);
  for (let r = 0, at = 0; r < map.rows; r++) {
    const base = r * map.columns;
    for (let x = 0; x < width; x++, at++) {
      const f = fraction[x];
      lines[at] = map.values[base + first[x]] * (1 - f) + map.values[base + second[x]] * f;
    }
  }
  return lines;
}

/**
 * Make the levels of a picture, in steps that a frame has room for; the last value is
 * {levels, low, high, isBlank, border, even}.
 *
 * `map`: {values, rows, columns}; `axes`: {vertical, horizontal}, each as in `findCells`.
 * `heat` (Float32Array) and `levels` (Uint16Array) may be given to be written to, at least height * width long.
 * `range`: {low, high} to be scaled by: of the map at another size, or of `getRange`.
 */
export function* makeLevelsInSteps(map, [height, width], axes, { heat, levels, range } = {}) {
  const n = height * width, rowsAStep = Math.max(1, Math.ceil(PIXELS_A_STEP / width));
  const enlarged = heat ?? new Float32Array(n), result = levels ?? new Uint16Array(n);
  const lines = widenMap(map, width, findCells(width, map.columns, axes.horizontal));
  const vertical = findCells(height, map.rows, axes.vertical);
  let low = Infinity, high = -Infinity;
  for (let y = 0; y < height; y += rowsAStep) {
    const found = enlargeRows(lines, enlarged, width, vertical, y, Math.min(height, y + rowsAStep));
    low = Math.min(low, found.low);
    high = Math.max(high, found.high);
    yield;
  }
  if (range) ({ low, high } = range);
  const isBlank = high - low <= BLANK_SPREAD * Math.max(Math.abs(low), Math.abs(high));
  if (isBlank) {
    result.fill(0, 0, n);
    return { levels: result, low, high, isBlank, border: 0, even: 1 };
  }
  const edge = findInside(height, width);
  let total = 0, inside = 0;
  for (let y = 0; y < height; y += rowsAStep) {
    for (let row = y; row < Math.min(height, y + rowsAStep); row++) {
      const sums = quantizeRow(enlarged, result, row * width, width, low, high, edge);
      total += sums.row;
      if (edge && row >= edge.top && row < height - edge.top) inside += sums.inside;
    }
    yield;
  }
  const border = edge ? 1 - inside / total : 0, even = edge ? edge.outerShare : 1;
  return { levels: result, low, high, isBlank, border, even };
}

/** Write rows `from` to `to` of the enlarged map, as float32; return their smallest and largest value. */
function enlargeRows(lines, enlarged, width, { first, second, fraction }, from, to) {
  let low = Infinity, high = -Infinity;
  for (let y = from, at = from * width; y < to; y++) {
    const above = first[y] * width, below = second[y] * width, f = fraction[y], g = 1 - f;
    for (let x = 0; x < width; x++, at++) {
      const value = Math.fround(lines[above + x] * g + lines[below + x] * f);
      enlarged[at] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return { low, high };
}

/** Scale one row to 0..1 and round it to levels; return the sums of its heat. */
function quantizeRow(enlarged, result, start, width, low, high, edge) {
  const spread = high - low, left = edge ? edge.left : 0;
  let row = 0, inside = 0;
  for (let x = 0; x < width; x++) {
    const heat = Math.min(1, Math.max(0, Math.fround((enlarged[start + x] - low) / spread)));
    result[start + x] = heat * MAX_LEVEL + ROUND_UP;
    row += heat;
    if (x >= left && x < width - left) inside += heat;
  }
  return { row, inside };
}

/** Return what lies inside the outer tenth on each side, as masks._border_share; null when nothing does. */
function findInside(height, width) {
  const top = Math.max(1, roundHalfEven(0.1 * height)), left = Math.max(1, roundHalfEven(0.1 * width));
  if (height <= 2 * top || width <= 2 * left) return null;
  return { top, left, outerShare: 1 - ((height - 2 * top) * (width - 2 * left)) / (height * width) };
}

function roundHalfEven(value) {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Run the steps of a generator at once and return its last value. */
export function runToEnd(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Return the levels of a picture at once; see `makeLevelsInSteps`. */
export function makeLevels(map, size, axes, options) {
  return runToEnd(makeLevelsInSteps(map, size, axes, options));
}

/** Return the axes of a layer as `findCells` wants them. `layer`: {top, left, stride}. */
export function makeAxes(layer, inputSize, isAligned) {
  if (!isAligned) return { vertical: null, horizontal: null };
  const axis = (center) => ({ inputSize, center, stride: layer.stride });
  return { vertical: axis(layer.top), horizontal: axis(layer.left) };
}

/** Return the range that a layer's values are scaled by: probabilities of a segmentation head stay as they are. */
export function getRange(layer) {
  return layer.is_head ? { low: 0, high: 1 } : null;
}

/** Say in words what makes a map unfit for a mask; empty when nothing was found. */
export function describeFaults({ isBlank, high, border, even }, isHead = false) {
  const percent = (share) => `${Math.round(100 * share)}%`;
  if (isBlank) {
    const kind = high === 0 ? "blank: it is 0" : "constant: it has one value";
    return [`The ${isHead ? "probability" : "heat map"} is ${kind} everywhere, so it shows no place in the picture. Its mask is empty.`];
  }
  if (border <= (1 + even) / 2) return [];
  return [
    `${percent(border)} of the ${isHead ? "probability" : "heat"} lies along the border of the picture (${percent(even)} of its area): ` +
      "the network may look at the frame, not at the mucosa.",
  ];
}
