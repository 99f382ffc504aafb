"""In which order to look at the proposals of a study: what each order goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.clusters import compute_centers, compute_margins
from medxai_core.records.pictures import Items
from medxai_core.review import Decision, queue_items
from medxai_core.views.reasons import Reasoning
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
        In [0, 1]: distance to the nearest labelled item of another class, as a share of the sum of the
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
    return ProposalMeasures(
        item_ids=items.item_ids[rows],
        labels=labels,
        rows=rows,
        cluster_ids=found.cluster_ids[here].astype(np.int64),
        rounds=found.rounds[here].astype(np.int64),
        certainties=compute_certainties(
            reasoning.features[rows],
            labels,
            seeds=reasoning.features[reasoning.rounds.seed_rows],
            seed_labels=reasoning.labels[reasoning.rounds.seed_rows],
        ),
        margins=_compute_margins(reasoning, rows),
        distances=np.asarray(reasoning.clustering.distances)[rows],
    )


def compute_certainties(
    features: np.ndarray, labels: np.ndarray, *, seeds: np.ndarray, seed_labels: np.ndarray
) -> np.ndarray:
    """Say how much nearer the labelled items of the proposed class are than those of the others.

    Parameters
    ----------
    features : (n, d) float64
        Of the items with a proposal.
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
    for i, (point, label) in enumerate(zip(features, labels, strict=True)):
        distances = np.sqrt(((seeds - point) ** 2).sum(axis=1))
        same = seed_labels == label
        if same.any() and not same.all():
            to_same, to_other = distances[same].min(), distances[~same].min()
            total = to_same + to_other
            certainties[i] = to_other / total if total > 0 else 0.5
    return certainties


def order_proposals(measures: ProposalMeasures, order: str, *, decisions: Sequence[Decision] = ()) -> list[str]:
    """Return the item ids of all proposals in an order of `review.QUEUE_ORDERS`.

    Parameters
    ----------
    measures : ProposalMeasures
    order : str
        "disagreement" puts first what two readers disagree about, and the rest after it.
    decisions : sequence of Decision, optional
        The whole log; used for "disagreement" only.

    Notes
    -----
    The random order is the same whenever it is asked for, so that any first part of it is a fixed random
    sample of the proposals: that is what an audit needs.
    """
    item_ids = [str(item_id) for item_id in measures.item_ids]
    if order == "random":
        return order_randomly(item_ids)
    if order == "disagreement":
        arose = {one.item_id: one.line for one in list_disagreements(decisions) if one.is_open}
        return queue_items(item_ids, order, [arose.get(item_id) for item_id in item_ids])
    values = {
        "uncertain": measures.certainties,
        "border": measures.margins,
        "farthest": measures.distances,
        "newest": measures.rounds,
    }.get(order)
    return queue_items(item_ids, order, values)


def order_randomly(item_ids: Sequence[str]) -> list[str]:
    """Return proposals in the fixed random order of the audit.

    Parameters
    ----------
    item_ids : sequence of str
        All proposals of the newest rounds, in order of labelling.
    """
    return queue_items(item_ids, "random", seed=AUDIT_SEED)


def _compute_margins(reasoning: Reasoning, rows: np.ndarray) -> np.ndarray:
    """Return how far the proposals lie from the border of their cluster, (n,) float64."""
    cluster_ids = np.asarray(reasoning.clustering.cluster_ids)
    clustered = np.flatnonzero((cluster_ids >= 0) & np.isfinite(reasoning.features[:, 0]))
    if not len(rows) or not len(clustered):
        return np.full(len(rows), np.nan)
    centers = compute_centers(reasoning.features[clustered], cluster_ids[clustered])
    return compute_margins(reasoning.features[rows], cluster_ids[rows], centers)
