// The legend: what each colour and shape means, how many there are, and buttons that filter by it.

import { make } from "../shared/dom.js";
import { mixSteps, toCss } from "./coding.js";
import { countCodes } from "./scene.js";
import { SHAPES } from "./symbols.js";
import { findFeature, say, sayThings } from "./words.js";

/** Make the legend. `actions`: getScene, onToggle(dimension, code, adds), onRange(key, low, high), onFocus, onClear(name). */
export function makeLegend(actions) {
  const list = make("div", { class: "entries", role: "group" });
  const chips = make("div", { class: "chips" });
  const legend = { element: make("div", { class: "legend" }, [chips, list]), list, chips, actions, shown: "", entries: [] };
  legend.show = () => showLegend(legend);
  return legend;
}

function showLegend(legend) {
  const scene = legend.actions.getScene();
  showChips(legend, scene);
  const shown = `${scene.header.version}|${scene.colour}|${scene.feature}|${scene.range ? scene.range.n : ""}`;
  if (shown !== legend.shown) {
    legend.shown = shown;
    if (scene.colour === "feature") makeScale(legend, scene);
    else makeEntries(legend, scene);
  }
  if (scene.colour !== "feature") countEntries(legend, scene);
}

function makeEntries(legend, scene) {
  const dimension = scene.dimensions.get(scene.colour);
  legend.list.setAttribute("aria-label", `${dimension.title}: choose what stands out`);
  const { total } = countCodes(scene, dimension);
  const entries = dimension.entries.filter((entry) => total[entry.code + dimension.shift]);
  legend.entries = entries.map((entry) => {
    const most = say(total[entry.code + dimension.shift]);
    const count = make("span", { class: "count", "data-widest": `${most} of ${most} ✓ ${most}` });
    const facts = {
      type: "button", class: "entry", "aria-pressed": "false", "data-code": entry.code,
      onclick: (event) => legend.actions.onToggle(dimension.name, entry.code, event.ctrlKey || event.metaKey || event.shiftKey),
      onpointerenter: (event) => event.pointerType === "mouse" && legend.actions.onFocus({ dimension: dimension.name, code: entry.code }),
      onpointerleave: () => legend.actions.onFocus(null),
      onfocus: (event) => event.target.matches(":focus-visible") && legend.actions.onFocus({ dimension: dimension.name, code: entry.code }),
      onblur: () => legend.actions.onFocus(null),
    };
    const words = make("span", { class: "words", text: entry.name }), told = make("span");
    count.append(told);
    return { entry, count: told, element: make("button", facts, [makeSwatch(scene, entry), words, count]) };
  });
  legend.list.classList.toggle("narrow", ["cluster", "round"].includes(dimension.name));
  const note = dimension.name === "cluster" && entries.length > 7
    ? make("p", { class: "quiet note", text: "Colours and shapes repeat. Rest on a point or a number to see its whole cluster." })
    : null;
  legend.list.replaceChildren(...legend.entries.map((one) => one.element), ...(note ? [note] : []));
}

function makeSwatch(scene, { paint, shape }) {
  const { palette } = scene.points;
  const swatch = make("span", { class: `swatch ${SHAPES[shape]}`, "aria-hidden": "true" });
  swatch.style.background = toCss([...palette.subarray(3 * paint, 3 * paint + 3)]);
  return swatch;
}

function countEntries(legend, scene) {
  const dimension = scene.dimensions.get(scene.colour);
  const { total, shown, chosen } = countCodes(scene, dimension);
  const wanted = scene.filters.get(dimension.name);
  for (const { entry, count, element } of legend.entries) {
    const code = entry.code + dimension.shift;
    const part = shown[code] === total[code] ? say(total[code]) : `${say(shown[code])} of ${say(total[code])}`;
    const told = chosen[code] ? `${part}, ${say(chosen[code])} selected` : part;
    count.textContent = chosen[code] ? `${part} ✓ ${say(chosen[code])}` : part;
    element.setAttribute("aria-pressed", String(Boolean(wanted?.has(entry.code))));
    const name = entry.long ?? entry.name;
    element.setAttribute("aria-label", `Only ${name}: ${told} (${dimension.things})`);
    element.title = `${name}: ${told}. Click: only this. Ctrl and click: this too.`;
  }
}

function makeScale(legend, scene) {
  const feature = findFeature(scene), { range } = scene;
  legend.entries = [];
  legend.list.setAttribute("aria-label", feature.words);
  if (!scene.values.has(scene.feature)) {
    legend.list.replaceChildren(make("p", { class: "quiet", text: "Fetching the values ..." }));
    return;
  }
  const unknown = scene.nOnMap - range.n;
  const steps = Array.from({ length: 9 }, (_, i) => toCss(mixSteps(scene.header.scale, i / 8)));
  const bar = make("span", { class: "bar", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${steps.join(", ")})`;
  const ends = [make("span", { text: range.low.toPrecision(3) }), bar, make("span", { text: range.high.toPrecision(3) })];
  const words = `Right (${toName(scene)}) is ${feature.words}. Colours span all but the lowest and highest hundredth` +
    `${unknown > 0 ? `; ${sayThings(scene, unknown)} without a value are grey` : ""}.`;
  legend.list.replaceChildren(
    make("div", { class: "scale" }, ends),
    makeLimits(legend, scene),
    make("p", { class: "quiet note", text: words }),
  );
}

function toName(scene) {
  return scene.header.scaleName;
}

function makeLimits(legend, scene) {
  const { range } = scene, name = `feature:${scene.feature}`;
  const [low, high] = scene.filters.get(name) ?? [range.least, range.most];
  const step = (range.most - range.least) / 200 || 1;
  const inputs = [["From", low], ["To", high]].map(([words, value]) => {
    const input = make("input", { type: "range", min: range.least, max: range.most, step: "any", "aria-label": `${words} value` });
    input.value = value;
    input.onkeydown = (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way) return;
      input.value = Number(input.value) + way * step;
      event.preventDefault();
      input.oninput();
    };
    return input;
  });
  const told = make("output", { class: "count" });
  const change = () => {
    const limits = inputs.map((input) => Number(input.value)).sort((a, b) => a - b);
    const isAll = limits[0] <= range.least && limits[1] >= range.most;
    legend.actions.onRange(name, isAll ? null : limits);
    told.textContent = isAll ? "all" : `${limits[0].toPrecision(3)} to ${limits[1].toPrecision(3)}`;
  };
  for (const input of inputs) input.oninput = change;
  told.textContent = scene.filters.has(name) ? `${low.toPrecision(3)} to ${high.toPrecision(3)}` : "all";
  return make("div", { class: "limits" }, [make("span", { text: "Only from" }), inputs[0], make("span", { text: "to" }), inputs[1], told]);
}

/** Filters go on when the colour changes, so they are named above the legend, each with a way out; their line is always there. */
function showChips(legend, scene) {
  const chips = [...scene.filters].map(([name, wanted]) => {
    const words = `Only ${nameFilter(scene, name, wanted)}`;
    const button = make("button", {
      type: "button", class: "chip", text: `${words} ×`, "aria-label": `${words}: take this filter away`,
      onclick: () => legend.actions.onClear(name),
    });
    return button;
  });
  const hint = scene.colour === "feature" ? "" : "Click an entry: only this stands out. Ctrl and click: this too.";
  legend.chips.replaceChildren(...(chips.length ? chips : [make("span", { class: "quiet", text: hint })]));
}

function nameFilter(scene, name, wanted) {
  if (name.startsWith("feature:")) {
    const feature = scene.header.features.find((one) => `feature:${one.key}` === name);
    return `${feature?.words ?? "feature"} ${wanted[0].toPrecision(3)} to ${wanted[1].toPrecision(3)}`;
  }
  const { title, entries } = scene.dimensions.get(name);
  const names = entries.filter((entry) => wanted.has(entry.code)).map((entry) => entry.name.split(":")[0]);
  const told = names.length > 4 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", ");
  return `${title.toLowerCase()} ${told}`;
}
