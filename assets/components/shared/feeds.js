// Pictures on demand: a component asks a channel for pictures by key, the picture_feed of that channel brings them.
// Each component is a module of its own, so the channels live where all of them can reach them.

const REGISTRY = Symbol.for("medxai.feeds");
const MOST_WANTED = 64;
const MOST_KEPT = 1500;

/** Return the channel of a name: `request(keys)`, `get(key)`, `onArrival(listener)`. */
export function getChannel(name) {
  const channels = (globalThis[REGISTRY] ??= new Map());
  if (!channels.has(name)) channels.set(name, makeChannel());
  return channels.get(name);
}

function makeChannel() {
  const kept = new Map(), missing = new Set(), wanted = new Set(), listeners = new Set();
  let send = null, asked = 0, mostKept = MOST_KEPT;
  const ask = () => {
    asked = 0;
    if (send && wanted.size) send([...wanted].slice(-MOST_WANTED));
  };
  return {
    /** Ask for pictures; the newest wishes go first, those that were never served are asked for again. */
    request(keys) {
      for (const key of keys) {
        if (kept.has(key) || missing.has(key)) continue;
        wanted.delete(key);
        wanted.add(key);
      }
      if (wanted.size && !asked) asked = setTimeout(ask, 30);
    },
    /** Return an ImageBitmap; null when there is no such picture; undefined when it has not come. */
    get(key) {
      return missing.has(key) ? null : kept.get(key);
    },
    /** Keep fewer pictures at hand than usual: those of this channel are large. */
    keepAtMost(n) {
      mostKept = n;
    },
    /** Forget what was asked for and is no longer looked at. */
    withdraw() {
      wanted.clear();
    },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Called by the feed: how to send wishes. */
    connect(sender) {
      send = sender;
      if (wanted.size && !asked) asked = setTimeout(ask, 30);
    },
    /** Called by the feed: pictures that came; an empty file says that there is none. */
    async deliver(keys, files) {
      await Promise.all(keys.map(async (key, i) => {
        wanted.delete(key);
        if (kept.has(key)) return;
        if (!files[i].byteLength) { missing.add(key); return; }
        try {
          kept.set(key, await createImageBitmap(new Blob([files[i]])));
        } catch {
          missing.add(key);
        }
      }));
      while (kept.size > mostKept) {
        const [oldest, picture] = kept.entries().next().value;
        kept.delete(oldest);
        picture.close();
      }
      for (const listener of listeners) listener(keys);
      if (wanted.size && !asked) asked = setTimeout(ask, 30);
    },
  };
}
