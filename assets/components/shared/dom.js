// Small helpers to build a component. Text from outside goes through `text` only, never through markup.

/** Return an element. `facts`: text, class, attributes by name, and listeners as onclick, oninput, ... */
export function make(tag, facts = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name.startsWith("on")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter(Boolean));
  return element;
}

/** Set a text where it differs: the same text set once more is laid out once more. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keep state for a mounted component: `create` runs at the first call for this parentElement, its result at all. */
export function getInstance(instances, parentElement, create) {
  let instance = instances.get(parentElement);
  if (!instance) {
    instance = create(parentElement.querySelector(".medxai-root"));
    instances.set(parentElement, instance);
  }
  return instance;
}

/** Return a function that draws at most once a frame, however often it is called. */
export function oncePerFrame(draw) {
  let asked = 0;
  const ask = () => {
    if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); });
  };
  ask.now = () => { if (asked) cancelAnimationFrame(asked); asked = 0; draw(); };
  ask.cancel = () => { if (asked) cancelAnimationFrame(asked); asked = 0; };
  return ask;
}

/** Give a canvas the pixels that its size on the screen has; return [width, height, pixelRatio]. */
export function fitCanvas(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return [width, height, ratio];
}

/** Return the theme's colours by name, and whether it is dark. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const background = read("background-color", "#ffffff");
  return {
    background,
    panel: read("secondary-background-color", "#f2f6f7"),
    text: read("text-color", "#13242b"),
    border: read("border-color", "#c7d3d7"),
    primary: read("primary-color", "#0b6e77"),
    isDark: isDarkColor(background),
  };
}

function isDarkColor(color) {
  const hex = /^#([0-9a-f]{6})/i.exec(color);
  const [red, green, blue] = hex
    ? [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16))
    : (color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

/** True when the reader asked the system for less motion. */
export function prefersLessMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
