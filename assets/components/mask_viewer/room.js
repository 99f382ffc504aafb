// The parts of the viewer, put together.

import { make } from "../shared/dom.js";
import { makeBand } from "./band.js";
import { makeCurve } from "./curve.js";
import { makeFilm } from "./film.js";
import { makeHelp } from "./help.js";
import { makeLayerSlider, makeSheet } from "./layers.js";
import { makePainter } from "./paint.js";
import { makeScores } from "./scores.js";
import { makeStage } from "./stage.js";
import { makeStrip } from "./strip.js";
import { makeLegend, makeMethod, makePresets, makeTools } from "./tools.js";

/** Build all parts into the root; `acts` says what happens when the reader uses them. */
export function buildRoom(root, colors, acts) {
  const painter = makePainter(colors);
  const parts = {
    stage: makeStage(painter, { onPoint: acts.point }),
    film: makeFilm(painter, { onOpen: acts.openFromFilm, onChange: acts.changeDisplay }),
    help: makeHelp(),
    tools: makeTools({ onChange: acts.changeDisplay, onZoom: acts.zoom, onHelp: () => parts.help.open() }),
    legend: makeLegend(),
    sheet: makeSheet({ onChoose: (layer) => acts.change({ layer }) }),
    strip: makeStrip({ onChoose: acts.choosePicture }),
    scores: makeScores(),
    layerSlider: makeLayerSlider({ onChange: (layer) => acts.change({ layer }) }),
    band: makeBand({ onChange: acts.change, onSettle: acts.settle }),
    presets: makePresets({ onChoose: acts.choosePreset, onUndo: acts.undo, onRedo: acts.redo }),
    curve: makeCurve({ onChoose: (low) => acts.chooseLow(low), onSettle: acts.settle }),
    method: makeMethod({ onChange: acts.change }),
    readout: make("span", { class: "quiet readout" }),
    status: make("div", { class: "status", role: "status" }),
    warnings: make("div", { class: "warnings", "aria-live": "polite" }),
    words: make("div", { class: "words" }),
  };
  const stageRoom = make("div", { class: "stage-room" }, [parts.stage.element, parts.status]);
  const foot = make("div", { class: "foot" }, [parts.legend.element, make("div", { class: "group end" }, [parts.readout, parts.tools.zoom])]);
  const main = make("div", { class: "main" }, [
    parts.tools.element, stageRoom, parts.film.element, foot, parts.warnings, parts.strip.element, parts.sheet.element, parts.words,
  ]);
  const side = make("div", { class: "side" }, [
    parts.scores.headline, parts.band.element, parts.layerSlider.element, parts.presets.element,
    parts.scores.element, parts.curve.element, parts.method.element,
  ]);
  root.replaceChildren(make("div", { class: "viewer" }, [main, side]), parts.help.element);
  return { ...parts, stageRoom };
}
