// The keys of the map. They work while the focus is in the component, or nowhere.

import { panView } from "./view.js";

const STEP = 60;
const PANS = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

/** Do what a key asks for; true when it was used. `act` holds what can be done. */
export function pressMapKey(map, key, event, act) {
  const path = event.composedPath(), isOnMap = path[0] === map.stage.canvas;
  const isHere = path.includes(map.root) || path[0] === document.body;
  if (!map.scene || !isHere || map.root.querySelector("dialog[open]")) return false;
  if (isOnMap && key in PANS) {
    map.stage.view = panView(map.stage.view, ...PANS[key]);
    map.stage.paint();
    act.moved();
    return true;
  }
  if (isOnMap && key === " ") {
    holdSpace(map);
    return true;
  }
  const todo = {
    "+": () => act.zoom(1.4), "=": () => act.zoom(1.4), "-": () => act.zoom(1 / 1.4), 0: act.whole,
    l: () => act.tool("lasso"), b: () => act.tool("box"), h: () => act.tool("hand"),
    "[": () => act.step(-1), "]": () => act.step(1), Escape: act.clear, "Ctrl+z": act.back, "?": act.help,
  }[key.length === 1 ? key.toLowerCase() : key];
  if (!todo) return false;
  todo();
  return true;
}

/** While the space bar is held, dragging moves the map. */
function holdSpace(map) {
  map.hands.isSpaceHeld = true;
  map.stage.canvas.dataset.tool = "hand";
  const end = (event) => {
    if (event.key !== " ") return;
    map.hands.isSpaceHeld = false;
    map.stage.canvas.dataset.tool = map.tool;
    document.removeEventListener("keyup", end);
  };
  document.addEventListener("keyup", end);
}
