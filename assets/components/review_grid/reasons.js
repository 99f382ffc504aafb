// Why labels were proposed, brought for the pictures that come next.

const MOST_REASONS = 24;
const FEW_MISSING = 8;
const REASON_PATIENCE = 3000;

/** Return {get(item), request(items), onArrival(listener)}; `get` gives undefined until the reason has come. */
export function makeReasons(hub, labelling) {
  const kept = new Map(), listeners = new Set();
  let turn = 0, wanted = [], asked = new Set(), askedAt = 0;
  const go = () => {
    const missing = wanted.filter((item) => !kept.has(item)).slice(0, MOST_REASONS);
    const isUnderWay = asked.has(missing[0]) && Date.now() - askedAt < REASON_PATIENCE;
    if (!missing.length || isUnderWay) return;
    // Every wish costs the server a turn that decisions wait for: few wishes for several reasons, not one each.
    const isNear = wanted.slice(0, 3).some((item) => !kept.has(item));
    if (!isNear && missing.length < FEW_MISSING) return;
    if (!hub.send("reasons", { turn: `${labelling} ${(turn += 1)} ${Date.now()}`, labelling, keys: missing })) return;
    asked = new Set(missing);
    askedAt = Date.now();
  };
  const ends = [
    hub.listen("reasons", (answer) => {
      if (answer.labelling !== labelling) return;
      for (const [item, reason] of Object.entries(answer.reasons)) kept.set(item, reason);
      for (const listener of listeners) listener();
      go();
    }),
    hub.listen("connected", go),
  ];
  const timer = setInterval(go, REASON_PATIENCE);
  return {
    get: (item) => kept.get(item),
    request(items) {
      wanted = items;
      go();
    },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    release() {
      clearInterval(timer);
      for (const end of ends) end();
    },
  };
}
