// One reader's work in one study, kept while the browser shows the app: what was decided, and what waits to be saved.

import { getHub } from "./hub.js";
import { makeLedger } from "./ledger.js";
import { makeEventId, makeOutbox } from "./outbox.js";

const REVIEW_DESKS = Symbol.for("medxai.review.desks");

/** Return the desk of a reader; the same one as long as the page is not loaded again. */
export function getDesk({ study, reader, channel }) {
  const desks = (globalThis[REVIEW_DESKS] ??= new Map());
  const key = JSON.stringify([study, reader, channel]);
  if (!desks.has(key)) desks.set(key, makeDesk({ study, reader, channel }));
  return desks.get(key);
}

function makeDesk({ study, reader, channel }) {
  const events = [], failures = new Map(), failedIds = new Set(), listeners = new Set();
  let ledger = makeLedger(), history = [], n = 0, effects = [];
  const hub = getHub(channel);

  const tell = (news) => { for (const listener of [...listeners]) listener(news); };
  const rebuild = () => {
    ledger = makeLedger();
    for (const event of history) ledger.follow(event);
    for (const event of events) ledger.follow(event);
  };
  const follow = (found) => {
    for (const event of found) {
      if (failedIds.has(event.id) || ledger.has(event.id)) continue;
      events.push(event);
      ledger.follow(event);
    }
  };
  const dropFailed = (found) => {
    const byId = new Map(events.map((event) => [event.id, event]));
    for (const one of found) {
      failedIds.add(one.id);
      const event = byId.get(one.id);
      const isEcho = event?.undoes && failedIds.has(event.undoes);  // what it took back was never stored
      if (event && !isEcho) failures.set(event.item, { ...one, action: event.action });
    }
    events.splice(0, events.length, ...events.filter((event) => !failedIds.has(event.id)));
    rebuild();
  };
  const outbox = makeOutbox({
    study, reader, hub,
    onChange(news) {
      if (news.added) for (const act of news.added) follow(readEvents(act));
      if (news.failures?.length) dropFailed(news.failures);
      tell(news);
    },
  });
  hub.listen("effects", ({ sentences }) => { effects = sentences; tell({ effects }); });
  const send = (action, kind, pairs, clusteringOf = () => null) => {
    const mark = kind === "one" ? null : makeEventId().slice(0, 8);
    const act = { at: Date.now(), n: (n += 1), action, kind, mark, pairs, clusterings: pairs.map(clusteringOf) };
    for (const [, item] of pairs) failures.delete(item);
    follow(readEvents(act));
    outbox.add(act);
    tell({ decided: pairs.map(([, item]) => item) });
    return act;
  };
  return {
    hub,
    /** Read the reader's log as the server sent it, and what this browser knows beyond it. */
    open(rows) {
      hub.reader = reader;
      history = rows;
      rebuild();
      outbox.begin();
    },
    /** Decide on items: {item, label, clustering}; label: the class given or seen proposed, or null. */
    decide(action, kind, items) {
      const pairs = items.map(({ item, label }) => [makeEventId(), item, label]);
      return send(action, kind, pairs, (_, i) => items[i].clustering);
    },
    /** Take back the last decision or batch ("undo"), or bring it back ("redo"); return the items, none if there is none. */
    revert(action) {
      const targets = action === "undo" ? ledger.findUndo() : ledger.findRedo();
      if (targets.length) send(action, "one", targets.map((event) => [makeEventId(), event.item, event.id]));
      return targets.map((event) => event.item);
    },
    getOutcome: (...facts) => ledger.getOutcome(...facts),
    isFlagged: (item) => ledger.isFlagged(item),
    countLabels: (isCounted) => ledger.countLabels(isCounted),
    canRevert: (action) => (action === "undo" ? ledger.findUndo() : ledger.findRedo()).length,
    getFailure: (item) => failures.get(item) ?? null,
    listFailures: () => [...failures],
    dismissFailures: () => { failures.clear(); tell({}); },
    getEffects: () => effects,
    describeOutbox: () => ({ ...outbox.describe(), ofOthers: outbox.countOfOthers() }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function readEvents(act) {
  const reverts = act.action === "undo" || act.action === "redo";
  return act.pairs.map(([id, item, extra], i) => ({
    id,
    item,
    action: act.action,
    label: reverts ? null : extra,
    undoes: reverts ? extra : null,
    batch: act.kind === "one" ? null : act.mark,
    clustering: act.clusterings?.[i] ?? null,
  }));
}
