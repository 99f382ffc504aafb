// Small drawings for buttons; each button has its name in words too.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  lasso: "M12 4c5 0 9 2.400 9 5.500S17 15 12 15s-9-2.400-9-5.500S7 4 12 4M7 14c-1.500 1-2 3 0 3.500S9 21 6 21",
  box: "M4 5h16v14H4z",
  hand: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  before: "M15 5l-7 7 7 7",
  after: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  back: "M9 7L4 12l5 5M4 12h10c4 0 6 2 6 5",
};

/** Return a drawing of a name, as an element. */
export function drawIcon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const facts = { viewBox: "0 0 24 24", width: "18", height: "18", "aria-hidden": "true", class: "icon" };
  for (const [key, value] of Object.entries(facts)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
