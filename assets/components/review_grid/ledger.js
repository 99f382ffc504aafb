// What a reader's own log says: the same rules as medxai_core/review/decisions.py, for one reader.

const UNTOUCHED = { outcome: "open", label: null };
const GIVES_LABEL = new Set(["label", "accept", "other"]);

/** Return an empty ledger. An event is {id, item, action, label, undoes, batch, clustering}. */
export function makeLedger() {
  const taken = new Map(), standing = new Map(), byItem = new Map(), undoOf = new Map(), batches = new Map();
  const done = [], undone = [];
  let isRestored = false;  // a restore put decisions in or out of force: the stack no longer tells which
  const putInForce = (id, isStanding) => {
    standing.set(id, isStanding);
    (isStanding ? done : undone).push(id);
  };
  const findTop = (stack, wanted) => {
    while (stack.length && standing.get(stack.at(-1)) !== wanted) stack.pop();
    return stack.at(-1) ?? null;
  };
  const findLast = () => {
    if (isRestored) done.splice(0, done.length, ...taken.keys());
    isRestored = false;
    return findTop(done, true);
  };
  const resolve = (event, wanted) => {
    const last = () => (wanted ? findLast() : findTop(undone, false));
    const target = event.undoes === null ? last() : undoOf.get(event.undoes) ?? event.undoes;
    return standing.get(target) === wanted ? target : null;
  };
  const listStanding = (item) => (byItem.get(item) ?? []).filter((id) => standing.get(id)).map((id) => taken.get(id));
  const listTogether = (id, wanted) => {
    const { batch } = taken.get(id);
    return batch ? batches.get(batch).filter((one) => standing.get(one) === wanted) : [id];
  };
  return {
    /** Take one more event into account; one that came before changes nothing. */
    follow(event) {
      if (taken.has(event.id) || undoOf.has(event.id)) return;
      if (event.action === "withdraw" || event.action === "reinstate") {
        undoOf.set(event.id, event.undoes);
        isRestored ||= taken.has(event.undoes);
        if (taken.has(event.undoes)) standing.set(event.undoes, event.action === "reinstate");
        return;
      }
      if (event.action === "undo" || event.action === "redo") {
        const wanted = event.action === "undo";
        const target = resolve(event, wanted);
        undoOf.set(event.id, target);
        if (target !== null) putInForce(target, !wanted);
        return;
      }
      taken.set(event.id, event);
      append(byItem, event.item, event.id);
      if (event.batch) append(batches, event.batch, event.id);
      putInForce(event.id, true);
      undone.length = 0;
    },
    /** Return the events that an undo takes back now: the last one, or all of its batch; newest first. */
    findUndo() {
      const id = findLast();
      return id === null ? [] : listTogether(id, true).map((one) => taken.get(one)).reverse();
    },
    findRedo() {
      const id = findTop(undone, false);
      return id === null ? [] : listTogether(id, false).map((one) => taken.get(one));
    },
    has: (id) => taken.has(id) || undoOf.has(id),
    isFlagged: (item) => byItem.has(item) && listStanding(item).some((event) => event.action === "flag"),
    /** Return what this reader's decisions mean for an item: {outcome, label}. `proposal`: {label, clustering}. */
    getOutcome(item, proposal, oneByOne = false) {
      if (!byItem.has(item)) return UNTOUCHED;
      const events = listStanding(item).filter((event) => !(oneByOne && event.batch));
      return nameOutcome(pickLast(events), proposal);
    },
    /** Count by class the items that this reader's decisions give a label. */
    countLabels(isCounted) {
      const counts = {};
      for (const item of byItem.keys()) {
        const last = isCounted(item) ? pickLast(listStanding(item)) : null;
        if (last && GIVES_LABEL.has(last.action)) counts[last.label] = (counts[last.label] ?? 0) + 1;
      }
      return counts;
    },
  };
}

function append(lists, key, value) {
  if (lists.has(key)) lists.get(key).push(value);
  else lists.set(key, [value]);
}

function pickLast(events) {
  let last = null;
  for (const event of events) {
    if (event.action === "flag") continue;
    if (event.action !== "skip" || last === null || leavesOpen(last, event.clustering)) last = event;
  }
  return last;
}

function leavesOpen(event, clustering) {
  return event.action === "skip" || (event.action === "reject" && event.clustering !== clustering);
}

function nameOutcome(last, proposal) {
  if (last === null) return { outcome: "open", label: null };
  if (last.action === "unsure") return { outcome: "unsure", label: null };
  if (last.action === "skip") return { outcome: "skipped", label: null };
  if (last.action === "reject") {
    const isSame = proposal !== null && last.label === proposal.label && last.clustering === proposal.clustering;
    return { outcome: isSame ? "rejected" : "open", label: null };
  }
  if (proposal === null) return { outcome: "labelled", label: last.label };
  return { outcome: last.label === proposal.label ? "accepted" : "other", label: last.label };
}
