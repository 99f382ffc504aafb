"""The frame while it is painted: colour, light, wetness and polyp mask, and lumps that are laid on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.noise import ramp


@dataclass
class Canvas:
    """Hold the arrays that the painting functions change in place.

    Attributes
    ----------
    albedo : ndarray of shape (H, W, 3), float32
        Colour of the surface under full light, 0 to 1.
    light : ndarray of shape (H, W), float32
        Light that comes back from each point.
    wetness : ndarray of shape (H, W), float32
        Tendency to glare; about 0, larger is glossier.
    mask : ndarray of shape (H, W), bool
        True on polyps.
    """

    albedo: np.ndarray
    light: np.ndarray
    wetness: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class Outline:
    """Describe a closed, roughly elliptic outline.

    Attributes
    ----------
    x, y : float
        Centre in pixels.
    length : float
        Longer half axis in pixels.
    aspect : float
        Shorter half axis / longer half axis.
    turn : float
        Direction of the longer axis, radians.
    waves : ndarray of shape (n_waves, 2), float32
        Size and phase of the bumps of the outline, of order 2, 3, ...
    """

    x: float
    y: float
    length: float
    aspect: float
    turn: float
    waves: np.ndarray


def draw_waves(rng: np.random.Generator, *, roughness: float, n_waves: int = 5) -> np.ndarray:
    """Draw the bumps of an outline: finer ones are smaller."""
    sizes = rng.standard_normal(n_waves) * roughness / np.arange(2, n_waves + 2) ** 1.5
    phases = rng.uniform(0, 2 * np.pi, n_waves)
    return np.stack([sizes, phases], axis=1).astype(np.float32)


def cut_window(shape: tuple[int, int], x: float, y: float, reach: float) -> tuple[slice, slice]:
    """Return rows and columns of a square window round a point, cut by the frame (it may be empty)."""
    height, width = shape
    rows = slice(min(height, max(0, int(y - reach))), max(0, min(height, int(y + reach) + 1)))
    columns = slice(min(width, max(0, int(x - reach))), max(0, min(width, int(x + reach) + 1)))
    return rows, columns


def measure_outline(outline: Outline, window: tuple[slice, slice]) -> np.ndarray:
    """Return the place of each pixel of a window in an outline: 0 at its centre, 1 on the line, more outside."""
    rows, columns = window
    dx = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(outline.x)
    dy = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(outline.y)
    cos, sin = np.float32(np.cos(outline.turn)), np.float32(np.sin(outline.turn))
    along = (dx * cos + dy * sin) / np.float32(outline.length)
    across = (dy * cos - dx * sin) / np.float32(outline.length * outline.aspect)
    bins = np.arctan2(across, along) * np.float32(128 / np.pi)
    return np.sqrt(along * along + across * across) / _tabulate_waves(outline.waves)[bins.astype(np.int32) % 256]


def _tabulate_waves(waves: np.ndarray) -> np.ndarray:
    """Return the relative radius of an outline at 256 angles."""
    angles = np.arange(256, dtype=np.float32) * np.float32(np.pi / 128)
    orders = np.arange(2, len(waves) + 2, dtype=np.float32)[:, None]
    return 1 + (waves[:, :1] * np.cos(orders * angles + waves[:, 1:])).sum(axis=0)


def shade_surface(heights: np.ndarray, light_x: np.ndarray | float, light_y: np.ndarray | float) -> np.ndarray:
    """Return the light factor of a relief, 1 where it is flat.

    Parameters
    ----------
    heights : ndarray of shape (h, w), float32
        In pixels.
    light_x, light_y : float or ndarray of shape (h, w)
        Tilt of the light against the line of sight, as tangent.

    Returns
    -------
    shade : ndarray of shape (h, w), float32
    """
    slope_y, slope_x = np.gradient(heights)
    cosine = (1 - slope_x * light_x - slope_y * light_y) / np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.clip(cosine, 0.12, 1.6)


def blend(target: np.ndarray, source: np.ndarray | float, alpha: np.ndarray) -> None:
    """Lay source over target in place."""
    weight = alpha[..., None] if target.ndim == 3 else alpha
    target += weight * (source - target)


def darken_around(canvas: Canvas, window: tuple[slice, slice], *, place: np.ndarray, reach: float, depth: float) -> None:
    """Darken the surface round a lump, where it hides the light: most at its foot."""
    shadow = np.exp(-np.clip(place - 1, 0, None) * np.float32(1 / reach))
    canvas.light[window] *= 1 - np.float32(depth) * shadow * ramp(place, 0.9, 1.0)
