"""Polyps: flat, sessile and pedunculated, with their exact outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.canvas import (
    Canvas,
    Outline,
    blend,
    cut_window,
    darken_around,
    draw_waves,
    measure_outline,
    shade_surface,
)
from medxai_core.phantom.noise import draw_layered_noise, draw_noise, ramp
from medxai_core.phantom.procedure import Procedure
from medxai_core.phantom.wall import Wall

KINDS = ("sessile", "pedunculated", "flat")


@dataclass(frozen=True)
class Polyp:
    """Describe one polyp before it is painted.

    Attributes
    ----------
    kind : str
        "sessile", "pedunculated" or "flat".
    outline : Outline
        Of the polyp, or of the head of a pedunculated one.
    rise : float
        Height of the dome, of its shorter half axis.
    blunt : float
        Shape of the dome: 0.5 is a ball, larger a flatter foot.
    lobes : float
        Strength of its lobes, 0 to 1.
    softness : float
        Width of its edge in pixels.
    stalk_turn, stalk_length, stalk_width : float
        Direction (radians), length and half width (pixels) of the stalk.
    """

    kind: str
    outline: Outline
    rise: float
    blunt: float
    lobes: float
    softness: float
    stalk_turn: float = 0.0
    stalk_length: float = 0.0
    stalk_width: float = 0.0


def draw_polyp(rng: np.random.Generator, wall: Wall, *, share: float) -> Polyp:
    """Draw kind, place and shape of a polyp.

    Parameters
    ----------
    rng : numpy Generator
    wall : Wall
    share : float
        Wanted share of the frame, about 0.01 to 0.35.

    Returns
    -------
    polyp : Polyp
    """
    height, width = wall.light.shape
    kind = str(rng.choice(KINDS, p=[0.5, 0.22, 0.28]))
    aspect = rng.uniform(0.6, 1.0)
    length = np.sqrt(share * width * height / (np.pi * aspect))
    roughness = {"sessile": 0.17, "pedunculated": 0.12, "flat": 0.28}[kind]
    outline = Outline(
        x=float(rng.uniform(0.08, 0.92) * width),
        y=float(rng.uniform(0.08, 0.92) * height),
        length=float(length * (0.8 if kind == "pedunculated" else 1)),
        aspect=float(aspect),
        turn=float(rng.uniform(0, np.pi)),
        waves=draw_waves(rng, roughness=roughness),
    )
    if kind == "flat":
        return Polyp(kind, outline, rng.uniform(0.1, 0.22), rng.uniform(1.2, 2.2), 0.5, rng.uniform(2.5, 6))
    rise, lobes = rng.uniform(0.45, 0.95), rng.choice([0.15, 0.5, 1.0])
    polyp = Polyp(kind, outline, rise, rng.uniform(0.5, 0.9), lobes, rng.uniform(1.0, 2.5))
    if kind == "sessile":
        return polyp
    return Polyp(
        kind, outline, 0.95, 0.55, lobes, rng.uniform(0.8, 1.6),
        stalk_turn=float(rng.uniform(0, 2 * np.pi)),
        stalk_length=float(length * rng.uniform(1.4, 2.2)),
        stalk_width=float(length * aspect * rng.uniform(0.28, 0.45)),
    )  # fmt: skip


def paint_polyp(
    rng: np.random.Generator, canvas: Canvas, polyp: Polyp, *, wall: Wall, procedure: Procedure
) -> None:
    """Paint a polyp into the canvas, its mask included."""
    if polyp.kind == "pedunculated":
        _paint_stalk(rng, canvas, polyp, wall=wall, procedure=procedure)
    outline = polyp.outline
    window = cut_window(canvas.light.shape, outline.x, outline.y, outline.length * 1.75)
    place = measure_outline(outline, window)
    half_width = outline.length * outline.aspect
    alpha = ramp((1 - place) * np.float32(half_width), -polyp.softness / 2, polyp.softness / 2)
    dome = _raise_dome(rng, place, polyp)
    light_x, light_y = _aim_light(rng, wall, window)
    shade = shade_surface(dome, light_x, light_y)
    canvas.light[window] *= 1 + (shade - 1) * ramp(place, 1.5, 1.0)
    darken_around(canvas, window, place=place, reach=rng.uniform(0.1, 0.22), depth=_shadow_depth(rng, polyp))
    tissue = _colour_tissue(rng, canvas.albedo[window], dome=dome / np.float32(half_width), procedure=procedure)
    near = 1 + 0.28 * dome / np.float32(half_width)
    old_light = canvas.light[window]
    ground = wall.broad_light[window] if polyp.kind != "flat" else old_light
    floor = np.float32(0.3 if polyp.kind != "flat" else 0.0)
    blend(canvas.albedo[window], tissue, alpha)
    blend(canvas.light[window], ground * near * (floor + (1 - floor) * shade), alpha)
    canvas.wetness[window] += alpha * np.float32(rng.choice([-0.3, 0.2, 0.7])) * ramp(shade, 0.9, 1.1)
    canvas.mask[window] |= place < 1


def _shadow_depth(rng: np.random.Generator, polyp: Polyp) -> float:
    """Return how much light is lost at the foot of a polyp."""
    return float(rng.uniform(0.02, 0.12) if polyp.kind == "flat" else rng.uniform(0.15, 0.42))


def _aim_light(rng: np.random.Generator, wall: Wall, window: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Return the tilt of the light: it comes from the camera, so from the near side of the wall."""
    tilt = np.float32(rng.uniform(0.15, 0.5))
    stray = rng.normal(0, 0.12, 2).astype(np.float32)
    return tilt * wall.toward_x[window] + stray[0], tilt * wall.toward_y[window] + stray[1]


def _raise_dome(rng: np.random.Generator, place: np.ndarray, polyp: Polyp) -> np.ndarray:
    """Return the height of the polyp above the wall, in pixels."""
    height, width = place.shape
    half_width = polyp.outline.length * polyp.outline.aspect
    inside = np.clip(1 - place**2, 0, 1) if polyp.kind != "flat" else np.clip(1 - place**4, 0, 1)
    dome = inside ** np.float32(polyp.blunt)
    lobes = draw_layered_noise(rng, width, height, scales=[half_width * 0.75, half_width * 0.3])
    fine = draw_layered_noise(rng, width, height, scales=[10, 5])
    dome *= 1 + np.float32(0.14 * polyp.lobes) * lobes
    apron = np.exp(-np.clip(place - 1, 0, None) * 6)
    dome = 0.82 * dome + 0.18 * apron
    return dome * np.float32(half_width * polyp.rise) + fine * np.float32(0.35) * inside


def _colour_tissue(
    rng: np.random.Generator, ground: np.ndarray, *, dome: np.ndarray, procedure: Procedure
) -> np.ndarray:
    """Return the colour of the polyp's surface."""
    height, width = dome.shape
    tint = procedure.polyp_tint * rng.uniform(0.97, 1.03, 3).astype(np.float32)
    tissue = np.empty((height, width, 3), dtype=np.float32)
    mottling = draw_layered_noise(rng, width, height, scales=[30, 14, 6])
    pattern = _draw_pattern(rng, width, height, kind=procedure.pattern)
    for channel, pull in enumerate((0.03, -0.06, -0.05)):
        plain = 0.75 * procedure.mucosa[channel] + 0.25 * ground[..., channel]
        tissue[..., channel] = plain * tint[channel] * (1 + np.float32(pull) * mottling + pattern)
    tissue[..., 1:] *= (1 - 0.06 * dome)[..., None]
    return tissue


def _draw_pattern(rng: np.random.Generator, width: int, height: int, *, kind: str) -> np.ndarray:
    """Return the pit pattern as a brightness change, about -0.12 to 0.12."""
    if kind == "smooth":
        return 0.015 * draw_noise(rng, width, height, scale=5)
    strength = np.float32(rng.uniform(0.5, 1.0))
    if kind == "dots":
        return strength * (0.13 * ramp(draw_noise(rng, width, height, scale=5.5), 0.45, 1.2) - 0.03)
    if kind == "gyri":
        ridges = np.abs(draw_noise(rng, width, height, scale=9))
        return strength * (0.04 - 0.15 * ramp(ridges, 0.25, 0.0))
    return strength * 0.07 * draw_layered_noise(rng, width, height, scales=[16, 7])


def _paint_stalk(
    rng: np.random.Generator, canvas: Canvas, polyp: Polyp, *, wall: Wall, procedure: Procedure
) -> None:
    """Paint the stalk, from under the head to its foot on the wall."""
    head = polyp.outline
    reach = polyp.stalk_length + 3 * polyp.stalk_width
    window = cut_window(canvas.light.shape, head.x, head.y, reach)
    along, across = _measure_stalk(rng, polyp, window)
    share = np.clip(along / np.float32(polyp.stalk_length), 0, 1)
    half_width = np.float32(polyp.stalk_width) * (1 + np.float32(0.9) * share**4)
    place = np.abs(across) / half_width
    sides = ramp((1 - place) * half_width, -polyp.softness / 2, polyp.softness / 2)
    foot = np.float32(polyp.stalk_length) - along
    alpha = sides * ramp(foot, -7, 7) * (along > 0)
    round_shade = np.sqrt(np.clip(1 - (0.92 * place) ** 2, 0.05, 1))
    canvas.light[window] *= 1 - np.float32(0.22) * np.exp(-np.clip(place - 1, 0, None) / 0.35) * (along > 0) * (foot > 0)
    blend(canvas.light[window], wall.broad_light[window] * (0.35 + 0.75 * round_shade), alpha)
    tissue = canvas.albedo[window] * 0.4 + 0.6 * procedure.mucosa
    blend(canvas.albedo[window], tissue, alpha * np.float32(0.8))
    canvas.mask[window] |= (place < 1) & (along > 0) & (foot > 0)


def _measure_stalk(
    rng: np.random.Generator, polyp: Polyp, window: tuple[slice, slice]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of each pixel along and across the bent axis of the stalk, in pixels."""
    rows, columns = window
    dx = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(polyp.outline.x)
    dy = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(polyp.outline.y)
    cos, sin = np.float32(np.cos(polyp.stalk_turn)), np.float32(np.sin(polyp.stalk_turn))
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    bend = np.float32(rng.uniform(-0.35, 0.35) / polyp.stalk_length)
    return along, across - bend * along * along
