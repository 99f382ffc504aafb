"""Stage 7: masks of a study's pictures under one setting, and the hand-in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from medxai_core.checkpoints import OperatingPoint, save_operating_point
from medxai_core.config import SEGMENTATION
from medxai_core.errors import Failure, SettingError
from medxai_core.events import log_export
from medxai_core.formats.medico import write_masks_zip
from medxai_core.heatmaps import CAM_METHODS
from medxai_core.images import load_mask, save_mask
from medxai_core.masks import compute_masks_digest, make_mask
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.masks import (
    MaskSetting,
    get_heatmaps,
    get_locked_setting,
    list_heatmaps,
    make_band,
    record_lock,
)
from medxai_core.records.pictures import Images, list_images
from medxai_core.records.runs import RecordedRun, get_run
from medxai_core.stages.heatmaps import MapMaker, compute_study_heatmaps, load_map_maker
from medxai_core.stages.runs import BEST
from medxai_core.study import Study

THRESHOLD = 0.5
"""Where a segmenter's probabilities are cut: more likely polyp than not. No mask took part in choosing it."""


MASK_SPLITS = ("tuning", "test")
"""Whose masks count in the digest over all masks of a run: no picture of these was learned from."""


def recommended_setting(run: RecordedRun) -> MaskSetting:
    """Return the setting that a segmenter's masks are made with.

    Raises
    ------
    SettingError
        The run is of a classifier, which has no masks of its own.
    """
    if run.mask_head is None:
        raise SettingError(f"run {run.run_id!r} has no masks of its own.", "Choose a layer and a threshold.")
    return MaskSetting(run.mask_head, SEGMENTATION, THRESHOLD, None, chosen_on="recommended")


def make_setting(
    study: Study,
    run_id: str | None,
    *,
    layer: int | None,
    low: float | None,
    high: float | None,
    method: str = "gradcam",
    inverted: bool = False,
    chosen_on: str = "eye",
) -> MaskSetting:
    """Return the setting that was asked for; without a layer the locked one, or what a segmenter recommends.

    Raises
    ------
    SettingError
        The layer, the method or the band cannot be used, or none is given and nothing is locked.
    """
    run = get_run(study, run_id)
    if layer is None:
        locked = get_locked_setting(study, run.run_id)
        if locked is None and run.mask_head is not None and low is None and high is None:
            return recommended_setting(run)
        if locked is None:
            raise SettingError(
                f"no layer is given, and no setting is locked for run {run.run_id!r}.",
                "Give --layer with --low or --high, or lock a setting first.",
            )
        return locked
    if layer == run.mask_head:
        method = SEGMENTATION
    setting = MaskSetting(layer, method, low, high, inverted, chosen_on)
    check_setting(setting, run)
    return setting


def check_setting(setting: MaskSetting, run: RecordedRun) -> None:
    """Raise unless a setting can be used with a run.

    Raises
    ------
    SettingError
        The network has no such layer, the method is unknown, or the band selects nothing or everything.
    """
    make_band(setting)
    if not 0 <= setting.layer < run.n_blocks:
        raise SettingError(
            f"run {run.run_id!r} has layers 0 to {run.n_blocks - 1}; got {setting.layer}.", "Choose one of them."
        )
    known = (SEGMENTATION,) if setting.layer == run.mask_head else tuple(CAM_METHODS)
    if setting.method not in known:
        raise SettingError(f"no method {setting.method!r} at layer {setting.layer}.", f"Choose {' or '.join(known)}.")


def make_study_mask(
    maker: MapMaker, maps: np.ndarray, images: Images, position: int, *, setting: MaskSetting
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Make heat map and mask of one picture from its recorded raw map.

    Returns
    -------
    heatmap : (H, W) float32 in [0, 1]
    mask : (H, W) bool
        Empty where the map is blank.
    is_blank : bool
    """
    size = (int(images.heights[position]), int(images.widths[position]))
    heatmap, is_blank = maker.finish(maps[position], setting.layer, size)
    mask = np.zeros(size, bool) if is_blank else make_mask(heatmap, make_band(setting))
    return heatmap, mask, is_blank


def iterate_masks(
    maker: MapMaker, maps: np.ndarray, images: Images, positions: np.ndarray, *, setting: MaskSetting
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield image id and mask, (H, W) bool, of pictures with a raw map, one at a time, in rising order of the ids."""
    for position in sorted(positions, key=lambda position: str(images.image_ids[position])):
        yield str(images.image_ids[position]), make_study_mask(maker, maps, images, position, setting=setting)[1]


def digest_run_masks(study: Study, run_id: str) -> str | None:
    """Return one digest over the masks of the tuning and test pictures, from the maps that are recorded.

    Returns
    -------
    str or None
        See `masks.compute_masks_digest`; `replay` of the run gives the same one. None where no setting is locked, or a
        picture has no recorded map in its layer.
    """
    setting = get_locked_setting(study, run_id)
    if setting is None or setting.layer not in list_heatmaps(study, run_id, setting.method):
        return None
    images, maps = list_images(study), get_heatmaps(study, run_id, setting.layer, method=setting.method)
    positions = images.positions_in(*MASK_SPLITS)
    if not len(positions) or not np.isfinite(maps[positions, 0, 0]).all():
        return None
    return compute_masks_digest(iterate_masks(load_map_maker(study, run_id), maps, images, positions, setting=setting))


def export_masks(
    study: Study,
    run_id: str | None,
    setting: MaskSetting,
    *,
    split: str = "test",
    out: Path,
    stage: Stage = silent_stage,
) -> tuple[int, list[Failure]]:
    """Write one mask a picture, 0 and 255, of the picture's size, and ``masks.zip`` with all of them.

    Parameters
    ----------
    split : str
        Whose pictures get a mask; several splits by commas.

    Returns
    -------
    n_masks : int
    failures : list of Failure
        Pictures without a mask, with the reason; and blank maps, whose mask is empty.
    """
    run, splits = get_run(study, run_id), split.split(",")
    failures = compute_study_heatmaps(
        study, run.run_id, layers=[setting.layer], method=setting.method, splits=splits, stage=stage
    )
    maker, images = load_map_maker(study, run.run_id), list_images(study)
    maps = get_heatmaps(study, run.run_id, setting.layer, method=setting.method)
    positions = [p for p in images.positions_in(*splits) if np.isfinite(maps[p, 0, 0])]
    names = name_masks([str(images.relative_paths[p]) for p in positions])
    out.mkdir(parents=True, exist_ok=True)
    on_progress = stage("Writing masks")
    for done, (position, name) in enumerate(zip(positions, names, strict=True), 1):
        _, mask, is_blank = make_study_mask(maker, maps, images, position, setting=setting)
        if is_blank:
            failures.append(Failure(name, "the heat map is blank (constant): its mask is empty"))
        save_mask(mask, out / name)
        on_progress(done, len(positions))
    write_masks_zip(((name, load_mask(out / name)) for name in names), out / "masks.zip")
    log_export(study, "masks", run_id=run.run_id, split=split, n_masks=len(positions))
    return len(positions), failures


def name_masks(relative_paths: list[str]) -> list[str]:
    """Return a PNG name a picture: its own stem, or its whole path where two stems are equal.

    >>> name_masks(["a.jpg", "x/b.jpg", "y/b.jpg"])
    ['a.png', 'x_b.jpg.png', 'y_b.jpg.png']
    """
    stems = [Path(path).stem for path in relative_paths]
    count = Counter(stems)
    return [
        f"{stem}.png" if count[stem] == 1 else path.replace("/", "_") + ".png"
        for stem, path in zip(stems, relative_paths, strict=True)
    ]


def lock_setting(study: Study, run_id: str, setting: MaskSetting, *, reader: str) -> None:
    """Lock a setting for a run, and write it into the run's checkpoint as its operating point."""
    check_setting(setting, get_run(study, run_id))
    record_lock(study, run_id, setting, reader=reader)
    point = OperatingPoint(setting.layer, setting.method, setting.low, setting.high, setting.inverted)
    save_operating_point(study.run_folder(run_id) / BEST, point)
