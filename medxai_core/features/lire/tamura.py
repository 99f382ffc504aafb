"""Tamura: how coarse the surface pattern is, how strong its contrast, and which way it runs.

To a clinician: pit pattern, mucosal texture, blur. Everything is read from a thumbnail of at most 64 pixels.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from medxai_core.features.lire.linear_grey import compute_linear_grey
from medxai_core.features.lire.scaling import scale_bilinear

_N_DIRECTIONS = 16
_SIDE = 64.0


def extract_tamura(image: np.ndarray) -> np.ndarray:
    """Compute LIRE's Tamura features of a picture: coarseness, contrast and 16 directions.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (18,) float64
        0: coarseness, 0..4. 1: contrast, from 0. 2..17: number of thumbnail pixels by direction of the edge
        there, in steps of 0.2 rad; bin 0 holds flat places too.

    Notes
    -----
    Departs from the paper as LIRE does: windows of side 4^k summed and divided by 4^k, a contrast that is
    smaller by the fourth root of the number of pixels, counts and not shares of directions.

    References
    ----------
    Tamura, Mori, Yamawaki (1978), Textural features corresponding to visual perception.
    doi:10.1109/TSMC.1978.4309999
    """
    grey = make_thumbnail(image)
    numbers = np.zeros(2 + _N_DIRECTIONS)
    numbers[1] = _compute_contrast(grey)
    if min(grey.shape) > 2:
        numbers[0] = _compute_coarseness(grey)
        numbers[2:] = _count_directions(grey)
    return numbers


def make_thumbnail(image: np.ndarray) -> np.ndarray:
    """Scale the linear grey of a picture to a longer side of 64 pixels, as Tamura does.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (h, w) uint8
        Thumbnail, 0..255. A picture of at most 64 pixels, or so thin that its shorter side would be 1,
        is not scaled.
    """
    height, width = image.shape[:2]
    factor = _SIDE / max(width, height)
    w, h = math.floor(width * factor + 0.5), math.floor(height * factor + 0.5)
    if factor < 1 and w > 1 and h > 1:
        return scale_bilinear(image, w, h)
    return compute_linear_grey(image)


@numba.njit(cache=True, nogil=True)
def _sum_up(grey, before, after):
    """Return sums over all rectangles from the top left, (h + before + after + 1, w + ...) int64.

    Around the picture, `before` and `after` pixels wide, its edge is repeated.
    """
    h, w = grey.shape
    table = np.zeros((h + before + after + 1, w + before + after + 1), np.int64)
    for y in range(table.shape[0] - 1):
        row, total = grey[min(max(y - before, 0), h - 1)], 0
        for x in range(table.shape[1] - 1):
            total += row[min(max(x - before, 0), w - 1)]
            table[y + 1, x + 1] = table[y, x + 1] + total
    return table


@numba.njit(cache=True, nogil=True)
def _get_window(table, y, x, side):
    """Return the sum of the window of this side whose first row and column in the table's picture are y and x."""
    return table[y + side, x + side] - table[y, x + side] - table[y + side, x] + table[y, x]


@numba.njit(cache=True, nogil=True)
def _find_difference(table, y, x, k):
    """Return the larger difference of window sums at a pixel: right - left or below - above."""
    side, offset = 4**k, 2 ** (k - 1)
    # the table's picture begins 2 offsets before the picture
    right, left = _get_window(table, y + offset, x + 2 * offset, side), _get_window(table, y + offset, x, side)
    lower, upper = _get_window(table, y + 2 * offset, x + offset, side), _get_window(table, y, x + offset, side)
    return max(abs(right - left), abs(lower - upper))


@numba.njit(cache=True, nogil=True)
def _compute_coarseness(grey):
    """Return the mean best window (2 or 4) over the interior, by the number of all pixels."""
    h, w = grey.shape
    fine, coarse = _sum_up(grey, 2, 4), _sum_up(grey, 4, 16)
    total = 0
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            # E_1 = differences / 4, E_2 = differences / 16: compared as whole numbers
            is_coarse = _find_difference(coarse, y, x, 2) > 4 * _find_difference(fine, y, x, 1)
            total += 4 if is_coarse else 2
    return (1.0 / grey.size) * total


# Both sums go strictly from first to last, column after column, as LIRE's do. No fastmath.
@numba.njit(cache=True, nogil=True)
def _compute_contrast(grey):
    """Return sd / F^0.25 with F = sum of fourth powers / sd^4, or 0 when flat."""
    h, w = grey.shape
    mean = grey.sum() / grey.size
    powers = np.array([math.pow(value - mean, 4.0) for value in range(256)])  # of each grey there is
    squares, fourths = 0.0, 0.0
    for x in range(w):
        for y in range(h):
            deviation = grey[y, x] - mean
            squares += deviation * deviation
            fourths += powers[grey[y, x]]
    sd = math.sqrt(squares / grey.size)
    return sd / math.pow(fourths / math.pow(sd, 4.0), 0.25) if sd > 0 else 0.0


@numba.njit(cache=True, nogil=True)
def _count_directions(grey):
    """Return how many interior pixels fall in each bin of direction: (16,) int64."""
    counts = np.zeros(_N_DIRECTIONS, np.int64)
    h, w = grey.shape
    g = grey.astype(np.int32)
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            right = g[y - 1, x + 1] + g[y, x + 1] + g[y + 1, x + 1]
            left = g[y - 1, x - 1] + g[y, x - 1] + g[y + 1, x - 1]
            lower = g[y + 1, x - 1] + g[y + 1, x] + g[y + 1, x + 1]
            upper = g[y - 1, x - 1] + g[y - 1, x] + g[y - 1, x + 1]
            dx, dy = right - left, lower - upper
            if dy != 0:
                counts[int((math.pi / 2 + math.atan(dx / dy)) / 0.2)] += 1
            else:
                counts[15 if dx > 0 else 0] += 1
    return counts
