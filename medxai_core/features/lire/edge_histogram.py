"""EdgeHistogram: in each of 4 x 4 regions, how often brightness changes sharply, and in which direction.

To a clinician: folds, vessels, instrument edges, the picture's frame.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_THRESHOLD = 11.0  # a block whose strongest edge is weaker than this has no edge

# MPEG-7 quantisation: one row a kind (vertical, horizontal, 45, 135 degrees, non-directional).
_LEVELS = np.array(
    [
        [0.010867, 0.057915, 0.099526, 0.144849, 0.195573, 0.260504, 0.358031, 0.530128],
        [0.012266, 0.069934, 0.125879, 0.182307, 0.243396, 0.314563, 0.411728, 0.564319],
        [0.004193, 0.025852, 0.046860, 0.068519, 0.093286, 0.123490, 0.161505, 0.228960],
        [0.004174, 0.025924, 0.046232, 0.067163, 0.089655, 0.115391, 0.151904, 0.217745],
        [0.006778, 0.051667, 0.108650, 0.166257, 0.224226, 0.285691, 0.356375, 0.450972],
    ]
)
_BORDERS = (_LEVELS[:, :-1] + _LEVELS[:, 1:]) / 2  # (5, 7)


def extract_edge_histogram(image: np.ndarray) -> np.ndarray:
    """Compute LIRE's EdgeHistogram of a picture.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (80,) float64
        Index 5 * region + kind. Regions row by row; kinds: vertical, horizontal, 45 degrees, 135 degrees,
        non-directional. Each a whole number 0..7, a step of the share of the region's blocks.

    Notes
    -----
    A region without a block (tiny pictures) gives 7, as in LIRE, not 0.

    References
    ----------
    Manjunath, Ohm, Vasudevan, Yamada (2001), Color and texture descriptors. doi:10.1109/76.927424
    """
    height, width = image.shape[:2]
    size = max(2, 2 * (int(math.sqrt(width * height / 1100)) // 2))
    counts, blocks = _count_edges(image, size)
    # p > border, but a share of no block at all counts as more than every border
    shares = np.full(counts.shape, np.inf)
    np.divide(counts, blocks[:, None], out=shares, where=blocks[:, None] > 0)
    return (shares[:, :, None] > _BORDERS).sum(axis=2).astype(np.float64).ravel()


@numba.njit(cache=True, nogil=True)
def _add_luma(row, sums):
    """Add the luma (16..234) of one row of pixels to `sums`."""
    for x in range(sums.size):
        luma = 0.299 * row[x, 0] + 0.587 * row[x, 1] + 0.114 * row[x, 2]
        sums[x] += np.int32(219.0 * (luma / 256.0) + 16.5)


@numba.njit(cache=True, nogil=True)
def _find_edge(a, b, c, d):
    """Return the kind of edge (0..4) of a block from the means of its quarters, or -1."""
    root = math.sqrt(2.0)
    kind, strongest = 0, abs(a - b + c - d)
    others = (abs(a + b - c - d), abs(root * a - root * d), abs(root * b - root * c),
              abs(2.0 * a - 2.0 * b - 2.0 * c + 2.0 * d))  # fmt: skip
    for i in range(4):
        if others[i] > strongest:
            kind, strongest = i + 1, others[i]
    return kind if strongest >= _THRESHOLD else -1


@numba.njit(cache=True, nogil=True)
def _count_edges(image, size):
    """Return edges by region and kind (16, 5) and blocks by region (16,), int64."""
    height, width = image.shape[:2]
    half, across = size // 2, width // size
    share = 4.0 / (size * size)
    counts, blocks = np.zeros((16, 5), np.int64), np.zeros(16, np.int64)
    for top in range(0, height - size + 1, size):
        columns = np.zeros((2, across * size), np.int32)  # luma of the upper and lower half, column by column
        for y in range(size):
            _add_luma(image[top + y], columns[y // half])
        for block in range(across):
            left = block * size
            middle, right = left + half, left + size
            region = 4 * left // width + 4 * (4 * top // height)
            a, b = columns[0, left:middle].sum() * share, columns[0, middle:right].sum() * share
            c, d = columns[1, left:middle].sum() * share, columns[1, middle:right].sum() * share
            kind = _find_edge(a, b, c, d)
            blocks[region] += 1
            if kind >= 0:
                counts[region, kind] += 1
    return counts, blocks
