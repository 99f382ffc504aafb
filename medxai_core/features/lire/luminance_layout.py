"""LuminanceLayout: a coarse map of light and dark, of the upper left part of the picture only."""

from __future__ import annotations

import numpy as np

from medxai_core.features.lire.scaling import scale_nearest

_SIDE = 8
_CANVAS = 255


def extract_luminance_layout(image: np.ndarray) -> np.ndarray:
    """Compute LIRE's LuminanceLayout of a picture.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8, C order
        Picture, RGB.

    Returns
    -------
    ndarray, (64,) float64
        Linear grey in 32 steps, 0..31, of an 8 x 8 grid, row by row. 31 where the picture does not reach.

    Notes
    -----
    The picture is shrunk to 32 pixels, of which LIRE keeps the top left 8 x 8: about a quarter of the
    longer side. Dark mucosa falls into few steps, because the grey is linear light.
    """
    height, width = image.shape[:2]
    scale = max(width, height) / 32
    w, h = int(width / scale), int(height / scale)
    canvas = np.full((_SIDE, _SIDE), _CANVAS, dtype=np.uint8)
    corner = scale_nearest(image, w, h, keep=_SIDE)
    left, top = max(0, (_SIDE - w) // 2), max(0, (_SIDE - h) // 2)
    canvas[top : top + corner.shape[0], left : left + corner.shape[1]] = corner
    return (canvas // 8).astype(np.float64).ravel()
