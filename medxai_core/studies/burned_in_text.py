"""Look for text that was burned into a picture: rows of small bright strokes of like height.

A recorder writes names, dates and settings beside or over the frame, in white, yellow, green or cyan. All of these
are bright in the green channel, which tissue is not. Glare is bright too, but its spots do not stand in a row on
one line. Nothing is read: what the strokes say is not known, and finding none is no proof that there are none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

LONGEST = 960
"""Longer side, in pixels, at which larger pictures are looked at."""

MIN_LETTERS = 5
"""Strokes that a row must hold."""

_MIN_SHAPES = 4
_AROUND = 9  # pixels: radius of the surroundings that a stroke is brighter than
_BRIGHTER = 32  # grey levels
_BRIGHT = 110  # grey levels
_MIN_HEIGHT, _MAX_HEIGHT = 5, 48  # pixels, of a stroke
_WIDEST = 4.0  # heights: small letters run into one another
_MOST_SHAPES = 500  # of the brightest kind; a picture with more is full of glare, and the rest is not looked at


class TextRow(NamedTuple):
    """Hold where a row of strokes lies, as shares of the picture's width and height, and how many there are."""

    x0: float
    y0: float
    x1: float
    y1: float
    n_letters: int


def find_burned_in_text(image: np.ndarray) -> list[TextRow]:
    """Find rows of small bright strokes that look like text.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
        RGB.

    Returns
    -------
    rows : list of TextRow
        From the longest to the shortest; empty when nothing looks like text, which is no proof.

    Examples
    --------
    >>> find_burned_in_text(np.full((64, 64, 3), 90, np.uint8))
    []
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be (H, W, 3) uint8 with H, W >= 1; got {image.shape} {image.dtype}.")
    green = image[..., 1].copy()
    factor = -(-max(green.shape) // LONGEST)
    if factor > 1:
        green = np.array(Image.fromarray(green).reduce(factor))
    height, width = green.shape
    boxes = _find_strokes(green)
    rows = [boxes[chain] for chain in _chain(boxes) if _is_text(boxes[chain])]
    return sorted((_locate(row, (width, height)) for row in rows), key=lambda row: -row.n_letters)


def _find_strokes(green: np.ndarray) -> np.ndarray:
    """Return the boxes of bright shapes of a letter's size, (n, 5) float: x0, y0, x1, y1, share that is filled."""
    from medxai_core.studies.bright_shapes import find_shapes, mark_bright  # here: numba takes a third of a second

    is_bright = np.empty(green.shape, bool)
    mark_bright(green, _AROUND, _BRIGHTER, _BRIGHT, is_bright)
    shapes = find_shapes(is_bright)
    edges, counts = shapes[:, :4].astype(float), shapes[:, 4]
    width, height = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
    filled = counts / (width * height)
    is_letter = (height >= _MIN_HEIGHT) & (height <= _MAX_HEIGHT) & (width <= _WIDEST * height)
    boxes = np.column_stack([edges, filled])[is_letter]
    return boxes[np.argsort(boxes[:, 0], kind="stable")][:_MOST_SHAPES]


def _chain(boxes: np.ndarray) -> list[list[int]]:
    """Return rows of shapes that stand on one line beside each other, each shape in one row at most."""
    if len(boxes) < _MIN_SHAPES:
        return []
    x0, y0, x1, y1 = (boxes[:, i] for i in range(4))
    height = y1 - y0
    tall = np.maximum(height[:, None], height)
    gap = x0[None, :] - x1[:, None]  # from a row's shape to the column's
    is_level = np.abs(y1[:, None] - y1) <= np.maximum(1, 0.12 * tall)
    is_like = np.minimum(height[:, None], height) >= 0.6 * tall
    is_next = is_level & is_like & (gap >= -1) & (gap <= 1.3 * tall) & (x0[None, :] > x0[:, None])
    distance = np.where(is_next, gap, np.inf)
    following = np.where(is_next.any(axis=1), distance.argmin(axis=1), -1)
    chains, taken = [], np.zeros(len(boxes), bool)
    for start in range(len(boxes)):
        chain, at = [], start
        while at >= 0 and not taken[at]:
            taken[at] = True
            chain.append(at)
            at = int(following[at])
        if len(chain) >= _MIN_SHAPES:
            chains.append(chain)
    return chains


def _is_text(row: np.ndarray) -> bool:
    """Return True when the shapes of a row are as even as letters are."""
    height = row[:, 3] - row[:, 1]
    is_even = np.std(row[:, 3]) <= 0.1 * np.median(height) + 0.5
    return bool(is_even and np.median(row[:, 4]) <= 0.85 and _count_letters(row) >= MIN_LETTERS)


def _count_letters(row: np.ndarray) -> int:
    """Return about how many letters the shapes of a row are: a wide one is several that touch."""
    width, height = row[:, 2] - row[:, 0], np.median(row[:, 3] - row[:, 1])
    return int(np.maximum(1, np.round(width / (0.8 * height))).sum())


def _locate(row: np.ndarray, size: tuple[int, int]) -> TextRow:
    """Return where a row lies, as shares of the picture."""
    width, height = size
    return TextRow(
        float(row[:, 0].min() / width), float(row[:, 1].min() / height),
        float(row[:, 2].max() / width), float(row[:, 3].max() / height), _count_letters(row),
    )  # fmt: skip
