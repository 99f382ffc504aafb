"""What the maps of a run are tested on: the layer, the tuning pictures, their truth and their maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.errors import NotEnoughImagesError, SettingError
from medxai_core.evaluation.folders import resize_mask
from medxai_core.models.preprocessing import resize_for_network
from medxai_core.progress import Stage
from medxai_core.records.masks import get_locked_setting
from medxai_core.records.pictures import Images, list_images, load_study_image, load_study_mask
from medxai_core.records.runs import RecordedRun
from medxai_core.sanity import (
    LEAST_PICTURES,
    compare_maps,
)
from medxai_core.sanity.similarity import SIDE
from medxai_core.stages.heatmaps import BATCH_SIZE, MapMaker, load_map_maker
from medxai_core.stages.tuning_table import find_tuning_table
from medxai_core.study import Study

N_PICTURES = 40
"""Tuning pictures that are looked at, at most, evenly spread."""
LOCATED = (128, 128)
"""Localisation is scored at this size."""


@dataclass(frozen=True)
class Subject:
    """Hold the maps that are tested, and what they are of."""

    study: Study
    run: RecordedRun
    maker: MapMaker
    layer: int
    method: str
    pictures: list[np.ndarray]
    truths: list[np.ndarray | None]
    groups: list[str]
    maps: np.ndarray

    def compute(self, maker: MapMaker, layer: int | None = None) -> np.ndarray:
        """Return the maps of the same pictures by another network, (n, SIDE, SIDE) float32 in [0, 1]."""
        return compute_maps(maker, self.pictures, layer=self.layer if layer is None else layer, method=self.method)

    @property
    def has_polyp(self) -> np.ndarray:
        """Say which pictures have a mask with a polyp, (n,) bool."""
        return np.array([truth is not None and bool(truth.any()) for truth in self.truths])

    @property
    def is_blank(self) -> np.ndarray:
        """Say of which pictures the tested map is blank, (n,) bool: two blank maps are alike and tell nothing."""
        return self.maps.max(axis=(1, 2)) <= 0

    def compare(self, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return SSIM and rank correlation with the same pictures' maps by another network, (n,); NaN where blank."""
        found = np.full((len(self.maps), 2), np.nan)
        for i in np.flatnonzero(~self.is_blank):
            found[i] = compare_maps(self.maps[i], others[i])
        return found[:, 0], found[:, 1]


def choose_subject(study: Study, run: RecordedRun, *, layer: int | None, method: str | None, stage: Stage) -> Subject:
    """Choose layer and pictures, and compute the maps that are tested."""
    maker, images = load_map_maker(study, run.run_id), list_images(study)
    layer, method = _choose_layer(study, run, maker, layer=layer, method=method)
    positions = _choose_pictures(study, images)
    on_progress = stage("Reading tuning pictures")
    pictures, truths = [], []
    for done, position in enumerate(positions, 1):
        picture = load_study_image(study, str(images.relative_paths[position]))
        truth = load_study_mask(study, images.mask_paths[position], size=(picture.shape[1], picture.shape[0]))
        pictures.append(resize_for_network(picture, maker.manifest.preprocessing))
        truths.append(None if truth is None else resize_mask(truth, LOCATED))
        on_progress(done, len(positions))
    groups = [str(images.groups[position] or images.image_ids[position]) for position in positions]
    maps = compute_maps(maker, pictures, layer=layer, method=method)
    return Subject(study, run, maker, layer, method, pictures, truths, groups, maps)


def _choose_layer(
    study: Study, run: RecordedRun, maker: MapMaker, *, layer: int | None, method: str | None
) -> tuple[int, str]:
    """Return the layer and method that are tested."""
    locked, table = get_locked_setting(study, run.run_id), find_tuning_table(study, run.run_id)
    chosen = locked or (table.choose() if table is not None and table.has_polyps else None)
    if layer is None:
        layer = chosen.layer if chosen is not None else len(maker.blocks) - 1
    if not 0 <= layer < len(maker.blocks):
        raise SettingError(f"run {run.run_id!r} has layers 0 to {len(maker.blocks) - 1}; got {layer}.", "Choose one.")
    wanted = method or (chosen.method if chosen is not None and not maker.blocks[chosen.layer].is_head else "gradcam")
    maker.name_method(layer, wanted)
    return layer, wanted


def _choose_pictures(study: Study, images: Images) -> np.ndarray:
    """Return tuning pictures, those with truth if there are enough, evenly spread, (n,) int."""
    positions = images.positions_in("tuning", with_truth=True)
    if len(positions) < LEAST_PICTURES:
        positions = images.positions_in("tuning")
    if len(positions) < LEAST_PICTURES:
        raise NotEnoughImagesError(
            f"the maps are tested on tuning pictures; study {study.name!r} has {len(positions)} "
            f"({LEAST_PICTURES} are needed).",
            "Create the study with a larger tuning share.",
        )
    spread = np.linspace(0, len(positions) - 1, min(N_PICTURES, len(positions))).round().astype(int)
    return positions[spread]


def compute_maps(maker: MapMaker, pictures: Sequence[np.ndarray], *, layer: int, method: str) -> np.ndarray:
    """Return the heat maps of pictures as they are compared, (n, SIDE, SIDE) float32 in [0, 1]."""
    parts = []
    for start in range(0, len(pictures), BATCH_SIZE):
        raw, _ = maker.compute_raw(pictures[start : start + BATCH_SIZE], [layer], method=method)
        parts += [maker.finish(np.nan_to_num(one), layer, (SIDE, SIDE))[0] for one in raw[layer]]
    return np.stack(parts)
