"""Keep raw maps small: float16 shares of the maximum, and the maximum."""

from __future__ import annotations

import numpy as np


def pack_heatmap(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide raw maps by their maximum and keep them as float16.

    Raw Grad-CAM values can be as small as 1e-7, where float16 has no digits left. A mask does not change
    when a map is multiplied, so the shares of the maximum are what matters.

    Parameters
    ----------
    raw : ndarray (..., h, w) float32
        Raw maps, 0 and above.

    Returns
    -------
    shares : ndarray (..., h, w) float16
        Values in 0..1, off by at most 0.00025; all 0 where the map is.
    scale : ndarray (...) float32
        Maximum of each map, in the units of `raw`.

    Raises
    ------
    ValueError
        If a value is negative or not finite.

    Examples
    --------
    >>> shares, scale = pack_heatmap(np.float32([[0, 1e-9], [2e-9, 4e-9]]))
    >>> shares.tolist()
    [[0.0, 0.25], [0.5, 1.0]]
    """
    if raw.ndim < 2 or raw.size == 0:
        raise ValueError(f"raw must be (..., h, w) with at least one cell; got {raw.shape}")
    if not np.isfinite(raw).all() or raw.min() < 0:
        raise ValueError(f"raw must be finite and 0 or above; got {raw.min()}..{raw.max()}")
    scale = raw.max(axis=(-2, -1)).astype(np.float32)
    divisor = np.where(scale > 0, scale, 1)[..., None, None].astype(np.float64)
    return (raw / divisor).astype(np.float16), scale


def unpack_heatmap(shares: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """Undo `pack_heatmap`.

    Parameters
    ----------
    shares : ndarray (..., h, w) float16
        Values in 0..1.
    scale : ndarray (...) float32
        Maximum of each map.

    Returns
    -------
    ndarray (..., h, w) float32
        Raw maps.
    """
    return shares.astype(np.float32) * np.asarray(scale, dtype=np.float32)[..., None, None]
