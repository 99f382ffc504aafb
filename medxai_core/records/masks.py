"""Heat maps, the locked setting, and scores of masks, as recorded in a study."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from medxai_core import store
from medxai_core.config import SEGMENTATION
from medxai_core.errors import SettingError, StageMissingError, TestSplitLockedError
from medxai_core.events import record_event
from medxai_core.masks import Band
from medxai_core.provenance import now_text
from medxai_core.records.result_digests import digest_results, list_evaluation_subjects
from medxai_core.study import Study


@dataclass(frozen=True)
class MaskSetting:
    """Say how a heat map becomes a mask.

    Attributes
    ----------
    layer : int
        MBConv block, from 0; after the last one the segmentation head, when the network has one.
    method : str
        CAM method; "segmentation" at the segmentation head, and only there.
    low, high : float or None
        Band ``low < h < high``; None: no limit on that side.
    inverted : bool
        Take what lies outside the band.
    chosen_on : str
        Which pictures the setting was chosen on: "paper" and "recommended" (none), "tuning", "eye", "test".
    """

    layer: int
    method: str
    low: float | None
    high: float | None
    inverted: bool = False
    chosen_on: str = "eye"


def record_heatmaps(
    study: Study, run_id: str, method: str, *, layer: int, maps: np.ndarray, seconds_per_image: float
) -> None:
    """Record the raw maps of one layer, (n_images, h, w) float16 in [0, 1]; NaN rows: not computed."""
    manifest = {"run_id": run_id, "method": method, "layer": layer}
    with study.begin() as connection:
        array_id = study.save_array(connection, maps, rows="images", manifest=manifest)
        computed = int(np.isfinite(maps[:, 0, 0]).sum()) if len(maps) else 0
        row = manifest | {
            "maps_array": array_id,
            "n_images": computed,
            "seconds_per_image": seconds_per_image,
            "created_at": now_text(),
        }
        connection.execute(insert(store.heatmaps).prefix_with("OR REPLACE"), row)


def list_heatmaps(study: Study, run_id: str, method: str = "gradcam") -> dict[int, int]:
    """Return the number of pictures with a recorded map, by layer; a segmentation head has one with any method."""
    c = store.heatmaps.c
    known = (c.run_id == run_id, c.method.in_((method, SEGMENTATION)))
    rows = study.read(select(c.layer, c.n_images).where(*known).order_by(c.layer))
    return {row.layer: row.n_images for row in rows}


def get_heatmaps(study: Study, run_id: str, layer: int, *, method: str = "gradcam") -> np.ndarray:
    """Return the recorded raw maps of one layer, (n_images, h, w) float16, memory-mapped.

    Raises as `find_heatmap_array`.
    """
    return study.load_array(find_heatmap_array(study, run_id, layer, method=method))


def find_heatmap_array(study: Study, run_id: str, layer: int, *, method: str = "gradcam") -> str:
    """Return the id of the array with the maps of one layer.

    Raises
    ------
    StageMissingError
        This layer has not been computed.
    """
    c = store.heatmaps.c
    known = (c.run_id == run_id, c.layer == layer, c.method.in_((method, SEGMENTATION)))
    rows = study.read(select(c.maps_array).where(*known))
    if not rows:
        raise StageMissingError(
            f"run {run_id!r} has no {method} maps of layer {layer} yet.",
            f"Run `heatmaps {study.name} --run {run_id} --layers {layer}` first.",
        )
    array_id: str = rows[0][0]
    return array_id


def record_lock(study: Study, run_id: str, setting: MaskSetting, *, reader: str) -> None:
    """Lock a setting for a run: from now on its test scores may be opened.

    Notes
    -----
    A setting counts as chosen on "test" when one of this run was locked before, or when it was chosen by eye while
    another run's lock had opened the test pictures.
    """
    earlier = get_locked_setting(study, run_id)
    if earlier is not None and replace(earlier, chosen_on=setting.chosen_on) != setting:
        record_unlock(study, run_id, reader=reader)
    c = store.operating_points.c
    is_test_known = bool(study.read(select(c.number).where(c.action == "lock").limit(1)))
    is_tuned = is_tuned_on_test(study, run_id) or (setting.chosen_on == "eye" and is_test_known and earlier is None)
    chosen_on = "test" if is_tuned else setting.chosen_on
    row = asdict(setting) | {"chosen_on": chosen_on}
    with study.begin() as connection:
        base = {"run_id": run_id, "reader": reader, "at": now_text()}
        store.append_to_log(connection, "settings", [base | row | {"action": "lock"}])
        before = {"before": None if earlier is None else asdict(earlier)}
        record_event(connection, "lock", {"run_id": run_id} | row | before, actor=reader)


def record_unlock(study: Study, run_id: str, *, reader: str) -> None:
    """Unlock the setting of a run: whatever is locked afterwards counts as tuned on test."""
    locked = get_locked_setting(study, run_id)
    with study.begin() as connection:
        row = {"run_id": run_id, "reader": reader, "at": now_text(), "action": "unlock"}
        store.append_to_log(connection, "settings", [row])
        before = {"before": None if locked is None else asdict(locked)}
        record_event(connection, "unlock", {"run_id": run_id} | before, actor=reader)


def get_locked_setting(study: Study, run_id: str) -> MaskSetting | None:
    """Return the setting that is locked for a run, or None."""
    last = _last_operating_point(study, run_id)
    if last is None or last["action"] != "lock":
        return None
    names = ("layer", "method", "low", "high", "inverted", "chosen_on")
    return MaskSetting(**{name: last[name] for name in names})


def is_tuned_on_test(study: Study, run_id: str) -> bool:
    """Return True when the test pictures of this run were open before its present setting was chosen."""
    c = store.operating_points.c
    opened = (c.action == "unlock") | (c.chosen_on == "test")
    return bool(study.read(select(c.number).where(c.run_id == run_id, opened).limit(1)))


def check_test_is_open(study: Study, run_id: str) -> MaskSetting:
    """Return the locked setting, or raise: test truth is hidden until then.

    Raises
    ------
    TestSplitLockedError
        No setting is locked for this run.
    """
    setting = get_locked_setting(study, run_id)
    if setting is None:
        raise TestSplitLockedError(
            f"run {run_id!r}: the truth of test pictures is hidden until the setting is locked.",
            "Choose layer and threshold on the tuning pictures, then lock the setting.",
        )
    return setting


def _last_operating_point(study: Study, run_id: str) -> dict[str, Any] | None:
    """Return the newest lock or unlock of a run."""
    c = store.operating_points.c
    rows = study.read(select(store.operating_points).where(c.run_id == run_id).order_by(c.number.desc()).limit(1))
    return dict(rows[0]._mapping) if rows else None


def make_band(setting: MaskSetting) -> Band:
    """Return the band of a setting.

    Raises
    ------
    SettingError
        It selects nothing, or everything.
    """
    try:
        return Band(setting.low, setting.high, setting.inverted)
    except ValueError as error:
        raise SettingError(str(error), "Give a low limit, a high one above it, or both.") from error


def describe_setting(setting: MaskSetting) -> str:
    """Write a setting as a reader would say it.

    >>> describe_setting(MaskSetting(14, "gradcam", 0.4, 0.7))
    'gradcam of layer 14, 0.4 < h < 0.7'
    """
    if setting.method == SEGMENTATION:
        return f"segmentation head, {make_band(setting).describe()}"
    return f"{setting.method} of layer {setting.layer}, {make_band(setting).describe()}"


@dataclass(frozen=True)
class RecordedEvaluation:
    """Hold the scores of one set of masks.

    Attributes
    ----------
    name : str
        What was scored, in words: a run with its setting, or a trivial mask.
    masks_used_for : str
        One of `config.MASK_USES`.
    setting : dict
        Layer, method, band; empty for a trivial mask.
    summary : dict
        Means with intervals, pooled scores, counts of defined scores, per-polyp figures.
    """

    evaluation_id: str
    run_id: str | None
    name: str
    split: str
    masks_used_for: str
    tuned_on_test: bool
    setting: dict[str, Any]
    summary: dict[str, Any]
    created_at: str


def record_evaluation(study: Study, evaluation: RecordedEvaluation, *, per_image: np.ndarray | None = None) -> None:
    """Record scores; the same id writes over the earlier row.

    Parameters
    ----------
    per_image : (n_images, 4) float64, optional
        tp, fp, fn, tn in pixels by picture; NaN where it was not scored.
    """
    with study.begin() as connection:
        array_id = None
        if per_image is not None:
            manifest = {"evaluation_id": evaluation.evaluation_id}
            array_id = study.save_array(connection, per_image, rows="images", manifest=manifest)
        row = evaluation.__dict__ | {"per_image_array": array_id}
        connection.execute(insert(store.evaluations).prefix_with("OR REPLACE"), row)
        details: dict[str, Any] = {"evaluation_id": evaluation.evaluation_id, "split": evaluation.split}
        subjects = list_evaluation_subjects(evaluation.evaluation_id)
        details["digests"] = digest_results(connection, study.folder, subjects)
        record_event(connection, "evaluate", details)


def list_evaluations(study: Study, *, split: str | None = None) -> list[RecordedEvaluation]:
    """Return the recorded scores in the order they were made."""
    statement = select(store.evaluations).order_by(store.evaluations.c.created_at)
    if split is not None:
        statement = statement.where(store.evaluations.c.split == split)
    found = []
    for row in study.read(statement):
        values = dict(row._mapping)
        del values["per_image_array"]
        found.append(RecordedEvaluation(**values))
    return found


def get_pixel_counts(study: Study, evaluation_id: str) -> np.ndarray | None:
    """Return tp, fp, fn, tn by picture, (n_images, 4) float64, NaN where not scored; None if not kept."""
    c = store.evaluations.c
    rows = study.read(select(c.per_image_array).where(c.evaluation_id == evaluation_id))
    return None if not rows or rows[0][0] is None else study.load_array(rows[0][0])
