"""Measure what a health check wants to know of a picture: light, contrast, sharpness, black border."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

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
    from medxai_core.images.quality_loops import count_grey, sum_laplacian  # here: numba takes a third of a second

    border, luma = find_black_border(image), compute_luma(image)
    counts, greys = count_grey(luma, border), np.arange(256)
    n_visible = int(counts.sum())
    mean = float(counts @ greys) / n_visible if n_visible else None
    n_inner, total, squares = sum_laplacian(luma, border)
    return ImageQuality(
        brightness=mean,
        contrast=None if mean is None else math.sqrt(counts @ (greys - mean) ** 2 / n_visible),
        sharpness=(n_inner * squares - total**2) / n_inner**2 if n_inner else None,
        black_border_share=(border.size - n_visible) / border.size,
    )


def compute_luma(image: np.ndarray) -> np.ndarray:
    """Compute the grey of each pixel, 0.299 R + 0.587 G + 0.114 B, the same bits as Pillow's.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    luma : ndarray of shape (H, W), uint8

    Examples
    --------
    >>> compute_luma(np.array([[[255, 0, 0], [0, 255, 0], [7, 7, 7]]], np.uint8)).tolist()
    [[76, 150, 7]]
    """
    _check_image(image)
    from medxai_core.images.quality_loops import fill_luma

    luma = np.empty(image.shape[:2], np.uint8)
    fill_luma(np.require(image, requirements=["C", "W"]), luma)
    return luma


def find_black_border(image: np.ndarray) -> np.ndarray:
    """Find the black frame: near-black pixels that are connected to the edge of the picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    border : ndarray of shape (H, W), bool
    """
    _check_image(image)
    from medxai_core.images.quality_loops import fill_border

    border = np.zeros(image.shape[:2], dtype=bool)
    fill_border(np.require(image, requirements=["C", "W"]), _BLACK, border)  # read-only: numba would compile anew
    return border


def _check_image(image: np.ndarray) -> None:
    """Raise unless the array is a picture."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be (H, W, 3) uint8 with H, W >= 1; got {image.shape} {image.dtype}.")
