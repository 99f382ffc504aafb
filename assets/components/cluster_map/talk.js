// What the map and Python tell each other: a small feed carries it, so that the points are not sent again.
// Each component is a module of its own, so the talks live where both can reach them.

const TALKS = Symbol.for("medxai.map-talks");
const PAUSE = 150, PATIENCE = 6000; // milliseconds

/** Return the talk of a name. All that is said is cumulative: a message that is overtaken loses nothing. */
export function getTalk(name) {
  const talks = (globalThis[TALKS] ??= new Map());
  if (!talks.has(name)) talks.set(name, makeTalk());
  return talks.get(name);
}

function makeTalk() {
  const said = {}, open = new Map(), listeners = new Set();
  let send = null, turn = Date.now(), waiting = 0, again = 0, order = null;
  const sendNow = () => {
    waiting = 0;
    if (!send) return;
    send({ ...said, turn: ++turn, wishes: [...open.values()].map((one) => one.wish) });
    clearTimeout(again);
    if (open.size) again = setTimeout(sendNow, PATIENCE);
  };
  const sendSoon = (pause = PAUSE) => {
    clearTimeout(waiting);
    waiting = setTimeout(sendNow, pause);
  };
  return {
    /** Tell Python facts of the map: selection, cluster, colour. */
    say(facts) {
      if (Object.entries(facts).every(([name, value]) => said[name] === value)) return;
      Object.assign(said, facts);
      sendSoon();
    },
    /** Ask Python for something; the promise gives {answer, parts}. */
    ask(kind, facts = {}) {
      const number = ++turn;
      const promise = new Promise((resolve) => open.set(number, { wish: { number, kind, ...facts }, resolve }));
      sendSoon(0);
      return promise;
    },
    /** Called by the feed: how to send. */
    connect(sender) {
      const isFirst = !send;
      send = sender;
      if (isFirst && (open.size || Object.keys(said).length)) sendSoon();
    },
    /** Called by the feed: answers, and what Python wants to be shown. */
    deliver({ header, parts }) {
      for (const answer of header.answers) {
        const asked = open.get(answer.number);
        open.delete(answer.number);
        asked?.resolve({ answer, part: parts[`answer-${answer.number}`] });
      }
      if (!open.size) clearTimeout(again);
      if (header.order) {
        order = { ...header.order, bits: parts.order };
        for (const listener of listeners) listener(order);
      }
    },
    /** Called by the feed when it goes. */
    disconnect() {
      send = null;
      clearTimeout(waiting);
      clearTimeout(again);
    },
    onOrder(listener) {
      listeners.add(listener);
      if (order) listener(order);
      return () => listeners.delete(listener);
    },
  };
}
