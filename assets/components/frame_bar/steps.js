// What is a step of the browser's history: a page, a study, a picture opened from a grid; never a mere setting.

/** Parts of an address that are steps by page: what appears there, changes or goes away can be gone back to. */
const STEPS_OF_PAGE = { study: ["new"], transparency: ["image"] };

/** Names in an address the page that is being left, see LEFT in pages/components/links.py. It is never shown. */
const LEFT = "left";
const ADDRESS_WRITTEN = "medxai-address";

/**
 * Keep the history short: Streamlit would make a step of every change of the address, ten for one page.
 *
 * To open a page Streamlit first writes that page's parts into the address of the page that is left, sometimes more
 * than once. These parts name the page that is left, so they are known however late or often they come, and the
 * address that is gone back to stays as it was. After Back, what the page that was left still had to say is no step.
 */
export function keepHistoryShort(history = window.history, place = window.location, target = window) {
  if (Object.hasOwn(history, "pushState")) return; // done before, by an earlier mount
  const push = history.pushState, replace = history.replaceState;
  let here = new URL(place.href).pathname, leftByBack = null;
  target.addEventListener("popstate", () => {
    const { pathname } = new URL(place.href);
    leftByBack = pathname === here ? null : here;
    here = pathname;
  }, true);
  for (const kind of ["pointerdown", "keydown", "click"]) target.addEventListener(kind, () => { leftByBack = null; }, true);
  history.pushState = (state, title, address) => {
    const from = new URL(place.href), to = new URL(address, place.href);
    const isOnTheWay = from.pathname === to.pathname && to.searchParams.get(LEFT) === nameOf(to);
    if (isOnTheWay || to.pathname === leftByBack) return;
    to.search = withoutPart(to.search, LEFT);
    here = to.pathname;
    (isStep(from, to) ? push : replace).call(history, state, title, to.href);
    target.dispatchEvent(new Event(ADDRESS_WRITTEN));
  };
}

/** Return whether going from one address to another is a step. */
export function isStep(from, to) {
  if (["", "start"].includes(nameOf(from))) return false; // the bare address leads on by itself
  if (from.pathname !== to.pathname) return true;
  const [before, after] = [from, to].map((url) => url.searchParams);
  if (before.get("study") && after.get("study") && before.get("study") !== after.get("study")) return true;
  const names = STEPS_OF_PAGE[nameOf(to)] ?? [];
  return names.some((name) => isOther(before.get(name), after.get(name)));
}

/** Return the page that an address is of. */
function nameOf(url) {
  return url.pathname.split("/").pop();
}

/** Take a part out of a query as it is written: the others keep their signs. */
function withoutPart(search, name) {
  const parts = search.replace(/^\?/, "").split("&").filter((part) => part && part.split("=")[0] !== name);
  return parts.length ? `?${parts.join("&")}` : "";
}

/** Return whether two values differ; an id that is only written in full is the same one. */
function isOther(before, after) {
  return before !== after && !(before && after && after.startsWith(before));
}
