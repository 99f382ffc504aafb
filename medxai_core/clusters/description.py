"""What is in each cluster: size, labels, purity, typical and border pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from medxai_core.clusters.fitting import (
    ROWS_AT_ONCE,
    Matrix,
    compute_centers,
    compute_own_distances,
    group_rows,
)
from medxai_core.clusters.scaling import check_features


@dataclass(frozen=True)
class ClusterSummary:
    """Describe one cluster.

    Attributes
    ----------
    cluster_id : int
        Number of the cluster, 0..k-1.
    size : int
        Pictures in the cluster.
    n_labelled : dict of str to int
        Labelled pictures by class; only classes that occur.
    purity : float or None
        Share of the labelled pictures that are of the most common class: 1 is pure, 0.5 is a
        coin toss between two classes. None without labelled pictures.
    labelled_share : float or None
        Labelled pictures as a share of the cluster. None for an empty cluster.
    typical_rows : tuple of int
        Rows nearest to the centre, nearest first.
    border_rows : tuple of int
        Rows with the smallest margin (distance to the nearest other centre minus distance to the own
        one), smallest first: these could as well belong to the neighbour. None of them is typical, so a
        small cluster has few or none. Empty if there is one cluster.
    """

    cluster_id: int
    size: int
    n_labelled: dict[str, int]
    purity: float | None
    labelled_share: float | None
    typical_rows: tuple[int, ...]
    border_rows: tuple[int, ...]

    @property
    def is_pure(self) -> bool:
        """True when there are labelled pictures, all of one class."""
        return len(self.n_labelled) == 1


def describe_clusters(
    features: np.ndarray,
    cluster_ids: np.ndarray,
    labels: Sequence[str | None],
    *,
    centers: np.ndarray | None = None,
    n_typical: int = 6,
    n_border: int = 6,
) -> list[ClusterSummary]:
    """Describe every cluster, in the order of the cluster numbers.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        The features that were clustered. Rows of pictures that were not clustered may be NaN.
    cluster_ids : (n_images,) int array
        Cluster of each picture; -1 is left out.
    labels : (n_images,) sequence of str or None
        Known labels; None where there is none.
    centers : (k, n_features) float64 array, optional
        Cluster centres; by default the means of the clusters.
    n_typical, n_border : int, default 6
        How many rows to name of each kind; fewer in small clusters.

    Returns
    -------
    list of ClusterSummary
        One for each cluster, empty ones too.

    Raises
    ------
    ValueError
        If the inputs do not have one row for each picture, or a clustered row is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> features, labels = np.array([[0.0], [1.0], [3.0], [20.0]]), ["polyp", None, None, "polyp"]
    >>> found = describe_clusters(features, [0, 0, 0, 1], labels)
    >>> [(cluster.size, cluster.purity, cluster.typical_rows) for cluster in found]
    [(3, 1.0, (1, 0, 2)), (1, 1.0, (3,))]
    """
    features, cluster_ids = np.asarray(features), np.asarray(cluster_ids)
    if not len(features) == len(labels) == len(cluster_ids):
        raise ValueError(
            "features, cluster_ids and labels must have one row for each picture; got "
            f"{len(features)}, {len(cluster_ids)} and {len(labels)} rows"
        )
    clustered = np.flatnonzero(cluster_ids >= 0)
    points, ids = check_features(features[clustered]), cluster_ids[clustered]
    known = [labels[row] for row in clustered.tolist()]
    found = summarize_clusters(points, ids, known, centers=centers, n_typical=n_typical, n_border=n_border)
    return rename_rows(found, clustered)


def summarize_clusters(
    features: Matrix,
    cluster_ids: np.ndarray,
    labels: Sequence[str | None],
    *,
    centers: np.ndarray | None = None,
    n_typical: int = 6,
    n_border: int = 6,
) -> list[ClusterSummary]:
    """Describe every cluster as `describe_clusters` does, with no more than a block or a cluster in memory.

    Parameters
    ----------
    features : (n_images, n_features) float64 array, or what is indexed like one
        Of clustered pictures only, all finite.
    """
    centers = compute_centers(features, cluster_ids) if centers is None else centers
    distances = compute_own_distances(features, cluster_ids, centers)
    margins = compute_margins(features, cluster_ids, centers)
    summaries = []
    for cluster_id, rows in enumerate(group_rows(cluster_ids, len(centers))):
        typical = _take_smallest(rows, distances, n_typical)
        border = _take_smallest(np.setdiff1d(rows, typical), margins, n_border)
        summaries.append(
            ClusterSummary(
                cluster_id=cluster_id,
                size=len(rows),
                **_describe_labels([labels[row] for row in rows]),
                typical_rows=tuple(typical.tolist()),
                border_rows=tuple(border.tolist()),
            )
        )
    return summaries


def rename_rows(summaries: Sequence[ClusterSummary], names: np.ndarray) -> list[ClusterSummary]:
    """Return summaries whose row i is called names[i], (n,) int64."""
    return [
        replace(
            one,
            typical_rows=tuple(names[list(one.typical_rows)].tolist()),
            border_rows=tuple(names[list(one.border_rows)].tolist()),
        )
        for one in summaries
    ]


def compute_margins(features: Matrix, cluster_ids: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return how much farther the nearest other centre is than the own one.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        The features that were clustered.
    cluster_ids : (n_images,) int array
        Cluster of each row, -1 for none.
    centers : (k, n_features) float64 array
        Centres of all clusters, also of those that none of these rows is in; NaN for an empty one.

    Returns
    -------
    (n_images,) float64 array
        In the unit of the features; 0 is on the border. NaN where a row is not clustered, or when there
        is one cluster only. Empty clusters are no neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> features, centers = np.array([[1.0], [4.0], [9.0]]), np.array([[0.0], [10.0]])
    >>> compute_margins(features, np.array([0, 0, 1]), centers).tolist()
    [8.0, 2.0, 8.0]
    """
    margins = np.full(len(features), np.nan)
    used = np.flatnonzero(np.isfinite(centers).all(axis=1))
    if len(used) < 2:
        return margins
    centers = centers[used]
    cluster_ids = np.where(cluster_ids >= 0, np.searchsorted(used, cluster_ids), -1)
    for start in range(0, len(features), ROWS_AT_ONCE):
        own = cluster_ids[start : start + ROWS_AT_ONCE]
        margins[start : start + len(own)] = _compute_block_margins(features[start : start + ROWS_AT_ONCE], own, centers)
    return margins


def _compute_block_margins(features: np.ndarray, own: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the margins of one block of rows."""
    middle = centers.mean(axis=0)
    points, centers = features - middle, centers - middle
    squared = (centers**2).sum(axis=1) - 2 * points @ centers.T  # (N, k), less the rows' own norms
    squared += (points**2).sum(axis=1)[:, None]
    distances = np.sqrt(np.maximum(squared, 0))
    rows = np.arange(len(own))
    to_own = distances[rows, own]
    distances[rows, own] = np.inf
    return np.where(own >= 0, distances.min(axis=1) - to_own, np.nan)


def _describe_labels(labels: list[str | None]) -> dict[str, Any]:
    """Count the labels of one cluster's pictures."""
    counts = Counter(label for label in labels if label is not None)
    return {
        "n_labelled": dict(sorted(counts.items())),
        "purity": max(counts.values()) / counts.total() if counts else None,
        "labelled_share": counts.total() / len(labels) if labels else None,
    }


def _take_smallest(rows: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Return the n rows with the smallest finite values, smallest first, equal ones by row."""
    rows = rows[np.isfinite(values[rows])]
    return rows[np.argsort(values[rows], kind="stable")[:n]]
