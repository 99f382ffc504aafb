"""Stage 8: score every layer and threshold on the tuning pictures, with what can be said of neighbouring choices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from joblib import delayed

from medxai_core.config import SEGMENTATION
from medxai_core.errors import NotEnoughImagesError
from medxai_core.evaluation.near_best import find_near_best
from medxai_core.evaluation.reliability import (
    PictureReliability,
    Reliability,
    combine_reliability,
    measure_reliability,
)
from medxai_core.evaluation.sweeps import BandCounts, ThresholdSweep, count_levels
from medxai_core.masks import Band
from medxai_core.parallel import run_parallel
from medxai_core.progress import OnProgress, Stage, silent_stage
from medxai_core.records.masks import MaskSetting, get_heatmaps
from medxai_core.records.pictures import iterate_truth, list_images
from medxai_core.records.runs import get_run
from medxai_core.stages.heatmaps import MapMaker, compute_study_heatmaps, load_map_maker
from medxai_core.study import Study

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
BANDS = tuple(Band(low=threshold) for threshold in THRESHOLDS)


@dataclass(frozen=True)
class LayerSweep:
    """Hold the mean scores of the tuning pictures for every layer and threshold.

    Attributes
    ----------
    layers : list of int
    thresholds : list of float
        The mask is ``h > threshold``.
    dice, jaccard : (n_layers, n_thresholds) float64
        Means over the tuning pictures that show a polyp.
    n_images : int
    mask_head : int or None
        Which of the layers is a segmentation head.
    dice_low, dice_high : (n_layers, n_thresholds) float64 or None
        95 % interval of each mean Dice; None where it is not known.
    is_near_best : (n_layers, n_thresholds) bool or None
        Cells that are not shown to be worse than the best one, see `evaluation.near_best`.
    reliability : Reliability or None
        How far the probabilities of the segmentation head can be trusted; None where none of the layers is one.
    """

    layers: list[int]
    thresholds: list[float]
    dice: np.ndarray
    jaccard: np.ndarray
    n_images: int
    mask_head: int | None = None
    dice_low: np.ndarray | None = None
    dice_high: np.ndarray | None = None
    is_near_best: np.ndarray | None = None
    reliability: Reliability | None = None

    def name_method(self, layer: int, method: str) -> str:
        """Return how the map of a layer came about when a method was asked for the blocks."""
        return SEGMENTATION if layer == self.mask_head else method


def sweep_tuning(
    study: Study,
    run_id: str | None = None,
    *,
    layers: Sequence[int] | None = None,
    method: str = "gradcam",
    stage: Stage = silent_stage,
) -> LayerSweep:
    """Score every layer and threshold on the tuning pictures.

    Raises
    ------
    NotEnoughImagesError
        The tuning split holds no picture with a mask.
    """
    run = get_run(study, run_id)
    chosen = list(range(run.n_blocks)) if layers is None else list(layers)
    images = list_images(study)
    positions = images.positions_in("tuning", with_truth=True)
    if not len(positions):
        raise NotEnoughImagesError(
            f"study {study.name!r} has no tuning picture with a mask.",
            "Create the study with masks and a tuning share above 0, or choose the setting by eye.",
        )
    compute_study_heatmaps(study, run.run_id, layers=chosen, method=method, splits=["tuning"], stage=stage)
    maker = load_map_maker(study, run.run_id)
    maps = {layer: get_heatmaps(study, run.run_id, layer, method=method) for layer in chosen}
    sweeps = {layer: ThresholdSweep(BANDS) for layer in chosen}
    calls = (
        delayed(_count_layers)(maker, {layer: maps[layer][position] for layer in chosen}, truth)
        for position, truth in iterate_truth(study, images, positions)
    )
    groups: list[str] = []
    trusted: list[PictureReliability] = []
    on_progress: OnProgress = stage("Trying layers and thresholds")
    with closing(run_parallel(calls)) as pictures:
        for done, (position, (has_polyp, counts, trust)) in enumerate(zip(positions, pictures, strict=True), 1):
            groups += [str(images.groups[position])] if has_polyp else []
            trusted += [] if trust is None else [trust]
            for layer, found in counts.items():
                sweeps[layer].add_counts(found)
            on_progress(done, len(positions))
    rows = [sweeps[layer].rows() for layer in chosen]
    dice = np.array([[row.dice if row.dice is not None else np.nan for row in line] for line in rows])
    jaccard = np.array([[row.jaccard if row.jaccard is not None else np.nan for row in line] for line in rows])
    reliability = combine_reliability(trusted) if trusted else None
    sweep = LayerSweep(chosen, list(THRESHOLDS), dice, jaccard, len(positions), run.mask_head, reliability=reliability)
    return _add_intervals(sweep, [sweeps[layer].dice_by_picture for layer in chosen], groups)


def _count_layers(
    maker: MapMaker, raw_maps: dict[int, np.ndarray], truth: np.ndarray
) -> tuple[bool, dict[int, BandCounts], PictureReliability | None]:
    """Say whether there is a polyp, count the pixels of every threshold by layer, and hold probabilities against it."""
    counts, trust = {}, None
    for layer, raw in raw_maps.items():
        if np.isfinite(raw[0, 0]):
            heatmap, _ = maker.finish(raw, layer, truth.shape)
            counts[layer] = count_levels(heatmap, truth).count_many(BANDS)
            if maker.blocks[layer].is_head:
                trust = measure_reliability(heatmap, truth)
    return bool(truth.any()), counts, trust


def _add_intervals(sweep: LayerSweep, by_picture: list[np.ndarray], groups: list[str]) -> LayerSweep:
    """Add how sure each cell is; nothing is added where a layer lacks the map of a picture."""
    if any(len(one) != len(groups) for one in by_picture):
        return sweep
    values = np.stack(by_picture, axis=1).reshape(len(groups), -1)  # (n_pictures, n_layers * n_thresholds)
    found = find_near_best(values.astype(float), groups)
    if found is None:
        return sweep
    shape = sweep.dice.shape
    low, high, near = (one.reshape(shape) for one in (found.low, found.high, found.is_near))
    return replace(sweep, dice_low=low, dice_high=high, is_near_best=near)


def choose_setting(sweep: LayerSweep, *, method: str = "gradcam") -> MaskSetting:
    """Return the layer and threshold with the best mean Dice of a sweep; of equals the first."""
    if not np.isfinite(sweep.dice).any():
        raise NotEnoughImagesError("no tuning picture shows a polyp.", "Choose the setting by eye.")
    row, threshold = np.unravel_index(np.nanargmax(sweep.dice), sweep.dice.shape)
    layer = sweep.layers[row]
    return MaskSetting(layer, sweep.name_method(layer, method), sweep.thresholds[threshold], None, chosen_on="tuning")
