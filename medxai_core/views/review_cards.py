"""What a reader sees of a review: the pictures to judge in order, and the reader's own log. Nothing of others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.records.pictures import Items
from medxai_core.review import RESTORES, Decision
from medxai_core.stages.review_batches import is_batch
from medxai_core.views.proposal_queue import ProposalMeasures


@dataclass(frozen=True, eq=False)
class ReviewCards:
    """Hold the pictures to judge, in the order in which they are shown.

    Attributes
    ----------
    item_ids : (n,) object of str
    positions : (n,) int64
        Rows of the items.
    labels : (n,) object of str or None
        What is proposed; None: nothing, the reader gives a label.
    cluster_ids, rounds : (n,) int32
        -1 where nothing is proposed.
    """

    item_ids: np.ndarray
    positions: np.ndarray
    labels: np.ndarray
    cluster_ids: np.ndarray
    rounds: np.ndarray

    def __len__(self) -> int:
        return len(self.item_ids)


def make_cards(items: Items, item_ids: Sequence[str], measures: ProposalMeasures | None = None) -> ReviewCards:
    """Return the cards of some items in their order, those left out that cannot be judged.

    Parameters
    ----------
    items : Items
        Of the study.
    item_ids : sequence of str
        In order. Left out: unknown and removed items, those of other splits than train, and seeds, whose
        label was given with the pictures and is not changed by a review.
    measures : ProposalMeasures, optional
        What is proposed; by default nothing.

    Returns
    -------
    ReviewCards
    """
    found = (items.rows_by_id.get(item_id, -1) for item_id in dict.fromkeys(item_ids))
    return make_cards_at(items, np.array([row for row in found if row >= 0], np.int64), measures)


def make_cards_at(items: Items, rows: np.ndarray, measures: ProposalMeasures | None = None) -> ReviewCards:
    """Return the cards of the items at some rows, (m,) int64 and each once; else as `make_cards`."""
    judgeable = np.zeros(len(items), bool)
    judgeable[find_judgeable(items)] = True
    kept = rows[judgeable[rows]]
    labels = np.full(len(kept), None, object)
    cluster_ids, rounds = np.full(len(kept), -1, np.int32), np.full(len(kept), -1, np.int32)
    if measures is not None:
        place_of = np.full(len(items), -1, np.int32)
        place_of[measures.rows] = np.arange(len(measures.rows))
        places = place_of[kept]
        proposed = np.flatnonzero(places >= 0)
        labels[proposed] = measures.labels[places[proposed]]
        cluster_ids[proposed] = measures.cluster_ids[places[proposed]]
        rounds[proposed] = measures.rounds[places[proposed]]
    return ReviewCards(
        item_ids=items.item_ids[kept], positions=kept, labels=labels, cluster_ids=cluster_ids, rounds=rounds
    )


def find_judgeable(items: Items) -> np.ndarray:
    """Return the positions of the items that readers judge, (m,) int64: present training items but the seeds."""
    rows = items.positions_in("train")
    return rows[~items.is_seed[rows]]


def locate_tiles(items: Items, positions: np.ndarray, *, widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return where items lie in their frames, (n, 4) float64: x0, y0, x1, y1 as shares of width and height.

    Parameters
    ----------
    widths, heights : (n_images,) of int
        Of the frames, in pixels.
    """
    frames = items.image_positions[positions]
    sizes = np.stack([widths[frames], heights[frames]] * 2, axis=1).astype(np.float64)
    return items.boxes[positions] / sizes


def list_own_log(decisions: Sequence[Decision], reader: str) -> list[Decision]:
    """Return a reader's lines of the log, and the restores that took their decisions back or put them back.

    Examples
    --------
    >>> at = "2024-05-01T10:00:00"
    >>> log = [Decision(1, "e1", "r1", at, "a", "skip"), Decision(2, "e2", "r2", at, "b", "skip")]
    >>> [line.event_id for line in list_own_log(log, "r1")]
    ['e1']
    """
    own = {line.event_id for line in decisions if line.reader == reader}
    return [line for line in decisions if (line.undoes in own if line.action in RESTORES else line.reader == reader)]


def list_taken_by_others(decisions: Collection[Decision], reader: str) -> set[str]:
    """Return the items on which others wrote anything but a flag: not what, not who, not whether it stands."""
    return {line.item_id for line in decisions if line.reader != reader and line.action not in (*RESTORES, "flag")}


def get_batch_mark(decision: Decision) -> str | None:
    """Return what the decisions of one batch share; None for one taken alone."""
    return decision.reason.rpartition("#")[2] if is_batch(decision) else None
