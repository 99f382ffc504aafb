"""Smooth random fields, cut from a few seamless textures that are made once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

_TEXTURE_SIDE = 1024
_BLOB_SIZES = (1.0, 2.5, 4.0, 6.0, 9.0)  # pixels


def draw_noise(rng: np.random.Generator, width: int, height: int, *, scale: float) -> np.ndarray:
    """Draw a smooth random field without any preferred direction.

    Parameters
    ----------
    rng : numpy Generator
    width, height : int
        Size in pixels.
    scale : float
        Size of a blob in pixels, at least 1. Up to 9 the nearest of five sizes is taken. In frames larger than
        1020 pixels the smallest blobs grow with the frame.

    Returns
    -------
    noise : ndarray of shape (height, width), float32
        Mean about 0, standard deviation about 1.
    """
    blob = min(_BLOB_SIZES, key=lambda size: abs(size - scale))
    zoom = max(scale / blob if scale > _BLOB_SIZES[-1] else 1.0, max(width, height) / (_TEXTURE_SIDE - 4))
    if zoom == 1:
        return _cut_texture(rng, blob, height, width).copy()
    return resize_field(_cut_texture(rng, blob, int(height / zoom) + 2, int(width / zoom) + 2), width, height)


def draw_layered_noise(rng: np.random.Generator, width: int, height: int, *, scales: list[float]) -> np.ndarray:
    """Add fields of several scales, each weighted with the root of its scale.

    Returns
    -------
    noise : ndarray of shape (height, width), float32
        Standard deviation about 1.
    """
    weights = np.sqrt(np.array(scales, dtype=np.float32))
    weights /= np.sqrt((weights**2).sum())
    zoom = max(1.0, min(scales) / _BLOB_SIZES[-1])  # add coarse fields while they are small
    n_columns, n_rows = (width, height) if zoom == 1 else (int(width / zoom) + 2, int(height / zoom) + 2)
    noise = np.zeros((n_rows, n_columns), dtype=np.float32)
    for weight, scale in zip(weights, scales, strict=True):
        noise += weight * draw_noise(rng, n_columns, n_rows, scale=scale / zoom)
    return noise if zoom == 1 else resize_field(noise, width, height)


def draw_ring_noise(rng: np.random.Generator, n_rings: int, n_angles: int, *, n_waves: int) -> np.ndarray:
    """Draw smooth random rings: each row runs round once and closes.

    Returns
    -------
    rings : ndarray of shape (n_rings, n_angles), float32
        Standard deviation about 0.7.
    """
    angles = np.linspace(0, 2 * np.pi, n_angles, endpoint=False, dtype=np.float32)
    orders = np.arange(1, n_waves + 1, dtype=np.float32)
    phases = rng.uniform(0, 2 * np.pi, (n_rings, 1, n_waves)).astype(np.float32)
    sizes = rng.standard_normal((n_rings, 1, n_waves)).astype(np.float32) / np.sqrt(np.float32(n_waves))
    return (sizes * np.cos(angles[:, None] * orders + phases)).sum(axis=2)


def draw_tube_texture(rng: np.random.Generator) -> np.ndarray:
    """Draw a square, seamless random pattern of blobs of two sizes, standard deviation about 1."""
    shift = rng.integers(0, _TEXTURE_SIDE, 2)
    coarse, fine = _make_texture(_BLOB_SIZES[-1]), _make_texture(_BLOB_SIZES[2])
    return 0.8 * np.roll(coarse, tuple(shift.tolist()), axis=(0, 1)) + 0.6 * fine


def resize_field(field: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a float32 field, already smooth, to (height, width)."""
    return np.array(Image.fromarray(np.ascontiguousarray(field)).resize((width, height), Image.Resampling.BILINEAR))


def ramp(values: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Rise smoothly from 0 (at start and before) to 1 (at stop and beyond); start may lie above stop."""
    t = np.clip((values - np.float32(start)) * np.float32(1 / (stop - start)), 0, 1)
    return t * t * (3 - 2 * t)


def _cut_texture(rng: np.random.Generator, blob: float, n_rows: int, n_columns: int) -> np.ndarray:
    """Cut a piece of a texture at a random place, turned and mirrored at random."""
    texture = _make_texture(blob)
    turned, upside_down, mirrored = rng.integers(0, 2, 3).tolist()
    if turned:
        texture = texture.T
    row = int(rng.integers(0, _TEXTURE_SIDE - n_rows))
    column = int(rng.integers(0, _TEXTURE_SIDE - n_columns))
    piece = texture[row : row + n_rows, column : column + n_columns]
    return piece[:: -1 if upside_down else 1, :: -1 if mirrored else 1]


@lru_cache(maxsize=len(_BLOB_SIZES))
def _make_texture(blob: float) -> np.ndarray:
    """Make a seamless square texture: white noise, blurred on a torus, standard deviation 1."""
    rng = np.random.default_rng(int(blob * 10))
    spectrum = np.fft.rfft2(rng.standard_normal((_TEXTURE_SIDE, _TEXTURE_SIDE)))
    sigma = blob / 2.2
    frequency_y = np.fft.fftfreq(_TEXTURE_SIDE)[:, None]
    frequency_x = np.fft.rfftfreq(_TEXTURE_SIDE)[None, :]
    spectrum *= np.exp(-2 * (np.pi * sigma) ** 2 * (frequency_x**2 + frequency_y**2))
    texture = np.fft.irfft2(spectrum, s=(_TEXTURE_SIDE, _TEXTURE_SIDE))
    texture = ((texture - texture.mean()) / texture.std()).astype(np.float32)
    texture.setflags(write=False)  # shared by all callers
    return texture
