// The threshold: a histogram of the heat, or probability, and one or two handles below it. Both can be dragged.

import { fitCanvas, make } from "../shared/dom.js";
import { binShares, writeLimit } from "./counts.js";

const N_BINS = 100;
const STEP = 0.01;

/** Make the threshold. `onChange({low, high})` comes while dragging, `onSettle()` when it ends. */
export function makeBand({ onChange, onSettle }) {
  const chart = make("canvas", { class: "histogram", role: "img" });
  const lowSlider = makeSlider("low", (value) => move("low", value), onSettle);
  const highSlider = makeSlider("high", (value) => move("high", value), onSettle);
  const words = make("output", { class: "limits" });
  const onlyLow = make("input", { type: "checkbox", onchange: () => switchUpper(!onlyLow.checked) });
  const rail = make("div", { class: "rail" }, [make("div", { class: "heat-bar" }), lowSlider, highSlider]);
  const element = make("section", { class: "band", "aria-label": "Threshold" }, [
    make("div", { class: "row" }, [make("strong", { text: "Threshold" }), words]),
    chart,
    rail,
    make("label", { class: "check", title: "Off: an upper limit too. It leaves out the hottest core." }, [
      onlyLow, make("span", { text: "Lower limit only" }),
    ]),
  ]);
  let setting = null, shares = null, theme = null, colors = null, isHead = false, place = null;

  function move(which, value) {
    const { low, high } = setting;
    if (which === "low") onChange({ low: high === null ? value : Math.min(value, round2(high - STEP)), high });
    else onChange({ low, high: low === null ? value : Math.max(value, round2(low + STEP)) });
  }

  function switchUpper(isWanted) {
    const low = Math.min(setting.low ?? 0, isWanted ? 1 - STEP : 1);
    onChange({ low, high: isWanted ? Math.min(1, Math.max(0.7, round2(low + 10 * STEP))) : null });
    onSettle();
  }

  function draw() {
    place = null;
    drawInPlace();
  }

  /** Draw in the size that was measured last: to measure it while dragging would lay the page out once more an event. */
  function drawInPlace() {
    if (!setting || !theme || chart.hidden) return;
    place ??= fitCanvas(chart);
    const [width, height, ratio] = place, context = chart.getContext("2d");
    const pad = PAD * ratio, room = width - 2 * pad, bar = room / N_BINS;
    const known = shares ?? [], top = Math.max([...known].sort((a, b) => b - a)[1] ?? 0, 0.005) * 1.1;
    context.clearRect(0, 0, width, height);
    const low = setting.low ?? -1, high = setting.high ?? 2;
    for (const isTaken of [false, true]) {
      context.fillStyle = isTaken ? colors.mask : theme.isDark ? "#6b7a80" : "#a9b5b9";
      context.beginPath();
      for (let bin = 0; bin < N_BINS; bin++) {
        const centre = (bin + 0.5) / N_BINS;
        if (((centre > low && centre < high) !== setting.inverted) !== isTaken) continue;
        const tall = Math.min(1, (known[bin] ?? 0) / top) * (height - ratio);
        context.rect(pad + bin * bar, height - tall, Math.max(1, bar - 0.6 * ratio), tall);
      }
      context.fill();
    }
    context.fillStyle = theme.text;
    for (const limit of [setting.low, setting.high]) {
      if (limit !== null) context.fillRect(Math.round(pad + limit * room - ratio), 0, 2 * ratio, height);
    }
  }

  function name() {
    chart.setAttribute("aria-label", describeShares(shares, isHead));
  }

  listenToDrag(chart, 0);
  listenToDrag(rail, PAD);

  /** Move the nearest handle with the pointer; one taken within `reach` pixels of it does not jump below the finger. */
  function listenToDrag(place, reach) {
    let held = null, grip = 0, span = null; // the place is measured once: it does not move while it is held
    place.onpointerdown = (event) => {
      if (event.button !== 0 || held) return;
      span = measurePlace(place);
      const at = readPlace(span, event), which = findNearest(at), away = at - setting[which];
      place.setPointerCapture(event.pointerId);
      held = which;
      grip = Math.abs(away) * span.room <= reach ? away : 0;
      (which === "low" ? lowSlider : highSlider).focus({ preventScroll: true });
      event.preventDefault(); // or the focus goes to the page
      move(which, clampUnit(at - grip));
    };
    place.onpointermove = (event) => {
      if (held && place.hasPointerCapture(event.pointerId)) move(held, clampUnit(readPlace(span, event) - grip));
    };
    place.onpointerup = place.onpointercancel = () => {
      if (held) onSettle();
      held = null;
    };
  }

  /** Return where 0 lies and how many pixels away 1 is. */
  function measurePlace(place) {
    const box = place.getBoundingClientRect();
    return { start: box.left + PAD, room: box.width - 2 * PAD };
  }
  /** Return where a pointer is between 0 and 1, not cut off. */
  function readPlace({ start, room }, event) {
    return (event.clientX - start) / room;
  }
  function findNearest(value) {
    if (setting.high === null) return "low";
    if (setting.low === null) return "high";
    const [toLow, toHigh] = [Math.abs(value - setting.low), Math.abs(value - setting.high)];
    return toLow < toHigh || (toLow === toHigh && value < setting.low) ? "low" : "high";
  }

  return {
    element,
    setCounts(counts) {
      shares = binShares(counts, N_BINS);
      name();
      draw();
    },
    /** Show the threshold without the histogram, which belongs to one picture, while many are seen. */
    showMany(isMany) {
      if (chart.hidden === isMany) return;
      chart.hidden = isMany;
      draw();
    },
    /** Show no heat: there is no picture. */
    clear() {
      shares = null;
      name();
      draw();
    },
    setTheme(nextTheme, nextColors) {
      theme = nextTheme;
      colors = nextColors;
      rail.style.setProperty("--heat", colors.heat);
      draw();
    },
    /** `isNextHead`: the map is what a segmentation head says, probabilities. */
    update(next, isNextHead) {
      setting = next;
      if (isHead !== isNextHead) {
        isHead = isNextHead;
        name();
      }
      const { low, high } = setting, hasUpper = high !== null;
      lowSlider.value = String(low ?? 0);
      highSlider.value = String(high ?? 1);
      highSlider.hidden = !hasUpper;
      onlyLow.checked = !hasUpper;
      lowSlider.setAttribute("aria-label", nameSlider(hasUpper ? "lower" : "only", isHead));
      highSlider.setAttribute("aria-label", nameSlider("upper", isHead));
      lowSlider.setAttribute("aria-valuetext", low === null ? "none" : writeLimit(low));
      highSlider.setAttribute("aria-valuetext", hasUpper ? writeLimit(high) : "none");
      element.classList.toggle("two", hasUpper);
      words.textContent = describeLimits(setting, isHead);
      drawInPlace();
    },
    draw,
    step(which, direction) {
      if (which === "low") move("low", clampUnit((setting.low ?? 0) + direction * STEP));
      else if (setting.high !== null) move("high", clampUnit(setting.high + direction * STEP));
      onSettle();
    },
  };
}

const PAD = 10; // half a handle, so that the bars stand above the handles

function makeSlider(which, onInput, onSettle) {
  return make("input", {
    type: "range", class: which, min: 0, max: 1, step: STEP,
    oninput: (event) => onInput(round2(Number(event.target.value))),
    onchange: onSettle,
  });
}

/** `which`: "only", "lower" or "upper" limit. */
function nameSlider(which, isHead) {
  const what = isHead ? "probability" : "heat";
  return which === "only" ? `Threshold: ${what} above` : `Threshold: ${which} limit of the ${what}`;
}

function describeLimits({ low, high, inverted }, isHead) {
  const what = isHead ? "probability" : "heat", not = inverted ? "not " : "";
  if (low !== null && high !== null) return `${what} ${not}between ${writeLimit(low)} and ${writeLimit(high)}`;
  return low !== null ? `${what} ${not}above ${writeLimit(low)}` : `${what} ${not}below ${writeLimit(high)}`;
}

function describeShares(shares, isHead) {
  const title = `Share of the picture by ${isHead ? "probability" : "heat"}`;
  if (!shares) return `${title}: no picture yet`;
  const above = shares.slice(50).reduce((sum, share) => sum + share, 0);
  return `${title}: ${(100 * above).toFixed(0)} percent of it is ${isHead ? "likelier polyp than not" : "hotter than 0.5"}`;
}

function round2(value) {
  return Math.round(value * 100) / 100;
}

function clampUnit(value) {
  return round2(Math.min(1, Math.max(0, value)));
}
