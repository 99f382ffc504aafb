"""The bowel wall seen from inside: lumen, haustral folds, and the light that falls on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.noise import (
    draw_layered_noise,
    draw_noise,
    draw_ring_noise,
    draw_tube_texture,
    ramp,
    resize_field,
)
from medxai_core.phantom.procedure import Procedure

_N_ANGLES = 2048
_N_FOLDS = 14


@dataclass(frozen=True)
class Wall:
    """Hold the wall of one frame, before anything lies on it.

    Attributes
    ----------
    light : ndarray of shape (H, W), float32
        Light that comes back from each point, about 0 (deep lumen) to 1.6 (near wall).
    broad_light : ndarray of shape (H, W), float32
        The same without folds and relief.
    fold : ndarray of shape (H, W), int32
        Number of the fold behind which the point lies; larger is deeper.
    lip : ndarray of shape (H, W), float32
        How high the fold in front of each point stands, 0 (no fold) to 1.
    rim : ndarray of shape (H, W), float32
        1 on the lip of a high fold, 0 elsewhere.
    texture : ndarray of shape (H, W), float32
        Random pattern that lies on the wall, so finer in the depth; standard deviation about 1.
    toward_x, toward_y : ndarray of shape (H, W), float32
        Unit vector in the picture that points from the lumen to the camera side of the wall.
    radius : ndarray of shape (H, W), float32
        Distance from the lumen's vanishing point, 1 = half the shorter side. Depth is about 1 / radius.
    view : str
        "lumen", "bend" or "wall".
    """

    light: np.ndarray
    broad_light: np.ndarray
    fold: np.ndarray
    lip: np.ndarray
    rim: np.ndarray
    texture: np.ndarray
    toward_x: np.ndarray
    toward_y: np.ndarray
    radius: np.ndarray
    view: str


def draw_wall(rng: np.random.Generator, width: int, height: int, *, procedure: Procedure) -> Wall:
    """Draw the wall of one frame.

    Parameters
    ----------
    rng : numpy Generator
    width, height : int
        Size in pixels.
    procedure : Procedure

    Returns
    -------
    wall : Wall

    Notes
    -----
    The bowel is a tube. A ring of it at depth z is seen at radius 1/z round the vanishing point. Folds stand at
    equal distances of depth; each hides a strip of wall behind it. No ray is traced: the number of the fold and
    the place between two folds follow from the radius alone, and the light from that place.
    """
    view = str(rng.choice(["lumen", "bend", "wall"], p=[0.4, 0.25, 0.35]))
    x, y = _place_vanishing_point(rng, width, height, view=view)
    radius = np.sqrt(x * x + y * y) + np.float32(1e-3)
    toward_x, toward_y = x / radius, y / radius
    angle = np.arctan2(y, x)
    angle_bin = ((angle + np.float32(np.pi)) * np.float32(_N_ANGLES / (2 * np.pi))).astype(np.int32) % _N_ANGLES
    depth = _shape_cross_section(rng, radius, angle_bin)
    fold, light, lip, rim = _shade_folds(rng, depth, angle_bin)
    broad = _fall_off(rng, depth, x, y, reach=procedure.reach)
    texture = _map_texture(rng, radius, angle_bin)
    fine = texture * np.clip(radius, 0.08, 1.2) * np.float32(procedure.roughness)
    relief = _shade_relief(rng, toward_x, toward_y, fine=fine)
    return Wall(
        light=broad * light * relief,
        broad_light=broad,
        fold=fold,
        lip=lip,
        rim=rim,
        texture=texture,
        toward_x=toward_x,
        toward_y=toward_y,
        radius=radius,
        view=view,
    )


def _place_vanishing_point(
    rng: np.random.Generator, width: int, height: int, *, view: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of each pixel from the vanishing point, which drifts with depth as the bowel bends."""
    unit = np.float32(2 / min(width, height))
    column = (np.arange(width, dtype=np.float32) - width / 2) * unit
    row = (np.arange(height, dtype=np.float32) - height / 2) * unit
    low, high = {"lumen": (0.0, 0.55), "bend": (0.7, 1.15), "wall": (1.3, 2.4)}[view]
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(low, high)
    scale = width / 3
    x = column[None, :] - np.float32(distance * np.cos(angle)) + 0.06 * draw_noise(rng, width, height, scale=scale)
    y = row[:, None] - np.float32(distance * np.sin(angle)) + 0.06 * draw_noise(rng, width, height, scale=scale)
    drift = np.exp(-2.2 * np.sqrt(x * x + y * y)) * np.float32(rng.uniform(0, 0.3))
    turn, squeeze = rng.uniform(0, 2 * np.pi), np.float32(rng.uniform(1, 1.7))
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = x - drift * cos, y - drift * sin
    along, across = (x * cos + y * sin) * squeeze, y * cos - x * sin
    return along * cos - across * sin, along * sin + across * cos


def _shape_cross_section(rng: np.random.Generator, radius: np.ndarray, angle_bin: np.ndarray) -> np.ndarray:
    """Return the depth of each point in a tube that is not round: three taeniae pull it to a soft triangle."""
    angles = np.arange(_N_ANGLES, dtype=np.float32) * np.float32(2 * np.pi / _N_ANGLES)
    triangle = rng.uniform(0.0, 0.16) * np.cos(3 * angles + rng.uniform(0, 2 * np.pi))
    outline = 1 + triangle + 0.05 * draw_ring_noise(rng, 1, _N_ANGLES, n_waves=4)[0]
    return outline.astype(np.float32)[angle_bin] * np.float32(rng.uniform(0.85, 1.1)) / radius


def _shade_folds(
    rng: np.random.Generator, depth: np.ndarray, angle_bin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return fold, light factor, lip and rim as in ``Wall``."""
    height, width = depth.shape
    spacing = np.float32(rng.uniform(0.5, 0.9))
    root = np.sqrt(depth)
    sway = 0.13 * draw_noise(rng, width, height, scale=width / 3)
    place = root * np.sqrt(root) / spacing + np.float32(rng.uniform(0, 1)) + sway
    place = np.clip(place, 0, _N_FOLDS - 1.01)
    fold = place.astype(np.int32)
    between = place - fold.astype(np.float32)
    strength = np.clip(0.6 + 0.6 * draw_ring_noise(rng, _N_FOLDS + 1, _N_ANGLES, n_waves=3), 0, 1)
    strength = (strength * rng.choice([rng.uniform(0.3, 0.7), rng.uniform(0.7, 1.0)])).astype(np.float32)
    strength *= ramp(strength, 0.1, 0.45)
    lip, next_lip = strength[fold, angle_bin], strength[fold + 1, angle_bin]
    hidden = np.exp(between * np.float32(-1 / rng.uniform(0.12, 0.3))) * lip
    face = ramp(between, 0.15, 0.95) * next_lip
    rim = np.exp(-(((between - np.float32(0.93)) / np.float32(0.06)) ** 2)) * next_lip
    return fold, _smooth((1 - 0.78 * hidden) * (1 - 0.3 * next_lip + 0.62 * face + 0.3 * rim)), lip, rim


def _smooth(field: np.ndarray) -> np.ndarray:
    """Soften steps of one pixel: a mean of three along both axes."""
    field[1:-1] = (field[:-2] + 2 * field[1:-1] + field[2:]) * np.float32(0.25)
    field[:, 1:-1] = (field[:, :-2] + 2 * field[:, 1:-1] + field[:, 2:]) * np.float32(0.25)
    return field


def _fall_off(rng: np.random.Generator, depth: np.ndarray, x: np.ndarray, y: np.ndarray, *, reach: float) -> np.ndarray:
    """Return the light by distance: far wall is dark, near wall bright, and brightest on one side."""
    by_depth = 1 / (1 + (depth * np.float32(1 / reach)) ** 2)
    side = rng.uniform(0, 2 * np.pi)
    along = x * np.float32(np.cos(side)) + y * np.float32(np.sin(side))
    along -= along.mean()
    return np.float32(1.6) * by_depth * np.exp(np.float32(rng.uniform(0.1, 0.75)) * along)


def _map_texture(rng: np.random.Generator, radius: np.ndarray, angle_bin: np.ndarray) -> np.ndarray:
    """Lay a random pattern on the tube: once round it, and equally wide in depth."""
    height, width = radius.shape
    rolled = draw_tube_texture(rng)
    side = rolled.shape[0]
    across = angle_bin[::2, ::2] // (_N_ANGLES // side)
    along = (np.log(radius[::2, ::2]) * np.float32(side / (2 * np.pi))).astype(np.int32) + int(rng.integers(side))
    return resize_field(rolled[along % side, across], width, height)


def _shade_relief(
    rng: np.random.Generator, toward_x: np.ndarray, toward_y: np.ndarray, *, fine: np.ndarray
) -> np.ndarray:
    """Return the light factor of bumps: slopes that face the camera are brighter."""
    height, width = toward_x.shape
    bumps = draw_layered_noise(rng, width, height, scales=[80, 38]) * np.float32(rng.uniform(2, 7))
    bumps += fine
    bumps += draw_noise(rng, width, height, scale=4) * np.float32(rng.uniform(0.03, 0.13))
    slope_y, slope_x = np.gradient(bumps)
    return np.clip(1 - 0.6 * (slope_x * toward_x + slope_y * toward_y), 0.5, 1.6)
