// What becomes of a key, a button or a confirmed question: decisions about one picture, the chosen ones, a cluster.

import { getCardState } from "./deck.js";
import { askForMany } from "./dialogs.js";
import { capitalize, countWords, listKeys, NOTES, sayChoice, sayDone, shortenId } from "./words.js";

const MOST_AT_ONCE = 12; // more than that no one has weighed one by one at a glance

/** Decide on the picture that is shown, and show the next. */
export function decideOne(review, action, label) {
  const refusal = review.isReadOnly ? NOTES.readOnly : review.one.refuse(action);
  if (refusal) return review.say(refusal);
  const items = describeItems(review, [review.cards[review.place]], action, label);
  if (review.deck.header.must_ask) return review.waitForReader(() => takeWaiting(review, action, "one", items));
  review.desk.decide(action, "one", items);
  if (action !== "flag" && !review.settle(action, items)) review.advance();
  review.showCard();
  review.say(sayRecorded(review, action, items));
}

/** Decide on the chosen pictures; ask first where they are many, or where some are not wholly on the screen or not seen yet. */
export function decideChosen(review, action, label) {
  if (review.isReadOnly) return review.say(NOTES.readOnly);
  const places = review.grid.getChosen(), isFitting = (place) => listKeys(review.deck, review.cards[place]).some((one) => one.action === action);
  const fitting = places.filter(isFitting);
  if (!fitting.length) return review.say("Choose pictures with a proposed label for this.");
  const items = describeItems(review, fitting.map((place) => review.cards[place]), action, label);
  const nUnseen = countUnseen(review, items), nHidden = fitting.filter((place) => !review.grid.isWhole(place)).length;
  if (nUnseen && items.length === 1) return review.say(NOTES.soon);
  const act = () => recordMany(review, action, "several", items);
  if (items.length === 1 || (items.length <= MOST_AT_ONCE && !nUnseen && !nHidden)) return act();
  const words = `${sayChoice(review.deck, action, label)} all ${items.length.toLocaleString("en")}`;
  const title = nUnseen ? "Decide on pictures you have not seen" : "Decide on many pictures";
  askForMany(review.root, { title, sentences: sayMany(items.length, nHidden, nUnseen), choices: [{ words, act }], isSeen: !nUnseen });
}

function sayMany(n, nHidden, nUnseen) {
  const howMany = nHidden === n ? "all" : nHidden.toLocaleString("en"), verb = nHidden === 1 ? "is" : "are";
  const hidden = nHidden ? `${howMany} of them ${verb} out of sight now` : "all of them are on the screen";
  const unseen = nUnseen ? `, and ${nUnseen.toLocaleString("en")} you have not seen at all` : "";
  return [`You chose ${countWords(n, "picture")}; ${hidden}${unseen}.`, "One undo (Z) takes all of it back."];
}

/** Ask, with the number, before all that is open in the chosen cluster is decided on. */
export function decideCluster(review) {
  const { deck, desk, cluster } = review, open = [];
  for (let card = 0; card < deck.n; card += 1) {
    const isOfCluster = deck.clusters[card] === cluster && deck.labelOf(card) !== null;
    if (isOfCluster && getCardState(deck, desk, card).outcome === "open") open.push(card);
  }
  if (!open.length) return review.say(`Nothing is open in ${deck.header.group} ${cluster}.`);
  const n = countUnseen(review, describeItems(review, open, "accept", null));
  const labels = [...new Set(open.map((card) => deck.header.class_words[deck.labelOf(card)]))].join(" and ");
  const unseen = n ? `, also on the ${n.toLocaleString("en")} that you have not seen` : "";
  askForMany(review.root, {
    title: `Decide on a whole ${deck.header.group}`,
    sentences: [
      `${capitalize(deck.header.group)} ${cluster} proposes ${labels} for ${countWords(open.length, "picture")} that you have not decided on.`,
      `You decide on all of them at once${unseen}.`,
    ],
    choices: ["accept", "reject"].map((action) => ({
      words: `${sayChoice(deck, action, null)} all ${open.length.toLocaleString("en")}`,
      act: () => recordMany(review, action, "cluster", describeItems(review, open, action, null)),
    })),
  });
}

/** Take back the last decision or batch ("undo"), or bring it back ("redo"), and show what it was about. */
export function revert(review, verb) {
  if (review.isReadOnly) return review.say(NOTES.readOnly);
  const items = review.desk.revert(verb);
  if (!items.length) return review.say(NOTES[verb]);
  const isHere = items.some((item) => review.deck.places.has(item));
  const what = items.length === 1 ? shortenId(items[0]) : countWords(items.length, "picture");
  review.say(`${sayDone(review.deck, verb)}: ${what}${isHere ? "" : " (not in this queue)"}`);
  if (items.length === 1 && isHere) review.showItem(items[0]);
  else review.showCard();
}

/** Decide on what was decided on before it was known by whom; what this reader has judged before stays. */
function takeWaiting(review, action, kind, items) {
  const { deck, desk } = review, cards = items.map(({ item }) => deck.places.get(item));
  const open = items.filter((_, i) => cards[i] !== undefined && getCardState(deck, desk, cards[i]).outcome === "open");
  if (open.length < items.length) return review.say("Not recorded: you had judged this before. You see how.");
  if (kind === "one") review.showItem(items[0].item);
  recordMany(review, action, kind, items);
}

function recordMany(review, action, kind, items) {
  if (review.deck.header.must_ask) return review.waitForReader(() => takeWaiting(review, action, kind, items));
  review.desk.decide(action, kind, items);
  review.grid.clear();
  const isStaying = kind === "one" && action === "flag";
  if (!isStaying && !review.settle(action, items)) review.advance();
  review.grid.scrollTo(Math.max(review.place, 0));
  review.showCard();
  review.say(sayRecorded(review, action, items));
}

function sayRecorded(review, action, items) {
  const what = items.length === 1 ? shortenId(items[0].item) : countWords(items.length, "picture");
  return `${sayDone(review.deck, action, items[0].label)}: ${what}`;
}

function describeItems({ deck }, cards, action, label) {
  return cards.map((card) => {
    const proposed = deck.labelOf(card), other = deck.header.classes.find((name) => name !== proposed);
    const given = { accept: proposed, reject: proposed, other }[action] ?? label;
    return { item: deck.ids[card], label: given, clustering: deck.clusteringOf(card) };
  });
}

function countUnseen(review, items) {
  return items.filter(({ item }) => !review.grid.wasSeen(item)).length;
}
