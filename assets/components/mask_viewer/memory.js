// What the reader did: settings to go back to, and how things are drawn, which this browser remembers.

const PLACE = "medxai.masks.display";
const STEPS = "medxai.masks.steps.";
const MOST_STEPS = 200;
const DEFAULTS = {
  mode: "side", overlay: "mask", opacity: 0.5, brightness: 1, outline: false, against: true, order: "split", page: 0,
};

/** Make a history of settings, the last MOST_STEPS of each study and run; this tab keeps it over a reload. */
export function makeHistory() {
  let place = null, past = [], future = [], now = null;
  const isEqual = (one, other) => Object.keys({ ...one, ...other }).every((name) => one[name] === other[name]);
  const move = (from, to) => {
    if (!from.length) return null;
    to.push(now);
    now = from.pop();
    saveSteps(place, { past, future, now });
    return { ...now };
  };
  return {
    /** Take up the history of a study and run, named by a text. */
    open(name) {
      if (name === place) return;
      place = name;
      ({ past, future, now } = loadSteps(place));
    },
    /** Remember a setting that the reader stopped at. */
    push(setting) {
      if (now && isEqual(now, setting)) return;
      if (now) past.push(now);
      past = past.slice(-MOST_STEPS);
      now = { ...setting };
      future = [];
      saveSteps(place, { past, future, now });
    },
    undo: () => move(past, future),
    redo: () => move(future, past),
    get state() {
      return { canUndo: past.length > 0, canRedo: future.length > 0 };
    },
  };
}

function saveSteps(place, steps) {
  try {
    sessionStorage.setItem(STEPS + place, JSON.stringify(steps));
  } catch {
    // no storage, or it is full: undo then ends at the next reload
  }
}

function loadSteps(place) {
  try {
    const { past, future, now } = JSON.parse(sessionStorage.getItem(STEPS + place));
    const isStep = (one) => typeof one === "object" && one !== null && Number.isInteger(one.layer);
    if ([...past, ...future, now].every(isStep)) return { past, future, now };
  } catch {
    // nothing is kept, or it is not ours
  }
  return { past: [], future: [], now: null };
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
