"""The colour of the wall: mottling, vessels, red patches."""

from __future__ import annotations

import numpy as np

from medxai_core.phantom.canvas import Canvas, blend
from medxai_core.phantom.noise import draw_layered_noise, draw_noise, ramp
from medxai_core.phantom.procedure import Procedure
from medxai_core.phantom.vessels import draw_vessels
from medxai_core.phantom.wall import Wall

_BLOOD = np.array([0.62, 0.20, 0.17], dtype=np.float32)[:, None, None]


def paint_mucosa(rng: np.random.Generator, wall: Wall, procedure: Procedure) -> Canvas:
    """Paint the wall without polyps.

    Returns
    -------
    canvas : Canvas
        With an empty mask.
    """
    height, width = wall.light.shape
    mottling = draw_layered_noise(rng, width, height, scales=[90, 40])
    redness = 0.04 * mottling + 0.022 * wall.texture
    brightness = 1 + 0.04 * draw_noise(rng, width, height, scale=60)
    albedo = np.empty((3, height, width), dtype=np.float32)
    for channel, pull in enumerate((0.35, -1.15, -0.95)):
        albedo[channel] = procedure.mucosa[channel] * brightness * (1 + np.float32(pull) * redness)
    _stain_vessels(rng, albedo, wall, strength=procedure.vessel_strength)
    _stain_red_patches(rng, albedo)
    wetness = 0.3 * draw_noise(rng, width, height, scale=80) + 0.5 * wall.rim
    return Canvas(albedo, wall.light.copy(), wetness, np.zeros((height, width), dtype=bool))


def _stain_vessels(rng: np.random.Generator, albedo: np.ndarray, wall: Wall, *, strength: float) -> None:
    """Stain the vessels, more in some regions than in others."""
    height, width = wall.light.shape
    vessels = draw_vessels(rng, wall.radius, n_trees=int(rng.integers(5, 13)), net=rng.uniform(-0.5, 1))
    region = ramp(draw_noise(rng, width, height, scale=110), -1.6, 0.3)
    vessels = vessels * region * np.float32(strength * rng.uniform(0.6, 1.1))
    for channel, depth in enumerate((0.24, 0.78, 0.70)):
        albedo[channel] *= 1 - np.float32(depth) * vessels


def _stain_red_patches(rng: np.random.Generator, albedo: np.ndarray) -> None:
    """Stain inflamed, soft-edged patches in some frames."""
    if rng.uniform() < 0.5:
        return
    height, width = albedo.shape[1:]
    field = draw_noise(rng, width, height, scale=rng.uniform(35, 90))
    field += 0.3 * draw_noise(rng, width, height, scale=9)
    patches = ramp(field, rng.uniform(0.7, 1.3), 2.6) * np.float32(rng.uniform(0.15, 0.55))
    blend(albedo, _BLOOD, patches)
