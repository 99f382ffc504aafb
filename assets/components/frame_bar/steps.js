// What is a step of the browser's history: a page, a study, a picture opened from a grid; never a mere setting.

/** Parts of an address that are steps by page: what appears there, changes or goes away can be gone back to. */
const STEPS_OF_PAGE = { study: ["new"], transparency: ["image"] };
const ON_THE_WAY = 10_000; // milliseconds from the parts of the next page to the page itself

/** Keep the history short: Streamlit would make a step of every change of the address, ten for one page. */
export function keepHistoryShort(history = window.history, place = window.location) {
  if (Object.hasOwn(history, "pushState")) return; // done before, by an earlier mount
  const push = history.pushState, replace = history.replaceState;
  let overwritten = { address: "", at: -ON_THE_WAY };
  history.pushState = (state, title, address) => {
    const from = new URL(place.href), to = new URL(address, place.href);
    if (isStep(from, to)) {
      // To open a page Streamlit first writes that page's parts into the address of the page that is left.
      const isOnTheWay = from.search === to.search && performance.now() - overwritten.at < ON_THE_WAY;
      if (isOnTheWay) replace.call(history, state, title, overwritten.address);
      overwritten.at = -ON_THE_WAY;
      push.call(history, state, title, address);
    } else {
      overwritten = { address: from.href, at: performance.now() };
      replace.call(history, state, title, address);
    }
  };
}

/** Return whether going from one address to another is a step. */
export function isStep(from, to) {
  if (from.pathname !== to.pathname) return true;
  const [before, after] = [from, to].map((url) => url.searchParams);
  if (before.get("study") && after.get("study") && before.get("study") !== after.get("study")) return true;
  const names = STEPS_OF_PAGE[to.pathname.split("/").pop()] ?? [];
  return names.some((name) => isOther(before.get(name), after.get(name)));
}

/** Return whether two values differ; an id that is only written in full is the same one. */
function isOther(before, after) {
  return before !== after && !(before && after && after.startsWith(before));
}
