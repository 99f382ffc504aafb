"""The one pass over a heat map behind all thresholds: compiled, reads the picture once and copies nothing."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def count_by_level(heatmap, truth, top, round_up, counts):
    """Count pixels by level of heat, in the polyp and outside it.

    Parameters
    ----------
    heatmap : ndarray of shape (H, W), float32 or float64
        Levels are ``floor(clip(h, 0, 1) * top + round_up)``, in float64.
    truth : ndarray of shape (H, W), bool
    top : int
        The highest level.
    round_up : float
    counts : ndarray of shape (2, top + 1), int32
        Filled in: [is polyp, level].

    Returns
    -------
    low, high : float
        The lowest and highest heat; NaN where the map holds NaN: then the counts are not complete.
    """
    low, high = np.inf, -np.inf
    for y in range(heatmap.shape[0]):
        for x in range(heatmap.shape[1]):
            heat = np.float64(heatmap[y, x])
            if heat != heat:
                return heat, heat
            low, high = min(low, heat), max(high, heat)
            counts[np.int64(truth[y, x]), np.int64(min(max(heat, 0.0), 1.0) * top + round_up)] += 1
    return low, high
