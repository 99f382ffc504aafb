// Decisions on their way to the store. They lie in the browser's own storage until the server has confirmed them.

import { OUTBOX_PREFIX, readAct, readOutboxKey, walkOutbox } from "./waiting_acts.js";

const DECISIONS_STORED = "medxai-stored"; // heard by the line at the top, which counts them
const MOST_EVENTS_SENT = 2000;
const MOST_EVENTS_LEFT = 50;
const ANSWER_MILLISECONDS = 3000;
const LATE_MILLISECONDS = 5000;
const ADOPT_MILLISECONDS = 10_000;

/**
 * Return the outbox of one reader in one study. An act is {at, n, action, kind, mark, pairs}, its pairs
 * [event id, item id, label or null] or [event id, item id, undone event id]. `onChange(news)`: news is {stored, failures, added}.
 */
export function makeOutbox({ study, reader, hub, onChange, storage = globalThis.localStorage }) {
  const tab = makeEventId().slice(0, 8);
  const pending = new Map();
  const state = { turn: 0, sentAt: 0, inFlight: null, attempts: 0, trouble: null, cannotKeep: false, handled: null };
  let timer = 0, lastScan = Date.now();

  const nameKey = (act) => OUTBOX_PREFIX + JSON.stringify([study, reader, act.pairs[0][0]]);
  const isOwn = (parts) => Array.isArray(parts) && parts[0] === study && parts[1] === reader;
  const keep = (key, act) => {
    try { storage.setItem(key, JSON.stringify(act)); } catch { state.cannotKeep = true; }
  };
  const forget = (key) => {
    pending.delete(key);
    try { storage.removeItem(key); } catch { /* it was never kept there */ }
  };
  const list = () => [...pending.values()].sort((a, b) => a.at - b.at || a.n - b.n);
  const count = () => list().reduce((n, act) => n + act.pairs.length, 0);

  /** Take over what lies in the storage: what an earlier page, or a tab that was closed, did not see confirmed. */
  const adopt = (olderThan) => {
    const found = [];
    try {
      for (const [key, parts] of [...walkOutbox(storage)]) {
        const act = isOwn(parts) && !pending.has(key) ? readAct(storage.getItem(key)) : null;
        if (act && Date.now() - act.at >= olderThan) { pending.set(key, act); found.push(act); }
      }
    } catch { state.cannotKeep = true; }
    if (found.length) onChange({ added: found.sort((a, b) => a.at - b.at || a.n - b.n) });
    return found.length;
  };

  const send = (isClearing = false) => {
    const acts = [];
    let n = 0;
    for (const act of isClearing ? [] : list()) {
      if (acts.length && n + act.pairs.length > MOST_EVENTS_SENT) break;
      acts.push(act);
      n += act.pairs.length;
    }
    if (!acts.length && !isClearing) return;
    const turn = `${tab}-${(state.turn += 1)}`;
    if (hub.reader !== reader || !hub.send("outbox", { turn, reader, sent: Date.now(), acts })) return;
    state.inFlight = isClearing ? null : { turn, n };
    state.sentAt = Date.now();
  };

  const watch = () => {
    if (hub.reader !== reader) return schedule();  // another reader is at work on this page
    const isLate = Date.now() - state.sentAt > ANSWER_MILLISECONDS;
    if (pending.size && (!state.inFlight || isLate)) {
      state.attempts += 1;
      if (state.attempts > 2) hub.send("lifeline", { knock: `${tab}-${state.attempts}-${Date.now()}` });
      send();
    }
    if (Date.now() - lastScan > ADOPT_MILLISECONDS) {
      lastScan = Date.now();
      if (adopt(ADOPT_MILLISECONDS)) send();
    }
    onChange({});
    schedule();
  };
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(watch, pending.size ? 1000 : ADOPT_MILLISECONDS);
  };

  const receive = (answer) => {
    if (answer.reader !== reader) return;
    const stored = new Set(answer.stored), isNews = answer.turn !== state.handled && answer.turn?.startsWith(tab);
    const failures = isNews ? answer.failures : [];
    const settled = new Set([...stored, ...failures.map((one) => one.id)]);
    for (const [key, act] of [...pending]) {
      const left = act.pairs.filter(([id]) => !settled.has(id));
      if (left.length === act.pairs.length) continue;
      act.pairs = left;
      if (left.length) keep(key, act);
      else forget(key);
    }
    if (!isNews) return;
    const n = state.inFlight?.n ?? 0;
    Object.assign(state, { handled: answer.turn, trouble: answer.trouble ?? null });
    if (state.inFlight?.turn === answer.turn) Object.assign(state, { inFlight: null, attempts: 0 });
    onChange({ stored: answer.stored, failures });
    if (answer.stored.length) window.dispatchEvent(new Event(DECISIONS_STORED));
    // A message stays on the server until the next one: one that failed must not be tried again behind our back.
    if (pending.size && !state.trouble && !state.inFlight) send();
    else if (!pending.size && (failures.length || n > MOST_EVENTS_LEFT)) send(true);
    schedule();
  };

  const hear = (event) => {
    if (event.storageArea !== storage || !isOwn(readOutboxKey(event.key))) return;
    if (event.newValue === null) pending.delete(event.key);
    const act = event.newValue ? readAct(event.newValue) : null;
    onChange(act ? { added: [act] } : {});
  };
  const hurry = () => { if (pending.size) send(); };
  const warn = (event) => { if (pending.size && !window.medxaiIsRecovering) event.preventDefault(); };

  window.addEventListener("storage", hear);
  window.addEventListener("online", hurry);
  window.addEventListener("beforeunload", warn);
  hub.listen("outbox", receive);
  hub.listen("connected", (kind) => { if (kind === "outbox") hurry(); });
  schedule();

  return {
    /** Take what earlier pages left; call once the listener is ready. */
    begin() {
      if (adopt(0)) send();
    },
    /** Keep an act and send it. */
    add(act) {
      const key = nameKey(act);
      pending.set(key, act);
      keep(key, act);
      send();
      schedule();
    },
    list,
    count,
    /** Return what the reader must know: {n, isLate, trouble, cannotKeep, ofOthers}. */
    describe() {
      const oldest = Math.min(...list().map((act) => act.at));
      const isLate = pending.size > 0 && Date.now() - oldest > LATE_MILLISECONDS;
      return { n: count(), isLate, trouble: state.trouble, cannotKeep: state.cannotKeep && pending.size > 0 };
    },
    /** Return who else has decisions waiting in this browser: reader -> number. */
    countOfOthers() {
      const found = new Map();
      try {
        for (const [key, parts] of walkOutbox(storage)) {
          if (parts[0] !== study || parts[1] === reader) continue;
          const n = readAct(storage.getItem(key))?.pairs.length ?? 0;
          if (n) found.set(parts[1], (found.get(parts[1]) ?? 0) + n);
        }
      } catch { /* a browser that keeps nothing holds nothing of others */ }
      return found;
    },
  };
}

/** Return a fresh id: 32 hexadecimal digits of a random UUID (version 4), as the core makes them. */
export function makeEventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
