// Bring the pictures and reasons of the cards that come next before they are asked for.

const AHEAD = 12;
const BEHIND = 3;
const AT_ONCE = 4;
const AT_HAND = 4;
const PATIENCE = 1500;

/** Return the items to have at hand around a place: the one shown, the next, then those before. */
export function listAround(cards, place, isOpen) {
  const around = [place];
  for (let at = place + 1, found = 0; at < cards.length && found < AHEAD && at < place + 400; at += 1) {
    if (isOpen(cards[at])) { around.push(at); found += 1; }
  }
  if (place + 1 < cards.length && !around.includes(place + 1)) around.splice(2, 0, place + 1);
  for (let at = place - 1; at >= Math.max(0, place - BEHIND); at -= 1) around.push(at);
  return around.map((at) => cards[at]);
}

/** Return {want(keys)} for a channel of large pictures: a few at once, in order, so that the first comes soon. */
export function makePrefetch(channel) {
  let wanted = [], asked = new Set(), askedAt = 0;
  const go = () => {
    const missing = wanted.filter((key) => channel.get(key) === undefined);
    const isUnderWay = Date.now() - askedAt < PATIENCE && [...asked].some((key) => channel.get(key) === undefined);
    if (!missing.length || (isUnderWay && asked.has(missing[0]))) return;
    // Every wish costs the server a turn that decisions wait for: few wishes for several pictures, not one each.
    const isNear = wanted.slice(0, AT_HAND).some((key) => channel.get(key) === undefined);
    if (!isNear && missing.length < AT_ONCE) return;
    const next = channel.get(wanted[0]) === undefined ? missing.slice(0, 1) : missing.slice(0, AT_ONCE);
    asked = new Set(next);
    askedAt = Date.now();
    channel.withdraw();
    channel.request(next);
  };
  const timer = setInterval(go, PATIENCE);
  const end = channel.onArrival(go);
  return {
    want(keys) { wanted = [...new Set(keys)]; go(); },
    release() { clearInterval(timer); end(); },
  };
}
