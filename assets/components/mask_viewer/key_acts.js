// What the keys of help.js do.

const KEY_ACTS = {
  ",": (acts) => acts.step("low", -1), ".": (acts) => acts.step("low", 1),
  ";": (acts) => acts.step("high", -1), ":": (acts) => acts.step("high", 1),
  n: (acts) => acts.stepPicture(1), p: (acts) => acts.stepPicture(-1),
  h: (acts) => acts.hide(true),
  1: (acts) => acts.setMode("side"), 2: (acts) => acts.setMode("over"),
  3: (acts) => acts.setMode("swipe"), 4: (acts) => acts.setMode("film"),
  o: (acts) => acts.toggle("outline"), i: (acts) => acts.toggle("inverted"),
  z: (acts) => acts.undo(), Z: (acts) => acts.redo(), "Ctrl+z": (acts) => acts.undo(), "Ctrl+y": (acts) => acts.redo(),
  b: (acts) => acts.preset("tuning"), l: (acts) => acts.preset("locked"),
  "+": (acts) => acts.zoom(1.5), "=": (acts) => acts.zoom(1.5), "-": (acts) => acts.zoom(1 / 1.5), 0: (acts) => acts.zoom(0),
  "?": (acts) => acts.help(),
};
const LAYER_KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };
const MOVES = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };

/** Do what a key says; return true when it was used. */
export function handleKey(key, event, root, acts) {
  if (key in LAYER_KEYS || key in MOVES) return handleArrow(key, event, root, acts);
  const isLetter = /^[a-z]$/i.test(key); // what Caps Lock says does not count
  const act = KEY_ACTS[isLetter ? (event.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key];
  if (!act) return false;
  act(acts);
  return true;
}

/** Arrows belong to what has the focus, unless that is the viewer or nothing. */
function handleArrow(key, event, root, acts) {
  const path = event.composedPath();
  if (!path.includes(root) && path[0] !== document.body) return false;
  if (event.shiftKey) {
    if (!MOVES[key]) return false;
    acts.move(...MOVES[key]);
    return true;
  }
  if (!(key in LAYER_KEYS)) return false;
  acts.stepLayer(LAYER_KEYS[key]);
  return true;
}
