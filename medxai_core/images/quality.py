"""Measure what a health check wants to know of a picture: light, contrast, sharpness, black border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

_BLACK = 24  # a pixel whose largest channel is at most this counts as black (JPEG noise included)


@dataclass(frozen=True)
class ImageQuality:
    """Hold what a health check wants to know of one picture.

    Attributes
    ----------
    brightness : float or None
        Mean luma of the visible part, 0 (black) to 255 (white). None if nothing is visible.
    contrast : float or None
        Standard deviation of the luma of the visible part, 0 (flat) to 127.5. None if nothing is visible.
    sharpness : float or None
        Variance of the Laplacian of the luma of the visible part; 0 is flat. It depends on the size of the
        picture: compare pictures of one source. None if no visible pixel has only visible neighbours.
    black_border_share : float
        Share of the pixels that are black and connected to the edge of the picture, 0 to 1.
    """

    brightness: float | None
    contrast: float | None
    sharpness: float | None
    black_border_share: float


def compute_image_quality(image: np.ndarray) -> ImageQuality:
    """Measure brightness, contrast, sharpness and black border of a picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    quality : ImageQuality
        The first three are measured inside the black border only.

    Examples
    --------
    >>> grey = np.full((40, 40, 3), 100, dtype=np.uint8)
    >>> compute_image_quality(grey)
    ImageQuality(brightness=100.0, contrast=0.0, sharpness=0.0, black_border_share=0.0)
    """
    border = find_black_border(image)
    visible = ~border
    luma = np.asarray(Image.fromarray(image).convert("L"), dtype=np.float64)
    inner = ndimage.binary_erosion(visible, np.ones((3, 3), dtype=bool), border_value=1)
    return ImageQuality(
        brightness=float(luma[visible].mean()) if visible.any() else None,
        contrast=float(luma[visible].std()) if visible.any() else None,
        sharpness=float(ndimage.laplace(luma)[inner].var()) if inner.any() else None,
        black_border_share=float(border.mean()),
    )


def find_black_border(image: np.ndarray) -> np.ndarray:
    """Find the black frame: near-black pixels that are connected to the edge of the picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    border : ndarray of shape (H, W), bool
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be (H, W, 3) uint8 with H, W >= 1; got {image.shape} {image.dtype}.")
    parts, n_parts = ndimage.label(image.max(axis=2) <= _BLACK)
    is_border = np.zeros(n_parts + 1, dtype=bool)
    is_border[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    is_border[0] = False  # 0 is everything that is not black
    return is_border[parts]
