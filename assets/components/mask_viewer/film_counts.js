// Counting pictures at full size in small steps, only while the browser has nothing else to do.

import { countPixels, decodeRuns, finishCounts, startCounts } from "./counts.js";
import { whenIdle } from "./layers.js";
import { makeLevelsInSteps } from "./maps.js";

const PIXELS_AT_ONCE = 1 << 16;

/** Make a counter. `onCounted(tile, {counts, range})` comes when a picture is counted and still wanted. */
export function makeCounter(onCounted) {
  const jobs = new Map(); // tile -> what is counted
  const room = { heat: new Float32Array(0), levels: new Uint16Array(0), truth: new Uint8Array(0) };
  let isRunning = false, steps = null, tileInWork = null;

  function run(deadline) {
    do {
      if (!steps && !startNext()) {
        isRunning = false;
        return;
      }
      const step = steps.next();
      if (!step.done) continue;
      const tile = tileInWork;
      steps = tileInWork = null;
      onCounted(tile, step.value);
    } while (deadline.timeRemaining() > 2);
    whenIdle(run);
  }

  function startNext() {
    const [next] = jobs;
    if (!next) return false;
    jobs.delete(next[0]);
    tileInWork = next[0];
    steps = countInSteps(next[1], room);
    return true;
  }

  return {
    /** Count a picture; an earlier wish for the same tile is dropped. */
    add(tile, work) {
      if (tile === tileInWork) steps = tileInWork = null;
      jobs.set(tile, work);
      if (!isRunning) {
        isRunning = true;
        whenIdle(run);
      }
    },
    stop() {
      jobs.clear();
      steps = tileInWork = null;
    },
  };
}

function* countInSteps({ map, size, axes, runs, range }, room) {
  const n = size[0] * size[1];
  if (room.heat.length < n) {
    [room.heat, room.levels, room.truth] = [new Float32Array(n), new Uint16Array(n), new Uint8Array(n)];
  }
  const made = yield* makeLevelsInSteps(map, size, axes, { heat: room.heat, levels: room.levels, range });
  const truth = runs ? decodeRuns(runs, n, room.truth) : null;
  yield;
  const counts = startCounts(Boolean(truth));
  for (let from = 0; from < n; from += PIXELS_AT_ONCE) {
    countPixels(counts, made.levels, truth, from, Math.min(n, from + PIXELS_AT_ONCE));
    yield;
  }
  return { counts: finishCounts(counts, made.isBlank), range: { low: made.low, high: made.high } };
}
