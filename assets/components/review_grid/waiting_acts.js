// What lies in the browser's own storage on its way to the store: one entry for each act, by study and reader.

export const OUTBOX_PREFIX = "medxai.outbox ";

/** Return [study, reader, event id] of a key of the storage; null for a key of something else. */
export function readOutboxKey(key) {
  if (!key?.startsWith(OUTBOX_PREFIX)) return null;
  try { return JSON.parse(key.slice(OUTBOX_PREFIX.length)); } catch { return null; }
}

/** Return an act as it was kept; null when it is none. */
export function readAct(text) {
  try {
    const act = JSON.parse(text);
    return Array.isArray(act?.pairs) && act.pairs.length && typeof act.at === "number" ? act : null;
  } catch {
    return null;
  }
}

/** Go through what is kept: [key, [study, reader, event id]]. */
export function* walkOutbox(storage) {
  for (let i = 0; i < storage.length; i += 1) {
    const key = storage.key(i), parts = readOutboxKey(key);
    if (Array.isArray(parts)) yield [key, parts];
  }
}

/** Return how many decisions of a reader in a study have waited for longer than some milliseconds. */
export function countWaiting(study, reader, olderThan, storage = globalThis.localStorage) {
  let n = 0;
  try {
    for (const [key, [itsStudy, itsReader]] of walkOutbox(storage)) {
      const act = itsStudy === study && itsReader === reader ? readAct(storage.getItem(key)) : null;
      if (act && Date.now() - act.at >= olderThan) n += act.pairs.length;
    }
  } catch { /* a browser that keeps nothing holds nothing back */ }
  return n;
}
