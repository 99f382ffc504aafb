"""Stage 6: heat maps of a study's pictures: all asked layers of a picture in one pass."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch

from medxai_core.checkpoints import CheckpointManifest, load_checkpoint
from medxai_core.config import SEGMENTATION
from medxai_core.errors import Failure, IncompatibleCheckpointError, MedxaiError, SettingError, StageMissingError
from medxai_core.heatmaps import CAM_METHODS, GradCAM, normalize_heatmap, pack_heatmap, upsample_heatmap
from medxai_core.memory import keep_freed_memory
from medxai_core.models import (
    BlockFacts,
    PolypClassifier,
    PolypSegmenter,
    describe_blocks,
    hold_back_doubt,
    pool_places,
    preprocess,
)
from medxai_core.models.folding import fold_batch_norms
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.masks import get_heatmaps, list_heatmaps, record_heatmaps
from medxai_core.records.pictures import Images, list_images, load_study_image
from medxai_core.records.runs import get_run
from medxai_core.stages.runs import BEST
from medxai_core.study import Study
from medxai_core.training.preparation import evaluation_mode

BATCH_SIZE = 8


@dataclass(frozen=True)
class MapMaker:
    """Turn raw maps of one network into heat maps of pictures.

    Attributes
    ----------
    model : PolypClassifier
        A copy that only looks (`models.folding`).
    manifest : CheckpointManifest
    blocks : list of BlockFacts
        One a layer, in order: the blocks, and the segmentation head when there is one.
    """

    model: PolypClassifier
    manifest: CheckpointManifest
    blocks: list[BlockFacts]

    @property
    def input_size(self) -> int:
        """Side of the network's square input, in pixels."""
        return self.manifest.preprocessing.input_size

    def compute_raw(
        self, images: Sequence[np.ndarray], layers: Sequence[int], *, method: str = "gradcam"
    ) -> tuple[dict[int, np.ndarray], np.ndarray]:
        """Return raw maps by layer, (n, h, w) float32, and logits, (n,) float32, of a few pictures.

        The method is that of the blocks; a segmentation head among the layers gives its probabilities.
        """
        inputs = preprocess(images, self.manifest.preprocessing)
        blocks = [layer for layer in layers if not self.blocks[layer].is_head]
        raw: dict[int, np.ndarray] = {}
        if len(blocks) < len(layers):
            with evaluation_mode(self.model):
                places = cast(PolypSegmenter, self.model).segment(inputs.contiguous(memory_format=torch.channels_last))
            raw[len(self.blocks) - 1] = torch.sigmoid(hold_back_doubt(places)).numpy()
            logits = pool_places(places).numpy()
        if blocks:
            with GradCAM(self.model, layers=blocks, method=method) as cam:
                raw |= cam(inputs)
                logits = np.array(cam.logits)
        return raw, logits

    def name_method(self, layer: int, method: str) -> str:
        """Return how the map of a layer comes about when a method is asked for the blocks.

        Raises
        ------
        SettingError
            There is no such method for this layer.
        """
        if self.blocks[layer].is_head:
            return SEGMENTATION
        if method not in CAM_METHODS:
            raise SettingError(f"no method {method!r} at layer {layer}.", f"Choose {' or '.join(CAM_METHODS)}.")
        return method

    def pack(self, raw: np.ndarray, layer: int) -> np.ndarray:
        """Return raw maps of a layer (..., h, w) as they are kept, float16: shares of the maximum, or probabilities."""
        return raw.astype(np.float16) if self.blocks[layer].is_head else pack_heatmap(raw)[0]

    def finish(
        self, raw: np.ndarray, layer: int, size: tuple[int, int], *, align: bool = True
    ) -> tuple[np.ndarray, bool]:
        """Enlarge one raw map to the picture and scale it to 0..1.

        Parameters
        ----------
        raw : (h, w) float
        size : (H, W)
            Of the picture, in pixels.
        align : bool
            False leaves out the alignment, as the published code did.

        Returns
        -------
        heatmap : (H, W) float32 in [0, 1]
        is_blank : bool
        """
        facts = self.blocks[layer]
        enlarged = upsample_heatmap(
            np.asarray(raw, np.float32), size, facts=facts, input_size=self.input_size, align=align
        )
        return normalize_heatmap(enlarged, scaling="none" if facts.is_head else "minmax")


def load_map_maker(study: Study, run_id: str | None = None) -> MapMaker:
    """Load the best epoch of a run, ready to make maps."""
    run = get_run(study, run_id)
    return make_map_maker(*load_checkpoint(study.run_folder(run.run_id) / BEST))


def make_map_maker(model: PolypClassifier, manifest: CheckpointManifest) -> MapMaker:
    """Put a network together with where its blocks look: by their geometry, and by what their weights learned.

    Raises
    ------
    IncompatibleCheckpointError
        The manifest holds shifts of another network.
    """
    size = manifest.preprocessing.input_size
    blocks = describe_blocks(model, size)
    shifts = manifest.learned_shifts or tuple(block.learned_shift for block in blocks)
    if len(shifts) != len(blocks):
        raise IncompatibleCheckpointError(
            f"the checkpoint holds learned shifts of {len(shifts)} blocks; its network has {len(blocks)}.",
            "Train again, or take the checkpoint as it was written.",
        )
    shifted = [replace(block, learned_shift=shift) for block, shift in zip(blocks, shifts, strict=True)]
    fast = fold_batch_norms(model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if isinstance(model, PolypSegmenter):
        shifted.append(model.describe_head(size))
    return MapMaker(fast, manifest, shifted)


def compute_study_heatmaps(
    study: Study,
    run_id: str | None = None,
    *,
    layers: Sequence[int],
    method: str = "gradcam",
    splits: Sequence[str] = ("tuning", "test"),
    stage: Stage = silent_stage,
) -> list[Failure]:
    """Compute and record the raw maps of the asked layers, all of a picture in one pass.

    Parameters
    ----------
    layers : sequence of int
        Blocks, from 0.
    splits : sequence of str
        Whose pictures; those that have all asked layers already are left out.

    Returns
    -------
    list of Failure
        Pictures that could not be read.
    """
    run = get_run(study, run_id)
    images = list_images(study)
    maker = load_map_maker(study, run.run_id)
    maps = _load_or_start(study, run.run_id, method, layers=layers, maker=maker, n_images=len(images))
    wanted = images.positions_in(*splits)
    missing = [int(p) for p in wanted if any(np.isnan(maps[layer][p, 0, 0]) for layer in maps)]
    started = time.perf_counter()
    failures = fill_maps(study, maker, images, missing, maps, method=method, stage=stage)
    if missing:
        seconds = (time.perf_counter() - started) / len(missing)
        for layer, values in maps.items():
            name = maker.name_method(layer, method)
            record_heatmaps(study, run.run_id, name, layer=layer, maps=values, seconds_per_image=seconds)
    return failures


def fill_maps(
    study: Study,
    maker: MapMaker,
    images: Images,
    positions: Sequence[int],
    maps: dict[int, np.ndarray],
    *,
    method: str,
    stage: Stage = silent_stage,
) -> list[Failure]:
    """Compute the raw maps of some pictures, all layers of a picture in one pass; record nothing.

    Parameters
    ----------
    maps : dict of int to (n_images, h, w) float16
        By layer; the rows of the pictures are filled in.

    Returns
    -------
    list of Failure
        Pictures that could not be read: their rows are left as they are.
    """
    on_progress = stage(f"Heat maps of {len(maps)} {'layer' if len(maps) == 1 else 'layers'}")
    failures: list[Failure] = []
    keep_freed_memory()
    for start in range(0, len(positions), BATCH_SIZE):
        batch, pictures = _load_batch(study, images, positions[start : start + BATCH_SIZE], failures)
        if pictures:
            raw, _ = maker.compute_raw(pictures, list(maps), method=method)
            for layer, values in raw.items():
                maps[layer][batch] = maker.pack(values, layer)
        on_progress(min(start + BATCH_SIZE, len(positions)), len(positions))
    return failures


def _load_or_start(
    study: Study, run_id: str, method: str, *, layers: Sequence[int], maker: MapMaker, n_images: int
) -> dict[int, np.ndarray]:
    """Return the recorded maps of each layer, or arrays of NaN to fill, (n_images, h, w) float16."""
    known = list_heatmaps(study, run_id, method)
    maps = {}
    for layer in layers:
        if not 0 <= layer < len(maker.blocks):
            raise StageMissingError(
                f"run {run_id!r} has layers 0 to {len(maker.blocks) - 1}; got {layer}.",
                "Choose one of them.",
            )
        maker.name_method(layer, method)
        if layer in known:
            maps[layer] = np.array(get_heatmaps(study, run_id, layer, method=method))
        else:
            maps[layer] = np.full((n_images, *maker.blocks[layer].grid), np.nan, np.float16)
    return maps


def _load_batch(
    study: Study, images: Images, positions: Sequence[int], failures: list[Failure]
) -> tuple[list[int], list[np.ndarray]]:
    """Decode a few pictures; those that fail are listed and left out."""
    batch, pictures = [], []
    for position in positions:
        try:
            pictures.append(load_study_image(study, images.relative_paths[position]))
            batch.append(position)
        except MedxaiError as error:
            failures.append(Failure(str(images.relative_paths[position]), str(error)))
    return batch, pictures
