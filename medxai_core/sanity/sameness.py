"""Whether heat maps depend on the picture at all, or are much the same for every one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SAME_LIMIT = 0.95
"""Maps are called the same for every picture when half of them agree with the mean of the others by more than this."""

LEAST_PICTURES = 8


@dataclass(frozen=True)
class Sameness:
    """Say how much the maps of one layer agree from picture to picture.

    Attributes
    ----------
    correlation : float in [-1, 1] or None
        Median over the pictures of the correlation (Pearson) of a map with the mean map of the other pictures;
        None where it is undefined: too few maps, or constant ones.
    n_pictures : int
        Pictures that were compared: those with a map that is not constant.
    """

    correlation: float | None
    n_pictures: int

    @property
    def is_same(self) -> bool:
        """True when the map says little of the picture."""
        return self.correlation is not None and self.correlation > SAME_LIMIT


def compute_sameness(maps: np.ndarray) -> Sameness:
    """Compare each map with the mean of the others.

    Parameters
    ----------
    maps : ndarray (n, h, w)
        Raw maps of one layer; rows that are not finite, and constant maps, are left out.

    Returns
    -------
    Sameness

    Notes
    -----
    Each map is scaled to mean 0 and length 1 first, so that no picture weighs more than another. On a grid of
    few cells, maps of different pictures agree more by chance: the limit is a hint, not a test.

    Examples
    --------
    >>> one = np.arange(9.0).reshape(3, 3)
    >>> compute_sameness(np.stack([one * scale for scale in range(1, 10)]))
    Sameness(correlation=1.0, n_pictures=9)
    """
    flat = maps.reshape(len(maps), int(np.prod(maps.shape[1:]))).astype(np.float64)
    flat = flat[np.isfinite(flat).all(axis=1)]
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1)
    varied = flat[lengths > 1e-9] / lengths[lengths > 1e-9, None]  # (n_pictures, n_cells)
    if len(varied) < LEAST_PICTURES:
        return Sameness(None, len(varied))
    others = varied.sum(axis=0) - varied
    norms = np.linalg.norm(others, axis=1)
    values = (varied * others).sum(axis=1)[norms > 1e-9] / norms[norms > 1e-9]
    return Sameness(round(float(np.median(values)), 6) if len(values) else None, len(varied))
