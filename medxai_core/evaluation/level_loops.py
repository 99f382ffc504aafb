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
    counts : ndarray of shape (2, 2 * (top + 1)), int32
        Filled in; the sum of both rows is [levels outside the polyp, levels in it]. Neighbours are mostly of one
        level: counted into one row, each would wait for the one before.

    Returns
    -------
    n_outside : int
        Pixels that are not in [0, 1], counted at its ends; those that are no number are among them.
    """
    height, width = heatmap.shape
    places = np.empty(width + width % 2, np.int32)
    n_outside = 0
    for y in range(height):
        for x in range(width):
            heat = np.float64(heatmap[y, x])
            n_outside += 0 if 0.0 <= heat <= 1.0 else 1
            heat = heat if heat > 0.0 else np.float64(0.0)  # also where it is no number
            heat = heat if heat < 1.0 else np.float64(1.0)
            places[x] = np.int32(heat * top + round_up) + np.int32(truth[y, x]) * np.int32(top + 1)
        for x in range(0, width - 1, 2):
            counts[0, places[x]] += 1
            counts[1, places[x + 1]] += 1
        if width % 2:
            counts[0, places[width - 1]] += 1
    return n_outside
