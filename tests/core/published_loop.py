"""The pseudo-label loop as it was published, written plainly: k-means again in every round.

Slow on purpose. It is the reference that the one-fit form is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits


@dataclass
class PublishedResult:
    """What the loop did: the labels at the end, and (cluster, label, rows) of each round."""

    labels: list[str | None]
    rounds: list[tuple[int, str, list[int]]] = field(default_factory=list)
    ended: str = ""


def run_published_loop(
    features: np.ndarray, labels: list[str | None], *, k: int, target: int, seed: int = 0
) -> PublishedResult:
    """Refit, choose one pure cluster, label it; again until the target is reached.

    The published loop has no way out when no pure cluster with an unlabelled picture is left. This one ends.
    """
    result = PublishedResult(labels=list(labels))
    while sum(label is not None for label in result.labels) < target:
        kmeans = KMeans(n_clusters=k, init="k-means++", n_init=10, max_iter=300, random_state=seed, algorithm="lloyd")
        with threadpool_limits(limits=1):
            kmeans.fit(features)
        chosen = _choose_cluster(kmeans.labels_, result.labels, k)
        if chosen is None:
            result.ended = "no_pure_cluster_left"
            return result
        label, rows = _list_unlabelled(kmeans.labels_, result.labels, chosen)
        for row in rows:
            result.labels[row] = label
        result.rounds.append((chosen, label, rows))
    result.ended = "target_reached"
    return result


def _choose_cluster(cluster_ids: np.ndarray, labels: list[str | None], k: int) -> int | None:
    """Return the pure cluster with an unlabelled member and the most labelled members, ties lowest."""
    best, best_count = None, 0
    for cluster in range(k):
        members = [labels[row] for row in range(len(labels)) if cluster_ids[row] == cluster]
        known = [label for label in members if label is not None]
        if None in members and len(set(known)) == 1 and len(known) > best_count:
            best, best_count = cluster, len(known)
    return best


def _list_unlabelled(cluster_ids: np.ndarray, labels: list[str | None], cluster: int) -> tuple[str, list[int]]:
    """Return the label of a pure cluster and its unlabelled rows."""
    members = [row for row in range(len(labels)) if cluster_ids[row] == cluster]
    [label] = {labels[row] for row in members} - {None}
    return label, [row for row in members if labels[row] is None]
