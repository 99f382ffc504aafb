// All that is chosen on the map: selection, filters, colour. It knows no element of the page.

import { findNearest, findBounds, indexPlaces } from "./geometry.js";
import { readDimensions, paintCodes, paintValues } from "./coding.js";
import { countFlags } from "./bits.js";
import { DIMMED, DIMMED_CHOSEN, EMPHASISED, NOTHING, PLAIN } from "./styles.js";

const MOST_STEPS_BACK = 50;

/** Return the scene of a message from Python; `before` is the scene whose choices go on. */
export function makeScene({ header, parts }, before) {
  const n = header.n, goesOn = before && before.header.key === header.key && before.n === n;
  const scene = {
    header, parts, n,
    dimensions: readDimensions(header, parts),
    values: goesOn ? before.values : new Map(), // columns of features, by key
    isOnMap: new Uint8Array(n),
    index: goesOn && isSamePlace(before.parts.places, parts.places) ? before.index : indexPlaces(parts.places),
    bounds: findBounds(parts.places),
    points: {
      places: parts.places, styles: new Uint8Array(n), paints: new Uint8Array(n),
      shapes: new Uint8Array(n), palette: new Uint8Array(768),
    },
    passes: new Uint8Array(n),
    selected: goesOn ? before.selected : new Uint8Array(n),
    picked: goesOn ? before.picked : new Set(),
    history: goesOn ? before.history : [],
    filters: goesOn ? before.filters : new Map(), // dimension -> Set of codes; "feature:<key>" -> [low, high]
    away: goesOn ? before.away : "dim",
    colour: goesOn ? before.colour : header.colour.mode,
    feature: goesOn ? before.feature : header.colour.feature,
    focus: null, // {dimension, code}: what is emphasised while it is looked at
    range: null,
  };
  let onMap = 0;
  for (let i = 0; i < n; i++) {
    const x = parts.places[2 * i];
    if (x === x) onMap += scene.isOnMap[i] = 1;
  }
  scene.nOnMap = onMap;
  scene.nSelected = countFlags(scene.selected);
  recolour(scene);
  refilter(scene);
  return scene;
}

function isSamePlace(a, b) {
  return a.length === b.length && a.every((value, i) => value === b[i] || (value !== value && b[i] !== b[i]));
}

/** Colour the points anew; a feature whose values have not come is grey. */
export function recolour(scene) {
  scene.range = null;
  if (scene.colour !== "feature") {
    paintCodes(scene.points, scene.dimensions.get(scene.colour), scene.header);
    return;
  }
  const values = scene.values.get(scene.feature) ?? new Float32Array(scene.n).fill(NaN);
  scene.range = paintValues(scene.points, values, scene.header);
}

/** Apply the filters anew. */
export function refilter(scene) {
  const { passes, isOnMap, filters, dimensions, values } = scene;
  passes.set(isOnMap);
  for (const [name, wanted] of filters) {
    if (name.startsWith("feature:")) {
      const column = values.get(name.slice("feature:".length));
      if (!column) continue;
      const [low, high] = wanted;
      for (let i = 0; i < passes.length; i++) if (!(column[i] >= low && column[i] <= high)) passes[i] = 0;
      continue;
    }
    const { codes, shift, size } = dimensions.get(name);
    const isWanted = new Uint8Array(size);
    for (const code of wanted) if (code + shift < size) isWanted[code + shift] = 1;
    for (let i = 0; i < passes.length; i++) if (!isWanted[codes[i] + shift]) passes[i] = 0;
  }
  restyle(scene);
}

/** Say anew how strongly each point is painted. */
export function restyle(scene) {
  const { passes, isOnMap, selected, focus, points: { styles }, away } = scene;
  const left = away === "hide" ? [NOTHING, NOTHING] : [DIMMED, DIMMED_CHOSEN];
  const codes = focus ? scene.dimensions.get(focus.dimension).codes : null;
  for (let i = 0; i < styles.length; i++) {
    if (!isOnMap[i]) styles[i] = NOTHING;
    else if (!passes[i]) styles[i] = left[selected[i]];
    else styles[i] = (codes ? codes[i] === focus.code : selected[i]) ? EMPHASISED : PLAIN;
  }
  scene.isPicky = Boolean(focus) || scene.nSelected > 0;
}

/** Change the selection by some points: "new", "add" or "remove"; the selection before can be had back. */
export function select(scene, rows, how) {
  scene.history.push(scene.selected.slice());
  if (scene.history.length > MOST_STEPS_BACK) scene.history.shift();
  if (how === "new") scene.selected = new Uint8Array(scene.n);
  const value = how === "remove" ? 0 : 1;
  for (const i of rows) if (scene.isOnMap[i]) scene.selected[i] = value;
  finishSelection(scene);
}

/** Go back to the selection before; false when there is none. */
export function selectBack(scene) {
  const before = scene.history.pop();
  if (!before) return false;
  scene.selected = before;
  finishSelection(scene);
  return true;
}

/** Take a selection from memory as it is. */
export function restoreSelection(scene, flags) {
  scene.selected = flags.map((flag, i) => flag & scene.isOnMap[i]);
  finishSelection(scene);
}

function finishSelection(scene) {
  scene.nSelected = countFlags(scene.selected);
  for (const i of scene.picked) if (!scene.selected[i]) scene.picked.delete(i);
  restyle(scene);
}

/** Return the numbers of the selected points. */
export function listSelected(scene) {
  const rows = new Int32Array(scene.nSelected);
  for (let i = 0, at = 0; i < scene.n; i++) if (scene.selected[i]) rows[at++] = i;
  return rows;
}

/** Count a list of points by what the filter leaves of them. */
export function countAway(scene, rows) {
  let away = 0;
  for (const i of rows) if (!scene.passes[i]) away++;
  return away;
}

/** Count by code: all on the map, those that pass the filters, those selected. */
export function countCodes(scene, { codes, shift, size }) {
  const total = new Uint32Array(size), shown = new Uint32Array(size), chosen = new Uint32Array(size);
  for (let i = 0; i < codes.length; i++) {
    if (!scene.isOnMap[i]) continue;
    const code = codes[i] + shift;
    total[code]++;
    shown[code] += scene.passes[i];
    chosen[code] += scene.selected[i];
  }
  return { total, shown, chosen };
}

/** Return the numbers of all points of a code, whatever the filters say. */
export function listOfCode(scene, name, code) {
  const { codes } = scene.dimensions.get(name), rows = [];
  for (let i = 0; i < codes.length; i++) if (codes[i] === code && scene.isOnMap[i]) rows.push(i);
  return rows;
}

/** Return the cluster numbers that occur, in order. */
export function listClusters(scene) {
  return scene.dimensions.get("cluster").entries.filter((entry) => entry.code >= 0).map((entry) => entry.code);
}

/** Set the filter of a dimension by a click: only this, or with `adds` this too; a second click takes it back. */
export function toggleFilter(scene, name, code, adds) {
  const before = scene.filters.get(name);
  const isAlone = before?.size === 1 && before.has(code);
  let wanted = new Set([code]);
  if (adds && before) {
    wanted = new Set(before);
    if (!wanted.delete(code)) wanted.add(code);
  } else if (isAlone) wanted = new Set();
  if (wanted.size) scene.filters.set(name, wanted);
  else scene.filters.delete(name);
  refilter(scene);
}

/** Return the painted point nearest to a place, within a radius, -1 when there is none. */
export function findPoint(scene, [x, y], radius) {
  const { points: { places, styles } } = scene;
  return findNearest(scene.index, places, x, y, radius, (i) => styles[i] > NOTHING);
}
