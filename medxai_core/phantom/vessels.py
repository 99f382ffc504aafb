"""Submucosal vessels: trees of bending branches that fork and thin out, and a faint net of capillaries."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from medxai_core.phantom.noise import draw_noise, ramp

_MAX_BRANCHES = 60
_STEP = 7.0  # pixels
_GRID = 16  # pixels


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
    scales = np.clip(radius[::_GRID, ::_GRID], 0.35, 1.1).tolist()
    sheet = Image.new("L", (2 * width, 2 * height))
    brush = ImageDraw.Draw(sheet)
    for _ in range(n_trees):
        start = (rng.uniform(-0.05, 1.05) * width, rng.uniform(-0.05, 1.05) * height)
        _draw_tree(rng, brush, scales, start=start)
    trees = sheet.reduce(2).filter(ImageFilter.BoxBlur(0.6))
    vessels = np.asarray(trees, dtype=np.float32) * np.float32(1 / 255)
    if net > 0.05:
        lines = ramp(np.abs(draw_noise(rng, width, height, scale=24)), 0.16, 0.02)
        lines *= ramp(draw_noise(rng, width, height, scale=60), 0.0, 1.5)
        vessels = np.maximum(vessels, lines * np.float32(0.45 * net))
    return vessels


def _draw_tree(
    rng: np.random.Generator,
    brush: ImageDraw.ImageDraw,
    scales: list[list[float]],
    *,
    start: tuple[float, float],
) -> None:
    """Draw one tree, branch by branch, thick ones first."""
    # x, y, direction, thickness of each branch to come
    branches = [(*start, rng.uniform(0, 2 * math.pi), rng.uniform(3.0, 6.5))]
    for _ in range(_MAX_BRANCHES):
        if not branches:
            return
        x, y, direction, thickness = branches.pop(0)
        row = min(max(int(y / _GRID), 0), len(scales) - 1)
        column = min(max(int(x / _GRID), 0), len(scales[0]) - 1)
        scale = scales[row][column]
        n_steps = int(rng.integers(4, 9) + thickness)
        turns = direction + np.cumsum(rng.normal(0, 0.22, n_steps))
        xs, ys = x + np.cumsum(np.cos(turns)) * _STEP * scale, y + np.cumsum(np.sin(turns)) * _STEP * scale
        points = [(2 * x, 2 * y), *zip((2 * xs).tolist(), (2 * ys).tolist(), strict=True)]
        brush.line(points, fill=int(90 + 25 * thickness), width=max(1, round(thickness * scale)), joint="curve")
        if thickness < 1:
            continue
        fork, uneven = rng.uniform(0.35, 0.85), rng.uniform(0.55, 0.75)
        side = 1 if rng.uniform() < 0.5 else -1
        tip = (float(xs[-1]), float(ys[-1]), float(turns[-1]))
        branches.append((tip[0], tip[1], tip[2] - 0.3 * side, 0.82 * thickness))
        branches.append((tip[0], tip[1], tip[2] + fork * side, uneven * thickness))
