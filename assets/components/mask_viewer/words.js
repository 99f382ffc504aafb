// What is said of a map and a setting in words.

import { expectDice, findLimits, findReached } from "./counts.js";

/** Return what makes the map doubtful; among many pictures only what holds for all of them. */
export function describeWarnings({ layer, setting, header, isFilm }) {
  const same = header.same.layers[setting.layer];
  return [...(isFilm ? [] : layer.faults), ...(same ? [same] : [])];
}

/** Return what the setting does to this picture, and what the classifier answers. */
export function describeWords({ picture, layer, setting, header, isHead }) {
  const words = [];
  if (isHead) words.push(describeFound(layer.counts, setting, header.experience));
  if (setting.high !== null && !layer.isBlank) words.push(describeUpper(layer.counts, setting, isHead));
  if (!setting.align) words.push(describeShift(picture.describe(setting.layer).shift));
  if (picture.header.answer) words.push(describeAnswer(picture.header.answer, header.tiles, isHead));
  if (!header.same.compared.includes(setting.layer) && header.split !== "own") {
    words.push(`Whether this map is the same for every picture is not known: fewer than ${header.same.least} maps of this layer `
      + `are recorded for these pictures.${header.offersTable ? " Computing the table below records those of the tuning pictures." : ""}`);
  }
  return words.filter(Boolean);
}

/** A probability is never stretched, so the network can find nothing: that is said, whatever the threshold. */
function describeFound(counts, { low, high, inverted }, experience) {
  const likely = 1 - counts.allBelow[Math.ceil(65535 / 2)] / counts.n, isUsual = low === 0.5 && high === null && !inverted;
  if (likely === 0) {
    return "The network finds no polyp: the picture as a whole does not speak for one clearly enough (its surest places "
      + `together stay below 73 %), so no place is marked.${describeMissed(experience)}`;
  }
  if (!isUsual) return `The network takes ${(100 * likely).toFixed(1)}% of this picture for likelier polyp than not; your threshold draws another mask.`;
  const expected = expectDice(counts, low);
  return expected === null ? "" : describeExpected(expected, experience);
}

/** Say what overlap the probabilities promise, and how far such promises were kept on the tuning pictures. */
function describeExpected(expected, experience) {
  const promised = `Its own probabilities promise an overlap (Dice) of about ${expected.toFixed(2)}.`;
  if (!experience) return `${promised} That is mostly too much; but the lower it is, the poorer the mask.`;
  const reached = findReached(expected, experience);
  if (!reached) {
    return `${promised} That is mostly too much, and fewer than five tuning pictures promised about as much: what such masks `
      + "reach is not known.";
  }
  return `${promised} Of the ${reached.n} tuning pictures that promised about as much, half reached `
    + `${reached.low.toFixed(2)} to ${reached.high.toFixed(2)} (median ${reached.median.toFixed(2)}).`;
}

function describeMissed(experience) {
  if (!experience || !experience.nEmpty) return "";
  const [pictures, show] = experience.nEmpty === 1 ? ["one tuning picture", "shows"] : [`${experience.nEmpty} tuning pictures`, "show"];
  return ` So it was with ${pictures}; ${experience.nMissed} of them ${show} one.`;
}

function describeUpper(counts, setting, isHead) {
  const [, limit] = findLimits(setting), share = (100 * (counts.n - counts.allBelow[limit]) / counts.n).toFixed(1);
  return setting.inverted
    ? `The band is inverted: the mask is all that is ${isHead ? "less or more likely, the likeliest" : "colder or hotter, the hottest"} ${share}% too.`
    : `The ${isHead ? "likeliest core" : "hottest core of the heat"}, ${share}% of this picture, is left out by the upper limit: the mask is a ring `
      + `around it.${isHead ? "" : " The paper's runs 1 to 3 did this."}`;
}

function describeShift([down, right]) {
  if (Math.max(Math.abs(down), Math.abs(right)) < 1) {
    return "On this layer the published way puts the map where it belongs (less than 1 px off).";
  }
  const across = `${Math.abs(right).toFixed(0)} px too far ${right > 0 ? "right" : "left"}`;
  const along = `${Math.abs(down).toFixed(0)} px too far ${down > 0 ? "down" : "up"}`;
  return `Drawn as in the published code: on this picture the map lies ${across} and ${along}.`;
}

function describeAnswer({ probability, words }, [columns, rows], isHead) {
  const learned = columns * rows > 1 ? ` It learned from tiles (${columns} x ${rows} a picture), not whole pictures.` : "";
  return `The classifier ${words} for the whole picture: ${probability.toFixed(2)} (0 no polyp, 1 polyp; not calibrated, so no `
    + `probability to rely on).${isHead ? "" : ` The map shows what speaks for a polyp, whatever the answer.${learned}`}`;
}

/** Say where a map is highest, for those who cannot see it. */
export function describeHottest({ levels, isBlank }, [height, width], isHead) {
  const [higher, highest] = isHead ? ["likelier", "most likely"] : ["hotter", "hottest"];
  if (isBlank) return `blank: no place is ${higher} than another`;
  const top = isHead ? findTop(levels) : 65535, at = levels.indexOf(top), row = Math.floor(3 * Math.floor(at / width) / height), column = Math.floor(3 * (at % width) / width);
  const words = `${["upper", "", "lower"][row]} ${["left", "", "right"][column]}`.trim();
  const reached = isHead ? `, probability ${(top / 65535).toFixed(2)}` : "";
  return `${highest} ${words ? `at the ${words}` : "in the middle"}${reached}`;
}

/** Return the highest level; only a map that is not stretched needs a look at every pixel. */
function findTop(levels) {
  let top = 0;
  for (let i = 0; i < levels.length; i++) if (levels[i] > top) top = levels[i];
  return top;
}
