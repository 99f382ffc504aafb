"""What else is in the picture, with and without polyps: swellings, stool, liquid, bubbles, glare."""

from __future__ import annotations

import numpy as np

from medxai_core.phantom.canvas import (
    Canvas,
    Window,
    blend,
    cut_window,
    darken_around,
    is_tiny,
    measure_offsets,
    shade_surface,
)
from medxai_core.phantom.noise import draw_layered_noise, draw_noise, ramp
from medxai_core.phantom.outlines import Outline, draw_outline, measure_outline
from medxai_core.phantom.wall import Wall

_STOOL = np.array([[0.74, 0.46, 0.13], [0.50, 0.29, 0.11], [0.86, 0.64, 0.24]], dtype=np.float32)
_BILE = np.array([0.80, 0.60, 0.16], dtype=np.float32)[:, None, None]


def paint_swellings(rng: np.random.Generator, canvas: Canvas, wall: Wall) -> int:
    """Raise soft swellings of normal mucosa, which have no edge; return their number."""
    n_swellings = int(rng.choice([0, 1, 2, 3], p=[0.3, 0.3, 0.25, 0.15]))
    for _ in range(n_swellings):
        length = rng.uniform(0.06, 0.2) * canvas.light.shape[1]
        outline = draw_outline(rng, canvas.light.shape, length=length, aspect=rng.uniform(0.5, 1), roughness=0.15)
        window = cut_window(canvas.light.shape, outline.x, outline.y, reach=2.4 * length)
        place = measure_outline(outline, window)
        if is_tiny(window):
            continue
        heights = np.exp(place * place * np.float32(-1.6)) * np.float32(length * rng.uniform(0.25, 0.6))
        shade = shade_surface(heights, tilt_x=0.4 * wall.toward_x[window], tilt_y=0.4 * wall.toward_y[window])
        canvas.light[window] *= 1 + np.float32(0.75) * (shade - 1) + np.float32(0.25 / length) * heights
    return n_swellings


def paint_stool(rng: np.random.Generator, canvas: Canvas, *, dirt: float) -> int:
    """Lay crumbs and lumps of stool on the wall; return their number."""
    n_lumps = int(rng.poisson(5 * dirt))
    colour = _STOOL[rng.integers(len(_STOOL))] * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    for _ in range(n_lumps):
        length = float(np.exp(rng.uniform(np.log(2), np.log(0.08 * canvas.light.shape[1]))))
        outline = draw_outline(rng, canvas.light.shape, length=length, aspect=rng.uniform(0.45, 1), roughness=0.5)
        window = cut_window(canvas.light.shape, outline.x, outline.y, reach=2 * length + 3)
        if not is_tiny(window):
            _paint_lump(rng, canvas, outline, window=window, colour=colour)
    return n_lumps


def _paint_lump(
    rng: np.random.Generator, canvas: Canvas, outline: Outline, *, window: Window, colour: np.ndarray
) -> None:
    """Paint one lump of stool: frayed edge, rough surface, more or less opaque."""
    place = measure_outline(outline, window)
    rows, columns = place.shape
    rough = draw_layered_noise(rng, columns, rows, scales=[9, 4])
    place = place + np.float32(0.06) * rough
    dome = np.sqrt(np.clip(1 - place * place, 1e-4, 1)) * np.float32(0.35 * outline.length) + 0.5 * rough
    alpha = ramp((1 - place) * np.float32(outline.length), -1.5, 2.5) * np.float32(rng.uniform(0.6, 0.97))
    darken_around(canvas, window, place=place, reach=0.3, depth=0.2)
    blend(canvas.cut_albedo(window), colour[:, None, None] * (1 + 0.1 * rough), alpha)
    shade = shade_surface(dome, tilt_x=0.2, tilt_y=0.2)
    canvas.light[window] *= 1 + alpha * np.float32(0.8) * (shade - 1)
    canvas.wetness[window] += alpha * np.float32(rng.uniform(-0.5, 0.6))


def paint_liquid(rng: np.random.Generator, canvas: Canvas, *, dirt: float) -> bool:
    """Stain the wall with thin yellow liquid in some frames; return whether it did."""
    if rng.uniform() > 0.55 * dirt:
        return False
    height, width = canvas.light.shape
    field = draw_noise(rng, width, height, scale=rng.uniform(50, 130))
    field += 0.2 * draw_layered_noise(rng, width, height, scales=[16, 7])
    level = rng.uniform(0.25, 0.9)
    film = ramp(field, level, level + 0.9) * np.float32(rng.uniform(0.25, 0.6))
    blend(canvas.albedo, canvas.albedo * _BILE * np.float32(1.45), film)
    canvas.wetness += np.float32(0.5) * film
    return True


def paint_bubbles(rng: np.random.Generator, canvas: Canvas) -> int:
    """Lay clear bubbles on the wall in half of the frames, most of them in one cluster; return their number."""
    height, width = canvas.light.shape
    n_bubbles = int(rng.integers(1, 26) * rng.integers(0, 2))
    middle = rng.uniform(0.1, 0.9, 2) * (width, height)
    for _ in range(n_bubbles):
        is_stray = rng.uniform() < 0.2
        x, y = rng.uniform(0, 1, 2) * (width, height) if is_stray else middle + rng.normal(0, 0.07 * width, 2)
        _paint_bubble(canvas, x=float(x), y=float(y), size=float(np.exp(rng.normal(np.log(5.5), 0.55))))
    return n_bubbles


def _paint_bubble(canvas: Canvas, *, x: float, y: float, size: float) -> None:
    """Paint one bubble: a dark rim, a bright arc inside it, and the reflection of the lamp."""
    window = cut_window(canvas.light.shape, x, y, reach=size + 3)
    dx, dy = (offset * np.float32(1 / size) for offset in measure_offsets(window, x, y))
    distance = np.sqrt(dx * dx + dy * dy)
    rim = np.exp(-(((distance - np.float32(0.93)) * np.float32(7.5)) ** 2))
    arc = np.exp(-(((distance - np.float32(0.78)) * np.float32(7)) ** 2)) * np.clip(0.7 * dx + 0.7 * dy, 0, 1)
    spot = np.exp(((dx + np.float32(0.35)) ** 2 + (dy + np.float32(0.35)) ** 2) * np.float32(-33))
    canvas.light[window] *= 1 - np.float32(0.28) * rim + np.float32(0.5) * arc
    canvas.wetness[window] += np.float32(6 if size > 2.5 else 0) * spot


def draw_glare(rng: np.random.Generator, canvas: Canvas, *, gloss: float) -> np.ndarray:
    """Draw the mirror-like reflections of the lamp: small, sharp, white, in clusters on bright wet wall.

    Returns
    -------
    glare : ndarray of shape (H, W), float32
        0 to 1.
    """
    height, width = canvas.light.shape
    facets = draw_layered_noise(rng, width, height, scales=[rng.uniform(7, 13), 6])
    clusters = draw_noise(rng, width, height, scale=rng.uniform(45, 90))
    tendency = np.float32(0.4) * facets + np.float32(0.3) * (clusters + canvas.wetness)
    tendency += np.float32(0.8) * np.clip(canvas.light, 0, 1.2)
    threshold = 2.25 - 0.25 * gloss
    return ramp(tendency, threshold, threshold + 0.16)
