"""How far the maps of a layer lie beside what the network looked at, before and after they are aligned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.errors import MedxaiError
from medxai_core.heatmaps.shifts import measure_shifts
from medxai_core.models import preprocess
from medxai_core.records.pictures import Images, load_study_image
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.stages.masks import MASK_SPLITS
from medxai_core.study import Study
from medxai_core.views.mask_view import compute_published_shift

N_MEASURED, SEED = 8, 1
"""Tuning pictures that spots are put into; the training put its own into other pictures, at other places."""


@dataclass(frozen=True)
class MapShift:
    """Hold the mean distance between a place of the map and what it looked at, in pixels of the pictures.

    Attributes
    ----------
    before : float
        Of maps that are enlarged the published way; computed from the network's geometry and its learned shift.
    after : float or None
        Of aligned maps: measured anew with spots in tuning pictures. None where the training measured no learned
        shift (weights that began at random answer to a spot all over the picture), and for a segmenter's own mask.
    n_pictures, n_measured : int
        Tuning and test pictures that `before` is the mean of, and pictures that spots were put into.
    """

    layer: int
    before: float
    after: float | None
    n_pictures: int
    n_measured: int


def measure_map_shift(study: Study, maker: MapMaker, images: Images, layer: int) -> MapShift | None:
    """Measure how far the maps of one layer lie beside what the network looked at.

    Returns
    -------
    MapShift or None
        None without tuning and test pictures.
    """
    facts = maker.blocks[layer]
    positions = images.positions_in(*MASK_SPLITS)
    if not len(positions):
        return None
    sizes = [(int(images.heights[one]), int(images.widths[one])) for one in positions]
    before = [np.hypot(*compute_published_shift(facts, size, maker.input_size)) for size in sizes]
    pictures = _load_pictures(study, images) if maker.manifest.learned_shifts and not facts.is_head else []
    after = None
    if pictures:
        inputs = preprocess(pictures, maker.manifest.preprocessing)
        measured = measure_shifts(maker.model, inputs, seed=SEED)[layer].learned_shift
        rest = (np.array(measured) - facts.learned_shift) / maker.input_size  # (2,), shares of the picture's sides
        after = float(np.mean([np.hypot(*(rest * size)) for size in sizes]))
    return MapShift(layer, float(np.mean(before)), after, len(positions), len(pictures))


def _load_pictures(study: Study, images: Images) -> list[np.ndarray]:
    """Return a few tuning pictures, those that can be read."""
    found = []
    for position in images.positions_in("tuning")[:N_MEASURED]:
        try:
            found.append(load_study_image(study, images.relative_paths[position]))
        except MedxaiError:
            continue
    return found


def say_map_shift(found: MapShift) -> str:
    """Say how far maps lie beside what the network looked at.

    >>> say_map_shift(MapShift(14, 31.24, 2.06, 167, 8))[:78]
    'Enlarged the published way, the maps of layer 14 lie 31.2 pixels of the pictur'
    """
    of = f"{found.n_pictures} tuning and test picture" + ("" if found.n_pictures == 1 else "s")
    before = (
        f"Enlarged the published way, the maps of layer {found.layer} lie {found.before:.1f} pixels of the picture "
        f"beside what the network looked at (mean of {of}; computed)."
    )
    if found.after is None:
        return f"{before} They are aligned by this. How far they are off after that was not measured."
    return (
        f"{before} Aligned, they lie {found.after:.1f} pixels beside it (measured with spots put into "
        f"{found.n_measured} tuning pictures)."
    )
