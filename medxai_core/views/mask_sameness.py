"""Whether a layer's heat maps depend on the picture at all, or are much the same for every one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.errors import StageMissingError
from medxai_core.records.masks import get_heatmaps, list_heatmaps
from medxai_core.records.pictures import Images
from medxai_core.study import Study

SAME_LIMIT = 0.95
"""Maps are called the same for every picture when half of them agree with the mean of the others by more than this."""

LEAST_PICTURES = 8
MOST_PICTURES = 200


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


def measure_sameness(
    study: Study, run_id: str, images: Images, *, split: str, method: str = "gradcam"
) -> dict[int, Sameness]:
    """Compare the recorded maps of the pictures of a split, by layer.

    Notes
    -----
    At most `MOST_PICTURES`, spread evenly over the split. Layers without recorded maps are left out.
    """
    positions = images.positions_in(split)
    if len(positions) > MOST_PICTURES:
        positions = positions[np.linspace(0, len(positions) - 1, MOST_PICTURES).round().astype(int)]
    found = {}
    for layer in list_heatmaps(study, run_id, method):
        try:
            maps = get_heatmaps(study, run_id, layer, method=method)
        except StageMissingError:  # removed since it was listed
            continue
        found[layer] = compute_sameness(np.asarray(maps[positions], np.float32))
    return found


def describe_sameness(sameness: Sameness) -> str | None:
    """Say in words that a layer's map is the same for every picture; None when it is not, or cannot be said.

    >>> describe_sameness(Sameness(0.5, 60)) is None
    True
    """
    if not sameness.is_same or sameness.correlation is None:
        return None
    return (
        f"This layer's map is nearly the same for every picture: half of {sameness.n_pictures} maps agree with the "
        f"mean of the others by more than {min(sameness.correlation, 0.999):.3f} (correlation; the limit is "
        f"{SAME_LIMIT:g}). It says little about this one."
    )
