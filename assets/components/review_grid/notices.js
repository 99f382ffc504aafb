// Words around the pictures: what can be done with the chosen ones, what is left, how many labels there are.

import { make } from "../shared/dom.js";
import { decideChosen, decideCluster } from "./deciding.js";
import { capitalize, countWords, listKeys, sayDone, shortenId } from "./words.js";

const MOST_NAMED = 5;
const MANY_OF_ONE = 8;

/** Show what can be done with the chosen pictures of the grid. */
export function showActions(element, review, grid) {
  const n = grid.countChosen(), card = review.cards[Math.max(review.place, 0)];
  const chosen = n ? `${n.toLocaleString("en")} chosen` : "None chosen";
  const signature = `${n} ${review.deck.labelOf(card)} ${review.cluster} ${review.countDecided()} ${review.isReadOnly}`;
  if (element.dataset.signature === signature) return;
  element.dataset.signature = signature;
  const buttons = listKeys(review.deck, card).map(({ key, action, label, words, help }) => make("button", {
    type: "button", title: help, disabled: review.isReadOnly, "aria-keyshortcuts": key, onclick: () => decideChosen(review, action, label),
  }, [make("span", { text: action === "other" ? "Other class" : words }), make("kbd", { text: key, "aria-hidden": "true" })]));
  const more = [make("button", { type: "button", text: "All in sight", title: "Ctrl + A", onclick: () => grid.chooseShown() })];
  if (review.cluster !== null && !review.deck.header.one_by_one) {
    more.push(make("button", {
      type: "button", text: `Whole ${review.deck.header.group} ${review.cluster} ...`, disabled: review.isReadOnly, onclick: () => decideCluster(review),
    }));
  }
  if (review.show === "open" && review.countDecided()) {
    more.push(make("button", { type: "button", text: `Hide ${review.countDecided()} decided`, onclick: () => review.hideDecided() }));
  }
  element.replaceChildren(make("span", { class: "quiet chosen", role: "status", text: chosen }), ...buttons, ...more);
}

/** Say that nothing is left, and what comes next. */
export function sayEmpty(element, review) {
  const { mode } = review.deck.header;
  const isAll = review.show === "open" && review.cluster === null;
  const parts = [make("strong", { text: review.deck.n ? "Nothing is left in this queue." : "This queue is empty." })];
  if (review.deck.header.empty) parts.push(make("p", { text: review.deck.header.empty }));
  if (mode === "seeds" && isAll) {
    parts.push(make("p", { text: `You have looked at all ${countWords(review.deck.n, "suggested picture")}.` }));
    parts.push(make("button", { type: "button", text: "Suggest more", onclick: () => review.askForMore() }));
  } else if (review.deck.n) {
    parts.push(make("p", { text: `Choose another order, state or ${review.deck.header.group} above, or let labels be proposed again from what you decided (below).` }));
  }
  element.replaceChildren(...parts);
}

/** Say, in the random audit, how many pictures before this one have no answer: the audit counts up to the first. */
export function sayGap(review) {
  if (!review.deck.header.one_by_one || review.place < 0) return [];
  let n = 0;
  for (let card = 0; card < review.cards[review.place]; card += 1) n += review.isOpen(card) ? 1 : 0;
  const words = countWords(n, "picture before this one is", "pictures before this one are");
  return n ? [`${words} not answered: the share of wrong proposals is counted up to the first of them only.`] : [];
}

/** Return how many pictures of each class are labelled, and whether that is enough to start. */
export function saySeeds(review) {
  const { classes, class_words: words, given, known, wanted } = review.deck.header;
  const own = review.desk.countLabels(() => true);
  const counts = [...classes].reverse().map((name) => ({ name, n: (own[name] ?? 0) + (given[name] ?? 0), given: given[name] ?? 0 }));
  const said = counts.map(({ name, n, given: g }) => `${capitalize(words[name])}: ${n}${g ? ` (${g} given with the pictures)` : ""}`).join(" \u00b7 ");
  const isByOthers = ({ n, name }) => !n && known.includes(name), others = counts.filter(isByOthers);
  const missing = counts.filter((one) => !one.n && !isByOthers(one)).map(({ name }) => words[name]);
  const least = Math.min(...counts.map(({ n }) => n));
  let enough = `Enough to start as the paper did (${wanted} of each).`;
  if (missing.length) enough = sayMissing(review.deck, missing, counts.find(({ n }) => n >= MANY_OF_ONE)?.name);
  else if (others.length) enough = "Other readers have labelled some: proposals start from the labels of all.";
  else if (least < wanted) enough = `Enough to let labels be proposed; the paper started from ${wanted} of each, and more make the proposals steadier.`;
  return `You: ${said}. ${enough}`;
}

/** Say that a class is missing; where there are many of the other one only, also what can be done. */
function sayMissing(deck, missing, only) {
  const needed = `Proposals need at least one picture of each class; ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing.`;
  if (!only) return needed;
  const remedy = only === "polyp" && !deck.isTiled
    ? "If your pictures all show a polyp, import them again as 2 x 2 tiles: tiles without a polyp give the other class."
    : `Go on until you find one that shows ${missing[0]}, or import pictures that do.`;
  return `Only ${deck.header.class_words[only]} so far. ${remedy}`;
}

/** Say which decisions were not saved and why; their pictures are open again. */
export function showFailures(element, review) {
  const failed = review.desk.listFailures();
  element.hidden = !failed.length;
  const rows = failed.slice(0, MOST_NAMED).map(([item, { action, reason, remedy }]) => make("p", {}, [
    make("strong", { text: `Not saved: ${shortenId(item)} (${sayDone(review.deck, action, null).toLowerCase()}). ` }),
    make("span", { text: `${reason} ${remedy} ` }),
    review.deck.places.has(item) ? make("button", { type: "button", text: "Show it", onclick: () => review.showItem(item) }) : null,
  ]));
  if (failed.length > MOST_NAMED) rows.push(make("p", { text: `and ${failed.length - MOST_NAMED} more` }));
  if (failed.length) rows.push(make("button", { type: "button", text: "Close this note", onclick: () => review.desk.dismissFailures() }));
  element.replaceChildren(...rows);
}
