"""The frame while it is painted: colour, light, wetness and polyp mask; and what all painters share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.noise import ramp

Window = tuple[slice, slice]


@dataclass
class Canvas:
    """Hold the arrays that the painting functions change in place.

    Attributes
    ----------
    albedo : ndarray of shape (3, H, W), float32
        Colour of the surface under full light, 0 to 1; the channels come first because that is faster.
    light : ndarray of shape (H, W), float32
        Light that comes back from each point, about 0 to 1.6.
    wetness : ndarray of shape (H, W), float32
        Tendency to glare: about 0, larger is glossier.
    mask : ndarray of shape (H, W), bool
        True on polyps.
    """

    albedo: np.ndarray
    light: np.ndarray
    wetness: np.ndarray
    mask: np.ndarray

    def cut_albedo(self, window: Window) -> np.ndarray:
        """Return a view of the colours in a window: (3, h, w)."""
        return self.albedo[:, window[0], window[1]]


def cut_window(shape: tuple[int, int], x: float, y: float, *, reach: float) -> Window:
    """Return rows and columns of a square window round a point, cut by the frame; it may be empty."""
    height, width = shape
    rows = slice(max(0, int(y - reach)), max(0, min(height, int(y + reach) + 1)))
    columns = slice(max(0, int(x - reach)), max(0, min(width, int(x + reach) + 1)))
    return rows, columns


def is_tiny(window: Window) -> bool:
    """Tell whether a window is too small to hold a relief (fewer than three rows or columns)."""
    return any(part.stop - part.start < 3 for part in window)


def measure_offsets(window: Window, x: float, y: float, *, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of columns (1, n) and of rows (m, 1) of a window from a point, in pixels."""
    rows, columns = window
    dx = np.arange(columns.start, columns.stop, step, dtype=np.float32)[None, :] - np.float32(x)
    dy = np.arange(rows.start, rows.stop, step, dtype=np.float32)[:, None] - np.float32(y)
    return dx, dy


def shade_surface(heights: np.ndarray, *, tilt_x: np.ndarray | float, tilt_y: np.ndarray | float) -> np.ndarray:
    """Return the light factor of a relief, 1 where it is flat.

    Parameters
    ----------
    heights : ndarray of shape (h, w), float32
        In pixels.
    tilt_x, tilt_y : float or ndarray of shape (h, w)
        Where the light comes from: tangent of its angle against the line of sight.

    Returns
    -------
    shade : ndarray of shape (h, w), float32
        0.12 (turned away) to 1.6.
    """
    slope_y, slope_x = np.gradient(heights)
    cosine = (1 - slope_x * tilt_x - slope_y * tilt_y) / np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.clip(cosine, 0.12, 1.6)


def blend(target: np.ndarray, source: np.ndarray | float, alpha: np.ndarray) -> None:
    """Lay source over target in place; alpha has the shape of one channel."""
    target += alpha * (source - target)


def darken_around(
    canvas: Canvas, window: Window, *, place: np.ndarray, reach: float, depth: np.ndarray | float
) -> None:
    """Darken the surface round a lump, most at its foot, where the lump hides the light."""
    shadow = np.exp(-np.clip(place - 1, 0, None) * np.float32(1 / reach))
    canvas.light[window] *= 1 - depth * shadow * ramp(place, 0.9, 1.0)
