"""Where something lies in a picture, in words."""

from __future__ import annotations

import numpy as np


def find_hottest(heatmap: np.ndarray) -> tuple[float, float]:
    """Return the place of the highest value, down and right, as shares of the sides."""
    row, column = np.unravel_index(int(np.argmax(heatmap)), heatmap.shape)
    return (float(row) + 0.5) / heatmap.shape[0], (float(column) + 0.5) / heatmap.shape[1]


def say_place(down: float, right: float) -> str:
    """Say where a place in the picture is.

    >>> say_place(0.1, 0.5), say_place(0.5, 0.5), say_place(0.9, 0.9)
    ('at the top', 'in the middle', 'at the lower right')
    """
    vertical = "upper" if down < 1 / 3 else "lower" if down > 2 / 3 else ""
    horizontal = "left" if right < 1 / 3 else "right" if right > 2 / 3 else ""
    if vertical and horizontal:
        return f"at the {vertical} {horizontal}"
    if not vertical and not horizontal:
        return "in the middle"
    return f"at the {horizontal or {'upper': 'top', 'lower': 'bottom'}[vertical]}"
