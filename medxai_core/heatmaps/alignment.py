"""From a raw map to a heat map of the picture: enlarge it to the right place, then scale it."""

from __future__ import annotations

from functools import lru_cache

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
    there is ``(that - center_of_cell_0 - learned_shift) / stride``.

    Examples
    --------
    >>> upsample_heatmap(np.float32([[0, 1]]), (1, 4), align=False).round(2).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    if raw.ndim not in (2, 3) or 0 in raw.shape or min(size) < 1:
        raise ValueError(f"raw must be (h, w) or (N, h, w) and size positive; got {raw.shape}, {size}")
    height, width = raw.shape[-2:]
    if not align:
        rows, columns = _plain_weights(size[0], height), _plain_weights(size[1], width)
    else:
        known, side = _check_facts(raw, facts, input_size)
        tops, lefts = (known.center_of_cell_0 + shift for shift in known.learned_shift)
        rows = _aligned_weights(size[0], height, side, tops, known.stride)
        columns = _aligned_weights(size[1], width, side, lefts, known.stride)
    return np.asarray(rows @ raw.astype(np.float32, copy=False) @ columns.T)


def normalize_heatmap(heatmap: np.ndarray, *, scaling: str = "minmax") -> tuple[np.ndarray, bool]:
    """Scale one enlarged map to 0..1.

    Parameters
    ----------
    heatmap : ndarray (H, W) float32
        Map from `upsample_heatmap`; 0 and above with "maximum".
    scaling : {"minmax", "maximum"}, default "minmax"
        "minmax": the smallest value becomes 0 and the largest 1 (paper). "maximum": zero stays zero and
        the largest value becomes 1.

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
    if scaling not in ("minmax", "maximum"):
        raise ValueError(f"scaling must be 'minmax' or 'maximum'; got {scaling!r}")
    low, high = float(heatmap.min()), float(heatmap.max())
    if not np.isfinite(low + high):
        n_wrong = np.count_nonzero(~np.isfinite(heatmap))
        raise ValueError(f"heatmap must be finite; {n_wrong} of {heatmap.size} values are not")
    if scaling == "maximum" and low < 0:
        raise ValueError(f"heatmap must not be negative with scaling 'maximum'; got {low}")
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


@lru_cache(maxsize=64)
def _plain_weights(n_pixels: int, n_cells: int) -> np.ndarray:
    """Return weights (n_pixels, n_cells) of plain resizing: the map covers the picture edge to edge."""
    cells = (np.arange(n_pixels) + 0.5) * n_cells / n_pixels - 0.5
    return _linear_weights(cells, n_cells)


@lru_cache(maxsize=64)
def _aligned_weights(n_pixels: int, n_cells: int, input_size: int, center: float, stride: int) -> np.ndarray:
    """Return weights (n_pixels, n_cells) that put each cell where it looks."""
    positions = (np.arange(n_pixels) + 0.5) * input_size / n_pixels - 0.5
    return _linear_weights((positions - center) / stride, n_cells)


def _linear_weights(cells: np.ndarray, n_cells: int) -> np.ndarray:
    """Return the weights (len(cells), n_cells) of linear interpolation at positions given in cells."""
    inside = np.clip(cells, 0, n_cells - 1)
    weights = np.maximum(0, 1 - np.abs(inside[:, None] - np.arange(n_cells))).astype(np.float32)
    weights.flags.writeable = False  # shared through the cache
    return weights
