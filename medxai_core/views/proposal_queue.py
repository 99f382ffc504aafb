"""In which order to look at the proposals of a study: what each order goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.clusters import Matrix, compute_centers, compute_margins
from medxai_core.clusters.fitting import ROWS_AT_ONCE
from medxai_core.config import CLASS_NAMES
from medxai_core.records.pictures import Items
from medxai_core.review import Decision, queue_items, queue_rows
from medxai_core.views.reasons import Reasoning, get_polyp_chances
from medxai_core.views.review_second_reading import list_disagreements

AUDIT_SEED = 0
"""Seed of the random order: the same rounds always give the same audit sample."""


@dataclass(frozen=True, eq=False)
class ProposalMeasures:
    """Hold what the orders of a review queue go by, one entry a proposal, in order of labelling.

    Attributes
    ----------
    item_ids, labels : (n,) object of str
    rows : (n,) int64
        Positions of the items.
    cluster_ids, rounds : (n,) int64
    certainties : (n,) float64
        In [0, 1]. Of bands: the calibrated probability of the proposed label. Of clusters: distance to the
        nearest labelled item of another class, as a share of the sum of the
        distances to that and to the nearest one of the proposed class. 0.5: as near to either; below,
        the other class is nearer. NaN where features are missing.
    margins : (n,) float64
        How much farther the nearest other centre is than the own one; 0 is on the border.
    distances : (n,) float64
        To the own centre.
    """

    item_ids: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    cluster_ids: np.ndarray
    rounds: np.ndarray
    certainties: np.ndarray
    margins: np.ndarray
    distances: np.ndarray


def measure_proposals(reasoning: Reasoning, items: Items) -> ProposalMeasures:
    """Measure every proposal of one run of the rounds.

    Items that were removed since are left out.

    Parameters
    ----------
    reasoning : Reasoning
        From `stages.reasons.load_reasoning`.
    items : Items
        Of the same study.

    Returns
    -------
    ProposalMeasures
    """
    found = reasoning.rounds.proposals
    here = items.is_present[found.rows] if len(found) else np.empty(0, bool)
    rows, labels = found.rows[here], found.labels[here]
    features, cluster_ids = reasoning.features, np.asarray(reasoning.clustering.cluster_ids)
    centers = compute_centers(features, np.where(features.known, cluster_ids, -1))
    return ProposalMeasures(
        item_ids=items.item_ids[rows],
        labels=labels,
        rows=rows,
        cluster_ids=found.cluster_ids[here].astype(np.int64),
        rounds=found.rounds[here].astype(np.int64),
        certainties=_get_certainties(reasoning, rows, labels),
        margins=compute_margins(features.at(rows), cluster_ids[rows], centers),
        distances=np.asarray(reasoning.clustering.distances)[rows],
    )


def _get_certainties(reasoning: Reasoning, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how sure each proposal is, (n,) float64, see `ProposalMeasures`."""
    if reasoning.clustering.is_bands:
        chances = get_polyp_chances(reasoning, rows)
        return np.where(labels == CLASS_NAMES[1], chances, 1 - chances)
    seeds = reasoning.rounds.seed_rows
    return compute_certainties(
        reasoning.features.at(rows), labels, seeds=reasoning.features[seeds], seed_labels=reasoning.labels[seeds]
    )


def compute_certainties(
    features: Matrix, labels: np.ndarray, *, seeds: np.ndarray, seed_labels: np.ndarray
) -> np.ndarray:
    """Say how much nearer the labelled items of the proposed class are than those of the others.

    Parameters
    ----------
    features : (n, d) float64, or what is indexed like it
        Of the items with a proposal; read in blocks.
    labels : (n,) object of str
        What is proposed.
    seeds : (m, d) float64
        Features of the labelled items.
    seed_labels : (m,) object of str

    Returns
    -------
    (n,) float64
        d_other / (d_same + d_other), in [0, 1]; 0.5 when both are equally near. NaN when there is no
        labelled item of one of the two kinds.

    Examples
    --------
    >>> points, given = np.array([[1.0], [3.0]]), np.array(["polyp", "polyp"], object)
    >>> seeds, known = np.array([[0.0], [4.0]]), np.array(["polyp", "non_polyp"], object)
    >>> compute_certainties(points, given, seeds=seeds, seed_labels=known).tolist()
    [0.75, 0.25]
    """
    certainties = np.full(len(features), np.nan)
    known = np.isfinite(seeds).all(axis=1)
    seeds, seed_labels = seeds[known], seed_labels[known]
    for start in range(0, len(features), ROWS_AT_ONCE):
        points, given = features[start : start + ROWS_AT_ONCE], labels[start : start + ROWS_AT_ONCE]
        for label in set(given):
            chosen, same = given == label, seed_labels == label
            if same.any() and not same.all():
                to_same, to_other = (_find_nearest(points[chosen], seeds[one]) for one in (same, ~same))
                total = to_same + to_other
                share = np.divide(to_other, total, out=np.full(len(total), 0.5), where=total != 0)
                certainties[start + np.flatnonzero(chosen)] = share
    return certainties


def _find_nearest(points: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Return the distance of every point to the nearest of the seeds, (n,) float64.

    Which seed that is comes from one matrix product; the distance to it from their difference, which is exact.
    """
    middle = seeds.mean(axis=0)
    centred = seeds - middle
    squared = (centred**2).sum(axis=1) - 2 * (points - middle) @ centred.T  # (N, M), less the points' own norms
    nearest = squared.argmin(axis=1)
    return np.sqrt(((seeds[nearest] - points) ** 2).sum(axis=1))


def order_places(measures: ProposalMeasures, order: str) -> np.ndarray:
    """Return the places of all proposals in an order of `review.QUEUE_ORDERS` but "disagreement", (n,) int64.

    Notes
    -----
    The random order is the same whenever it is asked for, so that any first part of it is a fixed random
    sample of the proposals: that is what an audit needs.
    """
    values = {
        "uncertain": measures.certainties,
        "border": measures.margins,
        "farthest": measures.distances,
        "newest": measures.rounds,
    }.get(order)
    return queue_rows(len(measures.rows), order, values, seed=AUDIT_SEED)


def order_proposals(measures: ProposalMeasures, order: str, *, decisions: Sequence[Decision] = ()) -> list[str]:
    """Return the item ids of all proposals in an order of `review.QUEUE_ORDERS`.

    Parameters
    ----------
    measures : ProposalMeasures
    order : str
        "disagreement" puts first what two readers disagree about, and the rest after it.
    decisions : sequence of Decision, optional
        The whole log; used for "disagreement" only.
    """
    if order == "disagreement":
        arose = {one.item_id: one.line for one in list_disagreements(decisions) if one.is_open}
        values = [arose.get(item_id) for item_id in measures.item_ids]
        return queue_items(measures.item_ids.tolist(), order, values)
    return measures.item_ids[order_places(measures, order)].tolist()


def order_randomly(item_ids: Sequence[str]) -> list[str]:
    """Return proposals in the fixed random order of the audit.

    Parameters
    ----------
    item_ids : sequence of str
        All proposals of the newest rounds, in order of labelling.
    """
    return queue_items(item_ids, "random", seed=AUDIT_SEED)
