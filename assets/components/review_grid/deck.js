// The pictures to judge, as the server sent them: in order, with what is proposed for each.

import { unpack } from "../shared/packing.js";

/** Return the deck of a message. Cards are numbered by their place in the order. */
export function readDeck(bytes) {
  const { header, parts } = unpack(bytes);
  const ids = readJson(parts.ids);
  const images = parts.images ? readJson(parts.images) : ids;
  const places = new Map(ids.map((id, card) => [id, card]));
  const labelOf = (card) => (parts.labels[card] < header.classes.length ? header.classes[parts.labels[card]] : null);
  return {
    header,
    ids,
    images,
    places,
    n: ids.length,
    isTiled: Boolean(parts.tiles),
    history: readJson(parts.history).map(readEvent),
    clusters: parts.clusters,
    rounds: parts.rounds,
    labelOf,
    clusteringOf: (card) => (labelOf(card) === null ? null : header.clustering),
    proposalOf: (card) => (labelOf(card) === null ? null : { label: labelOf(card), clustering: header.clustering }),
    /** The part of its frame that a card is about, as shares of width and height; null: all of it. */
    boxOf: (card) => (parts.boxes ? Array.from(parts.boxes.subarray(4 * card, 4 * card + 4)) : null),
    placeOf: (card) => (parts.tiles ? [parts.tiles[2 * card] + 1, parts.tiles[2 * card + 1] + 1] : null),
  };
}

function readJson(part) {
  return JSON.parse(new TextDecoder().decode(part));
}

function readEvent([id, item, action, label, undoes, batch, clustering]) {
  return { id, item, action, label, undoes, batch, clustering };
}

export const SHOWN_BY = {
  open: (state) => state.outcome === "open",
  doubt: (state) => state.outcome === "unsure" || state.outcome === "skipped",
  flagged: (state) => state.isFlagged,
  decided: (state) => state.outcome !== "open",
  all: () => true,
};

/** Return the cards that pass the filters, in order. */
export function filterCards(deck, desk, { show, cluster }) {
  const passes = SHOWN_BY[show] ?? SHOWN_BY.all;
  const found = [];
  for (let card = 0; card < deck.n; card += 1) {
    if (cluster !== null && deck.clusters[card] !== cluster) continue;
    if (show === "all" || passes(getCardState(deck, desk, card))) found.push(card);
  }
  return found;
}

/** Return {outcome, label, isFlagged, failure} of a card, by this reader's decisions alone. */
export function getCardState(deck, desk, card) {
  const item = deck.ids[card];
  const found = desk.getOutcome(item, deck.proposalOf(card), deck.header.one_by_one);
  return { ...found, isFlagged: desk.isFlagged(item), failure: desk.getFailure(item) };
}

/** Return the next card of a list that is still open after a place, from the start again; -1 when none is. */
export function findOpen(deck, desk, cards, place) {
  for (let step = 1; step <= cards.length; step += 1) {
    const at = (place + step) % cards.length;
    if (at !== place && getCardState(deck, desk, cards[at]).outcome === "open") return at;
  }
  return -1;
}
