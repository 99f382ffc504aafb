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


def _sum_differences(grey: np.ndarray, k: int) -> np.ndarray:
    """Return the larger difference of window sums, right - left or below - above: (h-2, w-2) int64."""
    side, offset = 4**k, 2 ** (k - 1)
    before, after = 2 * offset, side
    padded = np.pad(grey, ((before, after), (before, after)), mode="edge").astype(np.int64)
    table = np.pad(padded.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    sums = table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]
    h, w = grey.shape
    # sums[y, x] starts 2 offsets up and left of (x, y): that is the window of the pixel one offset before
    here_y, here_x = slice(1 + offset, h - 1 + offset), slice(1 + offset, w - 1 + offset)
    right, left = sums[here_y, 1 + 2 * offset : w - 1 + 2 * offset], sums[here_y, 1 : w - 1]
    lower, upper = sums[1 + 2 * offset : h - 1 + 2 * offset, here_x], sums[1 : h - 1, here_x]
    return np.maximum(np.abs(right - left), np.abs(lower - upper))


def _compute_coarseness(grey: np.ndarray) -> float:
    """Return the mean best window (2 or 4) over the interior, by the number of all pixels."""
    # E_1 = differences / 4, E_2 = differences / 16: compared as whole numbers
    coarse = _sum_differences(grey, 2) > 4 * _sum_differences(grey, 1)
    total = 2 * coarse.size + 2 * int(coarse.sum())
    return (1.0 / grey.size) * total


def _compute_contrast(grey: np.ndarray) -> float:
    """Return sd / F^0.25 with F = sum of fourth powers / sd^4, or 0 when flat."""
    mean = int(grey.sum(dtype=np.int64)) / grey.size
    values = grey.T.ravel()  # column after column
    deviations = np.arange(256) - mean  # of each grey there is
    sd = math.sqrt(_add_up((deviations * deviations)[values]) / grey.size)
    if sd == 0:
        return 0.0
    fourth_powers = np.array([math.pow(deviation, 4) for deviation in deviations.tolist()])
    return sd / math.pow(_add_up(fourth_powers[values]) / math.pow(sd, 4), 0.25)


def _add_up(values: np.ndarray) -> float:
    """Return the sum taken strictly from first to last (np.sum goes by pairs)."""
    return float(np.add.accumulate(values)[-1])


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
