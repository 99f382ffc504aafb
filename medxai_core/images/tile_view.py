"""Show a tile in its picture: the picture dimmed, the tile as it is, a line around it."""

from __future__ import annotations

import numpy as np

DIMMED = 0.45
LINE_COLOR = (255, 255, 255)


def mark_tile(thumbnail: np.ndarray, box: tuple[int, int, int, int], *, picture_size: tuple[int, int]) -> np.ndarray:
    """Return a thumbnail in which one tile stands out.

    Parameters
    ----------
    thumbnail : (h, w, 3) uint8
        The picture, scaled down.
    box : (int, int, int, int)
        x0, y0, x1, y1 of the tile in pixels of the picture; x1 and y1 are outside.
    picture_size : (int, int)
        Width and height of the picture.

    Returns
    -------
    (h, w, 3) uint8
        The thumbnail itself, unchanged, when the tile is the whole picture.

    Examples
    --------
    >>> shown = mark_tile(np.full((8, 8, 3), 100, np.uint8), (0, 0, 8, 4), picture_size=(8, 8))
    >>> shown[1, 1].tolist(), shown[0, 0].tolist(), shown[6, 6].tolist()
    ([100, 100, 100], [255, 255, 255], [45, 45, 45])
    """
    if thumbnail.ndim != 3 or thumbnail.dtype != np.uint8:
        raise ValueError(f"thumbnail must be (h, w, 3) uint8; got {thumbnail.shape} {thumbnail.dtype}")
    width, height = picture_size
    if box == (0, 0, width, height):
        return thumbnail
    scale = np.array([thumbnail.shape[1] / width, thumbnail.shape[0] / height] * 2)
    x0, y0, x1, y1 = (int(round(value)) for value in np.array(box) * scale)
    shown = (thumbnail * DIMMED).astype(np.uint8)
    tile = shown[y0:y1, x0:x1]
    tile[...] = thumbnail[y0:y1, x0:x1]
    tile[[0, -1], :] = LINE_COLOR
    tile[:, [0, -1]] = LINE_COLOR
    return shown
