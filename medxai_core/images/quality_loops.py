"""The loops over pixels behind the quality of a picture: compiled, outside Python's lock, without large copies."""

from __future__ import annotations

import numba
import numpy as np

_RED, _GREEN, _BLUE = 19595, 38470, 7471  # Pillow's weights of grey, in 65536ths


@numba.njit(cache=True, nogil=True)
def fill_luma(image, luma):
    """Fill in the grey of each pixel, the same bits as Pillow's ``convert("L")``.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
    luma : ndarray of shape (H, W), uint8
        Filled in.
    """
    for y in range(luma.shape[0]):
        for x in range(luma.shape[1]):
            red, green, blue = np.uint32(image[y, x, 0]), np.uint32(image[y, x, 1]), np.uint32(image[y, x, 2])
            luma[y, x] = np.uint32(_RED * red + _GREEN * green + _BLUE * blue + 0x8000) >> 16


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
    seen = np.zeros(w + 2, np.uint8)  # whether a column is visible in three rows; one more column on either side
    padded, values = np.zeros(w + 2, np.uint8), np.zeros(w, np.int32)
    seen[0], seen[w + 1] = 1, 1
    for y in range(h):
        up, down = max(y - 1, 0), min(y + 1, h - 1)
        padded[1 : w + 1] = luma[y]
        padded[0], padded[w + 1] = luma[y, 0], luma[y, w - 1]
        for x in range(w):
            seen[x + 1] = 1 - (border[up, x] | border[y, x] | border[down, x])
        for x in range(w):  # without a branch, so that several pixels are done at once
            is_inner = np.int32(seen[x] & seen[x + 1] & seen[x + 2])
            around = np.int32(luma[up, x]) + luma[down, x] + padded[x] + padded[x + 2]
            values[x] = (around - 4 * np.int32(padded[x + 1])) * is_inner
            n += int(is_inner)
        for x in range(w):
            total += values[x]
            squares += np.int64(values[x]) * values[x]
    return n, total, squares
