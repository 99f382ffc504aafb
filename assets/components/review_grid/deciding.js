// What becomes of a key, a button or a confirmed question: decisions about one picture, the chosen ones, a cluster.

import { getCardState } from "./deck.js";
import { askForMany } from "./dialogs.js";
import { countWords, listKeys, NOTES, sayChoice, sayDone, shortenId } from "./words.js";

/** Decide on the picture that is shown, and show the next. */
export function decideOne(review, action, label) {
  const refusal = review.isReadOnly ? NOTES.readOnly : review.one.refuse(action);
  if (refusal) return review.say(refusal);
  const items = describeItems(review, [review.cards[review.place]], action, label);
  review.desk.decide(action, "one", items);
  if (action !== "flag" && !review.settle(action, items)) review.advance();
  review.showCard();
  review.say(sayRecorded(review, action, items));
}

/** Decide on the chosen pictures; ask first when some of them were not seen. */
export function decideChosen(review, action, label) {
  if (review.isReadOnly) return review.say(NOTES.readOnly);
  const chosen = review.grid.getChosen().map((place) => review.cards[place]);
  const fitting = chosen.filter((card) => listKeys(review.deck, card).some((one) => one.action === action));
  if (!fitting.length) return review.say("Choose pictures with a proposed label for this.");
  const items = describeItems(review, fitting, action, label), n = countUnseen(review, items);
  if (n && items.length === 1) return review.say(NOTES.soon);
  const act = () => recordMany(review, action, "several", items);
  if (!n) return act();
  askForMany(review.root, {
    title: "Decide on pictures you have not seen",
    sentences: [`You chose ${countWords(items.length, "picture")}; ${n} of them you have not seen on the screen.`],
    choices: [{ words: `${sayChoice(review.deck, action, label)} all ${items.length}`, act }],
  });
}

/** Ask, with the number, before all that is open in the chosen cluster is decided on. */
export function decideCluster(review) {
  const { deck, desk, cluster } = review, open = [];
  for (let card = 0; card < deck.n; card += 1) {
    const isOfCluster = deck.clusters[card] === cluster && deck.labelOf(card) !== null;
    if (isOfCluster && getCardState(deck, desk, card).outcome === "open") open.push(card);
  }
  if (!open.length) return review.say(`Nothing is open in cluster ${cluster}.`);
  const n = countUnseen(review, describeItems(review, open, "accept", null));
  const labels = [...new Set(open.map((card) => deck.header.class_words[deck.labelOf(card)]))].join(" and ");
  const unseen = n ? `, also on the ${n.toLocaleString("en")} that you have not seen` : "";
  askForMany(review.root, {
    title: "Decide on a whole cluster",
    sentences: [
      `Cluster ${cluster} proposes ${labels} for ${countWords(open.length, "picture")} that you have not decided on.`,
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

function recordMany(review, action, kind, items) {
  review.desk.decide(action, kind, items);
  review.grid.clear();
  if (!review.settle(action, items)) review.advance();
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
