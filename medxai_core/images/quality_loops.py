"""The loops over pixels behind the quality of a picture: compiled, outside Python's lock, without large copies."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def _is_black(pixel, black):
    """Say whether no channel of a pixel is above `black`."""
    return pixel[0] <= black and pixel[1] <= black and pixel[2] <= black


@numba.njit(cache=True, nogil=True)
def fill_border(image, black, border):
    """Mark the pixels that are black and connected to the edge of the picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
    black : int
        A pixel whose largest channel is at most this is black.
    border : ndarray of shape (H, W), bool
        All False; filled in. Connected means beside one another, not across a corner.
    """
    h, w = border.shape
    waiting = np.empty(h * w, np.int64)  # pixels whose neighbours are still to be looked at
    n_waiting = 0
    for y in range(h):
        for x in range(0, w, 1 if y in (0, h - 1) else max(w - 1, 1)):
            if not border[y, x] and _is_black(image[y, x], black):
                border[y, x], waiting[n_waiting] = True, y * w + x
                n_waiting += 1
    while n_waiting:
        n_waiting -= 1
        y0, x0 = divmod(waiting[n_waiting], w)
        for y, x in ((y0 - 1, x0), (y0 + 1, x0), (y0, x0 - 1), (y0, x0 + 1)):
            if 0 <= y < h and 0 <= x < w and not border[y, x] and _is_black(image[y, x], black):
                border[y, x], waiting[n_waiting] = True, y * w + x
                n_waiting += 1


@numba.njit(cache=True, nogil=True)
def count_grey(luma, border):
    """Return how many visible pixels have each grey.

    Parameters
    ----------
    luma : ndarray of shape (H, W), uint8
    border : ndarray of shape (H, W), bool
        What is not visible.

    Returns
    -------
    counts : ndarray of shape (256,), int64
    """
    counts = np.zeros(256, np.int64)
    for y in range(luma.shape[0]):
        for x in range(luma.shape[1]):
            if not border[y, x]:
                counts[luma[y, x]] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def sum_laplacian(luma, border):
    """Sum the Laplacian over the pixels whose eight neighbours are visible.

    Parameters
    ----------
    luma : ndarray of shape (H, W), uint8
        Its edge is repeated outside.
    border : ndarray of shape (H, W), bool
        What is not visible. Outside the picture counts as visible.

    Returns
    -------
    n, total, squares : int
        Pixels, sum and sum of squares: whole numbers, exact.
    """
    h, w = luma.shape
    n, total, squares = 0, 0, 0
    for y in range(h):
        up, down = max(y - 1, 0), min(y + 1, h - 1)
        hidden = border[up] | border[y] | border[down]
        for x in range(w):
            left, right = max(x - 1, 0), min(x + 1, w - 1)
            if not (hidden[left] | hidden[x] | hidden[right]):
                around = np.int64(luma[up, x]) + luma[down, x] + luma[y, left] + luma[y, right]
                value = around - 4 * np.int64(luma[y, x])
                n, total, squares = n + 1, total + value, squares + value * value
    return n, total, squares
