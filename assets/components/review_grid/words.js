// What the review says, in one place.

export const OUTCOMES = {
  open: ["", "not decided"],
  accepted: ["\u2713", "accepted"],
  rejected: ["\u2717", "rejected"],
  other: ["\u21c4", "other class"],
  labelled: ["\u2713", "labelled"],
  unsure: ["?", "unsure"],
  skipped: ["\u2192", "skipped"],
};

export const SHOW_OPTIONS = {
  proposals: [
    ["open", "Not decided by me"], ["shared", "Decided by nobody yet"], ["doubt", "Unsure or skipped by me"],
    ["flagged", "Flagged by me"], ["decided", "Decided by me"], ["all", "All proposals"],
  ],
  seeds: [
    ["open", "Not labelled by me"], ["doubt", "Unsure or skipped by me"], ["flagged", "Flagged by me"],
    ["decided", "Decided by me"], ["all", "All suggested"],
  ],
};

export const NOTES = {
  soon: "Not recorded: this picture has only just appeared. Look, then decide.",
  coming: "Not recorded: the picture has not come yet.",
  unreadable: "This picture cannot be read now. Flag or skip it; the Study page says which files are missing.",
  held: "A held key counts once.",
  undo: "There is nothing of yours to take back.",
  redo: "There is nothing to bring back.",
  readOnly: "This study can only be read: nothing can be recorded.",
};

export const GRID_HINT = "Choose by click, Shift-click, Ctrl-click or a drawn box; a double click looks closely.";

const CHOICES = {
  accept: "Accept", reject: "Reject", unsure: "Unsure about", skip: "Skip", flag: "Flag", other: "Other class for",
};

const DONE = {
  accept: "accepted", reject: "rejected", other: "given the other class", label: "labelled", unsure: "unsure",
  skip: "skipped", flag: "flagged", undo: "taken back", redo: "brought back",
};

/** Return the keys of a card: {key, action, label, words, help}. */
export function listKeys(deck, card) {
  const { class_words: words, classes } = deck.header, label = deck.labelOf(card);
  const beside = [
    { key: "U", action: "unsure", words: "Unsure", help: "You looked and cannot tell: it stays unlabelled." },
    { key: "S", action: "skip", words: "Skip", help: "Leave it for later: it stays unlabelled." },
    { key: "F", action: "flag", words: "Flag", help: "Mark it for another look. No label changes, and it stays on the screen." },
  ].map((one) => ({ ...one, label: null }));
  if (label === null) {
    const signs = { polyp: "P", non_polyp: "N" };
    const main = [...classes].reverse().map((name, i) => ({
      key: signs[name] ?? String(i + 1), action: "label", label: name, words: capitalize(words[name]),
      help: name === "polyp" ? "You see a polyp, or a part of one." : `You would call it ${words[name]}.`,
    }));
    return [...main, ...beside];
  }
  const other = classes.find((name) => name !== label);
  return [
    { key: "A", action: "accept", label, words: "Accept", help: "The label is right: it trains as decided by you." },
    {
      key: "X", action: "reject", label, words: "Reject",
      help: "The label is not right, and you give no other: it stays unlabelled and is not proposed again.",
    },
    { key: "O", action: "other", label: other, words: `It is ${words[other]}`, help: "The other class: it trains with this one." },
    ...beside,
  ];
}

export function listHelp(deck) {
  const first = deck.header.mode === "seeds"
    ? [["P", "polyp"], ["N", "non-polyp"]]
    : [["A", "accept the proposed label"], ["X", "reject it"], ["O", "it is the other class"]];
  return [
    ...first, ["U", "unsure"], ["S", "skip: leave it for later"], ["F", "flag for another look"],
    ["Z", "undo"], ["Y", "redo"], ["\u2190 \u2192", "picture before, picture after"], ["\u2191 \u2193", "in the grid: row above, row below"],
    ["G", "one by one, or grid"], ["Enter", "in the grid: look at the picture closely"],
    ["Space", "in the grid: choose the picture"], ["Shift + arrows", "in the grid: choose a range"],
    ["Ctrl + A", "in the grid: choose all in sight that are open"], ["Esc", "in the grid: choose none"],
    ["+  -  0", "zoom in, zoom out, whole picture"], ["?", "this help"],
  ];
}

/** Return a decision in words: "accepted", "labelled polyp". */
export function sayDone(deck, action, label) {
  const word = capitalize(DONE[action] ?? action);
  return action === "label" ? `${word} ${deck.header.class_words[label] ?? label}` : word;
}

/** Return what would be done with many: "Accept", "Call polyp". */
export function sayChoice(deck, action, label) {
  return CHOICES[action] ?? `Call ${deck.header.class_words[label]}`;
}

/** Return an item id short enough to read: the beginning of the picture's id, and the tile. */
export function shortenId(item) {
  const [image, ...tile] = item.split("-");
  return `${image.slice(0, 8)} ${tile.join("-")}`.trim();
}

export function countWords(n, one, many = `${one}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

export function capitalize(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
