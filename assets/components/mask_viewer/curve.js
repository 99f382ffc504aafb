// Dice against the lower limit: this picture, the mean of the tuning pictures, and the trivial masks as lines.

import { fitCanvas, make } from "../shared/dom.js";
import { curveDice, writeScore } from "./counts.js";

const CURVE_AT = Array.from({ length: 101 }, (_, i) => i / 100);
const PAD_LEFT = 30, PAD_BOTTOM = 20, PAD_TOP = 8, PAD_RIGHT = 10;

/** Make the chart. `onChoose(low)` comes when the reader points at a threshold, `onSettle()` when that ends. */
export function makeCurve({ onChoose, onSettle }) {
  const canvas = make("canvas", { class: "curve", role: "img" });
  const legend = make("div", { class: "legend quiet" });
  const note = make("p", { class: "quiet" });
  const element = make("section", { "aria-label": "Dice against the threshold" }, [
    make("strong", { text: "Overlap (Dice) against the threshold" }), canvas, legend, note,
  ]);
  let ofPicture = null, isMany = false, isEmpty = true; // `own` is what is drawn of it: nothing among many pictures
  let own = null, table = null, nTuning = 0, trivial = null, theme = null, mark = null, why = null, place = null;

  function show() {
    own = isMany ? null : ofPicture;
    element.hidden = isMany && !table;
    describe();
    draw();
  }

  function draw() {
    place = null;
    drawInPlace();
  }

  /** Draw in the size that was measured last, as the threshold does while it is dragged. */
  function drawInPlace() {
    if (!theme) return;
    if (isEmpty) {
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const isShown = Boolean(own || table);
    canvas.hidden = legend.hidden = !isShown;
    if (!isShown) return;
    place ??= fitCanvas(canvas);
    const [width, height, ratio] = place, context = canvas.getContext("2d");
    const left = PAD_LEFT * ratio, bottom = height - PAD_BOTTOM * ratio, top = PAD_TOP * ratio;
    const x = (at) => left + at * (width - left - PAD_RIGHT * ratio), y = (dice) => bottom - dice * (bottom - top);
    context.clearRect(0, 0, width, height);
    drawAxes(context, x, y, { theme, ratio, height });
    const line = (points, color, thickness, dash = []) => {
      context.beginPath();
      points.forEach(([at, dice], i) => (i ? context.lineTo(x(at), y(dice)) : context.moveTo(x(at), y(dice))));
      context.setLineDash(dash.map((one) => one * ratio));
      context.lineWidth = thickness * ratio;
      context.strokeStyle = color;
      context.stroke();
      context.setLineDash([]);
    };
    const colors = pickColors(theme);
    for (const [name, dash] of [["disk", [5, 3]], ["everything", [1, 3]]]) {
      const dice = trivial?.[name]?.dice;
      if (own && dice != null) line([[0, dice], [1, dice]], colors[name], 1.5, dash);
    }
    if (table) line(table, colors.table, 2, [7, 3]);
    if (own) line(own.map((dice, i) => [CURVE_AT[i], dice]), colors.own, 2.5);
    if (own && mark) drawMark(context, x(mark.low), y(mark.dice), ratio, theme);
  }

  function describe() {
    const colors = theme ? pickColors(theme) : {};
    const parts = [
      own && ["own", "this picture", "solid"],
      table && ["table", `mean of ${nTuning} tuning pictures`, "dashed"],
      own && trivial?.disk?.dice != null && ["disk", `disk ${writeScore(trivial.disk.dice)}`, "dashed"],
      own && trivial?.everything?.dice != null && ["everything", `everything ${writeScore(trivial.everything.dice)}`, "dotted"],
    ].filter(Boolean);
    legend.replaceChildren(...parts.map(([name, words, style]) => {
      const sample = make("span", { class: "sample" });
      sample.style.borderTop = `2px ${style} ${colors[name] ?? "currentColor"}`;
      return make("span", { class: "entry" }, [sample, make("span", { text: words })]);
    }));
    note.textContent = (!isMany && why) || "";
    canvas.setAttribute("aria-label", describeCurve(own, table));
  }

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    choose(event);
  };
  canvas.onpointermove = (event) => { if (canvas.hasPointerCapture(event.pointerId)) choose(event); };
  canvas.onpointerup = () => onSettle();
  function choose(event) {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - PAD_LEFT) / (box.width - PAD_LEFT - PAD_RIGHT);
    onChoose(Math.round(100 * Math.min(1, Math.max(0, share))) / 100);
  }

  return {
    element,
    /** Set the lines; `counts` null and `reason` why, where the picture may not be scored at other thresholds. */
    setLines(counts, reason, trivialScores, tuningRow, tuning) {
      ofPicture = counts && curveDice(counts, CURVE_AT);
      isEmpty = false;
      why = ofPicture ? null : reason ?? "Undefined for this picture: it has no polyp.";
      trivial = trivialScores;
      table = tuningRow && tuning.thresholds.map((low, i) => [low, tuningRow[i]]).filter(([, dice]) => dice !== null);
      nTuning = tuning?.nPolyp ?? 0;
      show();
    },
    /** Draw no line: there is no picture. Its place stays, so that nothing moves when the next one comes. */
    clear() {
      ofPicture = table = trivial = mark = why = null;
      isEmpty = true;
      show();
    },
    /** Leave out what belongs to one picture while many are seen. */
    showMany(next) {
      if (isMany === next) return;
      isMany = next;
      show();
    },
    setTheme(next) {
      theme = next;
      describe();
      draw();
    },
    /** Mark the mask in view. */
    setMark(next) {
      mark = ofPicture ? next : null;
      drawInPlace();
    },
    draw,
  };
}

function pickColors(theme) {
  return theme.isDark
    ? { own: "#56b4e9", table: "#e69f00", disk: "#c3cdd1", everything: "#c3cdd1" }
    : { own: "#0072b2", table: "#b36b00", disk: "#5b6a70", everything: "#5b6a70" };
}

function drawAxes(context, x, y, { theme, ratio, height }) {
  context.font = `${11 * ratio}px sans-serif`;
  context.fillStyle = theme.text;
  context.strokeStyle = theme.border;
  context.lineWidth = ratio;
  for (const value of [0, 0.5, 1]) {
    context.beginPath();
    context.moveTo(x(0), y(value));
    context.lineTo(x(1), y(value));
    context.stroke();
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(String(value), x(0) - 5 * ratio, y(value));
  }
  context.textBaseline = "alphabetic";
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    context.textAlign = value === 1 ? "right" : value === 0 ? "left" : "center";
    context.fillText(String(value), x(value), height - 5 * ratio);
  }
}

function drawMark(context, x, y, ratio, theme) {
  context.beginPath();
  context.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
  context.fillStyle = "#d55e00";
  context.fill();
  context.lineWidth = 1.5 * ratio;
  context.strokeStyle = theme.background;
  context.stroke();
}

function describeCurve(own, table) {
  const best = (points) => points.reduce((one, other) => (other[1] > one[1] ? other : one));
  const parts = ["Dice by lower limit."];
  if (own) {
    const [low, dice] = best(own.map((value, i) => [CURVE_AT[i], value]));
    parts.push(`This picture: highest ${writeScore(dice)} at ${low}.`);
  }
  if (table?.length) parts.push(`Tuning pictures: highest mean ${writeScore(best(table)[1])} at ${best(table)[0]}.`);
  return parts.join(" ");
}
