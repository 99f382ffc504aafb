// Pixels counted once by level of heat and truth, so that every band is scored without its mask.

import { MAX_LEVEL } from "./maps.js";

const N_LEVELS = MAX_LEVEL + 1;
export const SCORES = ["dice", "jaccard", "recall", "precision", "accuracy"];

/** Return the level of a threshold in [0, 1]; as masks.level_of. */
export function levelOf(threshold) {
  return Math.floor(threshold * MAX_LEVEL + 0.5025);
}

/** Return the limits of a setting as levels: a pixel is inside when low < level < high. */
export function findLimits({ low, high }) {
  return [low === null ? -1 : levelOf(low), high === null ? N_LEVELS : levelOf(high)];
}

/** Return the truth of a picture, one byte a pixel, from run lengths that begin with a run of 0. */
export function decodeRuns(runs, n, into) {
  const truth = into ?? new Uint8Array(n);
  let at = 0, value = 0;
  for (const length of runs) {
    truth.fill(value, at, at + length);
    at += length;
    value = 1 - value;
  }
  return truth;
}

/** Start counting: {all, polyp} by level; polyp is null without a truth. */
export function startCounts(hasTruth) {
  return { all: new Uint32Array(N_LEVELS), polyp: hasTruth ? new Uint32Array(N_LEVELS) : null };
}

/** Count pixels `from` to `to`. */
export function countPixels(counts, levels, truth, from, to) {
  const { all, polyp } = counts;
  if (!polyp) {
    for (let i = from; i < to; i++) all[levels[i]]++;
    return;
  }
  for (let i = from; i < to; i++) {
    all[levels[i]]++;
    polyp[levels[i]] += truth[i];
  }
}

/** Return the pixels below each level, {allBelow, polypBelow, n, isBlank}: entry i counts level < i. */
export function finishCounts({ all, polyp }, isBlank) {
  const allBelow = cumulate(all), polypBelow = polyp && cumulate(polyp);
  return { allBelow, polypBelow, n: allBelow[N_LEVELS], nPolyp: polypBelow ? polypBelow[N_LEVELS] : null, isBlank };
}

function cumulate(counts) {
  const below = new Uint32Array(N_LEVELS + 1);
  for (let level = 0, sum = 0; level < N_LEVELS; level++) below[level + 1] = sum += counts[level];
  return below;
}

/** Return the pixels of the mask of a setting: how many of `below` it takes. */
function selectPixels(below, setting) {
  const [low, high] = findLimits(setting), all = below[N_LEVELS];
  const inside = Math.max(below[high] - below[low + 1], 0);
  return setting.inverted ? all - inside : inside;
}

/** Count the mask of a setting against the truth: {tp, fp, fn, tn}; without a truth {area} only. */
export function countMask(counts, setting) {
  const area = counts.isBlank ? 0 : selectPixels(counts.allBelow, setting);
  if (!counts.polypBelow) return { area, n: counts.n };
  const tp = counts.isBlank ? 0 : selectPixels(counts.polypBelow, setting);
  const fp = area - tp, fn = counts.nPolyp - tp;
  return { area, n: counts.n, tp, fp, fn, tn: counts.n - tp - fp - fn };
}

/**
 * Return the Dice that probabilities make expected of the mask "above a threshold", as evaluation.expect_dice; null for an
 * empty mask.
 */
export function expectDice({ allBelow, n }, threshold) {
  const least = levelOf(threshold) + 1, area = n - allBelow[least];
  let all = 0, inside = least * area;
  for (let level = 1; level < N_LEVELS; level++) {
    all += n - allBelow[level];
    if (level > least) inside += n - allBelow[level];
  }
  return area ? (2 * inside / MAX_LEVEL) / (area + all / MAX_LEVEL) : null;
}

/**
 * Return what masks reached of which about as much was expected, as evaluation.reliability.find_reached: {n, low, median,
 * high}, quartiles of their Dice; null where fewer than 5 promised about as much (within 0.1).
 */
export function findReached(wanted, { expected, reached }) {
  const most = Math.min(Math.max(Math.floor(expected.length / 4), 10), 50);
  const nearest = expected.map((one, at) => [Math.abs(one - wanted), at]).sort(([a, i], [b, j]) => a - b || i - j)
    .slice(0, most).filter(([gap]) => gap <= 0.1);
  const n = nearest.length;
  if (n < 5) return null;
  const sorted = nearest.map(([, at]) => reached[at]).sort((a, b) => a - b);
  const quantile = (share) => {
    const place = share * (n - 1), below = Math.floor(place), above = Math.min(below + 1, n - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return { n, low: quantile(0.25), median: quantile(0.5), high: quantile(0.75) };
}

/** Return the five scores of counted pixels by name; null where `explainScore` says why. */
export function scoreMask({ tp, fp, fn, tn }) {
  const scores = { dice: null, jaccard: null, recall: null, precision: null, accuracy: (tp + tn) / (tp + fp + fn + tn) };
  if (tp + fn === 0) return scores;
  scores.dice = 2 * tp / (2 * tp + fp + fn);
  scores.jaccard = tp / (tp + fp + fn);
  scores.recall = tp / (tp + fn);
  if (tp + fp > 0) scores.precision = tp / (tp + fp);
  return scores;
}

/** Say why a score is undefined. */
export function explainScore(counted) {
  return counted.tp + counted.fn === 0 ? "the picture has no polyp" : "the mask is empty";
}

/** Return Dice of "heat above t" for some thresholds; null without a polyp. */
export function curveDice(counts, thresholds) {
  if (!counts.nPolyp) return null;
  return thresholds.map((low) => scoreMask(countMask(counts, { low, high: null, inverted: false })).dice);
}

/** Return the share of the pixels in each of some equal bins of heat. */
export function binShares(counts, nBins) {
  if (counts.isBlank) return Array.from({ length: nBins }, (_, bin) => (bin ? 0 : 1));
  const edges = Array.from({ length: nBins + 1 }, (_, bin) => Math.round(bin * N_LEVELS / nBins));
  return edges.slice(1).map((edge, bin) => (counts.allBelow[edge] - counts.allBelow[edges[bin]]) / counts.n);
}

/** Write a number with three digits as Python does: what lies exactly between two goes to the even one. */
export function writeScore(value) {
  const sixteenths = value * 16;
  if (Number.isInteger(sixteenths) && sixteenths % 2) {
    const below = Math.floor(value * 1000);
    return ((below % 2 ? below + 1 : below) / 1000).toFixed(3);
  }
  return value.toFixed(3);
}

/** True when two settings make the same masks, whatever they were chosen on. */
export function isSameMask(one, other) {
  return ["layer", "method", "low", "high", "inverted"].every((name) => one[name] === other[name]);
}

/** Write a setting in plain words. `layers`: of the run. */
export function describeSetting({ layer, low, high, inverted }, layers) {
  const what = layers[layer]?.is_head ? "the network's own mask, probability" : `layer ${layer}, heat`;
  const not = inverted ? "not " : "";
  if (low !== null && high !== null) return `${what} ${not}between ${writeLimit(low)} and ${writeLimit(high)}`;
  return `${what} ${not}${low !== null ? `above ${writeLimit(low)}` : `below ${writeLimit(high)}`}`;
}

/** Write a limit as short as it is exact to the eye. */
export function writeLimit(limit) {
  return String(Math.round(limit * 1e4) / 1e4);
}
