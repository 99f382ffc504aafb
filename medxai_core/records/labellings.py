"""Pseudo-label rounds and their proposals, as recorded in a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from medxai_core import store
from medxai_core.errors import StageMissingError
from medxai_core.events import record_event
from medxai_core.records.pictures import QUERY_SIZE
from medxai_core.records.result_digests import digest_results, list_labelling_subjects
from medxai_core.study import Study, to_objects

BANDS_PREFIX = "bands"
"""What the ids of clusterings begin with that are bands of a class map's probability."""


@dataclass(frozen=True, eq=False)
class RecordedProposals(Mapping[str, dict[str, Any]]):
    """Hold what the rounds proposed, in the order of labelling: columns, read by item id as rows.

    Attributes
    ----------
    item_ids, labels : (n,) object of str
    rounds, cluster_ids, positions : (n,) int32
        The position is the place in the order of labelling.

    Examples
    --------
    >>> rows = {"a": {"label": "polyp", "round": 1, "cluster_id": 7, "position": 0}}
    >>> found = RecordedProposals.from_rows(rows)
    >>> found["a"]["label"], found.rounds.tolist(), found == rows
    ('polyp', [1], True)
    """

    item_ids: np.ndarray
    labels: np.ndarray
    rounds: np.ndarray
    cluster_ids: np.ndarray
    positions: np.ndarray

    @classmethod
    def from_rows(cls, rows: Mapping[str, Mapping[str, Any]]) -> RecordedProposals:
        """Return rows by item id (label, round, cluster_id, position) as columns."""
        names = ("label", "round", "cluster_id", "position")
        columns = [to_objects([row[name] for row in rows.values()]) for name in names]
        return cls(to_objects(list(rows)), columns[0], *(column.astype(np.int32) for column in columns[1:]))

    def __len__(self) -> int:
        return len(self.item_ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.item_ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.places

    def __getitem__(self, item_id: str) -> dict[str, Any]:
        place = self.places[item_id]
        return {
            "label": self.labels[place],
            "round": int(self.rounds[place]),
            "cluster_id": int(self.cluster_ids[place]),
            "position": int(self.positions[place]),
        }

    @cached_property
    def places(self) -> dict[str, int]:
        """Return the place of every proposal by item id."""
        return {item_id: place for place, item_id in enumerate(self.item_ids)}


@dataclass(frozen=True)
class RecordedLabelling:
    """Hold one run of the pseudo-label rounds.

    Attributes
    ----------
    rounds : list of dict
        In order: round, cluster_id, label, n_labelled_members, n_given, n_labelled_after, why, runners_up.
    proposals : RecordedProposals
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
    proposals: RecordedProposals

    @property
    def is_by_bands(self) -> bool:
        """Whether a class map proposed them, in bands of probability; else clusters did."""
        return self.clustering_id.startswith(BANDS_PREFIX)


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
        subjects = list_labelling_subjects(labelling.labelling_id)
        details: dict[str, Any] = {"n_labelled": labelling.n_labelled, "stop_reason": labelling.stop_reason}
        details["digests"] = digest_results(connection, study.folder, subjects)
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
    return RecordedLabelling(
        **head, rounds=_list_rounds(study, head["labelling_id"]), proposals=_read_proposals(study, head["labelling_id"])
    )


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


def _list_rounds(study: Study, labelling_id: str) -> list[dict[str, Any]]:
    """Return the rounds of one run in order, without the run's id."""
    c = store.rounds.c
    rows = study.read(select(store.rounds).where(c.labelling_id == labelling_id).order_by(c.round))
    return [{name: value for name, value in row._mapping.items() if name != "labelling_id"} for row in rows]


def _read_proposals(study: Study, labelling_id: str) -> RecordedProposals:
    """Read what one run of the rounds proposed."""
    c = store.proposals.c
    item_ids, labels, *numbers = study.read_columns(
        c.item_id, c.label, c.round, c.cluster_id, c.position,
        where=c.labelling_id == labelling_id, order_by=c.position,
    )  # fmt: skip
    return RecordedProposals(item_ids, labels, *(column.astype(np.int32) for column in numbers))
