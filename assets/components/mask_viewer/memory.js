// What the reader did: settings to go back to, and how things are drawn, which this browser remembers.

const PLACE = "medxai.masks.display";
const DEFAULTS = {
  mode: "side", overlay: "mask", opacity: 0.5, brightness: 1, outline: false, against: true, order: "split", page: 0,
};

/** Make a history of settings without limit. */
export function makeHistory() {
  let past = [], future = [], now = null;
  const isEqual = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  return {
    /** Remember a setting that the reader stopped at. */
    push(setting) {
      if (now && isEqual(now, setting)) return;
      if (now) past.push(now);
      now = { ...setting };
      future = [];
    },
    undo() {
      if (!past.length) return null;
      future.push(now);
      now = past.pop();
      return { ...now };
    },
    redo() {
      if (!future.length) return null;
      past.push(now);
      now = future.pop();
      return { ...now };
    },
    get state() {
      return { canUndo: past.length > 0, canRedo: future.length > 0 };
    },
  };
}

/** Return how things are drawn, as this browser remembers it. */
export function loadDisplay() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    const known = Object.entries(DEFAULTS).map(([name, value]) => [name, typeof found[name] === typeof value ? found[name] : value]);
    return Object.fromEntries(known);
  } catch {
    return { ...DEFAULTS };
  }
}

/** Remember how things are drawn; a browser that forbids it forgets. */
export function saveDisplay(display) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(display));
  } catch {
    // private windows of some browsers have no storage: the display then starts anew
  }
}

/** Return a function that draws at once, and after that at most once a frame: no input waits for the next frame. */
export function drawAtOnce(draw) {
  let isBusy = false, isAsked = false;
  const onFrame = () => {
    if (!isAsked) {
      isBusy = false;
      return;
    }
    isAsked = false;
    draw();
    requestAnimationFrame(onFrame);
  };
  return () => {
    if (isBusy) {
      isAsked = true;
      return;
    }
    isBusy = true;
    draw();
    requestAnimationFrame(onFrame);
  };
}
