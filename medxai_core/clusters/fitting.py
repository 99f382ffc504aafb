"""K-means as the paper used it, with progress, and with all that is needed to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from joblib import delayed
from threadpoolctl import threadpool_limits

from medxai_core.clusters.scaling import check_features
from medxai_core.errors import NotEnoughImagesError
from medxai_core.parallel import run_parallel
from medxai_core.provenance import get_versions

ROWS_AT_ONCE = 8192
COLUMNS_AT_ONCE = 16
TOLERANCE = 1e-4
"""Scikit-learn's: stop when the centres move less than this share of the variance."""


@runtime_checkable
class Matrix(Protocol):
    """Be indexed by rows like a (n_images, n_features) float64 array, wherever the numbers are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n_images, n_features)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Clustering:
    """Hold one k-means result.

    Attributes
    ----------
    cluster_ids : (n_images,) int32 array
        Cluster of each picture, 0..k-1; -1 where a picture was not clustered.
    centers : (k, n_features) float64 array
        Cluster centres, in the space of the features that were given.
    distances : (n_images,) float64 array
        Euclidean distance of each picture to the centre of its own cluster.
    inertia : float
        Sum of the squared distances. Smaller is tighter; comparable only for the same features and k.
    k : int
        Number of clusters asked for. With many equal pictures some may stay empty.
    n_iter : int
        Iterations of the start that was kept.
    parameters : dict
        All that is needed to repeat the fit: settings, versions, thread count.
    """

    cluster_ids: np.ndarray
    centers: np.ndarray
    distances: np.ndarray
    inertia: float
    k: int
    n_iter: int
    parameters: dict[str, Any] = field(default_factory=dict)


def fit_clusters(
    features: Matrix,
    k: int,
    *,
    seed: int = 0,
    n_init: int = 10,
    max_iter: int = 300,
    algorithm: str = "lloyd",
    n_threads: int = 1,
    n_jobs: int = -1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Clustering:
    """Fit k-means and return clusters, centres and distances.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        One row for each picture, as `scale_features` returns them. Not changed. What is on disk
        (`records.FeatureRows`) is read in parts, into the one copy that the fit needs.
    k : int
        Number of clusters, 1..n_images. The paper used 50, 200 and 250.
    seed : int, default 0
        Seed of the starts.
    n_init : int, default 10
        Number of starts; the tightest result is kept.
    max_iter : int, default 300
        Most iterations of one start.
    algorithm : {"lloyd", "elkan"}, default "lloyd"
        Both lead to the same clusters; lloyd needs less memory.
    n_threads : int, default 1
        Threads for one start, at most. With one the same input gives the same bytes every time; with more
        than two the last digits of the centres were seen to change from run to run.
    n_jobs : int, default -1
        Starts worked on at a time; -1: one a core. The result does not depend on it.
    on_progress : callable, optional
        Called as ``on_progress(starts_done, n_init)``.

    Returns
    -------
    Clustering

    Raises
    ------
    NotEnoughImagesError
        If there are fewer pictures than clusters.
    ValueError
        If a row is not finite (rows are named) or a setting is out of range.

    Notes
    -----
    The result equals ``KMeans(init="k-means++", n_init=n_init, random_state=seed)`` bit for bit: the starts are
    drawn one after the other, from one random stream. Here they share one centred copy of the features, run
    side by side, and tell when they are done. For this scikit-learn's own single run is called, which is not public.
    The paper's scikit-learn 0.24 drew its first centre differently, so its own clusters cannot be had again.

    References
    ----------
    Arthur D., Vassilvitskii S. k-means++: the advantages of careful seeding. SODA 2007, 1027-1035.
    Lloyd S. P. Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129-137, 1982.
    doi:10.1109/TIT.1982.1056489

    Examples
    --------
    >>> clustering = fit_clusters([[0.0, 0.0], [0.0, 2.0], [9.0, 0.0], [9.0, 2.0]], 2)
    >>> sorted(clustering.centers.tolist()), clustering.distances.tolist(), clustering.inertia
    ([[0.0, 1.0], [9.0, 1.0]], [1.0, 1.0, 1.0, 1.0], 4.0)
    """
    if isinstance(features, np.ndarray) or not isinstance(features, Matrix):
        features = check_features(features)
    _check_settings(len(features), k=k, n_init=n_init, max_iter=max_iter, n_threads=n_threads)
    algorithm = "lloyd" if k == 1 else algorithm  # elkan is not defined for one cluster
    settings = {"n_clusters": int(k), "init": "k-means++", "max_iter": int(max_iter), "algorithm": algorithm}
    best = _fit_best_start(
        features, settings, seed=seed, n_init=n_init, n_threads=n_threads, n_jobs=n_jobs, on_progress=on_progress
    )
    cluster_ids = best.cluster_ids.astype(np.int32)
    return Clustering(
        cluster_ids=cluster_ids,
        centers=best.centers,
        distances=compute_own_distances(features, cluster_ids, best.centers),
        inertia=float(best.inertia),
        k=int(k),
        n_iter=int(best.n_iter),
        parameters=settings
        | {"n_init": int(n_init), "random_state": int(seed), "tol": TOLERANCE}
        | {"n_nonempty_clusters": len(np.unique(cluster_ids)), "reached_max_iter": best.n_iter >= max_iter}
        | {"scikit-learn": get_versions("scikit-learn")["scikit-learn"], "numpy": np.__version__}
        | {"n_threads": int(n_threads)},
    )


def compute_own_distances(features: Matrix, cluster_ids: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of each row to its own centre; NaN where a row is not clustered.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        The features that were clustered.
    cluster_ids : (n_images,) int array
        Cluster of each row, -1 for none.
    centers : (k, n_features) float64 array
        Cluster centres.

    Returns
    -------
    (n_images,) float64 array
    """
    distances = np.full(len(features), np.nan)
    for start in range(0, len(features), ROWS_AT_ONCE):
        own = cluster_ids[start : start + ROWS_AT_ONCE]
        offsets = features[start : start + ROWS_AT_ONCE] - centers[own]
        distances[start : start + len(own)] = np.where(
            own >= 0, np.sqrt(np.einsum("ij,ij->i", offsets, offsets)), np.nan
        )
    return distances


def compute_centers(features: Matrix, cluster_ids: np.ndarray, k: int | None = None) -> np.ndarray:
    """Return the mean of each cluster's rows.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        The features that were clustered. Rows with cluster -1 may be NaN.
    cluster_ids : (n_images,) int array
        Cluster of each row, -1 for none.
    k : int, optional
        Number of clusters; by default the highest cluster number plus one.

    Returns
    -------
    (k, n_features) float64 array
        NaN for an empty cluster. K-means stops when its centres hardly move, so its own may differ a little.

    Examples
    --------
    >>> compute_centers(np.array([[0.0], [4.0], [np.nan]]), np.array([0, 0, -1])).tolist()
    [[2.0]]
    """
    members = group_rows(cluster_ids, int(cluster_ids.max(initial=-1)) + 1 if k is None else k)
    empty = np.full(features.shape[1], np.nan)
    rows = [features[member].mean(axis=0) if len(member) else empty for member in members]
    return np.array(rows).reshape(len(members), features.shape[1])


def group_rows(cluster_ids: np.ndarray, k: int) -> list[np.ndarray]:
    """Return the rows of each cluster 0..k-1, ascending; rows with -1 are in none.

    Examples
    --------
    >>> [rows.tolist() for rows in group_rows(np.array([1, -1, 0, 1]), 3)]
    [[2], [0, 3], []]
    """
    order = np.argsort(cluster_ids, kind="stable")
    return np.split(order, np.searchsorted(cluster_ids[order], np.arange(k + 1)))[1 : k + 1]


def _check_settings(n_images: int, *, k: int, n_init: int, max_iter: int, n_threads: int) -> None:
    """Raise if the settings make no sense or there are fewer pictures than clusters."""
    numbers = {"k": k, "n_init": n_init, "max_iter": max_iter, "n_threads": n_threads}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    if n_images < k:
        raise NotEnoughImagesError(
            f"{k} clusters need at least {k} pictures; there are {n_images}.",
            f"Choose at most {n_images} clusters, or add pictures."
            if n_images
            else "Add pictures to the study and extract their features first.",
        )


class _Start(NamedTuple):
    """Hold what one start came to, in the order of scikit-learn's single run."""

    cluster_ids: np.ndarray
    inertia: float
    centers: np.ndarray
    n_iter: int


def _fit_best_start(
    features: Matrix, settings: dict[str, Any], *, seed: int, n_init: int, n_threads: int, n_jobs: int,
    on_progress: Callable[[int, int], None] | None,
) -> _Start:  # fmt: skip
    """Draw and run the starts side by side, each from its part of one random stream; return the tightest."""
    from sklearn.cluster import _kmeans  # here: loading it takes a second, and describing clusters needs none
    from sklearn.utils.extmath import row_norms

    run = {"lloyd": _kmeans._kmeans_single_lloyd, "elkan": _kmeans._kmeans_single_elkan}[settings["algorithm"]]
    told = on_progress or (lambda done, total: None)
    told(0, n_init)
    with threadpool_limits(limits=n_threads):
        centred, mean, tolerance = _center(features)
        limits = {"max_iter": settings["max_iter"], "tol": tolerance, "n_threads": n_threads}
        norms = row_norms(centred, squared=True)
        work = (
            delayed(_run_start)(partial(run, **limits), centred, norms, settings["n_clusters"], stream)
            for stream in _split_stream(settings["n_clusters"], n=n_init, seed=seed)
        )
        starts: list[_Start] = []
        with closing(run_parallel(work, n_jobs=n_jobs)) as results:
            for done, result in enumerate(results, start=1):
                starts.append(_Start(*result))
                told(done, n_init)
    best = reduce(lambda best, start: start if _is_better(start, best) else best, starts)
    return best._replace(centers=best.centers + mean)


def _center(features: Matrix) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the features less their mean, the mean, and how little the centres may move at the end."""
    centred = np.empty(features.shape)
    for start in range(0, len(features), ROWS_AT_ONCE):
        centred[start : start + ROWS_AT_ONCE] = features[start : start + ROWS_AT_ONCE]
    check_features(centred)
    # By columns: np.var of the whole makes another copy of it. Never one column alone: numpy adds that up in another
    # order, and the last bit would not be scikit-learn's.
    parts = np.array_split(np.arange(centred.shape[1]), max(1, centred.shape[1] // COLUMNS_AT_ONCE))
    variances = np.concatenate([np.var(centred[:, part[0] : part[-1] + 1], axis=0) for part in parts])
    mean = centred.mean(axis=0)
    centred -= mean
    return centred, mean, float(np.mean(variances) * TOLERANCE)


def _run_start(
    run: Callable[..., Any], centred: np.ndarray, norms: np.ndarray, k: int, stream: np.random.RandomState
) -> Any:
    """Draw the first centres of one start, and move them until they stay."""
    from sklearn.cluster import kmeans_plusplus

    centers, _ = kmeans_plusplus(centred, k, x_squared_norms=norms, random_state=stream)
    return run(centred, np.ones(len(centred)), centers)


def _split_stream(k: int, *, n: int, seed: int) -> Iterator[np.random.RandomState]:
    """Yield the random stream where each start finds it when all are drawn one after the other.

    A start takes one number for its first centre, and one a candidate for each other centre (scikit-learn looks at
    ``2 + log(k)``).
    """
    stream = np.random.RandomState(seed)
    for _ in range(n):
        here = np.random.RandomState()
        here.set_state(stream.get_state())
        yield here
        stream.random_sample(1 + (k - 1) * (2 + int(np.log(k))))


def _is_better(start: _Start, best: _Start) -> bool:
    """Say whether a start is tighter than the best so far and not just the same clusters renumbered.

    The rule is scikit-learn's own: each new cluster lying wholly inside one old cluster counts as the same.
    """
    if start.inertia >= best.inertia:
        return False
    pairs = np.unique(np.stack([start.cluster_ids, best.cluster_ids]), axis=1)
    return pairs.shape[1] > len(np.unique(start.cluster_ids))
