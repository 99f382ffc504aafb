// The pictures: one or four canvases that zoom and move together, with the map or the mask above the picture.

import { fitCanvas, make, setText } from "../shared/dom.js";
import { findLimits } from "./counts.js";
import { findSources, gatherKeys, makeLens, moveLens, placePicture, zoomLens } from "./lens.js";
import { watchLens } from "./pointing.js";

export const KINDS = {
  mask: "Mask over the picture",
  heat: "Heat map over the picture",
  bw: "Mask, white",
  truth: "Truth, white",
  plain: "Picture",
};
const SIDE_BY_SIDE = ["plain", "mask", "heat", "bw"];

/** Make the stage. `onPoint(pixel)` is told the pixel under the pointer, or null. */
export function makeStage(painter, { onPoint }) {
  const element = make("div", { class: "stage" });
  const divider = makeDivider(element);
  let panels = [], mode = null, overlay = null, bitmap = null, size = [1, 1], layer = null, truth = null;
  let lens = makeLens(), keys = new Uint32Array(0), setting = null, display = null;

  function layOut(nextMode, nextOverlay) {
    if (mode === nextMode && overlay === nextOverlay) return;
    mode = nextMode;
    overlay = nextOverlay;
    const kinds = mode === "side" ? SIDE_BY_SIDE : [overlay];
    panels = kinds.map(makePanel);
    element.replaceChildren(...panels.map((panel) => panel.figure));
    element.dataset.mode = mode;
    if (mode === "swipe") panels[0].frame.append(divider);
    observer.disconnect();
    panels.forEach((panel) => observer.observe(panel.frame));
  }

  function drawPictures() {
    if (!bitmap || !panels.length) return;
    for (const panel of panels) {
      const [width, height] = fitCanvas(panel.base);
      const context = panel.base.getContext("2d"), { scale, left, top } = placePicture(lens, size, [width, height]);
      context.clearRect(0, 0, width, height);
      context.imageSmoothingEnabled = scale < 3;
      context.drawImage(bitmap, left, top, size[1] * scale, size[0] * scale);
      fitCanvas(panel.over);
    }
    gather();
  }

  function gather() {
    if (!layer || !panels.length) return;
    const { width, height } = panels[0].over;
    if (keys.length !== width * height) keys = new Uint32Array(width * height);
    const { scale, left, top } = placePicture(lens, size, [width, height]);
    const columns = findSources(width, size[1], left, scale), rows = findSources(height, size[0], top, scale);
    gatherKeys(keys, layer, truth, size[1], columns, rows);
  }

  function paint(kinds) {
    if (!layer || !bitmap || !setting) return;
    const limits = findLimits(setting), isAgainst = display.against && truth !== null;
    for (const { kind, over } of panels) {
      if (kinds && !kinds.includes(kind)) continue;
      if (over.width * over.height !== keys.length) continue;
      if (kind === "mask") {
        const { opacity, outline } = display;
        painter.paintMask(over, keys, limits, setting.inverted, { isAgainst, opacity, isOutline: outline });
      } else if (kind === "bw") painter.paintBlackAndWhite(over, keys, limits, setting.inverted);
      else if (kind === "heat") painter.paintHeat(over, keys, display.opacity);
      else if (kind === "truth" && truth) painter.paintTruth(over, keys);
      else over.getContext("2d").clearRect(0, 0, over.width, over.height);
    }
  }

  function redraw() {
    drawPictures();
    paint();
  }

  function setLens(next) {
    lens = next;
    element.classList.toggle("zoomed", lens.zoom > 1);
    redraw();
  }

  function changeZoom(factor) {
    const canvas = panels[0]?.over;
    if (canvas) setLens(zoomLens(lens, factor, [canvas.width / 2, canvas.height / 2], size, [canvas.width, canvas.height]));
  }

  const observer = new ResizeObserver(redraw);
  watchLens(element, {
    getLens: () => lens,
    setLens,
    getSize: () => size,
    onPoint: (canvas, at) => onPoint(at && findPixel(canvas, at)),
  });

  function findPixel(canvas, [x, y]) {
    const { scale, left, top } = placePicture(lens, size, [canvas.width, canvas.height]);
    const column = Math.floor((x - left) / scale), row = Math.floor((y - top) / scale);
    return row >= 0 && column >= 0 && row < size[0] && column < size[1] ? [row, column] : null;
  }

  return {
    element,
    layOut,
    /** Show a picture; the lens stays when the next picture has the same size. */
    setPicture(nextBitmap, nextSize, nextTruth) {
      if (nextSize[0] !== size[0] || nextSize[1] !== size[1]) lens = makeLens();
      [bitmap, size, truth] = [nextBitmap, nextSize, nextTruth];
      const [height, width] = size;
      element.style.setProperty("--shape", String(width / height));
      drawPictures();
    },
    setLayer(next) {
      layer = next;
      gather();
    },
    /** Show no picture; the panels keep their size. */
    clear() {
      bitmap = layer = truth = null;
      for (const { base, over, caption, frame } of panels) {
        for (const canvas of [base, over]) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
        caption.textContent = "\u00a0";
        frame.setAttribute("aria-label", "No picture yet");
      }
    },
    setTruth(next) {
      truth = next;
      gather();
    },
    setView(nextSetting, nextDisplay) {
      setting = nextSetting;
      display = nextDisplay;
      element.style.setProperty("--brightness", String(display.brightness));
    },
    /** Paint what the threshold changes, or everything. */
    paintBand: () => paint(["mask", "bw"]),
    paintAll: () => paint(),
    setCaptions(captions) {
      for (const { kind, caption, frame } of panels) {
        setText(caption, captions[kind].short);
        frame.setAttribute("aria-label", captions[kind].long);
      }
    },
    changeZoom,
    resetZoom: () => setLens(makeLens()),
    move(dx, dy) {
      const canvas = panels[0]?.over;
      if (canvas) setLens(moveLens(lens, dx, dy, size, [canvas.width, canvas.height]));
    },
    hideOverlay: (isHidden) => element.classList.toggle("hide-overlay", isHidden),
    close: () => observer.disconnect(),
  };
}

function makePanel(kind) {
  const base = make("canvas", { class: "base" }), over = make("canvas", { class: "over" });
  base.setAttribute("aria-hidden", "true");
  over.setAttribute("aria-hidden", "true");
  const frame = make("div", { class: "frame", role: "img", tabindex: "0", "data-kind": kind }, [base, over]);
  const caption = make("figcaption", { class: "quiet" });
  return { kind, base, over, frame, caption, figure: make("figure", {}, [frame, caption]) };
}

/** The line between picture and overlay: dragged, or moved by the arrow keys. */
function makeDivider(stage) {
  let at = 50;
  const move = (next) => {
    at = Math.min(100, Math.max(0, next));
    stage.style.setProperty("--divider", `${at}%`);
    divider.setAttribute("aria-valuenow", String(Math.round(at)));
  };
  const divider = make("div", {
    class: "divider", role: "slider", tabindex: "0", "aria-label": "Line between picture and overlay",
    "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 50,
    onkeydown: (event) => {
      const step = { ArrowLeft: -2, ArrowRight: 2, Home: -100, End: 100 }[event.key];
      if (step === undefined) return;
      move(at + step);
      event.preventDefault();
      event.stopPropagation();
    },
    onpointerdown: (event) => {
      divider.setPointerCapture(event.pointerId);
      event.stopPropagation();
    },
    onpointermove: (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = divider.parentElement.getBoundingClientRect();
      move(100 * (event.clientX - box.left) / box.width);
      event.stopPropagation();
    },
  });
  return divider;
}
