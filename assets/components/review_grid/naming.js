// The address names what is on the screen, so that a copied link opens the same for a colleague.

import { SHOWN_BY } from "./deck.js";

const ITEM_PARTS = { proposals: "review_item", seeds: "seed_item" };
const ALL_PARTS = ["review_item", "seed_item", "review_order", "review_show", "review_cluster", "review_as", "queue"];

const NAMED = "medxai.review named"; // in this tab: Streamlit clears what the history's entries hold
const KEPT = 20, JUST_MILLISECONDS = 5000;

/**
 * Return what the address asks for: {item, view, show, cluster}, only what it names. isOwn: the review itself named the
 * picture just before this page was loaded again, so that nobody asks for it: it may have been decided on since.
 */
export function readNamed(deck, place = window.location) {
  const asked = new URLSearchParams(place.search), item = asked.get(ITEM_PARTS[deck.header.mode]);
  const show = asked.get("review_show"), found = { isOwn: listNamed().some(([one, at]) => one === item && wasJustBefore(at)) };
  if (item !== null) Object.assign(found, { item, view: "one", cluster: null });
  if (["one", "grid"].includes(asked.get("review_as"))) found.view = asked.get("review_as");
  if (show === "shared") Object.assign(found, { show: "open", cluster: null });
  else if (Object.hasOwn(SHOWN_BY, show ?? "")) Object.assign(found, { show, cluster: null });
  const cluster = Number(asked.get("review_cluster") ?? NaN);
  if (deck.clusters.includes(cluster)) found.cluster = cluster;
  return found;
}

function wasJustBefore(at, loadedAt = performance.timeOrigin) {
  return at <= loadedAt && loadedAt - at < JUST_MILLISECONDS;
}

/** Return the pictures that were named last in this tab, each with the moment. */
function listNamed() {
  try {
    return JSON.parse(sessionStorage.getItem(NAMED)) ?? [];
  } catch { /* the browser keeps nothing */ }
  return [];
}

function noteNamed(item) {
  try {
    sessionStorage.setItem(NAMED, JSON.stringify([...listNamed(), [item, Date.now()]].slice(-KEPT)));
  } catch { /* the browser keeps nothing: after a reload a picture decided on just before comes again */ }
}

const APART_MILLISECONDS = 400; // browsers refuse an address that changes more than 100 times in 30 seconds

/** Return a function that writes what is shown into the address: at once, but for a held key once in a while. */
export function makeNaming(review) {
  let timer = 0, writtenAt = -APART_MILLISECONDS;
  const write = () => { timer = 0; writtenAt = performance.now(); writeNamed(review); };
  return () => {
    const left = writtenAt + APART_MILLISECONDS - performance.now();
    if (!timer && left <= 0) write();
    else if (!timer) timer = setTimeout(write, left);
  };
}

/** Write what is shown in place of what was shown before; the other parts stay. */
function writeNamed(review, place = window.location, history = window.history) {
  if (!review.root.isConnected || !review.deck || place.pathname.split("/").pop() !== "review") return;
  const search = nameShown(review, place.search);
  noteNamed(review.getItem());
  if (search !== place.search) history.replaceState(history.state, "", `${place.pathname}${search}`);
}

function nameShown(review, search) {
  const { header } = review.deck, { order, shared } = review.chosen ?? { order: header.order, shared: header.is_shared };
  const isSelection = order === "selection", named = new URLSearchParams(search);
  const values = {
    [ITEM_PARTS[header.mode]]: review.getItem(),
    review_as: review.view,
    review_show: shared && review.show === "open" ? "shared" : review.show,
    review_cluster: review.cluster,
    review_order: header.mode === "seeds" || isSelection ? null : order,
    queue: isSelection ? "selection" : null,
  };
  for (const part of ALL_PARTS) {
    const value = values[part] ?? null;
    if (value === null) named.delete(part);
    else named.set(part, String(value));
  }
  return `?${named}`;
}
