"""Find pictures that are near copies of one another, so that they fall into one split.

A near copy is the same view: saved again, scaled, cut at the edge by about a hundredth of its side, a little
brighter or darker, or the next frame of a still scene. Another view of the same polyp is none.

Two pictures are near copies when their *details* agree: the 16x16 grey values less the smooth surface of
second degree through them. Light fall-off and the round frame of an endoscope make any two pictures alike;
the details do not. On the 800 pictures of Kvasir-SEG in development, details of cut copies correlate 0.951 or
more, of saved, scaled and brightened ones 0.999; of three pairs of successive frames 0.99 or more, and of all
other pairs at most 0.915.

Comparing all pairs would take hours for 110,000 pictures. Candidates are pictures with equal bits in one of
eight bands of two difference hashes: two copies may differ in many bits, but rarely in every band.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from medxai_core.images import compute_luma

SIDE = 16
N_VALUES = SIDE * SIDE
MIN_DETAIL_CORRELATION = 0.94
MAX_GREY_DIFFERENCE = 8.0
"""Largest mean absolute difference of near copies, in grey levels, after their means are made equal."""
MIN_DETAIL_SPREAD = 1.5
"""Standard deviation of the details, in grey levels, below which a picture counts as empty."""
MAX_EMPTY_DIFFERENCE = 2.0
"""Largest mean absolute difference of two empty pictures, in grey levels."""

_MAX_DIFFERENT_BITS = 20
_MAX_STEPS = 64
_ROWS_AT_ONCE = 16_384
_PAIRS_AT_ONCE = 1024


def compute_signature(image: np.ndarray) -> np.ndarray:
    """Compute the 16x16 grey miniature of a picture, each value the mean of its area.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
        RGB.

    Returns
    -------
    signature : ndarray of shape (256,), uint8
        Row by row. Grey is 0.299 R + 0.587 G + 0.114 B.

    Examples
    --------
    >>> compute_signature(np.full((40, 60, 3), 7, np.uint8))[:3].tolist()
    [7, 7, 7]
    """
    grey = Image.fromarray(compute_luma(image))
    return np.array(grey.resize((SIDE, SIDE), Image.Resampling.BOX)).reshape(N_VALUES)


def compute_hash64(signatures: np.ndarray) -> np.ndarray:
    """Compute two 64-bit difference hashes of each signature's details: across and down.

    Parameters
    ----------
    signatures : ndarray of shape (n, 256), uint8

    Returns
    -------
    hashes : ndarray of shape (n, 2), uint64
        A bit is set where the details grow from one cell to the next, in an 8x9 (across) or 9x8 (down) grid.
        The 16 bits of a band, from the lowest, cover two columns of the 8x8 differences. Empty pictures
        (see `MIN_DETAIL_SPREAD`) have hash 0.
    """
    _check_signatures(signatures)
    hashes = np.empty((len(signatures), 2), np.uint64)
    for start in range(0, len(signatures), _ROWS_AT_ONCE):
        details = _compute_details(signatures[start : start + _ROWS_AT_ONCE])
        hashes[start : start + _ROWS_AT_ONCE] = _hash_details(details)
    return hashes


def find_near_duplicates(
    signatures: np.ndarray, *, on_progress: Callable[[int, int], None] | None = None
) -> list[tuple[int, int]]:
    """Find near copies among pictures.

    Parameters
    ----------
    signatures : ndarray of shape (n, 256), uint8
        From `compute_signature`, a row a picture.
    on_progress : callable or None, default None
        Called as ``on_progress(done, total)`` after each of eight passes.

    Returns
    -------
    pairs : list of (int, int)
        Sorted, the smaller position first. Enough pairs to join each group of near copies, n - 1 for a
        group of n, and not all its pairs, which for thousands of black frames would be millions.

    Notes
    -----
    Among more than 64 pictures with equal bits in a band, each is compared with the 64 that follow it in
    brightness: at most 8 * 64 comparisons a picture. Among 110,000 made-up mixtures of real pictures, with up
    to 4,655 in a band, this found as many of the 800 real copies as 512 comparisons did.
    """
    _check_signatures(signatures)
    kept, twins = _find_twins(signatures)
    compared = _prepare(signatures[kept])
    parents = np.arange(len(kept))
    found: list[tuple[int, int]] = []
    keys = compared.hashes.view(np.uint16)  # (n, 8): one column a band
    for band in range(keys.shape[1]):
        found += _search_band(keys[:, band], compared, parents)
        if on_progress is not None:
            on_progress(band + 1, keys.shape[1])
    pairs = twins + [(int(kept[first]), int(kept[second])) for first, second in found]
    return sorted((min(pair), max(pair)) for pair in pairs)


def group_near_duplicates(
    signatures: np.ndarray, *, on_progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Number the groups of near copies; a picture without copies is a group of its own.

    Parameters
    ----------
    signatures : ndarray of shape (n, 256), uint8
    on_progress : callable or None, default None

    Returns
    -------
    group_ids : ndarray of shape (n,), int64
        From 0, in the order in which the groups first appear.
    """
    return connect_pairs(len(signatures), find_near_duplicates(signatures, on_progress=on_progress))


def connect_pairs(n_items: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Number the groups of items that are joined by pairs, directly or through others.

    Parameters
    ----------
    n_items : int
    pairs : iterable of (int, int)
        Positions from 0 to n_items - 1.

    Returns
    -------
    group_ids : ndarray of shape (n_items,), int64
        From 0, in the order in which the groups first appear.

    Examples
    --------
    >>> connect_pairs(5, [(3, 1), (4, 3)]).tolist()
    [0, 1, 2, 1, 1]
    """
    parents = np.arange(n_items)
    for first, second in pairs:
        if not (0 <= first < n_items and 0 <= second < n_items):
            raise ValueError(f"pairs must name positions from 0 to {n_items - 1}; got ({first}, {second}).")
        _join(parents, first, second)
    _shorten(parents)
    return np.unique(parents, return_inverse=True)[1].astype(np.int64)  # roots are first members: in order


@dataclass(frozen=True)
class _Compared:
    """Hold what two pictures are compared by, a row a picture."""

    signatures: np.ndarray  # (n, 256) uint8
    means: np.ndarray  # (n,) float32
    details: np.ndarray  # (n, 256) float32, of unit length
    is_empty: np.ndarray  # (n,) bool
    hashes: np.ndarray  # (n, 2) uint64


def _check_signatures(signatures: np.ndarray) -> None:
    """Raise unless the array holds signatures."""
    if signatures.ndim != 2 or signatures.shape[1] != N_VALUES or signatures.dtype != np.uint8:
        raise ValueError(f"signatures must be (n, 256) uint8; got {signatures.shape} {signatures.dtype}.")


def _find_twins(signatures: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return the first position of each different signature, and the pairs (first, other) of equal ones."""
    rows = np.ascontiguousarray(signatures).view(np.dtype((np.void, N_VALUES))).reshape(-1)
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    firsts = first[inverse]
    others = np.flatnonzero(firsts != np.arange(len(rows)))
    return np.sort(first), list(zip(firsts[others].tolist(), others.tolist(), strict=True))


def _prepare(signatures: np.ndarray) -> _Compared:
    """Compute what the comparison needs of each picture."""
    n = len(signatures)
    details = np.empty((n, N_VALUES), np.float32)
    is_empty = np.empty(n, bool)
    hashes = np.empty((n, 2), np.uint64)
    for start in range(0, n, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        part = _compute_details(signatures[rows])
        hashes[rows] = _hash_details(part)
        is_empty[rows] = part.std(axis=1) < MIN_DETAIL_SPREAD
        details[rows] = part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6)
    return _Compared(signatures, signatures.mean(axis=1, dtype=np.float32), details, is_empty, hashes)


def _make_smooth_basis() -> np.ndarray:
    """Make six orthonormal columns (256, 6) that span all surfaces of second degree on the grid."""
    y, x = (axis.reshape(-1) for axis in np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j])
    return np.linalg.qr(np.stack([np.ones(N_VALUES), x, y, x * x, x * y, y * y], axis=1))[0]


def _make_narrowing(n_cells: int) -> np.ndarray:
    """Make the matrix (n_cells, 16) that averages 16 values over n_cells areas of equal width."""
    edges = np.linspace(0, SIDE, n_cells + 1)
    starts = np.arange(SIDE)
    overlaps = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return np.maximum(overlaps, 0) * n_cells / SIDE


_SMOOTH_BASIS = _make_smooth_basis()
_TO_8 = _make_narrowing(8)
_TO_9 = _make_narrowing(9)


def _compute_details(signatures: np.ndarray) -> np.ndarray:
    """Return the grey values less the surface of second degree fitted to them, (n, 256) float64."""
    values = signatures.astype(np.float64)
    return values - (values @ _SMOOTH_BASIS) @ _SMOOTH_BASIS.T


def _hash_details(details: np.ndarray) -> np.ndarray:
    """Return the hashes across and down, (n, 2) uint64."""
    grid = details.reshape(-1, SIDE, SIDE)
    across = np.diff(_TO_8 @ grid @ _TO_9.T, axis=2) > 0  # (n, 8, 8)
    down = np.diff(_TO_9 @ grid @ _TO_8.T, axis=1) > 0
    bits = np.stack([across, down], axis=1).transpose(0, 1, 3, 2)  # column by column
    hashes = np.packbits(bits.reshape(-1, 2, 64), axis=2, bitorder="little").view(np.uint64)[..., 0]
    return np.where(details.std(axis=1, keepdims=True) < MIN_DETAIL_SPREAD, np.uint64(0), hashes)


def _search_band(keys: np.ndarray, compared: _Compared, parents: np.ndarray) -> list[tuple[int, int]]:
    """Return new pairs of near copies among pictures with equal keys, and join them in `parents`."""
    order = np.lexsort((compared.means, keys))
    ordered_keys = keys[order]
    found: list[tuple[int, int]] = []
    places = np.arange(len(order))
    for step in range(1, _MAX_STEPS + 1):
        places = places[places < len(order) - step]
        places = places[ordered_keys[places] == ordered_keys[places + step]]
        if not len(places):
            break
        first, second = order[places], order[places + step]
        is_apart = parents[first] != parents[second]
        pairs = _confirm(first[is_apart], second[is_apart], compared)
        joined = [pair for pair in pairs if _join(parents, *pair)]
        if joined:
            _shorten(parents)
            found += joined
    return found


def _confirm(first: np.ndarray, second: np.ndarray, compared: _Compared) -> list[tuple[int, int]]:
    """Return the pairs of candidates that are near copies; the cheapest comparison comes first."""
    different = np.bitwise_count(compared.hashes[first] ^ compared.hashes[second]).sum(axis=1)
    likely = np.flatnonzero(different <= _MAX_DIFFERENT_BITS)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(likely), _PAIRS_AT_ONCE):
        part = likely[start : start + _PAIRS_AT_ONCE]
        a, b = _keep_same_details(first[part], second[part], compared)
        is_copy = _have_same_grey(a, b, compared)
        pairs += zip(a[is_copy].tolist(), b[is_copy].tolist(), strict=True)
    return pairs


def _keep_same_details(a: np.ndarray, b: np.ndarray, compared: _Compared) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs whose details agree, and those with an empty picture, which has none."""
    correlations = np.einsum("ij,ij->i", compared.details[a], compared.details[b])
    kept = (correlations >= MIN_DETAIL_CORRELATION) | compared.is_empty[a] | compared.is_empty[b]
    return a[kept], b[kept]


def _have_same_grey(a: np.ndarray, b: np.ndarray, compared: _Compared) -> np.ndarray:
    """Return whether the grey values of a[i] and b[i] agree; brightness counts for empty pictures only."""
    differences = compared.signatures[a].astype(np.float32) - compared.signatures[b]
    shifts = (compared.means[a] - compared.means[b])[:, None]
    same_view = np.abs(differences - shifts).mean(axis=1) <= MAX_GREY_DIFFERENCE
    same_grey = np.abs(differences).mean(axis=1) <= MAX_EMPTY_DIFFERENCE
    return np.where(compared.is_empty[a] | compared.is_empty[b], same_grey, same_view)


def _find_root(parents: np.ndarray, item: int) -> int:
    """Return the first member of an item's group."""
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = int(parents[item])
    return item


def _join(parents: np.ndarray, first: int, second: int) -> bool:
    """Join the groups of two items under the smaller root; return False when they are one already."""
    roots = sorted((_find_root(parents, first), _find_root(parents, second)))
    parents[roots[1]] = roots[0]
    return roots[0] != roots[1]


def _shorten(parents: np.ndarray) -> None:
    """Let every item point at the first member of its group."""
    while not np.array_equal(parents, parents[parents]):
        parents[:] = parents[parents]
