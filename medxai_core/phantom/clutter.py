"""What else is in the picture, with and without polyps: swellings, stool, liquid, bubbles, glare."""

from __future__ import annotations

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
from medxai_core.phantom.wall import Wall

_STOOL = np.array([[0.66, 0.50, 0.20], [0.50, 0.36, 0.16], [0.78, 0.66, 0.30]], dtype=np.float32)
_BILE = np.array([0.80, 0.60, 0.16], dtype=np.float32)


def paint_swellings(rng: np.random.Generator, canvas: Canvas, wall: Wall) -> int:
    """Raise soft swellings of normal mucosa, which have no edge; return their number."""
    height, width = canvas.light.shape
    n_swellings = int(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15]))
    for _ in range(n_swellings):
        length = rng.uniform(0.06, 0.2) * width
        outline = _draw_lump(rng, width, height, length=length, roughness=0.12)
        window = cut_window(canvas.light.shape, outline.x, outline.y, 2.4 * length)
        if canvas.light[window].shape[0] < 3 or canvas.light[window].shape[1] < 3:
            continue
        place = measure_outline(outline, window)
        heights = np.exp(-place * place * 1.6) * np.float32(length * rng.uniform(0.25, 0.55))
        shade = shade_surface(heights, 0.4 * wall.toward_x[window], 0.4 * wall.toward_y[window])
        canvas.light[window] *= 1 + np.float32(0.7) * (shade - 1) + 0.004 * heights
    return n_swellings


def paint_stool(rng: np.random.Generator, canvas: Canvas, *, dirt: float) -> int:
    """Lay crumbs and lumps of stool on the wall; return their number."""
    height, width = canvas.light.shape
    n_lumps = int(rng.poisson(3.5 * dirt))
    colour = _STOOL[rng.integers(len(_STOOL))] * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    for _ in range(n_lumps):
        length = float(np.exp(rng.uniform(np.log(3), np.log(0.085 * width))))
        outline = _draw_lump(rng, width, height, length=length, roughness=0.22)
        window = cut_window(canvas.light.shape, outline.x, outline.y, 2 * length + 3)
        if canvas.light[window].shape[0] < 3 or canvas.light[window].shape[1] < 3:
            continue
        _paint_lump(rng, canvas, outline, window=window, colour=colour)
    return n_lumps


def _draw_lump(rng: np.random.Generator, width: int, height: int, *, length: float, roughness: float) -> Outline:
    """Draw an outline somewhere in the frame."""
    return Outline(
        x=float(rng.uniform(0, width)),
        y=float(rng.uniform(0, height)),
        length=length,
        aspect=float(rng.uniform(0.5, 1)),
        turn=float(rng.uniform(0, np.pi)),
        waves=draw_waves(rng, roughness=roughness),
    )


def _paint_lump(
    rng: np.random.Generator, canvas: Canvas, outline: Outline, *, window: tuple[slice, slice], colour: np.ndarray
) -> None:
    """Paint one lump of stool: sharp edge, rough surface, opaque."""
    place = measure_outline(outline, window)
    rows, columns = place.shape
    rough = draw_layered_noise(rng, columns, rows, scales=[8, 4])
    place = place + 0.07 * rough
    dome = np.sqrt(np.clip(1 - place * place, 1e-4, 1)) * np.float32(0.5 * outline.length) + 0.8 * rough
    alpha = ramp((1 - place) * np.float32(outline.length), -1, 1.5) * np.float32(rng.uniform(0.75, 1))
    darken_around(canvas, window, place=place, reach=0.3, depth=0.2)
    blend(canvas.albedo[window], colour * (1 + 0.08 * rough)[..., None], alpha)
    canvas.light[window] *= 1 + alpha * (0.8 * shade_surface(dome, 0.1, 0.1) - 0.75)


def paint_liquid(rng: np.random.Generator, canvas: Canvas, *, dirt: float) -> bool:
    """Stain the wall with thin yellow liquid in some frames; return whether it did."""
    if rng.uniform() > 0.55 * dirt:
        return False
    height, width = canvas.light.shape
    field = draw_noise(rng, width, height, scale=rng.uniform(50, 130))
    field += 0.2 * draw_layered_noise(rng, width, height, scales=[16, 7])
    level = rng.uniform(0.25, 0.9)
    film = ramp(field, level, level + 0.9) * np.float32(rng.uniform(0.25, 0.6))
    blend(canvas.albedo, canvas.albedo * _BILE * 1.45, film)
    canvas.wetness += 0.5 * film
    return True


def paint_bubbles(rng: np.random.Generator, canvas: Canvas, *, n_bubbles: int) -> None:
    """Lay clear bubbles on the wall, mostly in one cluster: a dark rim, a bright arc and a bright spot."""
    height, width = canvas.light.shape
    centre = rng.uniform(0.1, 0.9, 2) * (width, height)
    for _ in range(n_bubbles):
        size = float(np.exp(rng.normal(np.log(5.5), 0.5)))
        x, y = centre + rng.normal(0, 0.07 * width, 2) if rng.uniform() < 0.8 else rng.uniform(0, 1, 2) * (width, height)
        window = cut_window(canvas.light.shape, x, y, size + 3)
        if canvas.light[window].size:
            _paint_bubble(canvas, window, x=x, y=y, size=size)


def _paint_bubble(canvas: Canvas, window: tuple[slice, slice], *, x: float, y: float, size: float) -> None:
    """Paint one bubble."""
    rows, columns = window
    dx = (np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(size)
    dy = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(y)) / np.float32(size)
    distance = np.sqrt(dx * dx + dy * dy)
    rim = np.exp(-(((distance - 0.93) / 0.13) ** 2))
    arc = np.exp(-(((distance - 0.78) / 0.14) ** 2)) * np.clip(0.7 * dx + 0.7 * dy, 0, 1)
    spot = np.exp(-((dx + 0.35) ** 2 + (dy + 0.35) ** 2) / 0.03)
    canvas.light[window] *= 1 - 0.42 * rim + 0.35 * arc
    canvas.wetness[window] += 6 * spot * (size > 2.5)


def draw_glare(rng: np.random.Generator, canvas: Canvas, *, gloss: float) -> np.ndarray:
    """Draw the mirror-like reflections of the lamp: small, sharp, white, in clusters on bright wet wall.

    Returns
    -------
    glare : ndarray of shape (H, W), float32
        0 to 1.
    """
    height, width = canvas.light.shape
    facets = draw_layered_noise(rng, width, height, scales=[rng.uniform(6, 12), 4])
    clusters = draw_noise(rng, width, height, scale=rng.uniform(45, 90))
    tendency = 0.4 * facets + 0.3 * clusters + 0.3 * canvas.wetness + 0.8 * np.clip(canvas.light, 0, 1.2)
    threshold = 2.15 - 0.25 * gloss
    return ramp(tendency, threshold, threshold + 0.16)
