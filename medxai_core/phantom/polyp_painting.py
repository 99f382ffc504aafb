"""Paint polyps into the frame: form, light, tissue, and the exact mask."""

from __future__ import annotations

import numpy as np

from medxai_core.phantom.canvas import (
    Canvas,
    Window,
    blend,
    cut_window,
    darken_around,
    measure_offsets,
    shade_surface,
)
from medxai_core.phantom.noise import draw_layered_noise, draw_noise, ramp
from medxai_core.phantom.outlines import measure_outline
from medxai_core.phantom.polyps import Polyp, cut_polyp_window, find_hidden, measure_stalk
from medxai_core.phantom.procedure import Procedure
from medxai_core.phantom.wall import Wall


def paint_polyp(rng: np.random.Generator, canvas: Canvas, polyp: Polyp, *, wall: Wall, procedure: Procedure) -> None:
    """Paint a polyp into the canvas, mask included.

    Notes
    -----
    The edge is soft, but the mask is not: it ends on the drawn outline, where the polyp covers the wall by half.
    """
    if polyp.stalk is not None:
        _paint_stalk(canvas, polyp, wall=wall, procedure=procedure)
    window = cut_polyp_window(polyp, canvas.light.shape)
    place = measure_outline(polyp.outline, window)
    seen = ~find_hidden(polyp, wall, window)
    near_side = _find_near_side(polyp, wall, window)
    dome = _raise_dome(rng, place, polyp)
    tilt_x, tilt_y = _aim_light(rng, wall, window)
    shade = shade_surface(dome, tilt_x=tilt_x, tilt_y=tilt_y)
    alpha = _soften_edge(place, polyp, near_side) * seen
    canvas.light[window] *= 1 + 0.7 * (shade - 1) * ramp(place, 1.5, 1.0) * seen
    shadow = rng.uniform(0.02, 0.1) if polyp.kind == "flat" else rng.uniform(0.2, 0.5)
    darken_around(
        canvas, window, place=place, reach=rng.uniform(0.1, 0.25), depth=shadow * (0.55 - 0.45 * near_side) * seen
    )
    relative_dome = dome * np.float32(1 / polyp.outline.half_width)
    tissue = _colour_tissue(rng, canvas.cut_albedo(window), procedure=procedure, is_flat=polyp.kind == "flat")
    light = _light_up(canvas, polyp, wall=wall, window=window) * (1 + 0.3 * relative_dome)
    floor = np.float32(0.28)
    blend(canvas.cut_albedo(window), tissue, alpha)
    blend(canvas.light[window], light * (floor + (1 - floor) * shade), alpha)
    canvas.wetness[window] += alpha * np.float32(rng.choice([-0.2, 0.5, 1.0])) * ramp(shade, 0.9, 1.1)
    canvas.mask[window] |= (place < 1) & seen


def _find_near_side(polyp: Polyp, wall: Wall, window: Window) -> np.ndarray:
    """Return for each pixel, seen from the middle of the polyp: 1 toward the camera, -1 toward the lumen."""
    row, column = polyp.outline.find_middle(wall.light.shape)
    dx, dy = measure_offsets(window, polyp.outline.x, polyp.outline.y)
    toward = dx * wall.toward_x[row, column] + dy * wall.toward_y[row, column]
    return toward / (np.sqrt(dx * dx + dy * dy) + np.float32(1))


def _soften_edge(place: np.ndarray, polyp: Polyp, near_side: np.ndarray) -> np.ndarray:
    """Return how much of the polyp covers each pixel: its near side runs softly into the wall."""
    softness = np.float32(polyp.softness) * (1 + np.float32(3) * np.clip(near_side, 0, 1) ** 2)
    softness = np.minimum(softness, np.float32(0.5 * polyp.outline.half_width))
    t = np.clip((1 - place) * np.float32(polyp.outline.half_width) / softness + np.float32(0.5), 0, 1)
    return t * t * (3 - 2 * t)


def _aim_light(rng: np.random.Generator, wall: Wall, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return the tilt of the light: it comes from the camera, so from the near side of the wall."""
    tilt = np.float32(rng.uniform(0.2, 0.65))
    stray = rng.normal(0, 0.18, 2).astype(np.float32)
    return tilt * wall.toward_x[window] + stray[0], tilt * wall.toward_y[window] + stray[1]


def _light_up(canvas: Canvas, polyp: Polyp, *, wall: Wall, window: Window) -> np.ndarray:
    """Return the light that reaches the polyp: not darker than at its near foot, even in front of the lumen."""
    if polyp.kind == "flat":
        return canvas.light[window].copy()
    height, width = wall.light.shape
    row, column = polyp.outline.find_middle(wall.light.shape)
    foot_row = int(row + polyp.outline.half_width * wall.toward_y[row, column])
    foot_column = int(column + polyp.outline.half_width * wall.toward_x[row, column])
    foot = wall.broad_light[min(max(foot_row, 0), height - 1), min(max(foot_column, 0), width - 1)]
    return 0.45 * wall.broad_light[window] + 0.55 * np.maximum(wall.broad_light[window], 0.8 * foot)


def _raise_dome(rng: np.random.Generator, place: np.ndarray, polyp: Polyp) -> np.ndarray:
    """Return the height above the wall in pixels: a dome on an apron of wall that is drawn up with it."""
    height, width = place.shape
    half_width = polyp.outline.half_width
    steepness = 4 if polyp.kind == "flat" else 2
    inside = np.clip(1 - place**steepness, 0, 1)
    dome = inside ** np.float32(polyp.blunt)
    lobes = draw_layered_noise(rng, width, height, scales=[0.75 * half_width, 0.3 * half_width])
    fine = draw_layered_noise(rng, width, height, scales=[9, 5])
    dome *= 1 + np.float32(0.13 * polyp.lobes) * lobes
    apron = np.exp(np.clip(place - 1, 0, None) * np.float32(-6))
    return (0.82 * dome + 0.18 * apron) * np.float32(half_width * polyp.rise) + fine * np.float32(0.3) * inside


def _colour_tissue(rng: np.random.Generator, ground: np.ndarray, *, procedure: Procedure, is_flat: bool) -> np.ndarray:
    """Return the colour of the polyp's surface: (3, h, w) float32."""
    height, width = ground.shape[1:]
    contrast, see_through = (1.2, 0.55) if is_flat else (1.0, 0.3)  # form alone would not show a flat one
    tint = (1 + (procedure.polyp_tint - 1) * np.float32(contrast)) * rng.uniform(0.96, 1.04, 3).astype(np.float32)
    mottling = draw_layered_noise(rng, width, height, scales=[30, 14, 6])
    pattern = _draw_pattern(rng, width, height, kind=procedure.pattern)
    tissue = np.empty((3, height, width), dtype=np.float32)
    for channel, pull in enumerate((0.02, -0.045, -0.04)):
        plain = procedure.mucosa[channel] * (1 - see_through) + np.float32(see_through) * ground[channel]
        tissue[channel] = plain * tint[channel] * (1 + np.float32(pull) * mottling + pattern)
    return tissue


def _draw_pattern(rng: np.random.Generator, width: int, height: int, *, kind: str) -> np.ndarray:
    """Return the pit pattern as a change of brightness, about -0.15 to 0.15."""
    if kind == "smooth":
        return 0.012 * draw_noise(rng, width, height, scale=5)
    strength = np.float32(rng.uniform(0.6, 1.4))
    if kind == "dots":
        return strength * (0.15 * ramp(draw_noise(rng, width, height, scale=6), 0.7, 2.0) - 0.03)
    if kind == "gyri":
        valleys = np.abs(draw_noise(rng, width, height, scale=9))
        return strength * (0.04 - 0.16 * ramp(valleys, 0.4, 0.0))
    return strength * np.float32(0.07) * draw_layered_noise(rng, width, height, scales=[16, 7])


def _paint_stalk(canvas: Canvas, polyp: Polyp, *, wall: Wall, procedure: Procedure) -> None:
    """Paint the stalk, from under the head to its foot on the wall."""
    stalk = polyp.stalk
    if stalk is None:
        return
    reach = 1.4 * stalk.length + 3 * stalk.half_width
    window = cut_window(canvas.light.shape, polyp.outline.x, polyp.outline.y, reach=reach)
    along, across = measure_stalk(polyp, window)
    is_between = (along > 0) & (along < 1)
    sides = ramp((1 - across) * np.float32(stalk.half_width), -polyp.softness / 2, polyp.softness / 2)
    alpha = sides * ramp(along, 1.25, 0.75) * (along > 0)
    shadow = np.exp(np.clip(across - 1, 0, None) * np.float32(-3))
    canvas.light[window] *= 1 - np.float32(0.2) * shadow * is_between * (1 - np.clip(along, 0, 1) ** 2)
    roundness = np.sqrt(np.clip(1 - (0.92 * across) ** 2, 0.05, 1))
    light = _light_up(canvas, polyp, wall=wall, window=window)
    light += np.clip(along, 0, 1) * (canvas.light[window] - light)
    blend(canvas.light[window], light * (0.35 + 0.75 * roundness), alpha)
    tissue = canvas.cut_albedo(window) * np.float32(0.4) + np.float32(0.6) * procedure.mucosa[:, None, None]
    blend(canvas.cut_albedo(window), tissue, alpha * np.float32(0.8))
    canvas.mask[window] |= (across < 1) & is_between
