"""Pseudo-label rounds and their proposals, as recorded in a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from medxai_core import store
from medxai_core.errors import StageMissingError
from medxai_core.events import record_event
from medxai_core.records.pictures import QUERY_SIZE
from medxai_core.study import Study


@dataclass(frozen=True)
class RecordedLabelling:
    """Hold one run of the pseudo-label rounds.

    Attributes
    ----------
    rounds : list of dict
        In order: round, cluster_id, label, n_labelled_members, n_given, n_labelled_after, why, runners_up.
    proposals : dict of str to dict
        By item_id: label, round, cluster_id, position (order in which it was labelled).
    """

    labelling_id: str
    clustering_id: str
    target: int
    stop_reason: str
    n_seeds: int
    n_labelled: int
    manifest: dict[str, Any]
    created_at: str
    rounds: list[dict[str, Any]]
    proposals: dict[str, dict[str, Any]]


def record_labelling(study: Study, labelling: RecordedLabelling) -> None:
    """Record the rounds and the proposals in one transaction."""
    head = {
        name: getattr(labelling, name)
        for name in (
            "labelling_id", "clustering_id", "target", "stop_reason",
            "n_seeds", "n_labelled", "manifest", "created_at",
        )
    }  # fmt: skip
    key = {"labelling_id": labelling.labelling_id}
    with study.begin() as connection:
        connection.execute(insert(store.labellings), head)
        if labelling.rounds:
            connection.execute(insert(store.rounds), [key | row for row in labelling.rounds])
        if labelling.proposals:
            rows = [key | {"item_id": item_id} | row for item_id, row in labelling.proposals.items()]
            connection.execute(insert(store.proposals), rows)
        details = {"n_labelled": labelling.n_labelled, "stop_reason": labelling.stop_reason}
        record_event(connection, "pseudo-label", key | details)


def list_labellings(study: Study) -> list[dict[str, Any]]:
    """Return all runs of the rounds, newest first, without rounds and proposals."""
    rows = study.read(select(store.labellings).order_by(store.labellings.c.created_at.desc()))
    return [dict(row._mapping) for row in rows]


def get_labelling(study: Study, labelling_id: str | None = None) -> RecordedLabelling:
    """Return one run of the rounds, by default the newest.

    Raises
    ------
    StageMissingError
        No labels have been proposed, or not under this id.
    """
    found = [row for row in list_labellings(study) if labelling_id in (None, row["labelling_id"])]
    if not found:
        raise StageMissingError(
            f"study {study.name!r} has no proposed labels yet.", f"Run `pseudo-label {study.name}` first."
        )
    head = found[0]
    rounds = _list_rows(study, store.rounds, head["labelling_id"], store.rounds.c.round)
    proposals = _list_rows(study, store.proposals, head["labelling_id"], store.proposals.c.position)
    by_item = {row.pop("item_id"): row for row in proposals}
    return RecordedLabelling(**head, rounds=rounds, proposals=by_item)


def find_labelling(study: Study) -> RecordedLabelling | None:
    """Return the newest run of the rounds, or None when there is none."""
    return get_labelling(study) if list_labellings(study) else None


def find_proposals(study: Study, item_ids: list[str]) -> dict[str, tuple[str, str]]:
    """Return what the newest rounds propose for some items: label and clustering by item id."""
    heads = list_labellings(study)
    if not heads:
        return {}
    c = store.proposals.c
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(item_ids), QUERY_SIZE):
        rows = study.read(
            select(c.item_id, c.label)
            .where(c.labelling_id == heads[0]["labelling_id"])
            .where(c.item_id.in_(item_ids[start : start + QUERY_SIZE]))
        )
        found |= {row.item_id: (row.label, heads[0]["clustering_id"]) for row in rows}
    return found


def _list_rows(study: Study, table: Any, labelling_id: str, order_by: Any) -> list[dict[str, Any]]:
    """Return the rows of one run of the rounds, without the run's id."""
    rows = study.read(select(table).where(table.c.labelling_id == labelling_id).order_by(order_by))
    dicts = [dict(row._mapping) for row in rows]
    for row in dicts:
        del row["labelling_id"]
    return dicts
