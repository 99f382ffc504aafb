// Where the invisible links and the visible review of one page meet; each component is a module of its own.

const REVIEW_HUBS = Symbol.for("medxai.review.hubs");

/** Return the hub of a channel: links `connect` and `deliver`, the review `send`s and `listen`s. */
export function getHub(channel) {
  const hubs = (globalThis[REVIEW_HUBS] ??= new Map());
  if (!hubs.has(channel)) hubs.set(channel, makeHub());
  return hubs.get(channel);
}

function makeHub() {
  const senders = new Map(), listeners = new Map(), last = new Map();
  const listOf = (kind) => listeners.get(kind) ?? listeners.set(kind, new Set()).get(kind);
  return {
    /** Who is at work on the page: only this reader's decisions are sent. */
    reader: null,
    /** Called by a link: how to send messages of a kind. */
    connect(kind, sender) {
      const isNew = !senders.has(kind);
      senders.set(kind, sender);
      if (isNew) for (const listener of listOf("connected")) listener(kind);
    },
    /** Called when a link goes: its place may have been taken already by the one of the next view. */
    disconnect(kind, sender) {
      if (senders.get(kind) === sender) senders.delete(kind);
    },
    /** Send a message; false when no link of this kind is on the page. */
    send(kind, message) {
      const sender = senders.get(kind);
      if (sender) sender(message);
      return Boolean(sender);
    },
    deliver(kind, payload) {
      last.set(kind, payload);
      for (const listener of listOf(kind)) listener(payload);
    },
    /** Call a listener with what came last, and with all that comes; return the function that ends it. */
    listen(kind, listener) {
      listOf(kind).add(listener);
      if (last.has(kind)) listener(last.get(kind));
      return () => listOf(kind).delete(listener);
    },
  };
}
