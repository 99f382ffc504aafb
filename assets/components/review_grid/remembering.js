// What a reader looked at last in this browser: no pictures, no decisions.

const CHOICES_PREFIX = "medxai.review ";

function nameChoices(header) {
  return CHOICES_PREFIX + JSON.stringify([header.study, header.reader, header.mode]);
}

export function rememberChoices(header, choices) {
  try {
    localStorage.setItem(nameChoices(header), JSON.stringify(choices));
  } catch { /* the browser keeps nothing: the review begins anew after a reload */ }
}

/** Return {view, show, cluster, item} as they were, where they still make sense. */
export function recallChoices(header, deck) {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(nameChoices(header))) ?? {};
  } catch { /* nothing was kept, or not by this version */ }
  const hasCluster = typeof kept.cluster === "number" && deck.clusters.includes(kept.cluster);
  return {
    view: kept.view === "grid" ? "grid" : "one",
    show: ["open", "doubt", "flagged", "decided", "all"].includes(kept.show) ? kept.show : "open",
    cluster: hasCluster ? kept.cluster : null,
    item: typeof kept.item === "string" ? kept.item : null,
  };
}
