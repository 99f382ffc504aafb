"""Whether a heat map lies on the polyp, without a threshold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BORDER = 0.1
"""Width of the rim, as a share of each side: 36 % of the picture."""


class Localization(NamedTuple):
    """Hold how well a map finds the polyp of one picture; all in [0, 1].

    Attributes
    ----------
    auprc : float
        Area under the precision-recall curve of the map as a score of each pixel (average precision).
    is_hit : bool
        Pointing game: the highest place of the map lies in the polyp.
    relevance_mass : float
        Share of the sum of the map that lies in the polyp.
    relevance_rank : float
        Share of the polyp among the K highest pixels, where the polyp has K pixels.
    polyp_share : float
        Share of the picture that is polyp: what a constant map reaches in `auprc` and `relevance_mass`.
    """

    auprc: float
    is_hit: bool
    relevance_mass: float
    relevance_rank: float
    polyp_share: float


def score_localization(heatmap: np.ndarray, truth: np.ndarray) -> Localization:
    """Score one map against the outline of the polyp.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1]
    truth : ndarray (H, W) bool
        With and without polyp somewhere.

    Raises
    ------
    ValueError
        The shapes differ, or the picture is all polyp, or has none: nothing can be located then.

    Notes
    -----
    A constant map gets the highest place in the middle of the picture. Equal pixels at the K-th rank count by their
    share of polyp.

    References
    ----------
    AUPRC: Arun 2021, doi:10.1148/ryai.2021200267. Pointing game: Zhang 2018, doi:10.1007/s11263-017-1059-x. Relevance
    mass and rank accuracy: Arras 2022, doi:10.1016/j.inffus.2021.11.008.

    Examples
    --------
    >>> truth = np.zeros((4, 4), bool)
    >>> truth[:2, :2] = True
    >>> score_localization(truth.astype(float), truth)
    Localization(auprc=1.0, is_hit=True, relevance_mass=1.0, relevance_rank=1.0, polyp_share=0.25)
    """
    from sklearn.metrics import average_precision_score

    if heatmap.shape != truth.shape or truth.dtype != bool:
        raise ValueError(f"truth must be bool, of the map's shape; got {truth.shape} {truth.dtype}, {heatmap.shape}.")
    n_polyp = int(truth.sum())
    if not 0 < n_polyp < truth.size:
        raise ValueError("truth must hold polyp and something else; nothing can be located otherwise.")
    values = heatmap.astype(np.float64)
    total = values.sum()
    return Localization(
        auprc=float(average_precision_score(truth.ravel(), values.ravel())),
        is_hit=bool(truth[find_peak(values)]),
        relevance_mass=float(values[truth].sum() / total) if total > 0 else n_polyp / truth.size,
        relevance_rank=_score_rank(values.ravel(), truth.ravel(), n_polyp),
        polyp_share=n_polyp / truth.size,
    )


def find_peak(heatmap: np.ndarray) -> tuple[int, int]:
    """Return row and column of the highest place; of several equal ones the one nearest to their middle."""
    rows, columns = np.nonzero(heatmap == heatmap.max())
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return int(rows[nearest]), int(columns[nearest])


def compute_border_ratio(heatmap: np.ndarray, *, width: float = BORDER) -> float:
    """Return how much denser a map is on the rim of the picture than it would be if it were even.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1]
    width : float
        Of the rim, as a share of the sides.

    Returns
    -------
    float
        Share of the map's sum that lies on the rim, divided by the rim's share of the area: 1 for an even map; NaN for
        a map of zeros.

    Examples
    --------
    >>> compute_border_ratio(np.ones((10, 10)))
    1.0
    """
    height, breadth = heatmap.shape
    rim = np.ones(heatmap.shape, bool)
    y, x = max(1, round(width * height)), max(1, round(width * breadth))
    rim[y:-y, x:-x] = False
    total = float(heatmap.sum())
    return float(heatmap[rim].sum()) / total / float(rim.mean()) if total > 0 else float("nan")


def _score_rank(values: np.ndarray, truth: np.ndarray, n: int) -> float:
    """Return the share of polyp among the n highest values."""
    limit = np.partition(values, len(values) - n)[len(values) - n]
    above, level = values > limit, values == limit
    return float((truth[above].sum() + (n - above.sum()) * truth[level].mean()) / n)
