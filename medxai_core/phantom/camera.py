"""What the camera adds: black border, vignette, tone, blur, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from medxai_core.phantom.canvas import Canvas, blend
from medxai_core.phantom.noise import draw_noise
from medxai_core.phantom.procedure import Procedure


def draw_aperture(procedure: Procedure, width: int, height: int) -> np.ndarray:
    """Draw the visible part of the frame: a rectangle with cut corners, more or less rounded.

    Returns
    -------
    aperture : ndarray of shape (H, W), float32
        1 where the picture is seen, 0 on the black border, between them on the line.
    """
    left, right, top, bottom = procedure.margins
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    x0, x1 = left * width, (1 - right) * width - 1
    y0, y1 = top * height, (1 - bottom) * height - 1
    dx, dy = np.abs(x - np.float32((x0 + x1) / 2)), np.abs(y - np.float32((y0 + y1) / 2))
    sides = np.minimum(np.float32((x1 - x0) / 2) - dx, np.float32((y1 - y0) / 2) - dy)
    half_sum = (x1 - x0 + y1 - y0) / 2 - procedure.corner * height
    corners = (np.float32(half_sum) - dx - dy) * np.float32(np.sqrt(0.5))
    inside = np.minimum(sides, corners)
    if procedure.roundness > 0:
        disk = (x1 - x0) / 2 * (1.12 - 0.12 * procedure.roundness)
        inside = np.minimum(inside, np.float32(disk) - np.sqrt(dx * dx + dy * dy))
    return np.clip(inside + np.float32(0.5), 0, 1)


def develop(
    rng: np.random.Generator, canvas: Canvas, *, glare: np.ndarray, aperture: np.ndarray, procedure: Procedure
) -> np.ndarray:
    """Turn colour and light into the picture.

    Returns
    -------
    image : ndarray of shape (H, W, 3), uint8
    """
    picture = _expose(canvas, exposure=procedure.exposure * rng.uniform(0.95, 1.05))
    _add_glare(picture, glare)
    picture = _blur(rng, picture)
    _add_sensor_noise(rng, picture, procedure.noise)
    picture *= aperture
    picture += np.float32(0.5)
    return np.ascontiguousarray(np.moveaxis(np.clip(picture, 0, 255).astype(np.uint8), 0, 2))


def _expose(canvas: Canvas, *, exposure: float) -> np.ndarray:
    """Return the exposed picture, (3, H, W), 0 to 255: dark places are redder, bright ones run into white."""
    height, width = canvas.light.shape
    light = np.clip(canvas.light, 0.004, None)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    log_light = np.log(light * (1 - 0.16 * (x * x + y * y)) * np.float32(exposure))
    picture = np.empty((3, height, width), dtype=np.float32)
    for channel, (power, gain) in enumerate(((0.8, 1.75), (1.02, 1.55), (1.08, 1.5))):
        value = canvas.albedo[channel] * np.exp(log_light * np.float32(power))
        picture[channel] = 255 * (1 - np.exp(value * np.float32(-gain)))
    return picture


def _add_glare(picture: np.ndarray, glare: np.ndarray) -> None:
    """Lay the glare over the picture, with a faint bloom round it."""
    height, width = glare.shape
    spots = Image.fromarray(glare).reduce(8)
    bloom = np.asarray(spots.resize((width, height), Image.Resampling.BICUBIC)) * np.float32(0.35)
    cover = np.clip(np.maximum(glare, bloom), 0, 1)
    for channel, white in enumerate((252, 252, 246)):
        blend(picture[channel], white, cover)


def _blur(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Smear some frames by motion, and soften all as a lens does."""
    if rng.uniform() < 0.3:
        reach, direction = rng.uniform(1.5, 5), rng.uniform(0, np.pi)
        steps = np.linspace(-0.5, 0.5, 5) * reach
        shifts = {(round(s * np.sin(direction)), round(s * np.cos(direction))) for s in steps.tolist()}
        picture = np.mean([np.roll(picture, shift, axis=(1, 2)) for shift in sorted(shifts)], axis=0)
    radius = rng.uniform(0.25, 0.55)
    for channel in range(3):
        sharp = Image.fromarray(np.clip(picture[channel], 0, 255).astype(np.uint8))
        picture[channel] = np.asarray(sharp.filter(ImageFilter.BoxBlur(radius)))
    return picture


def _add_sensor_noise(rng: np.random.Generator, picture: np.ndarray, level: float) -> None:
    """Add grain: fine in brightness, coarser and weaker in colour."""
    height, width = picture.shape[1:]
    picture += np.float32(level) * draw_noise(rng, width, height, scale=1)
    for channel in (0, 2):
        picture[channel] += np.float32(level) * draw_noise(rng, width, height, scale=2.5)
