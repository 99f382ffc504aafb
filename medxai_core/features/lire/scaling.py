"""Scale a picture's linear grey the way Java2D does: bilinear and nearest neighbour, in fixed point.

Neither averages: a large picture is sampled, not smoothed. That aliasing is part of the features.
Only the pixels that are needed are turned into grey.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numba
import numpy as np

from medxai_core.features.lire.linear_grey import sample_linear_grey


def scale_bilinear(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale the linear grey of a picture with Java2D's bilinear interpolation.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.
    width, height : int
        Size of the result in pixels, at least 1.

    Returns
    -------
    ndarray, (height, width) uint8
        Scaled linear grey, 0..255.
    """
    top, bottom, ey = _place_bilinear(image.shape[0], height)
    left, right, ex = _place_bilinear(image.shape[1], width)
    rows, columns = np.concatenate([top, bottom]), np.concatenate([left, right])
    return _blend(sample_linear_grey(image, rows, columns), ey, ex)


def scale_nearest(image: np.ndarray, width: int, height: int, *, keep: int) -> np.ndarray:
    """Scale the linear grey of a picture to the nearest pixel, as Java2D does, and keep the top left.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.
    width, height : int
        Size of the whole scaled picture in pixels; 0 gives an empty result.
    keep : int
        Rows and columns of it to keep, from the top left.

    Returns
    -------
    ndarray, (min(height, keep), min(width, keep)) uint8
        Scaled linear grey, 0..255.
    """
    bits = 31 - (image.shape[0] | image.shape[1]).bit_length()
    rows = _place_nearest(image.shape[0], height, bits=bits, keep=keep)
    columns = _place_nearest(image.shape[1], width, bits=bits, keep=keep)
    return sample_linear_grey(image, rows, columns)


@numba.njit(cache=True, nogil=True)
def _blend(samples, ey, ex):
    """Return the samples (2 h, 2 w) uint8, upper and lower by left and right, blended by weights 0..255: (h, w)."""
    h, w = ey.size, ex.size
    blended = np.empty((h, w), np.uint8)
    for y in range(h):
        for x in range(w):
            a, b = np.int64(samples[y, x]), np.int64(samples[h + y, x])
            upper = 256 * a + (samples[y, w + x] - a) * ex[x]
            lower = 256 * b + (samples[h + y, w + x] - b) * ex[x]
            blended[y, x] = (256 * upper + (lower - upper) * ey[y] + 32768) >> 16
    return blended


@lru_cache(maxsize=64)  # the pictures of a study have few sizes
def _place_bilinear(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lower and upper source index and the weight of the upper one (0..255) of m targets in n."""
    step = 1 / (m / n)  # two divisions: n / m alone rounds differently
    position = int(0.5 * step * 2**32) + np.arange(m, dtype=np.int64) * int(step * 2**32) - 2**31
    k = position >> 32
    return np.maximum(k, 0), np.minimum(k + 1, n - 1), (position >> 24) & 255


def _place_nearest(n: int, m: int, *, bits: int, keep: int) -> np.ndarray:
    """Return the source index of the first `keep` of m targets in n samples."""
    if m == 0:
        return np.zeros(0, dtype=np.int64)
    step = (n / m) * 2**bits
    return (math.ceil(0.5 * step - 0.5) + np.arange(min(m, keep), dtype=np.int64) * int(step)) >> bits
