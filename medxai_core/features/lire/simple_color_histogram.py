"""SimpleColorHistogram: which colours fill the picture.

To a clinician: red mucosa, dark lumen, yellow stool, white glare, green overlays.
"""

from __future__ import annotations

import numba
import numpy as np

_N_COLORS = 64
_LEVEL = ((2 * np.arange(256) + 85) // 170).astype(np.uint8)  # round(value / 85), 0..3


def extract_simple_color_histogram(image: np.ndarray) -> np.ndarray:
    """Compute LIRE's SimpleColorHistogram of a picture.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (64,) float64
        Index 16 * red + 4 * green + blue, each in four levels (0..42, 43..127, 128..212, 213..255).
        Whole numbers 0..255, relative to the fullest bin, which is 255.

    Notes
    -----
    LIRE overflows when one bin holds more than 8,421,504 pixels, and gives a negative number. Not reproduced.
    """
    counts = _count_colors(image.reshape(-1, 3))
    return (counts * 255 // counts.max()).astype(np.float64)


@numba.njit(cache=True, nogil=True)
def _count_colors(pixels):
    """Return the number of pixels in each of the 64 colours: (64,) int64."""
    counts = np.zeros((4, _N_COLORS), np.int64)  # four in turn: equal neighbours need not wait for each other
    for i in range(pixels.shape[0]):
        red, green, blue = _LEVEL[pixels[i, 0]], _LEVEL[pixels[i, 1]], _LEVEL[pixels[i, 2]]
        counts[i & 3, 16 * red + 4 * green + blue] += 1
    return counts.sum(axis=0)
