"""The loops over pixels behind the search for burned-in text: compiled, outside Python's lock, without large copies."""

from __future__ import annotations

import numba
import numpy as np

_HALF = 1 << 23  # rounds a number in 2**-24
_PARENT = 5  # column of a shape: the shape that it is a part of; itself if it stands alone


@numba.njit(cache=True, nogil=True)
def mark_bright(grey, around, brighter, bright, is_bright):
    """Mark the pixels that are bright, and brighter than the mean of the square around them.

    Parameters
    ----------
    grey : ndarray of shape (H, W), uint8
    around : int
        Pixels on each side of the square. The mean is that of Pillow's ``BoxBlur(around)``, to the bit.
    brighter : int
        Brighter than the mean by more than this.
    bright : int
        Brighter than this.
    is_bright : ndarray of shape (H, W), bool
        Filled in.
    """
    h, w = grey.shape
    whole, part = _share_mean(around)
    means, sums, mean = _average_rows(grey, around), np.zeros(w, np.int32), np.empty(w, np.int32)
    for y in range(-around, around + 1):
        sums += means[min(max(y, 0), h - 1)]
    for y in range(h):
        first, last = means[max(y - around - 1, 0)], means[min(y + around + 1, h - 1)]
        leaving = means[max(y - around, 0)]
        for x in range(w):
            mean[x] = (sums[x] * whole + (np.int64(first[x]) + last[x]) * part + _HALF) >> 24
        for x in range(w):
            is_bright[y, x] = (grey[y, x] > bright) & (grey[y, x] - mean[x] > brighter)
            sums[x] += np.int32(last[x]) - np.int32(leaving[x])


@numba.njit(cache=True, nogil=True)
def _share_mean(around):
    """Return what Pillow multiplies the sum of a box by, and the two pixels beside it, in 2**-24."""
    whole = (1 << 24) // (2 * around + 1)
    return whole, ((1 << 24) - (2 * around + 1) * whole) // 2


@numba.njit(cache=True, nogil=True)
def _average_rows(grey, around):
    """Return the means along each row; beyond the edge its pixel is repeated."""
    h, w = grey.shape
    whole, part = _share_mean(around)
    means = np.empty((h, w), np.uint8)
    row, sums = np.empty(w + 2 * around + 2, np.int32), np.empty(w, np.int32)
    for y in range(h):
        row[: around + 1], row[w + around + 1 :] = grey[y, 0], grey[y, w - 1]
        row[around + 1 : w + around + 1] = grey[y]
        total = row[1 : 2 * around + 2].sum()
        for x in range(w):
            sums[x] = total
            total += row[x + 2 * around + 2] - row[x + 1]
        for x in range(w):
            beside = np.int64(row[x]) + row[x + 2 * around + 2]
            means[y, x] = (sums[x] * whole + beside * part + _HALF) >> 24
    return means


@numba.njit(cache=True, nogil=True)
def find_shapes(is_in):
    """Find the shapes of pixels that touch, also at a corner.

    Parameters
    ----------
    is_in : ndarray of shape (H, W), bool

    Returns
    -------
    shapes : ndarray of shape (n, 5), int64
        x0, y0, x1, y1 and the number of pixels; x1 and y1 are outside. In the order of their first pixels, row by
        row.
    """
    h, w = is_in.shape
    shapes, n_shapes = np.empty((256, 6), np.int64), 0
    runs = np.empty((2, w // 2 + 1, 3), np.int64)  # of two rows: start, stop, shape
    n_above = 0
    for y in range(h):
        above, here = runs[1 - y % 2], runs[y % 2]
        n_here = _find_runs(is_in[y], here)
        while n_shapes + n_here > len(shapes):
            shapes = np.concatenate((shapes, np.empty_like(shapes)))
        for at in range(n_here):
            n_shapes = _place_run(shapes, n_shapes, y, here[at], above[:n_above])
        n_above = n_here
    return _keep_whole(shapes[:n_shapes])


@numba.njit(cache=True, nogil=True)
def _find_runs(row, runs):
    """Fill in start and stop of the runs of a row, and return how many there are."""
    is_any = False
    for x in range(len(row)):  # most rows have none: several pixels are looked at at once
        is_any |= row[x]
    n_runs, was_in = 0, False
    for x in range(len(row) if is_any else 0):
        if row[x] and not was_in:
            runs[n_runs, 0] = x
            n_runs += 1
        if row[x]:
            runs[n_runs - 1, 1] = x + 1
        was_in = row[x]
    return n_runs


@numba.njit(cache=True, nogil=True)
def _place_run(shapes, n_shapes, y, run, above):
    """Say which shape a run belongs to, a new one or one that it touches in the row above; return the number."""
    start, stop = run[0], run[1]
    shape, box = n_shapes, shapes[n_shapes]
    box[0], box[1], box[2], box[3], box[4], box[_PARENT] = start, y, stop, y + 1, stop - start, shape
    for at in range(len(above)):
        if above[at, 0] > stop:
            break
        if above[at, 1] >= start:  # one after the other, or beside a corner
            shape = _join(shapes, shape, _find_root(shapes, above[at, 2]))
    run[2] = shape
    return n_shapes + 1 if shape == n_shapes else n_shapes  # a part of a shape above needs no place of its own


@numba.njit(cache=True, nogil=True)
def _find_root(shapes, shape):
    """Return the shape that a shape is a part of."""
    while shapes[shape, _PARENT] != shape:
        shape = shapes[shape, _PARENT]
    return shape


@numba.njit(cache=True, nogil=True)
def _join(shapes, one, other):
    """Make two whole shapes one, under the earlier of both, and return it."""
    if one == other:
        return one
    root, part = min(one, other), max(one, other)
    shapes[part, _PARENT] = root
    for side in range(2):
        shapes[root, side] = min(shapes[root, side], shapes[part, side])
        shapes[root, 2 + side] = max(shapes[root, 2 + side], shapes[part, 2 + side])
    shapes[root, 4] += shapes[part, 4]
    return root


@numba.njit(cache=True, nogil=True)
def _keep_whole(shapes):
    """Return the first five columns of the shapes that are part of no other."""
    n_whole = 0
    for shape in range(len(shapes)):
        if shapes[shape, _PARENT] == shape:
            shapes[n_whole] = shapes[shape]
            n_whole += 1
    return shapes[:n_whole, :_PARENT].copy()
