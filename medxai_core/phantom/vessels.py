"""Submucosal vessels: trees of bending branches that fork and thin out, and a faint net of capillaries."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from medxai_core.phantom.noise import draw_noise, ramp

_N_FORKS = 7  # a trunk becomes up to 2**7 twigs
_STEP = 7.0  # pixels


def draw_vessels(rng: np.random.Generator, radius: np.ndarray, *, n_trees: int, net: float) -> np.ndarray:
    """Draw vessel trees and capillaries.

    Parameters
    ----------
    rng : numpy Generator
    radius : ndarray of shape (H, W), float32
        Distance from the vanishing point (1 = half the shorter side): far vessels look thinner.
    n_trees : int
    net : float
        Strength of the net of capillaries, 0 to 1.

    Returns
    -------
    vessels : ndarray of shape (H, W), float32
        0 (none) to 1 (in the middle of a thick vessel).
    """
    height, width = radius.shape
    sheet = Image.new("L", (2 * width, 2 * height))
    brush = ImageDraw.Draw(sheet)
    _draw_trees(rng, brush, radius, n_trees=n_trees)
    vessels = np.asarray(sheet.reduce(2), dtype=np.float32) * np.float32(1 / 255)
    if net > 0.05:
        lines = ramp(np.abs(draw_noise(rng, width, height, scale=24)), 0.16, 0.02)
        lines *= ramp(draw_noise(rng, width, height, scale=60), 0.0, 1.5)
        vessels = np.maximum(vessels, lines * np.float32(0.45 * net))
    return vessels


def _draw_trees(rng: np.random.Generator, brush: ImageDraw.ImageDraw, radius: np.ndarray, *, n_trees: int) -> None:
    """Draw all trees, one generation of branches after the other."""
    height, width = radius.shape
    away = rng.uniform(0, 2 * np.pi, n_trees)
    x, y = width * (0.5 + 0.62 * np.cos(away)), height * (0.5 + 0.62 * np.sin(away))
    direction = away + np.pi + rng.normal(0, 0.6, n_trees)
    thickness = rng.uniform(3.5, 6.5, n_trees)
    for _ in range(_N_FORKS):
        rows, columns = np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int)
        scale = np.clip(radius[rows, columns], 0.35, 1.1)
        n_steps = int(rng.integers(6, 12))
        turns = direction[:, None] + np.cumsum(rng.normal(0, 0.2, (len(x), n_steps)), axis=1)
        stretch = (_STEP * scale * rng.uniform(0.6, 1.2, len(x)))[:, None]
        xs = x[:, None] + np.cumsum(np.cos(turns), axis=1) * stretch
        ys = y[:, None] + np.cumsum(np.sin(turns), axis=1) * stretch
        points = np.stack([np.column_stack([x, xs]), np.column_stack([y, ys])], axis=2) * 2
        for branch, width_2x, tone in zip(points, thickness * scale, 90 + 25 * thickness, strict=True):
            brush.line(branch.ravel().tolist(), fill=int(tone), width=max(1, round(width_2x)))
        side = rng.choice([-1.0, 1.0], len(x))
        fork = rng.uniform(0.35, 0.9, len(x))
        x, y = np.tile(xs[:, -1], 2), np.tile(ys[:, -1], 2)
        direction = np.concatenate([turns[:, -1] - 0.3 * side, turns[:, -1] + fork * side])
        thickness = np.concatenate([thickness * 0.83, thickness * rng.uniform(0.4, 0.75, len(thickness))])
        alive = (thickness > 0.9) & (np.abs(x - width / 2) < 0.7 * width) & (np.abs(y - height / 2) < 0.7 * height)
        x, y, direction, thickness = x[alive], y[alive], direction[alive], thickness[alive]
