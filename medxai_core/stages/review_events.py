"""Record what readers do as events with an id of their own: one that is sent again counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from medxai_core.errors import DecisionError, ImageNotFoundError
from medxai_core.provenance import now_text
from medxai_core.records.decisions import (
    DecisionRow,
    find_decisions,
    find_last_moment,
    list_decisions,
    list_decisions_about,
    write_decisions,
)
from medxai_core.records.labellings import find_proposals
from medxai_core.records.pictures import find_training_items
from medxai_core.review import Decision, check_decision, compute_labels, list_in_force
from medxai_core.study import Study

REVERTS = ("undo", "redo")


@dataclass(frozen=True)
class ReviewEvent:
    """Hold one act of a reader that may not be in the log yet.

    Attributes
    ----------
    event_id : str
        Given where the decision was taken, see `records.decisions.new_event_id`.
    item_id : str
    action : str
        As in `review.Decision`.
    label : str or None
        label, other: the class given. accept, reject: the class that the reader saw proposed; None takes
        whatever is proposed.
    undoes : str or None
        undo, redo: event id of the decision that is taken back or brought back.
    reason : str
        Written beside the decision.
    at : str or None
        Moment, ISO 8601; None: now.
    """

    event_id: str
    item_id: str
    action: str
    label: str | None = None
    undoes: str | None = None
    reason: str = ""
    at: str | None = None


@dataclass(frozen=True)
class EventFailure:
    """Say why one event was not recorded, and what to do."""

    event_id: str
    reason: str
    remedy: str


def record_events(study: Study, events: Sequence[ReviewEvent], *, reader: str) -> tuple[list[str], list[EventFailure]]:
    """Record a reader's events in order, in one transaction; those that do not fit are left out and named.

    Parameters
    ----------
    events : sequence of ReviewEvent
        In the order they happened. Those that are in the log already are not written again.

    Returns
    -------
    stored : list of str
        Ids of the events that are in the log now, whenever they came.
    failures : list of EventFailure
        Events that are not, each with the reason.

    Raises
    ------
    StudyNotWritableError, StudyDamagedError
        Nothing could be written.
    """
    if not events:
        return [], []
    failures: list[EventFailure] = []
    with study.begin() as connection:
        desk = _Desk(study, events, reader=reader)
        rows = []
        for event in desk.list_new(events):
            try:
                rows.append(desk.take(event))
            except (DecisionError, ImageNotFoundError) as error:
                failures.append(EventFailure(event.event_id, error.message, error.remedy))
        write_decisions(connection, rows)
    failed = {one.event_id for one in failures}
    return [event_id for event_id in dict.fromkeys(one.event_id for one in events) if event_id not in failed], failures


def record_all(study: Study, events: Sequence[ReviewEvent], *, reader: str) -> list[Decision]:
    """Record a reader's events in one transaction: all of them, or none.

    Returns
    -------
    list of Decision
        As they stand in the log, in the order of the events.

    Raises
    ------
    DecisionError, ImageNotFoundError
        One of them does not fit.
    """
    with study.begin() as connection:
        desk = _Desk(study, events, reader=reader)
        write_decisions(connection, [desk.take(event) for event in desk.list_new(events)])
    found = find_decisions(study, [event.event_id for event in events])
    return [found[event.event_id] for event in events]


class _Desk:
    """Check events one after the other against the log as it stands in an open transaction.

    The write lock is held, so no other line can come in between; only what concerns the items of the events
    is read, so the cost does not follow the size of the study.
    """

    def __init__(self, study: Study, events: Sequence[ReviewEvent], *, reader: str) -> None:
        item_ids = list(dict.fromkeys(event.item_id for event in events))
        self._study, self._reader = study, reader
        self._items = find_training_items(study, item_ids)
        self._seeds = {item_id: label for item_id, label in self._items.items() if label}
        self._proposals = find_proposals(study, item_ids)
        self._known = set(find_decisions(study, [event.event_id for event in events]))
        self._logs: dict[str, list[Decision]] = defaultdict(list)
        for decision in list_decisions_about(study, item_ids):
            self._logs[decision.item_id].append(decision)
        self._moment = find_last_moment(study, reader) or ""
        self._standing: set[str] = set()  # the reader's log is read for an undo or a redo only
        if any(event.action in REVERTS for event in events):
            self._standing = {one.event_id for one in list_in_force(list_decisions(study, reader=reader))}

    def list_new(self, events: Sequence[ReviewEvent]) -> list[ReviewEvent]:
        """Return the events that are not in the log, each once."""
        return list({event.event_id: event for event in events if event.event_id not in self._known}.values())

    def take(self, event: ReviewEvent) -> DecisionRow:
        """Return the line to write, and take it for written; raise if it does not fit."""
        if event.item_id not in self._items:
            raise ImageNotFoundError(
                f"no training item {event.item_id!r} in study {self._study.name!r}.",
                "Only pictures of the train split are reviewed; take an id from `review list`.",
            )
        log, reverts = self._logs[event.item_id], event.action in REVERTS
        before = compute_labels([event.item_id], self._seeds, self._proposals, log)[event.item_id]
        proposal = self._proposals.get(event.item_id)
        if reverts:
            self._check_revert(event)
        else:
            check_decision(before, proposal, event.action, label=event.label)
        decision = self._make(event, proposal, None if reverts else event.label)
        log.append(decision)
        after = compute_labels([event.item_id], self._seeds, self._proposals, log)[event.item_id]
        self._follow(decision)
        return decision, before.label, after.label

    def _make(self, event: ReviewEvent, proposal: tuple[str, str] | None, label: str | None) -> Decision:
        """Return the line of an event."""
        log, reverts = self._logs[event.item_id], event.action in REVERTS
        return Decision(
            decision_id=max((one.decision_id for one in log), default=0) + 1,  # its true number comes with writing
            event_id=event.event_id,
            reader=self._reader,
            at=self._find_moment(event),
            item_id=event.item_id,
            action=event.action,
            label=proposal[0] if proposal and event.action in ("accept", "reject") else label,
            reason=event.reason,
            clustering_id=proposal[1] if proposal and not reverts else None,
            undoes=event.undoes if reverts else None,
        )

    def _find_moment(self, event: ReviewEvent) -> str:
        """Return when an event happened: not before the reader's line before it, however long each was on its way."""
        now = now_text()
        before = self._moment if self._moment <= now else ""
        self._moment = max(event.at or now, before)
        return self._moment

    def _check_revert(self, event: ReviewEvent) -> None:
        """Raise unless an undo names a decision of the reader that stands, or a redo one that does not."""
        named = next((one for one in self._logs[event.item_id] if one.event_id == event.undoes), None)
        fits = named is not None and named.reader == self._reader and named.action not in REVERTS
        if not fits or (event.undoes in self._standing) != (event.action == "undo"):
            verb = "taken back" if event.action == "undo" else "brought back"
            raise DecisionError(
                f"this decision cannot be {verb}: it is not yours, or it is {verb} already.",
                "Reload the page to see how it stands.",
            )

    def _follow(self, decision: Decision) -> None:
        """Keep in mind what stands after a line."""
        if decision.action == "undo":
            self._standing.discard(str(decision.undoes))
        else:
            self._standing.add(str(decision.undoes) if decision.action == "redo" else decision.event_id)
