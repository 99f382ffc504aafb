"""Closed, roughly elliptic outlines: of polyps, swellings and crumbs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.canvas import Window, measure_offsets


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

    @property
    def half_width(self) -> float:
        """Shorter half axis in pixels."""
        return self.length * self.aspect

    def find_middle(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return row and column of the pixel of a frame that is nearest to the centre."""
        return min(max(int(self.y), 0), shape[0] - 1), min(max(int(self.x), 0), shape[1] - 1)


def draw_outline(
    rng: np.random.Generator, shape: tuple[int, int], *, length: float, aspect: float, roughness: float
) -> Outline:
    """Draw an outline whose centre lies anywhere in the frame.

    Parameters
    ----------
    rng : numpy Generator
    shape : (int, int)
        Height and width of the frame in pixels.
    length : float
        Longer half axis in pixels.
    aspect : float
        Shorter half axis / longer half axis.
    roughness : float
        Size of the bumps of the outline, share of its radius; finer bumps are smaller.

    Returns
    -------
    outline : Outline
    """
    orders = np.arange(2, 7)
    sizes = rng.standard_normal(len(orders)) * roughness / orders**1.5
    phases = rng.uniform(0, 2 * np.pi, len(orders))
    return Outline(
        x=float(rng.uniform(0.06, 0.94) * shape[1]),
        y=float(rng.uniform(0.06, 0.94) * shape[0]),
        length=float(length),
        aspect=float(aspect),
        turn=float(rng.uniform(0, np.pi)),
        waves=np.stack([sizes, phases], axis=1).astype(np.float32),
    )


def measure_outline(outline: Outline, window: Window, *, step: int = 1) -> np.ndarray:
    """Return where each pixel of a window lies: 0 at the centre, 1 on the line, more outside.

    Parameters
    ----------
    outline : Outline
    window : (slice, slice)
        Rows and columns.
    step : int, default 1
        Take every so many pixels.

    Returns
    -------
    place : ndarray of shape (h, w), float32
    """
    dx, dy = measure_offsets(window, outline.x, outline.y, step=step)
    cos, sin = np.float32(np.cos(outline.turn)), np.float32(np.sin(outline.turn))
    along = (dx * cos + dy * sin) * np.float32(1 / outline.length)
    across = (dy * cos - dx * sin) * np.float32(1 / outline.half_width)
    angle_bin = (np.arctan2(across, along) * np.float32(512 / np.pi)).astype(np.int32) % 1024
    return np.sqrt(along * along + across * across) / _tabulate_radius(outline.waves)[angle_bin]


def _tabulate_radius(waves: np.ndarray) -> np.ndarray:
    """Return the radius of an outline at 1024 angles, relative to its ellipse."""
    angles = np.arange(1024, dtype=np.float32) * np.float32(np.pi / 512)
    orders = np.arange(2, len(waves) + 2, dtype=np.float32)[:, None]
    return 1 + (waves[:, :1] * np.cos(orders * angles + waves[:, 1:])).sum(axis=0)
