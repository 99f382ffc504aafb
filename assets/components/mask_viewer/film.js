// Many pictures under one setting: painted small, counted at full size whenever the browser has time.

import { fitCanvas, make } from "../shared/dom.js";
import { getChannel } from "../shared/feeds.js";
import { countMask, describeSetting, findLimits, scoreMask, writeScore } from "./counts.js";
import { makeCounter } from "./film_counts.js";
import { findSources, gatherKeys } from "./lens.js";
import { getRange, makeAxes, makeLevels } from "./maps.js";
import { readMap } from "./picture.js";

const FILM_LENGTH = 24;

/** Make the film. `onOpen(number)` comes with a click on a picture, `onChange(patch)` with another page or order. */
export function makeFilm(painter, { onOpen, onChange }) {
  const words = make("p", { class: "film-words" });
  const order = make("select", { "aria-label": "Order of the pictures", onchange: () => onChange({ order: order.value }) }, [
    make("option", { value: "split", text: "In order" }), make("option", { value: "worst", text: "Worst first" }),
  ]);
  const back = make("button", { type: "button", text: "‹", "aria-label": "Pictures before", onclick: () => onChange({ page: page - 1 }) });
  const on = make("button", { type: "button", text: "›", "aria-label": "More pictures", onclick: () => onChange({ page: page + 1 }) });
  const pageWords = make("span", { class: "quiet" });
  const bar = make("progress", { max: 1, "aria-label": "Pictures that are ready" });
  const come = make("span", { role: "status" });
  const coming = make("div", { class: "coming" }, [bar, come]);
  const grid = make("div", { class: "film", role: "group", "aria-label": "Pictures under this setting" });
  const element = make("section", { class: "film-room" }, [
    make("div", { class: "row" }, [words, make("div", { class: "group end" }, [order, back, pageWords, on])]), coming, grid,
  ]);
  const entries = new Map(); // number -> what has come of this picture
  let tiles = [], page = 0, shape = "", context = null, thumbnails = null, endThumbnails = null;
  const counter = makeCounter((tile, found) => {
    if (!tile.key) return; // its map is not wanted any more
    Object.assign(tile, found);
    makeKeys(tile);
    paintTile(tile);
    sayMean();
  });

  function layOut({ split, nPictures, channelName, display }) {
    const nPages = Math.max(1, Math.ceil(nPictures / FILM_LENGTH));
    page = Math.min(display.page, nPages - 1);
    const wanted = `${channelName}/${split}/${page}`;
    order.value = display.order;
    [back.disabled, on.disabled] = [page === 0, page === nPages - 1];
    pageWords.textContent = `${page + 1} of ${nPages}`;
    if (wanted === shape) return;
    if (!shape.startsWith(`${channelName}/${split}/`)) entries.clear();
    shape = wanted;
    tiles = pickPage(nPictures, page).map((number) => makeTileOf(number, onOpen));
    grid.replaceChildren(...tiles.map((tile) => tile.button));
    connectThumbnails();
  }

  /** Show the plain pictures until their maps have come: these take long where a layer is not recorded. */
  function connectThumbnails() {
    endThumbnails?.();
    thumbnails = getChannel(context.thumbnails);
    endThumbnails = thumbnails.onArrival(() => tiles.forEach(drawThumbnail));
    thumbnails.request(tiles.map((tile) => `${context.split}/${tile.number}`));
    requestAnimationFrame(() => tiles.forEach(drawThumbnail)); // a tile has its size only once it is laid out
  }

  function drawThumbnail(tile) {
    const small = tile.bitmap ? null : thumbnails.get(`${context.split}/${tile.number}`);
    if (!small || !tile.base.clientWidth) return;
    tile.frame.style.setProperty("--shape", String(small.width / small.height));
    const [width, height] = fitCanvas(tile.base);
    tile.base.getContext("2d").drawImage(small, 0, 0, width, height);
  }

  /** Take what has come, ask for what has not, and start to count. */
  function fill() {
    const { channel, split, setting, run } = context, { method, layer } = setting;
    const missing = [];
    for (const tile of tiles) {
      const key = `${split}/${tile.number}/${method}/${layer}`, entry = getEntry(tile.number);
      const fault = channel.findFault(key), message = channel.get(key);
      if (message) takeMessage(entry, message, run, method);
      const map = entry.maps.get(`${method}/${layer}`);
      tile.fault = fault ?? entry.faults.get(`${method}/${layer}`) ?? null;
      if (map && entry.size) startTile(tile, entry, map);
      else if (!fault) missing.push(key);
      tile.button.classList.toggle("waiting", !map && !tile.fault);
      if (tile.fault) tile.caption.textContent = "cannot be shown";
      else if (!map) forgetMap(tile);
      tile.button.title = tile.fault ?? `Open picture ${tile.number + 1}`;
    }
    channel.request(missing, 2);
    const nReady = tiles.length - missing.length;
    coming.hidden = missing.length === 0;
    bar.value = tiles.length ? nReady / tiles.length : 1;
    come.textContent = missing.length ? `${nReady} of ${tiles.length} ready. Heat maps of layer ${layer} are being made.` : "";
    sayMean();
  }

  function getEntry(number) {
    if (!entries.has(number)) entries.set(number, { maps: new Map(), faults: new Map(), bitmap: null, size: null, runs: null });
    return entries.get(number);
  }

  function startTile(tile, entry, map) {
    const { setting, run } = context, { method, layer, align } = setting, key = `${method}/${layer}/${align}`;
    if (tile.key === key) return;
    const axes = makeAxes(run.layers[layer], run.inputSize, align), range = getRange(run.layers[layer]);
    Object.assign(tile, { key, entry, map, axes, counts: null, range, keys: null });
    counter.add(tile, { map, size: entry.size, axes, runs: entry.runs, range });
    entry.bitmap.then((bitmap) => {
      if (tile.key !== key) return;
      tile.bitmap = bitmap;
      makeKeys(tile);
      paintTile(tile);
    });
  }

  /** Take away what is shown of another map: its mask and its score must not stand under this setting. */
  function forgetMap(tile) {
    Object.assign(tile, { key: null, counts: null, range: null, keys: null, dice: null });
    tile.over.getContext("2d").clearRect(0, 0, tile.over.width, tile.over.height);
    tile.caption.textContent = "map is coming";
  }

  /** Make the keys of a tile at its own size; scaled by the range at full size once that is known. */
  function makeKeys(tile) {
    const { base, over, bitmap, entry, map, axes, range } = tile;
    if (!bitmap) return;
    tile.frame.style.setProperty("--shape", String(entry.size[1] / entry.size[0]));
    const [width, height] = fitCanvas(base);
    base.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    fitCanvas(over);
    const made = makeLevels(map, [height, width], axes, { range });
    if (tile.truth?.length !== width * height) tile.truth = shrinkTruth(entry, [height, width]);
    const all = (n) => Int32Array.from({ length: n }, (_, i) => i);
    tile.keys = gatherKeys(new Uint32Array(width * height), made, tile.truth, width, all(width), all(height));
  }

  function paintTile(tile) {
    const { setting, display, hidden } = context;
    if (tile.keys) {
      const isAgainst = display.against && Boolean(tile.truth) && !hidden;
      const look = { isAgainst, opacity: display.opacity, isOutline: display.outline };
      painter.paintMask(tile.over, tile.keys, findLimits(setting), setting.inverted, look);
    }
    tile.dice = null;
    if (!tile.counts) return;
    const counted = countMask(tile.counts, setting);
    if (hidden || counted.tp === undefined) tile.caption.textContent = `${(100 * counted.area / counted.n).toFixed(0)}% of it`;
    else {
      tile.dice = scoreMask(counted).dice;
      tile.caption.textContent = tile.dice === null ? "no polyp" : `Dice ${writeScore(tile.dice)}`;
    }
  }

  function sayMean() {
    const { nPictures, split, hidden, setting } = context;
    const values = tiles.map((tile) => tile.dice).filter((dice) => dice !== null && dice !== undefined);
    const nCounted = tiles.filter((tile) => tile.counts || tile.fault).length;
    const shown = `${tiles.length} of ${nPictures} ${split} pictures, ${describeSetting(setting, context.run.layers)}.`;
    const mean = values.reduce((sum, dice) => sum + dice, 0) / values.length;
    const progress = nCounted < tiles.length ? ` Counted: ${nCounted} of ${tiles.length}.` : "";
    const parts = values.length
      ? [make("strong", { text: `Mean Dice ${writeScore(mean)}` }), ` over the ${values.length} of them that show a polyp. `]
      : [hidden ? `${hidden} ` : ""];
    words.replaceChildren(...parts, shown, progress);
  }

  return {
    element,
    /** Show the film; `next` holds channel, channelName, split, nPictures, run, setting, display, hidden, thumbnails. */
    update(next) {
      context = next;
      layOut(next);
      fill();
      this.paint();
    },
    /** Paint all pictures again: the threshold or the look has changed. */
    paint(next) {
      context = { ...context, ...next };
      tiles.forEach(paintTile);
      sayMean();
    },
    /** Put the pictures into their order, once the reader has let go. */
    sort() {
      const worst = (tile) => tile.dice ?? 2;
      const sorted = context?.display.order === "worst" ? [...tiles].sort((one, other) => worst(one) - worst(other)) : tiles;
      sorted.forEach((tile, i) => { if (grid.children[i] !== tile.button) grid.insertBefore(tile.button, grid.children[i] ?? null); });
    },
    resize() {
      tiles.forEach((tile) => { if (tile.keys) { makeKeys(tile); paintTile(tile); } });
    },
    stop: () => { counter.stop(); endThumbnails?.(); },
  };
}

/** Return the pictures of a page: each page is spread evenly over the split, and each picture is on one page. */
function pickPage(nPictures, page) {
  const golden = (Math.sqrt(5) - 1) / 2;
  const spread = Array.from({ length: nPictures }, (_, i) => i).sort((one, other) => one * golden % 1 - other * golden % 1);
  return spread.slice(page * FILM_LENGTH, (page + 1) * FILM_LENGTH).sort((one, other) => one - other);
}

/** Keep what a message brings: a small picture, some maps, the truth where it may be seen. */
function takeMessage(entry, message, run, method) {
  const { header, parts } = message;
  if (entry.messages?.has(message)) return;
  (entry.messages ??= new Set()).add(message);
  entry.size = header.size;
  entry.runs = parts.truth ?? null;
  entry.bitmap ??= createImageBitmap(new Blob([parts.picture]));
  for (const { layer, fault } of header.maps) {
    entry.maps.set(`${method}/${layer}`, readMap(message, run, layer));
    if (fault) entry.faults.set(`${method}/${layer}`, fault);
  }
}

function makeTileOf(number, onOpen) {
  const base = make("canvas", { class: "base", "aria-hidden": "true" }), over = make("canvas", { class: "over", "aria-hidden": "true" });
  const caption = make("span", { class: "dice" });
  const frame = make("span", { class: "frame" }, [base, over]);
  const button = make("button", { type: "button", class: "film-tile", onclick: () => onOpen(number) }, [
    frame, make("span", { class: "row" }, [make("span", { class: "quiet", text: String(number + 1) }), caption]),
  ]);
  return { number, base, over, caption, frame, button, dice: null, counts: null };
}

/** Return the truth at the size of a tile, one byte a pixel (the nearest); null where it may not be seen. */
function shrinkTruth({ runs, size }, [height, width]) {
  if (!runs) return null;
  const small = new Uint8Array(width * height);
  const columns = findSources(width, size[1], 0, width / size[1]), rows = findSources(height, size[0], 0, height / size[0]);
  let run = 0, end = runs[0], at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const pixel = rows[y] * size[1] + columns[x];
      while (pixel >= end && run < runs.length - 1) end += runs[++run];
      small[at] = run & 1;
    }
  }
  return small;
}
