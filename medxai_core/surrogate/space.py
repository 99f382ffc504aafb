"""What is explained of deep features: where they vary, and the direction in which they part the two answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KEPT_SHARE = 0.99
"""So much of the variance of the deep features is looked at: the rest is many directions of next to none."""


@dataclass(frozen=True, eq=False)
class DeepSpace:
    """Hold the deep features of pictures in fewer numbers.

    Attributes
    ----------
    points : (n, k) float64
        Coordinates along the directions of largest variance, centred.
    n_features : int
        Numbers that the network itself has for a picture.
    kept_share : float
        Share of the variance that the points hold.
    line : (n, 1) float64 or None
        Place along the straight line through the mean points of the two answers; None with one answer only.
    line_share : float or None
        Share of all variance that lies along this line.
    """

    points: np.ndarray
    n_features: int
    kept_share: float
    line: np.ndarray | None
    line_share: float | None


def describe_space(deep_features: np.ndarray, is_polyp: np.ndarray) -> DeepSpace:
    """Turn deep features so that few numbers hold nearly all their variance, and find where the answers part.

    Parameters
    ----------
    deep_features : (n, d) float64
    is_polyp : (n,) bool
        What the network answered.

    Examples
    --------
    >>> deep = np.array([[0.0, 1.0], [0.0, -1.0], [4.0, 1.0], [4.0, -1.0]])
    >>> space = describe_space(deep, np.array([False, False, True, True]))
    >>> space.line.ravel().tolist(), space.line_share
    ([-2.0, -2.0, 2.0, 2.0], 0.8)
    """
    centred = deep_features - deep_features.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    held = np.cumsum(sizes**2) / np.sum(sizes**2)
    n_kept = int(np.searchsorted(held, KEPT_SHARE)) + 1
    points, kept_share = left[:, :n_kept] * sizes[:n_kept], float(held[min(n_kept, len(held)) - 1])
    if is_polyp.all() or not is_polyp.any():
        return DeepSpace(points, deep_features.shape[1], kept_share, None, None)
    direction = centred[is_polyp].mean(axis=0) - centred[~is_polyp].mean(axis=0)
    line = centred @ (direction / np.linalg.norm(direction))
    share = float((line**2).sum() / (centred**2).sum())
    return DeepSpace(points, deep_features.shape[1], kept_share, line[:, None], share)
