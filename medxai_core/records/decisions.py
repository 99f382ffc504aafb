"""The append-only log of review decisions of a study."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from threading import RLock

from sqlalchemy import Connection, func, select

from medxai_core import store
from medxai_core.errors import StageMissingError
from medxai_core.events import list_events
from medxai_core.provenance import now_text
from medxai_core.records.pictures import QUERY_SIZE
from medxai_core.review import RESTORES, Decision
from medxai_core.study import Study

_FIELDS = tuple(Decision.__dataclass_fields__)


def list_decisions(
    study: Study, *, item_id: str | None = None, reader: str | None = None, after: int = 0
) -> list[Decision]:
    """Return the decisions in the order they were taken, of one item or one reader when asked.

    Parameters
    ----------
    reader : str, optional
        Lines of this reader, and restores by anyone: they may take this reader's decisions out of force.
    after : int, default 0
        Leave out those up to this number.
    """
    c = store.decisions.c
    statement = select(*(c[name] for name in _FIELDS)).order_by(c.decision_id)
    if item_id is not None:
        statement = statement.where(c.item_id == item_id)
    if reader is not None:
        statement = statement.where((c.reader == reader) | c.action.in_(RESTORES))
    if after:
        statement = statement.where(c.decision_id > after)
    return [Decision(*row) for row in study.read(statement)]


def list_decisions_before(study: Study, kind: str, key: str, value: str) -> list[Decision]:
    """Return the decisions that were in the log when an event was written: the first of a kind with this detail.

    Notes
    -----
    The chain knows the order. Moments do not: an imported decision keeps the moment at which it was taken elsewhere.

    Raises
    ------
    StageMissingError
        There is no such event in the log.
    """
    events = [one for one in list_events(study, kind=kind) if one["details"].get(key) == value]
    c = store.chain.c
    keys = [one["event_number"] for one in events[:1]]
    at = study.read(select(c.number).where(c.log == "events", c.row_key.in_(keys)))
    if not at:
        raise StageMissingError(f"the log does not say when {value!r} was made.", "Check it with `log verify`.")
    earlier = select(func.max(c.row_key)).where(c.log == "decisions", c.number < at[0].number)
    last = study.read(earlier)[0][0] or 0
    return [one for one in list_decisions(study) if one.decision_id <= last]


class GrowingLog:
    """Hold the log of a study as far as it was read: it only ever grows, so only what is new is read."""

    def __init__(self, study: Study) -> None:
        self._study, self._lines, self._lock = study, list[Decision](), RLock()

    def read_on(self) -> list[Decision]:
        """Return the whole log as it is now, in a list that stays as it is."""
        with self._lock:
            last = self._lines[-1].decision_id if self._lines else 0
            self._lines = self._lines + list_decisions(self._study, after=last)
            return self._lines


def find_last_moment(study: Study, reader: str) -> str | None:
    """Return when a reader's last line of the log was written; None without one."""
    c = store.decisions.c
    rows = study.read(select(c.at).where(c.reader == reader).order_by(c.decision_id.desc()).limit(1))
    return rows[0].at if rows else None


def list_decisions_about(study: Study, item_ids: Sequence[str]) -> list[Decision]:
    """Return the decisions about some items, of all readers, in the order they were taken."""
    return sorted(_find_where(study, "item_id", item_ids), key=lambda one: one.decision_id)


def find_decisions(study: Study, event_ids: Sequence[str]) -> dict[str, Decision]:
    """Return by client event id those of the asked decisions that are in the log."""
    return {one.event_id: one for one in _find_where(study, "event_id", event_ids)}


def _find_where(study: Study, column: str, values: Sequence[str]) -> list[Decision]:
    """Return the decisions with one of the values in a column."""
    c, wanted = store.decisions.c, list(dict.fromkeys(values))
    found = []
    for start in range(0, len(wanted), QUERY_SIZE):
        chosen = c[column].in_(wanted[start : start + QUERY_SIZE])
        found += study.read(select(*(c[name] for name in _FIELDS)).where(chosen))
    return [Decision(*row) for row in found]


DecisionRow = tuple[Decision, str | None, str | None]
"""A decision with the label in force before and after it."""


def write_decisions(connection: Connection, decisions: Sequence[DecisionRow]) -> None:
    """Append decisions in an open transaction; one whose event id is in the log already is not written again."""
    rows = [
        {name: getattr(decision, name) for name in _FIELDS if name != "decision_id"}
        | {"label_before": before, "label_after": after}
        for decision, before, after in decisions
    ]
    store.append_to_log(connection, "decisions", rows, once_by="event_id")


def append_decisions(study: Study, decisions: Sequence[DecisionRow]) -> list[Decision]:
    """Append decisions with the label before and after each, in one transaction.

    A decision whose event id is in the log already is not written again.

    Returns
    -------
    list of Decision
        As they stand in the log, with their numbers.
    """
    with study.begin() as connection:
        write_decisions(connection, decisions)
    found = find_decisions(study, [decision.event_id for decision, _, _ in decisions])
    return [found[decision.event_id] for decision, _, _ in decisions if decision.event_id in found]


def list_decision_rows(study: Study) -> list[dict[str, object]]:
    """Return the whole log with the label before and after each decision."""
    rows = study.read(select(store.decisions).order_by(store.decisions.c.decision_id))
    return [dict(row._mapping) for row in rows]


def new_event_id() -> str:
    """Return a fresh client event id."""
    return uuid.uuid4().hex


def new_decision(item_id: str, action: str, *, reader: str, label: str | None = None) -> Decision:
    """Return a decision of this moment that is not in the log yet."""
    return Decision(
        decision_id=0,
        event_id=new_event_id(),
        reader=reader,
        at=now_text(),
        item_id=item_id,
        action=action,
        label=label,
        reason="",
        clustering_id=None,
        undoes=None,
    )
