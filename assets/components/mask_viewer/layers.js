// Which layer: a slider with words, and a sheet of the small maps of all layers.

import { make } from "../shared/dom.js";
import { getRange, makeAxes, makeLevels } from "./maps.js";
import { packColor } from "./paint.js";

const TILE_WIDTH = 92; // css pixels

/** Make the slider. */
export function makeLayerSlider({ onChange }) {
  const words = make("span", { class: "quiet" }), number = make("output", { class: "limits" });
  const slider = make("input", {
    type: "range", min: 0, step: 1, "aria-label": "Layer", oninput: () => onChange(Number(slider.value)),
  });
  const element = make("section", { "aria-label": "Layer" }, [
    make("div", { class: "row" }, [make("strong", { text: "Layer" }), number]), slider, words,
  ]);
  return {
    element,
    update(layer, nLayers, described) {
      slider.max = String(nLayers - 1);
      slider.value = String(layer);
      number.textContent = `${layer} (0 to ${nLayers - 1})`;
      words.textContent = described ? described[0].toUpperCase() + described.slice(1) : "\u00a0";
      slider.setAttribute("aria-valuetext", `${layer}: ${described ?? ""}`);
    },
  };
}

/** Make the sheet. `onChoose(layer)` comes with a click. */
export function makeSheet({ onChoose }) {
  const list = make("div", { class: "sheet", role: "group", "aria-label": "Heat maps of all layers" });
  const title = make("p", { class: "quiet" });
  const element = make("section", {}, [title, list]);
  let tiles = [], job = 0, chosen = null;

  function mark(layer, mayScroll) {
    chosen = layer;
    tiles.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(i === layer)));
    const button = tiles[layer]?.button;
    if (button && mayScroll) list.scrollTo({ left: button.offsetLeft - list.clientWidth / 2 + TILE_WIDTH / 2 });
  }

  return {
    element,
    mark: (layer) => mark(layer, true),
    /** Say whose layers these are, where the picture is not seen above. */
    setTitle(name) {
      title.textContent = `All layers${name ? ` of ${name}` : ""}: early ones are fine, late ones coarse.`;
    },
    /** Empty the small maps, which keep their size. */
    clear() {
      job += 1;
      tiles.forEach(({ button, canvas, label }, layer) => {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
        label.textContent = String(layer);
        button.title = `Layer ${layer}`;
        button.setAttribute("aria-label", `Layer ${layer}`);
      });
    },
    /** Draw all layers, one after the other, whenever the browser has nothing else to do. */
    draw(picture, bitmap, run, isAligned, heat) {
      if (tiles.length !== run.layers.length) {
        tiles = run.layers.map((_, layer) => makeTile(layer, onChoose));
        list.replaceChildren(...tiles.map((tile) => tile.button));
        mark(chosen, true);
      }
      const own = ++job;
      let layer = 0;
      const drawNext = (deadline) => {
        do {
          if (own !== job || layer >= tiles.length) return;
          drawTile(tiles[layer], layer, { picture, bitmap, run, isAligned, heat });
          layer++;
        } while (deadline.timeRemaining() > 4);
        whenIdle(drawNext);
      };
      whenIdle(drawNext);
    },
  };
}

/** Call back when nothing else is to be done; Safari has no requestIdleCallback. */
export function whenIdle(callback) {
  if (window.requestIdleCallback) window.requestIdleCallback(callback, { timeout: 400 });
  else setTimeout(() => {
    const end = performance.now() + 8;
    callback({ timeRemaining: () => end - performance.now() });
  }, 16);
}

function makeTile(layer, onChoose) {
  const canvas = make("canvas", { "aria-hidden": "true" }), label = make("span", { text: String(layer) });
  const button = make("button", { type: "button", "aria-label": `Layer ${layer}`, onclick: () => onChoose(layer) }, [canvas, label]);
  return { button, canvas, label };
}

function drawTile({ button, canvas, label }, layer, { picture, bitmap, run, isAligned, heat }) {
  const map = picture.getMap(layer), ratio = Math.min(2, window.devicePixelRatio || 1);
  if (!map) return;
  const width = Math.round(TILE_WIDTH * ratio);
  const height = Math.max(8, Math.min(2 * width, Math.round(width * picture.size[0] / picture.size[1])));
  const facts = run.layers[layer], name = facts.is_head ? "own mask" : String(layer);
  const made = makeLevels(map, [height, width], makeAxes(facts, run.inputSize, isAligned), { range: getRange(facts) });
  const fault = picture.describe(layer).fault ?? (made.isBlank ? "blank" : null);
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const steps = heat.map((color) => packColor(color));
  for (let i = 0; i < pixels.length; i++) pixels[i] = steps[Math.floor(made.levels[i] / 257)];
  context.putImageData(image, 0, 0);
  context.globalAlpha = fault ? 0.15 : 0.4;
  context.drawImage(bitmap, 0, 0, width, height);
  label.textContent = fault ? `${name} (${fault === "blank" ? "blank" : "faulty"})` : name;
  const words = `Layer ${layer}, stage ${facts.stage}: ${picture.describe(layer).words}`;
  button.title = words;
  button.setAttribute("aria-label", fault ? `${words}; ${label.textContent}` : words);
}
