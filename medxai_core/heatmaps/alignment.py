"""From a raw map to a heat map of the picture: enlarge it to the right place, then scale it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from medxai_core.models import BlockFacts

# A map whose values differ by less than this share of the largest one says nothing: float32 rounding.
_BLANK_SPREAD = 1e-6


def upsample_heatmap(
    raw: np.ndarray,
    size: tuple[int, int],
    *,
    facts: BlockFacts | None = None,
    input_size: int | None = None,
    align: bool = True,
) -> np.ndarray:
    """Enlarge raw maps to the size of the picture, bilinearly.

    Parameters
    ----------
    raw : ndarray (h, w) or (N, h, w) float32
        Raw maps of one block.
    size : tuple of int (H, W)
        Size of the picture, in pixels.
    facts : BlockFacts, optional
        Where the block's cells look, with a learned shift or without; needed to align.
    input_size : int, optional
        Side of the square input that the picture was resized to; needed to align.
    align : bool, default True
        True: each cell is put where it looks. False: plain resizing as in the paper, which can shift the
        map (by half a cell for blocks 8-15 of b1).

    Returns
    -------
    ndarray (H, W) or (N, H, W) float32
        Enlarged maps, in the units of `raw`. Outside the outermost centres the edge value goes on.

    Raises
    ------
    ValueError
        If sizes do not fit, or facts are missing.

    Notes
    -----
    Pixel x of a picture W pixels wide lies at ``(x + 0.5) * input_size / W - 0.5`` of the input; the cell
    there is ``(that - (center_of_cell_0 + learned_shift)) / stride``.

    Columns come first, then rows, each ``a * (1 - f) + b * f`` in float64 and rounded to float32 at the end:
    plain arithmetic in a fixed order, so that a browser gets every pixel to the last bit.

    Examples
    --------
    >>> upsample_heatmap(np.float32([[0, 1]]), (1, 4), align=False).round(2).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    if raw.ndim not in (2, 3) or 0 in raw.shape or min(size) < 1:
        raise ValueError(f"raw must be (h, w) or (N, h, w) and size positive; got {raw.shape}, {size}")
    height, width = raw.shape[-2:]
    if not align:
        rows, columns = _plain_cells(size[0], height), _plain_cells(size[1], width)
    else:
        known, side = _check_facts(raw, facts, input_size)
        top, left = (known.center_of_cell_0 + shift for shift in known.learned_shift)
        rows = _aligned_cells(size[0], height, side, top, known.stride)
        columns = _aligned_cells(size[1], width, side, left, known.stride)
    lines = _interpolate(raw.astype(np.float64), columns, axis=-1)  # (..., h, W)
    return _interpolate(lines, rows, axis=-2).astype(np.float32)


def normalize_heatmap(heatmap: np.ndarray, *, scaling: str = "minmax") -> tuple[np.ndarray, bool]:
    """Scale one enlarged map to 0..1.

    Parameters
    ----------
    heatmap : ndarray (H, W) float32
        Map from `upsample_heatmap`; 0 and above with "maximum".
    scaling : {"minmax", "maximum", "none"}, default "minmax"
        "minmax": the smallest value becomes 0 and the largest 1 (paper). "maximum": zero stays zero and
        the largest value becomes 1. "none": probabilities, which stay as they are; never blank.

    Returns
    -------
    heatmap : ndarray (H, W) float32
        Values in 0..1; all 0 if blank.
    is_blank : bool
        True if the map is constant and so points nowhere.

    Raises
    ------
    ValueError
        If a value is not finite, or the scaling is not known.

    Examples
    --------
    >>> normalize_heatmap(np.float32([[1, 2, 3]]))[0].tolist()
    [[0.0, 0.5, 1.0]]
    >>> normalize_heatmap(np.float32([[7, 7]]))
    (array([[0., 0.]], dtype=float32), True)
    """
    if scaling not in ("minmax", "maximum", "none"):
        raise ValueError(f"scaling must be 'minmax', 'maximum' or 'none'; got {scaling!r}")
    low, high = float(heatmap.min()), float(heatmap.max())
    if not np.isfinite(low + high):
        n_wrong = np.count_nonzero(~np.isfinite(heatmap))
        raise ValueError(f"heatmap must be finite; {n_wrong} of {heatmap.size} values are not")
    if scaling == "maximum" and low < 0:
        raise ValueError(f"heatmap must not be negative with scaling 'maximum'; got {low}")
    if scaling == "none":
        if low < 0 or high > 1:
            raise ValueError(f"heatmap must be 0..1 with scaling 'none'; got {low}..{high}")
        return heatmap, False
    if high - low <= _BLANK_SPREAD * max(abs(low), abs(high)):
        return np.zeros(heatmap.shape, dtype=np.float32), True
    base = low if scaling == "minmax" else 0.0
    scaled = (heatmap.astype(np.float64) - base) / (high - base)  # raw values can be as small as 1e-40
    return scaled.astype(np.float32), False


def _check_facts(raw: np.ndarray, facts: BlockFacts | None, input_size: int | None) -> tuple[BlockFacts, int]:
    """Return facts and input size, or raise if they are missing or of another block."""
    if facts is None or input_size is None:
        raise ValueError("facts and input_size are needed to align; give both, or align=False")
    if raw.shape[-2:] != facts.grid:
        raise ValueError(f"raw must be {facts.grid} for block {facts.index}; got {raw.shape[-2:]}")
    return facts, input_size


class _Cells(NamedTuple):
    """Hold for each pixel of an axis the two cells it lies between, and how far it is from the first to the second."""

    first: np.ndarray
    second: np.ndarray
    fraction: np.ndarray


@lru_cache(maxsize=64)
def _plain_cells(n_pixels: int, n_cells: int) -> _Cells:
    """Return the cells of plain resizing: the map covers the picture edge to edge."""
    return _find_cells((np.arange(n_pixels) + 0.5) * n_cells / n_pixels - 0.5, n_cells)


@lru_cache(maxsize=64)
def _aligned_cells(n_pixels: int, n_cells: int, input_size: int, center: float, stride: int) -> _Cells:
    """Return the cells of a map that is put where its cells look."""
    positions = (np.arange(n_pixels) + 0.5) * input_size / n_pixels - 0.5
    return _find_cells((positions - center) / stride, n_cells)


def _find_cells(places: np.ndarray, n_cells: int) -> _Cells:
    """Return the neighbouring cells of places given in cells; outside the outermost centres the edge goes on."""
    inside = np.clip(places, 0, n_cells - 1)
    first = np.minimum(np.floor(inside).astype(np.intp), max(n_cells - 2, 0))
    cells = _Cells(first, np.minimum(first + 1, n_cells - 1), inside - first)
    for part in cells:
        part.flags.writeable = False  # shared through the cache
    return cells


def _interpolate(values: np.ndarray, cells: _Cells, *, axis: int) -> np.ndarray:
    """Interpolate linearly along the last axis or the one before, float64."""
    fraction = cells.fraction if axis == -1 else cells.fraction[:, None]
    mixed = np.take(values, cells.first, axis)
    mixed *= 1 - fraction
    beyond = np.take(values, cells.second, axis)
    beyond *= fraction
    mixed += beyond
    return mixed
