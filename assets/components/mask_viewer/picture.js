// One picture with its raw maps and its truth, where that may be seen; levels of a layer are made when asked for.

import { countPixels, decodeRuns, finishCounts, startCounts } from "./counts.js";
import { decodeHalves, describeFaults, getRange, makeAxes, makeLevels } from "./maps.js";

const MOST_LAYERS = 6; // levels at image size that are kept; a layer of 1280 x 1024 is 3 MB

/** Open a message of the feed. `run`: {inputSize, layers}. */
export function openPicture(message, run) {
  const { header, parts } = message;
  const [height, width] = header.size, n = height * width;
  const kept = new Map();
  let truth = null, bitmap = null;

  const picture = {
    header,
    size: header.size,
    hasTruth: Boolean(parts.truth),
    /** Return the truth, one byte a pixel, or null. */
    getTruth() {
      return (truth ??= parts.truth ? decodeRuns(parts.truth, n) : null);
    },
    /** Return a promise of the picture's pixels. */
    decode() {
      return (bitmap ??= createImageBitmap(new Blob([parts.picture])));
    },
    listLayers() {
      return header.maps.map((one) => one.layer);
    },
    describe(layer) {
      return header.maps.find((one) => one.layer === layer);
    },
    getMap(layer) {
      return readMap(message, run, layer);
    },
    /** Return {levels, isBlank, counts, faults} of a layer at image size. */
    getLayer(layer, isAligned) {
      const key = `${layer}/${isAligned}`;
      const found = kept.get(key) ?? makeLayer(picture, run, layer, isAligned);
      kept.delete(key);
      kept.set(key, found);
      if (kept.size > MOST_LAYERS) kept.delete(kept.keys().next().value);
      return found;
    },
  };
  return picture;
}

/** Return the raw map of a layer of a message, {values, rows, columns}; null when it is not there. */
export function readMap({ header, parts }, run, layer) {
  const facts = header.maps.find((one) => one.layer === layer), shape = run.layers[layer];
  if (!facts || !shape) return null;
  const { rows, columns } = shape;
  return { values: decodeHalves(parts.maps.subarray(facts.start, facts.start + rows * columns)), rows, columns };
}

const SCRATCH = { heat: new Float32Array(0) };

/** Return room for the enlarged map of a picture, shared by all that work at once. */
export function getScratch(n) {
  if (SCRATCH.heat.length < n) SCRATCH.heat = new Float32Array(n);
  return SCRATCH.heat;
}

function makeLayer(picture, run, layer, isAligned) {
  const n = picture.size[0] * picture.size[1], truth = picture.getTruth();
  const axes = makeAxes(run.layers[layer], run.inputSize, isAligned);
  const range = getRange(run.layers[layer]);
  const made = makeLevels(picture.getMap(layer), picture.size, axes, { heat: getScratch(n), range });
  const counts = startCounts(Boolean(truth));
  countPixels(counts, made.levels, truth, 0, n);
  const { fault } = picture.describe(layer);
  return { ...made, counts: finishCounts(counts, made.isBlank), faults: fault ? [fault] : describeFaults(made, Boolean(range)) };
}
