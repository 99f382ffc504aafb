"""A map of all pictures in two dimensions (UMAP), and how far it can be trusted."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from medxai_core.clusters.scaling import check_features
from medxai_core.errors import NotEnoughImagesError

MIN_IMAGES = 4
MAX_TRUST_ROWS = 2000

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Embedding:
    """Hold a map of pictures.

    Attributes
    ----------
    points : (n_images, 2) float32 array
        Place of each picture. Near means alike; far apart, the size of a group and the axes mean little.
    trustworthiness : float or None
        How far near pictures on the map are near in feature space: 1 is best, about 0.5 is chance. None
        if all pictures have the same features.
    n_sampled : int
        Pictures the trustworthiness was computed on.
    parameters : dict
        All that is needed to repeat the map: settings, versions, and notes of the method.
    """

    points: np.ndarray
    trustworthiness: float | None
    n_sampled: int
    parameters: dict[str, Any] = field(default_factory=dict)


def fit_embedding(
    features: np.ndarray,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Embedding:
    """Lay out pictures in two dimensions so that alike ones lie together.

    Parameters
    ----------
    features : (n_images, n_features) float64 array
        One row for each picture, as `scale_features` returns them.
    n_neighbors : int, default 15
        Neighbours that count for each picture; small looks at detail, large at the whole. Lowered to
        n_images - 1 where there are fewer, which the parameters say.
    min_dist : float, default 0.1
        Least distance of points on the map, 0..1.
    seed : int, default 0
        The same seed gives the same bytes on the same machine.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` at the start, about twice a second during the layout, and at
        the end. What comes before the layout (compilation, neighbours, first places) shows no progress.

    Returns
    -------
    Embedding

    Raises
    ------
    NotEnoughImagesError
        If there are fewer than 4 pictures.
    ValueError
        If a row is not finite or a setting is out of range.

    Notes
    -----
    One thread searches and lays out, for only then is the map the same every time. In two the search draws other random
    numbers, and where it ends before all true neighbours are found it finds others; and the linear algebra that finds
    the first places adds in another order.

    References
    ----------
    McInnes L., Healy J., Melville J. UMAP: Uniform Manifold Approximation and Projection. 2018.
    arXiv:1802.03426
    Venna J., Kaski S. Neighborhood preservation in nonlinear projection methods. ICANN 2001.
    doi:10.1007/3-540-44668-0_68
    """
    features = check_features(features)
    _check_settings(len(features), n_neighbors, min_dist)
    settings: dict[str, Any] = {
        "n_neighbors": min(n_neighbors, len(features) - 1),
        "min_dist": float(min_dist),
        "n_components": 2,
        "metric": "euclidean",
        "n_epochs": 500 if len(features) <= 10_000 else 200,  # UMAP's own choice, spelled out
        "random_state": int(seed),
    }
    report = _Progress(settings["n_epochs"], on_progress)
    points, notes = _run_umap(features, settings, report)
    trust, n_sampled, k = _compute_trust(features, points, n_neighbors=settings["n_neighbors"], seed=seed)
    report.finish()
    return Embedding(
        points=points,
        trustworthiness=trust,
        n_sampled=n_sampled,
        parameters=settings
        | {"n_neighbors_asked": int(n_neighbors), "trustworthiness_n_neighbors": k, "notes": notes}
        | {name: metadata.version(name) for name in ("umap-learn", "pynndescent", "numba", "numpy")},
    )


def _check_settings(n_images: int, n_neighbors: int, min_dist: float) -> None:
    """Raise if there are too few pictures or a setting makes no sense."""
    if n_images < MIN_IMAGES:
        raise NotEnoughImagesError(
            f"a map needs at least {MIN_IMAGES} pictures; there are {n_images}.",
            "Add pictures and extract their features first.",
        )
    if n_neighbors < 2:
        raise ValueError(f"n_neighbors must be at least 2; got {n_neighbors}")
    if not 0 <= min_dist <= 1:
        raise ValueError(f"min_dist must be between 0 and 1; got {min_dist}")


def _run_umap(features: np.ndarray, settings: dict[str, Any], report: _Progress) -> tuple[np.ndarray, list[str]]:
    """Return the points and what UMAP had to say, which is kept instead of printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import umap  # takes seconds: only who draws a map waits for it

        bar = {
            "file": report,
            "bar_format": "{n}/{total}",
            "disable": False,
            "miniters": 1,
            "mininterval": 0.5,
        }
        with threadpool_limits(1, user_api="blas"):
            points = umap.UMAP(**settings, n_jobs=1, tqdm_kwds=bar).fit_transform(features)
    notes = {str(warning.message) for warning in caught if warning.category is UserWarning}
    return np.ascontiguousarray(points, dtype=np.float32), sorted(notes)


def _compute_trust(
    features: np.ndarray, points: np.ndarray, *, n_neighbors: int, seed: int
) -> tuple[float | None, int, int]:
    """Return the trustworthiness on a sample, the size of the sample, and the neighbours looked at."""
    from sklearn.manifold import trustworthiness

    n = min(len(features), MAX_TRUST_ROWS)
    rows = np.sort(np.random.default_rng(seed).choice(len(features), n, replace=False))
    k = min(n_neighbors, (n - 1) // 2)
    if (features[rows] == features[rows[0]]).all():
        return None, n, k
    return float(trustworthiness(features[rows], points[rows], n_neighbors=k)), n, k


class _Progress:
    """Stand in for the file a progress bar is written to, and report each step."""

    def __init__(self, n_epochs: int, on_progress: OnProgress | None) -> None:
        self._total = n_epochs + 2  # the neighbours before the layout, the trustworthiness after it
        self._on_progress = on_progress
        self._report(0)

    def write(self, text: str) -> None:
        """Report the epochs that the bar shows."""
        shown = re.search(r"(\d+)/\d+", text)
        if shown is not None:
            self._report(1 + int(shown[1]))

    def flush(self) -> None:
        """Do nothing: every step is reported at once."""

    def finish(self) -> None:
        """Report the end."""
        self._report(self._total)

    def _report(self, done: int) -> None:
        """Call back; whoever asks for a stop is not called again."""
        on_progress, self._on_progress = self._on_progress, None
        if on_progress is not None:
            on_progress(done, self._total)
            self._on_progress = on_progress
