// The scores of the mask in view, beside masks that no method made; where they may not be seen, why.

import { make, setText } from "../shared/dom.js";
import { countMask, explainScore, scoreMask, SCORES, writeScore } from "./counts.js";

const SCORE_WORDS = {
  dice: "Overlap (Dice)",
  jaccard: "Strict overlap (IoU)",
  recall: "Polyp covered (recall)",
  precision: "Mask right (precision)",
  accuracy: "Pixels right (accuracy)",
};
const SCORE_HELP = {
  dice: "Twice the shared pixels over the pixels of mask and polyp together",
  jaccard: "Jaccard, intersection over union: shared pixels over all pixels of mask or polyp",
  recall: "Share of the polyp that the mask covers",
  precision: "Share of the mask that is polyp",
  accuracy: "Share of all pixels that are right; high on every picture with a small polyp",
  area: "Share of the picture that the mask takes",
};
const COLUMNS = ["Mask", "Disk", "All"];
const COLUMN_HELP = ["The mask in view", "A disk in the middle of every picture: no method made it", "Everything is called polyp"];

/** Make the table of scores with the sentence above it. */
export function makeScores() {
  const said = [make("span", { class: "sign", "aria-hidden": "true" }), make("span"), make("strong"), make("span")];
  const headline = make("p", { class: "headline silent" }, said);
  const cells = {};
  const rows = [...SCORES, "area"].map((name) => {
    cells[name] = COLUMNS.map(() => make("td"));
    return make("tr", {}, [make("th", { scope: "row", text: SCORE_WORDS[name] ?? "Share of the picture", title: SCORE_HELP[name] }), ...cells[name]]);
  });
  const head = make("tr", {}, [
    make("td"), ...COLUMNS.map((text, i) => make("th", { scope: "col", text, title: COLUMN_HELP[i] })),
  ]);
  const table = make("table", { class: "scores" }, [make("thead", {}, [head]), make("tbody", {}, rows)]);
  const note = make("p", { class: "quiet" });
  const spoken = make("div", { class: "only-spoken", "aria-live": "polite" });
  const element = make("section", { "aria-label": "Scores" }, [table, note]);
  let trivial = null;

  /** Fill the sentence: sign, words, figure, words. */
  function say(texts) {
    texts.forEach((text, i) => {
      setText(said[i], text);
      said[i].hidden = !text;
    });
    headline.classList.toggle("silent", !texts.some(Boolean));
  }

  function setCell(name, column, value, digits) {
    setText(cells[name][column], value === null || value === undefined ? "–" : digits(value));
  }
  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  return {
    element,
    headline: make("div", {}, [headline, spoken]),
    /** Set what does not change while dragging. */
    setPicture(scores, words) {
      trivial = scores;
      note.textContent = words;
      [scores?.disk, scores?.everything].forEach((one, i) => {
        for (const name of SCORES) setCell(name, i + 1, one?.[name], writeScore);
        setCell("area", i + 1, one?.area, percent);
      });
    },
    /** Show the mask of a setting; `hidden` says why its scores may not be seen. Return its Dice, or null. */
    update(counts, setting, hidden) {
      const counted = counts && countMask(counts, setting);
      if (!counted || hidden || counted.tp === undefined) {
        table.hidden = true;
        say(counted ? ["", "The mask takes ", percent(counted.area / counted.n), " of the picture."] : ["", "", "", ""]);
        note.textContent = hidden ?? "";
        headline.dataset.verdict = "none";
        return null;
      }
      table.hidden = false;
      const scores = scoreMask(counted);
      for (const name of SCORES) setCell(name, 0, scores[name], writeScore);
      cells.precision[0].title = scores.precision === null ? `undefined: ${explainScore(counted)}` : "";
      setCell("area", 0, counted.area / counted.n, percent);
      const verdict = judgeMask(scores.dice, trivial, explainScore(counted));
      say([verdict.sign, "", scores.dice === null ? "" : `Dice ${writeScore(scores.dice)}`, verdict.words]);
      headline.dataset.verdict = verdict.kind;
      return scores.dice;
    },
    /** Say the sentence aloud, once the reader has let go. */
    speak() {
      if (spoken.textContent !== headline.textContent) spoken.textContent = headline.textContent;
    },
  };
}

/**
 * Say what the score of one picture means: {kind: "poor" or "none", sign, words}. There is no good verdict: one
 * picture may be luck, and the bar of a trivial mask may be 0 on it. What a setting is worth, many pictures say.
 */
export function judgeMask(dice, trivial, whyUndefined) {
  if (dice === null) return { kind: "none", sign: "", words: `Overlap (Dice) is undefined here: ${whyUndefined}.` };
  const known = Object.entries(TRIVIAL_WORDS).filter(([name]) => trivial?.[name]?.dice != null);
  const better = known.filter(([name]) => trivial[name].dice >= dice);
  const list = (found) => found.map(([name, text]) => `${text} (${writeScore(trivial[name].dice)})`);
  const isPoor = dice < HARDLY || better.length > 0;
  let words = `: ${describeOverlap(dice)}.`;
  if (better.length) words += ` Without any method, ${list(better).join(" and ")} ${better.length > 1 ? "score" : "scores"} as much or more here.`;
  else if (known.length) words += ` More than ${list(known).join(" or ")} here; one picture proves nothing.`;
  return { kind: isPoor ? "poor" : "none", sign: isPoor ? "!" : "", words };
}

const TRIVIAL_WORDS = { disk: "a disk in the middle", everything: "calling everything polyp" };
const HARDLY = 0.2; // an IoU of 1/9
const HALF = 2 / 3; // an IoU of 1/2: what both share is half of what either takes

function describeOverlap(dice) {
  if (dice < HARDLY) return "mask and polyp hardly overlap";
  return dice < HALF ? "mask and polyp overlap in part" : "mask and polyp overlap for the most part";
}
