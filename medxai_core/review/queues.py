"""In which order to look at pictures, and which to label first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from medxai_core.clusters.scaling import check_features

QUEUE_ORDERS: dict[str, str] = {
    "uncertain": "smallest certainty first",
    "border": "smallest margin to the neighbouring cluster first",
    "farthest": "largest distance to the own centre first",
    "random": "by chance",
    "audit": "by chance too, and a picture counts as open until it was judged alone",
    "newest": "latest round of proposals first",
    "disagreement": "two readers disagree and no one has decided since: oldest first",
}
"""Each order with what it means."""

BY_CHANCE = frozenset({"random", "audit"})
_LARGEST_FIRST = frozenset({"farthest", "newest"})


def queue_items(
    item_ids: Sequence[str],
    order: str,
    values: Sequence[float | None] | np.ndarray | None = None,
    *,
    seed: int = 0,
) -> list[str]:
    """Return items in the order in which to review them.

    Parameters
    ----------
    item_ids : sequence of str
        The items to order.
    order : {"uncertain", "border", "farthest", "random", "audit", "newest", "disagreement"}
        See `QUEUE_ORDERS`.
    values : (n_items,) sequence of float or None
        What the order goes by: certainty 0..1 (uncertain), margin (border), distance (farthest), round or
        time (newest), line of the log at which the disagreement arose (disagreement). Not used for random and audit.
        Items without a value (None, NaN) come last.
    seed : int, default 0
        Seed of the random order.

    Returns
    -------
    list of str
        All of the items; equal ones keep their order.

    Raises
    ------
    ValueError
        If the order is unknown, or values are missing or do not fit.

    Examples
    --------
    >>> queue_items(["a", "b", "c"], "farthest", [1.0, None, 5.0])
    ['c', 'a', 'b']
    """
    return [item_ids[row] for row in queue_rows(len(item_ids), order, values, seed=seed)]


def queue_rows(
    n_items: int, order: str, values: Sequence[float | None] | np.ndarray | None = None, *, seed: int = 0
) -> np.ndarray:
    """Return the rows of items in the order in which to review them, (n_items,) int64; see `queue_items`."""
    if order not in QUEUE_ORDERS:
        raise ValueError(f"order must be one of {', '.join(QUEUE_ORDERS)}; got {order!r}")
    if order in BY_CHANCE:
        return np.random.default_rng(seed).permutation(n_items)
    if values is None or len(values) != n_items:
        raise ValueError(f"order {order!r} needs one value for each of the {n_items} items")
    numbers = np.asarray(values, dtype=np.float64)  # None becomes NaN, and NaN sorts last
    return np.argsort(-numbers if order in _LARGEST_FIRST else numbers, kind="stable")


def suggest_seeds(
    features: np.ndarray,
    n: int,
    *,
    seed: int = 0,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return a diverse sample of pictures to label when there is no label yet.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        One row for each picture that may be chosen.
    n : int
        Pictures wanted, at most all.
    seed : int, default 0
        Seed of the first picture.
    overwrite : bool, default False
        Let the features be changed, which saves a copy of them.
    on_progress : callable, optional
        Called as ``on_progress(chosen, n)``.

    Returns
    -------
    (n,) int64 array
        Different rows, in order: each is the farthest from all before it, so any first part is diverse too.

    Raises
    ------
    ValueError
        If n is out of range or a row is not finite.

    Notes
    -----
    Greedy k-center: the largest distance of any picture to its nearest chosen one is at most twice the
    best possible. It likes rare pictures; a share of them says nothing about the share in the study.

    References
    ----------
    Gonzalez T. F. Clustering to minimize the maximum intercluster distance. Theor. Comput. Sci. 38, 1985.
    doi:10.1016/0304-3975(85)90224-5

    Examples
    --------
    >>> sorted(suggest_seeds([[0.0], [0.1], [5.0], [9.0]], 3).tolist()) in ([0, 2, 3], [1, 2, 3])
    True
    """
    points = check_features(features)
    if not 0 <= n <= len(points):
        raise ValueError(f"n must be between 0 and the {len(points)} pictures there are; got {n}")
    if len(points):
        points = np.subtract(points, points.mean(axis=0), out=points if overwrite else None)
    norms = np.einsum("ij,ij->i", points, points)
    nearest = np.full(len(points), np.inf)  # squared distance to the nearest chosen picture
    chosen = np.empty(n, dtype=np.int64)
    for i in range(n):
        row = int(np.random.default_rng(seed).integers(len(points))) if i == 0 else int(nearest.argmax())
        chosen[i] = row
        squared = np.maximum(norms + norms[row] - 2 * (points @ points[row]), 0.0)
        np.minimum(nearest, squared, out=nearest)
        nearest[row] = -1.0  # never again, even among equal pictures
        if on_progress is not None:
            on_progress(i + 1, n)
    return chosen
