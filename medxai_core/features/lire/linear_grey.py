"""Linear-light grey: the grey that Tamura and LuminanceLayout see.

LIRE reads both from a Java grey image, whose grey is luminance in linear light, 8 bits, much darker than
the usual grey: (128, 128, 128) gives 55, and all of 0..6 give 0. Dark mucosa is crushed; published numbers
show it, so it is reproduced here to the last bit, for all 16,777,216 colours.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_M = 1 + 32767 / 32768  # Java's XYZ range, 0..1.99997


def _make_light_table() -> np.ndarray:
    """Return the linear light of each 8-bit value: (256,) float64, 0..1, each a float32 number."""
    curve = []
    for i in range(1024):
        u = i / 1023
        light = u / 12.92 if u <= 0.04045 else ((u + 0.055) / 1.055) ** 2.4
        curve.append(math.floor(65535 * light + 0.5))
    table = np.empty(256, dtype=np.float32)
    for value in range(256):
        t = 257 * 1023 * value
        t += (t + 32767) // 65535
        k, r = t >> 16, t & 65535
        table[value] = curve[k] + (((curve[min(k + 1, 1023)] - curve[k]) * r + 32768) >> 16)
    return (table / np.float32(65535)).astype(np.float64)


_LIGHT = _make_light_table()
_RED = _LIGHT * (14574 / 65536 / _M)
_GREEN = _LIGHT * (46992 / 65536 / _M)
_BLUE = _LIGHT * (3971 / 65536 / _M)


# float64 -> float32 -> float64 is meant: Java keeps the sum and the scaled sum as float. No fastmath.
@numba.njit(cache=True, nogil=True)
def _fill_linear_grey(image, rows, columns, grey):
    """Fill `grey` with the linear grey of the picture at rows x columns."""
    for i in range(rows.size):
        for j in range(columns.size):
            y, x = rows[i], columns[j]
            total = np.float32(_RED[image[y, x, 0]] + _GREEN[image[y, x, 1]] + _BLUE[image[y, x, 2]])
            scaled = np.float32(np.float64(total) * _M)
            q = min(65535, int(math.floor(np.float64(scaled) * 65535 + 0.5)))
            grey[i, j] = (q * 65281 + 8388608) >> 24


def sample_linear_grey(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Compute the linear grey at the crossings of some rows and columns of a picture.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.
    rows : ndarray, (h,) int64
        Rows to read, 0..H-1, in any order, with repeats.
    columns : ndarray, (w,) int64
        Columns to read, 0..W-1, in any order, with repeats.

    Returns
    -------
    ndarray, (h, w) uint8
        Linear grey, 0..255.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((2, 2, 3), 128, dtype=np.uint8)
    >>> sample_linear_grey(image, np.array([0]), np.array([0, 1])).tolist()
    [[55, 55]]
    """
    grey = np.empty((rows.size, columns.size), dtype=np.uint8)
    _fill_linear_grey(image, rows, columns, grey)
    return grey


def compute_linear_grey(image: np.ndarray) -> np.ndarray:
    """Compute the linear grey of every pixel.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (H, W) uint8
        Linear grey, 0..255.
    """
    height, width = image.shape[:2]
    return sample_linear_grey(image, np.arange(height), np.arange(width))
