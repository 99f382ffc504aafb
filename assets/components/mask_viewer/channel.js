// Pictures with their raw maps on demand: the viewer wishes by key, the feed brings them, nothing else is drawn again.

import { unpack } from "../shared/packing.js";

const MAP_REGISTRY = Symbol.for("medxai.maps");
const MOST_WISHES = 32;
const MOST_MESSAGES = 120;
const PATIENCE = 12_000; // milliseconds after which a wish is sent again: the connection may have been away

/** Return the channel of a name. Channels of another name are emptied: what they hold may no longer be seen. */
export function getMapChannel(name) {
  const channels = (globalThis[MAP_REGISTRY] ??= new Map());
  for (const [other, channel] of channels) {
    if (other === name) continue;
    channel.close();
    channels.delete(other);
  }
  if (!channels.has(name)) channels.set(name, makeMapChannel());
  return channels.get(name);
}

function makeMapChannel() {
  const kept = new Map(), faults = new Map(), wishes = new Map(), listeners = new Set();
  let send = null, awaySince = null, asked = 0, again = 0;

  function sendWishes() {
    asked = 0;
    const now = performance.now();
    if (!send || !wishes.size || (awaySince !== null && now - awaySince < PATIENCE)) return;
    awaySince = now;
    clearTimeout(again);
    again = setTimeout(sendWishes, PATIENCE + 10);
    send([...wishes].sort((one, other) => one[1] - other[1]).slice(0, MOST_WISHES).map(([key]) => key));
  }
  function askSoon() {
    if (!asked) asked = setTimeout(sendWishes, 5);
  }

  return {
    /** Wish for messages; those of a lower rank come first. */
    request(keys, rank) {
      for (const key of keys) if (!kept.has(key) && !faults.has(key)) wishes.set(key, rank);
      if (wishes.size) askSoon();
    },
    /** Forget what was wished for and is no longer looked at. */
    withdraw() {
      wishes.clear();
    },
    /** Return {header, parts}, or undefined when it has not come. */
    get(key) {
      return kept.get(key);
    },
    /** Say why there is no such message, or return undefined. */
    findFault(key) {
      return faults.get(key);
    },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Called by the feed: how to send wishes. Whatever was under way has ended. */
    connect(sender) {
      send = sender;
      awaySince = null;
      clearTimeout(again);
      if (wishes.size) askSoon();
    },
    /** Called by the feed: messages that came, and why others cannot come. */
    deliver(keys, files, faultsByKey) {
      keys.forEach((key, i) => {
        wishes.delete(key);
        if (!kept.has(key)) kept.set(key, unpack(files[i]));
      });
      for (const [key, words] of Object.entries(faultsByKey)) {
        wishes.delete(key);
        faults.set(key, words);
      }
      while (kept.size > MOST_MESSAGES) kept.delete(kept.keys().next().value);
      for (const listener of listeners) listener();
      if (wishes.size) askSoon();
    },
    close() {
      for (const held of [kept, faults, wishes, listeners]) held.clear();
      send = null;
      clearTimeout(again);
    },
  };
}
