// The tool bar above the pictures, the settings from elsewhere, the method, the legend.

import { make } from "../shared/dom.js";
import { isSameMask } from "./counts.js";
import { KINDS } from "./stage.js";

const MODES = { side: "Side by side", over: "Overlay", swipe: "Swipe", film: "Many pictures" };

/** Make the tool bar. `onChange(patch)` changes what is drawn. */
export function makeTools({ onChange, onZoom, onHelp }) {
  const modes = Object.entries(MODES).map(([mode, text], i) =>
    make("button", { type: "button", text, title: `Key ${i + 1}`, "data-mode": mode, onclick: () => onChange({ mode }) }));
  const kinds = make("select", { "aria-label": "What lies over the picture", onchange: () => onChange({ overlay: kinds.value }) },
    Object.entries(KINDS).map(([kind, text]) => make("option", { value: kind, text })));
  const outline = makeCheck("Outline", "Draw the outline of the mask only (O)", (isOn) => onChange({ outline: isOn }));
  const against = makeCheck("Against the truth", "The truth is the outline that experts drew: hit, missed and false pixels get three colours",
    (isOn) => onChange({ against: isOn }));
  const opacity = makeRange("Opacity", "Opacity of heat and mask over the picture", 0, 1, (value) => onChange({ opacity: value }));
  const brightness = makeRange("Brightness", "Brightness of the picture", 0.4, 2.5, (value) => onChange({ brightness: value }));
  const zoom = [["−", "Zoom out (-)", 1 / 1.5], ["+", "Zoom in (+)", 1.5], ["Fit", "Whole picture (0)", 0]].map(([text, title, factor]) =>
    make("button", { type: "button", class: "small", text, title, "aria-label": title, onclick: () => onZoom(factor) }));
  const help = make("button", { type: "button", class: "small", text: "?", title: "Keys and help (?)", "aria-label": "Keys and help", onclick: onHelp });
  const element = make("div", { class: "tools", role: "toolbar", "aria-label": "What is drawn" }, [
    make("div", { class: "group joined" }, modes), kinds, outline.element, against.element, opacity.element, brightness.element,
  ]);
  return {
    element,
    zoom: make("div", { class: "group" }, [make("div", { class: "group joined" }, zoom), help]),
    update(display, hasTruth) {
      modes.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === display.mode)));
      kinds.hidden = !["over", "swipe"].includes(display.mode);
      for (const option of kinds.options) {
        option.disabled = option.value === "truth" && !hasTruth;
        option.hidden = option.value === "plain" && display.mode === "swipe";
      }
      kinds.value = display.overlay;
      outline.input.checked = display.outline;
      against.input.checked = display.against && hasTruth;
      against.input.disabled = !hasTruth;
      opacity.input.value = String(display.opacity);
      brightness.input.value = String(display.brightness);
      zoom.forEach((button) => { button.hidden = display.mode === "film"; });
    },
  };
}

function makeCheck(text, title, onChange) {
  const input = make("input", { type: "checkbox", onchange: () => onChange(input.checked) });
  return { input, element: make("label", { class: "check", title }, [input, make("span", { text })]) };
}

function makeRange(text, title, min, max, onChange) {
  const input = make("input", {
    type: "range", min, max, step: 0.05, "aria-label": title, oninput: () => onChange(Number(input.value)),
  });
  return { input, element: make("label", { class: "range", title }, [make("span", { text }), input]) };
}

/** Make the buttons that bring a setting in one click, with undo. */
export function makePresets({ onChoose, onUndo, onRedo }) {
  const paper = make("div", { class: "group joined" }), rest = make("div", { class: "group" });
  const undo = make("button", { type: "button", text: "Undo", title: "Undo the last change of the setting (Z)", onclick: onUndo });
  const redo = make("button", { type: "button", text: "Redo", title: "Redo (Shift+Z)", onclick: onRedo });
  const element = make("section", { class: "presets", "aria-label": "Settings in one click" }, [
    make("div", { class: "row" }, [make("span", { text: "Paper's run" }), paper]), rest,
  ]);
  const steps = make("div", { class: "group joined" }, [undo, redo]); // on one line, wherever it breaks
  let buttons = [];
  return {
    element,
    setPresets(presets, describe) {
      buttons = joinPaperRuns(presets).map(({ name, text, words, setting }) => {
        const isPaper = name.startsWith("paper");
        const button = make("button", {
          type: "button", text, title: words, "aria-label": isPaper ? `Paper's run${text.includes(",") ? "s" : ""} ${text.replace(", ", " and ")}: ${words}` : `${text}: ${describe(setting)}`,
          onclick: () => onChoose(setting),
        });
        return { button, setting, isPaper };
      });
      const pick = (isPaper) => buttons.filter((one) => one.isPaper === isPaper).map((one) => one.button);
      paper.replaceChildren(...pick(true));
      paper.parentElement.hidden = !pick(true).length;
      rest.replaceChildren(...pick(false), steps);
    },
    update(setting, { canUndo, canRedo }) {
      for (const { button, setting: known } of buttons) button.setAttribute("aria-pressed", String(isSameMask(known, setting)));
      undo.disabled = !canUndo;
      redo.disabled = !canRedo;
    },
  };
}

const PRESET_NAMES = { recommended: "Recommended", tuning: "Best on tuning" };

/** Name each setting; the paper's runs that make the same mask share a button, or two would seem chosen at once. */
function joinPaperRuns(presets) {
  const joined = [];
  for (const preset of presets) {
    const isPaper = preset.name.startsWith("paper");
    const same = isPaper && joined.find((one) => one.name.startsWith("paper") && isSameMask(one.setting, preset.setting));
    if (same) same.text += `, ${preset.name.slice(-1)}`;
    else joined.push({ ...preset, text: isPaper ? preset.name.slice(-1) : PRESET_NAMES[preset.name] ?? "Locked one" });
  }
  return joined;
}

/** Make the choice of the method, of the alignment and of the inversion. */
export function makeMethod({ onChange }) {
  const methods = make("select", { "aria-label": "Heat map method", onchange: () => onChange({ method: methods.value }) });
  const align = makeCheck("Align the map", "Put each cell of the map where the network looks. Off: as in the published code, which can shift the map.",
    (isOn) => onChange({ align: isOn }));
  const inverted = makeCheck("Invert the mask", "Take what the threshold leaves out, and leave out what it takes (I)",
    (isOn) => onChange({ inverted: isOn }));
  const element = make("section", { class: "method", "aria-label": "Method, alignment, inversion" }, [
    make("label", { class: "row" }, [make("span", { text: "Method" }), methods]),
    make("div", { class: "row" }, [inverted.element, align.element]),
  ]);
  return {
    element,
    setMethods(names) {
      methods.replaceChildren(...Object.entries(names).map(([value, text]) => make("option", { value, text })));
    },
    /** A segmentation head (`isHead`) has no method to choose. */
    update(setting, isHead) {
      methods.value = setting.method;
      methods.disabled = isHead;
      methods.title = isHead ? "The network's own mask: its probabilities come from no heat map method" : "";
      align.input.checked = setting.align;
      inverted.input.checked = setting.inverted;
    },
  };
}

/** Make the legend of the colours. */
export function makeLegend() {
  const element = make("div", { class: "legend quiet" });
  const css = (color) => `rgb(${color.join(",")})`;
  return {
    element,
    update(colors, isAgainst) {
      const bar = make("span", { class: "bar" });
      bar.style.background = writeGradient(colors.heat);
      const known = isAgainst
        ? { hit: "hit: both", missed: "missed: polyp only", false: "false: mask only" }
        : { mask: "mask" };
      element.replaceChildren(
        make("span", { class: "entry" }, [make("span", { text: "cold 0" }), bar, make("span", { text: "1 hot" })]),
        ...Object.entries(known).map(([name, text]) => {
          const box = make("span", { class: "box" });
          box.style.background = css(colors[name]);
          return make("span", { class: "entry" }, [box, make("span", { text })]);
        }),
      );
    },
  };
}

/** Return the colours of heat as a css gradient from cold to hot. */
export function writeGradient(heat) {
  return `linear-gradient(90deg, ${heat.filter((_, i) => i % 32 === 0 || i === 255).map((color) => `rgb(${color.join(",")})`).join(", ")})`;
}
