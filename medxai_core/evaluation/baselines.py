"""Masks that no method made. A result that does not beat them says nothing about polyps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from PIL import Image

from medxai_core.evaluation.scores import ImageScores, count_pixels, score_counts

ALL_POLYP = "everything is polyp"
CENTRED_DISK = "centred disk, radius 0.3 of the side"
MEAN_MASK = "mean mask of other pictures"

DISK_RADIUS = 0.3
"""Semi-axes of the ellipse: this share of width and of height (28 % of the area)."""

MEAN_MASK_THRESHOLD = 0.2
MEAN_MASK_GRID = (256, 256)


@lru_cache(maxsize=16)
def make_all_polyp_mask(shape: tuple[int, int]) -> np.ndarray:
    """Return a mask (H, W) bool of the whole picture, read-only."""
    return _freeze(np.ones(shape, dtype=bool))


@lru_cache(maxsize=16)
def make_disk_mask(shape: tuple[int, int], *, radius: float = DISK_RADIUS) -> np.ndarray:
    """Return an ellipse around the centre of the picture.

    Parameters
    ----------
    shape : (H, W)
    radius : float, default 0.3
        Semi-axes as a share of the sides: radius * W and radius * H.

    Returns
    -------
    ndarray (H, W) bool, read-only

    Examples
    --------
    >>> make_disk_mask((4, 4), radius=0.3).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    height, width = shape
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    return _freeze(y[:, np.newaxis] ** 2 + x**2 <= radius**2)


def compute_mean_mask(masks: Iterable[np.ndarray], *, grid: tuple[int, int] = MEAN_MASK_GRID) -> np.ndarray:
    """Average masks of any size on a common grid.

    Parameters
    ----------
    masks : iterable of ndarray (H, W) bool
        Masks of pictures that are not scored. May be a generator: one is held at a time.
    grid : (h, w), default (256, 256)
        Every mask is resized to it by area; each counts the same, whatever its size.

    Returns
    -------
    ndarray (h, w) float32 in [0, 1]
        Share of masks that hold each place of the picture.
    """
    total, n_masks = np.zeros(grid, dtype=np.float64), 0
    for mask in masks:
        if mask.dtype != bool or mask.ndim != 2:
            raise TypeError(f"masks must be (H, W) bool; got {mask.shape} {mask.dtype}.")
        picture = Image.fromarray(mask.astype(np.float32))
        total += np.asarray(picture.resize((grid[1], grid[0]), Image.Resampling.BOX))
        n_masks += 1
    if not n_masks:
        raise ValueError("a mean mask needs at least one mask; got none.")
    return (total / n_masks).astype(np.float32)


def make_mean_mask(mean: np.ndarray, shape: tuple[int, int], *, threshold: float = MEAN_MASK_THRESHOLD) -> np.ndarray:
    """Predict the same places for every picture: where the mean mask is above a threshold.

    Parameters
    ----------
    mean : ndarray (h, w) float32
        From `compute_mean_mask`.
    shape : (H, W)
        Size of the picture; the mean is resized to it (bilinear).
    threshold : float, default 0.2

    Returns
    -------
    ndarray (H, W) bool
    """
    picture = Image.fromarray(np.ascontiguousarray(mean, dtype=np.float32))
    resized = np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return resized > threshold


def make_trivial_masks(shape: tuple[int, int], *, mean: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return every trivial mask of a picture by name.

    Parameters
    ----------
    shape : (H, W)
    mean : ndarray (h, w) float32, optional
        Mean mask of other pictures; without it that row is left out.

    Returns
    -------
    dict of str to ndarray (H, W) bool
    """
    masks = {ALL_POLYP: make_all_polyp_mask(shape), CENTRED_DISK: make_disk_mask(shape)}
    if mean is not None:
        masks[MEAN_MASK] = make_mean_mask(mean, shape)
    return masks


def score_trivial_masks(truth: np.ndarray) -> dict[str, ImageScores]:
    """Score the masks that need no method on one picture, by their names."""
    return {
        name: score_counts(count_pixels(mask, truth))
        for name, mask in make_trivial_masks((truth.shape[0], truth.shape[1])).items()
    }


def _freeze(mask: np.ndarray) -> np.ndarray:
    """Make a cached mask read-only, so that no caller changes it for the next."""
    mask.setflags(write=False)
    return mask
