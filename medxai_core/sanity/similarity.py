"""How alike two heat maps are."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

SIDE = 64
"""Maps are compared at 64 x 64: finer than most grids, and SSIM's window of 7 is a tenth of it."""
N_PAIRS = 50
"""As many random pairs as Arun et al. drew."""


class Similarity(NamedTuple):
    """Hold how alike two maps are.

    Attributes
    ----------
    ssim : float in [-1, 1]
        Structural similarity (Wang 2004), window 7, range 1; 1 for equal maps.
    rank_correlation : float in [-1, 1]
        Spearman's, over cells; NaN where a map is constant.
    """

    ssim: float
    rank_correlation: float


def compare_maps(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Compare two heat maps of one picture.

    Parameters
    ----------
    first, second : ndarray (h, w), float in [0, 1]
        Of the same size, at least 7 x 7; see `SIDE`.

    References
    ----------
    Z. Wang et al., IEEE Trans. Image Process. 13 (2004) 600, doi:10.1109/TIP.2003.819861; J. Adebayo et al., "Sanity
    checks for saliency maps", NeurIPS 2018, arXiv:1810.03292 (both measures, for this use).

    Examples
    --------
    >>> ramp = np.linspace(0, 1, 64).reshape(8, 8)
    >>> compare_maps(ramp, ramp ** 2).rank_correlation
    1.0
    """
    from scipy.stats import spearmanr
    from skimage.metrics import structural_similarity

    if first.shape != second.shape or first.ndim != 2 or min(first.shape) < 7:
        raise ValueError(f"maps must be of one size (h, w), at least 7 x 7; got {first.shape} and {second.shape}.")
    ssim = structural_similarity(first.astype(np.float64), second.astype(np.float64), win_size=7, data_range=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant map has no ranks: NaN says so
        rank = spearmanr(first.ravel(), second.ravel()).statistic
    return Similarity(float(ssim), round(float(rank), 12))


def compare_random_pairs(maps: np.ndarray, *, n_pairs: int = N_PAIRS, seed: int = 0) -> np.ndarray:
    """Return the SSIM of random pairs of maps of *different* pictures.

    It is the baseline of Arun et al.: maps that agree no more than those of two different pictures have nothing in
    common but that they are maps of this network.

    Parameters
    ----------
    maps : ndarray (n, h, w), float in [0, 1]
        Maps of n >= 2 pictures by one network.

    Returns
    -------
    ndarray (n_pairs,) float64

    References
    ----------
    N. Arun et al., Radiology: Artificial Intelligence 3 (2021) e200267, doi:10.1148/ryai.2021200267.
    """
    if len(maps) < 2:
        raise ValueError(f"pairs need at least two maps; got {len(maps)}.")
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(len(maps), 2, replace=False) for _ in range(n_pairs)]
    return np.array([compare_maps(maps[a], maps[b]).ssim for a, b in pairs])
