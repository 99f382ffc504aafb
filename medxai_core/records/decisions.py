"""The append-only log of review decisions of a study."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from medxai_core import store
from medxai_core.provenance import now_text
from medxai_core.review import Decision
from medxai_core.study import Study

_FIELDS = tuple(Decision.__dataclass_fields__)


def list_decisions(study: Study, *, item_id: str | None = None, reader: str | None = None) -> list[Decision]:
    """Return the decisions in the order they were taken, of one item or one reader when asked."""
    c = store.decisions.c
    statement = select(*(c[name] for name in _FIELDS)).order_by(c.decision_id)
    if item_id is not None:
        statement = statement.where(c.item_id == item_id)
    if reader is not None:
        statement = statement.where(c.reader == reader)
    return [Decision(*row) for row in study.read(statement)]


def find_decision(study: Study, event_id: str) -> Decision | None:
    """Return the decision with this client event id, or None."""
    c = store.decisions.c
    rows = study.read(select(*(c[name] for name in _FIELDS)).where(c.event_id == event_id))
    return Decision(*rows[0]) if rows else None


def append_decisions(study: Study, decisions: list[tuple[Decision, str | None, str | None]]) -> list[Decision]:
    """Append decisions with the label before and after each, in one transaction.

    A decision whose event id is in the log already is not written again.

    Returns
    -------
    list of Decision
        As they stand in the log, with their numbers.
    """
    with study.begin() as connection:
        for decision, before, after in decisions:
            row = {name: getattr(decision, name) for name in _FIELDS if name != "decision_id"}
            row |= {"label_before": before, "label_after": after}
            statement = insert(store.decisions).values(**row)
            connection.execute(statement.on_conflict_do_nothing(index_elements=["event_id"]))
    found = [find_decision(study, decision.event_id) for decision, _, _ in decisions]
    return [decision for decision in found if decision is not None]


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
