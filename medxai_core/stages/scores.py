"""Stage 8: choose a setting on the tuning pictures, score the masks of a split, measure the speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from medxai_core.errors import Failure, MedxaiError, NotEnoughImagesError, StageMissingError
from medxai_core.evaluation.baselines import compute_mean_mask, make_trivial_masks
from medxai_core.evaluation.exchange import MaskExchange
from medxai_core.evaluation.scores import ImageScores, score_mask
from medxai_core.evaluation.summary import ScoreTable, summarize
from medxai_core.json_values import to_plain
from medxai_core.masks import make_mask
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.masks import (
    MaskSetting,
    RecordedEvaluation,
    check_test_is_open,
    describe_setting,
    get_heatmaps,
    is_tuned_on_test,
    make_band,
    record_evaluation,
)
from medxai_core.records.pictures import Images, iterate_truth, list_images, load_study_image
from medxai_core.records.runs import get_run
from medxai_core.records.speeds import RecordedSpeed, record_speed
from medxai_core.stages.heatmaps import compute_study_heatmaps, load_map_maker
from medxai_core.stages.masks import make_study_mask
from medxai_core.study import Study

SPEED_IMAGES = 50


def score_study(
    study: Study,
    run_id: str | None = None,
    setting: MaskSetting | None = None,
    *,
    split: str = "test",
    stage: Stage = silent_stage,
) -> tuple[list[RecordedEvaluation], list[Failure]]:
    """Score the masks of one split beside the trivial masks, and record all rows.

    Parameters
    ----------
    setting : MaskSetting, optional
        The locked one when none is given. On the test split only the locked one is scored.

    Returns
    -------
    evaluations : list of RecordedEvaluation
        The run first, then the trivial masks.
    failures : list of Failure
        Pictures that could not be scored.

    Raises
    ------
    TestSplitLockedError
        The test split is asked for and no setting is locked, or another one is.
    """
    run = get_run(study, run_id)
    if split == "test" or setting is None:
        setting = _check_locked(study, run.run_id, setting)
    images = list_images(study)
    positions = images.positions_in(split, with_truth=True)
    if not len(positions):
        raise StageMissingError(
            f"study {study.name!r} has no {split} picture with a mask.", "Import the masks with the pictures."
        )
    failures = compute_study_heatmaps(
        study, run.run_id, layers=[setting.layer], method=setting.method, splits=[split], stage=stage
    )
    exchange = MaskExchange()
    scores = _score_positions(
        study, run.run_id, images, positions, setting=setting, split=split, exchange=exchange, stage=stage
    )
    exchanged = {"exchanged": to_plain(asdict(exchange.compare()))}
    evaluations = _record_all(study, run.run_id, images, scores, setting=setting, split=split, more=exchanged)
    return evaluations, failures


def _check_locked(study: Study, run_id: str, setting: MaskSetting | None) -> MaskSetting:
    """Return the locked setting; refuse another one, so that nothing is tuned on test unseen."""
    locked = check_test_is_open(study, run_id)
    asked = setting or locked
    if (asked.layer, asked.method, asked.low, asked.high, asked.inverted) != (
        locked.layer, locked.method, locked.low, locked.high, locked.inverted,
    ):  # fmt: skip
        raise MedxaiError(
            f"run {run_id!r} is locked at {describe_setting(locked)}; asked for {describe_setting(asked)}.",
            "Unlock it first (this is logged, and the result counts as tuned on test).",
        )
    return locked


def _score_positions(
    study: Study, run_id: str, images: Images, positions: np.ndarray, *, setting: MaskSetting, split: str,
    exchange: MaskExchange, stage: Stage,
) -> dict[str, dict[int, ImageScores]]:  # fmt: skip
    """Return the scores by name of the masks and by position of the picture."""
    maker = load_map_maker(study, run_id)
    maps = get_heatmaps(study, run_id, setting.layer, method=setting.method)
    mean = _compute_train_mean(study, images, stage=stage)
    on_progress = stage(f"Scoring {split} pictures")
    found: dict[str, dict[int, ImageScores]] = {run_id: {}}
    for done, (position, truth) in enumerate(iterate_truth(study, images, positions), 1):
        item = str(images.image_ids[position])
        if np.isfinite(maps[position, 0, 0]):
            _, mask, _ = make_study_mask(maker, maps, images, position, setting=setting)
        else:
            mask = np.zeros(truth.shape, bool)
        found[run_id][position] = score_mask(mask, truth, item=item)
        exchange.add(mask, truth, str(images.groups[position]))
        for name, trivial in make_trivial_masks(truth.shape, mean=mean).items():
            found.setdefault(name, {})[position] = score_mask(trivial, truth, item=item)
        on_progress(done, len(positions))
    return found


def _compute_train_mean(study: Study, images: Images, *, stage: Stage) -> np.ndarray | None:
    """Return the mean mask of the training pictures, (h, w) float32; None when they have no masks."""
    positions = images.positions_in("train", with_truth=True)
    if not len(positions):
        return None
    on_progress = stage("Averaging the training masks (a trivial mask)")

    def masks() -> Iterator[np.ndarray]:
        for done, (_, truth) in enumerate(iterate_truth(study, images, positions), 1):
            yield truth
            on_progress(done, len(positions))

    return compute_mean_mask(masks())


def _record_all(
    study: Study, run_id: str, images: Images, scores: dict[str, dict[int, ImageScores]], *,
    setting: MaskSetting, split: str, more: dict[str, Any],
) -> list[RecordedEvaluation]:  # fmt: skip
    """Summarise and record each row of the table; `more` goes into the run's summary."""
    chosen_with = _find_mask_use(study) if setting.chosen_on in ("paper", "recommended") else "tuning"
    recorded = []
    for name, by_position in scores.items():
        is_run = name == run_id
        positions = np.array(list(by_position))
        groups = [str(group) for group in images.groups[positions]]
        table = summarize(
            list(by_position.values()),
            groups,
            name=name,
            masks_used_for=chosen_with if is_run else "baseline",
        )
        counts = np.full((len(images), 4), np.nan)
        for position, one in by_position.items():
            counts[position] = (one.counts.tp, one.counts.fp, one.counts.fn, one.counts.tn)
        row = RecordedEvaluation(
            evaluation_id=name_evaluation(split, name, setting) if is_run else f"{split}-{name}",
            run_id=run_id if is_run else None,
            name=f"{name}: {describe_setting(setting)}" if is_run else name,
            split=split,
            masks_used_for=table.masks_used_for,
            tuned_on_test=is_run and is_tuned_on_test(study, run_id),
            setting=asdict(setting) if is_run else {},
            summary=summarize_table(table) | (more if is_run else {}),
            created_at=now_text(),
        )
        record_evaluation(study, row, per_image=counts)
        recorded.append(row)
    return recorded


def _find_mask_use(study: Study) -> str:
    """Say what masks were used for before the setting: tile labels where the reference labels come from masks."""
    return "tile_labels" if study.get_fact("labels_from_masks") else "nothing"


def name_evaluation(split: str, run_id: str, setting: MaskSetting) -> str:
    """Return the id under which the scores of a run under a setting are recorded."""
    key = f"{setting.method}-L{setting.layer}-{setting.low}-{setting.high}-{int(setting.inverted)}"
    return f"{split}-{run_id}-{key}"


def summarize_table(table: ScoreTable) -> dict[str, Any]:
    """Return a score table as plain values by statistic and metric."""
    rows = {
        f"{row.statistic}.{row.metric}": {
            "value": row.value,
            "total": row.total,
            "out_of": row.out_of,
            "low": row.interval.low,
            "high": row.interval.high,
            "n_defined": row.n_defined,
            "n": row.n,
            "reason": row.reason,
        }
        for row in table.rows
    }
    return to_plain(
        {"rows": rows, "organisers": table.organisers, "n_images": table.n_images, "n_groups": table.n_groups}
    )


def measure_speed(
    study: Study,
    run_id: str | None,
    setting: MaskSetting,
    *,
    split: str = "test",
    n_images: int | None = SPEED_IMAGES,
    stage: Stage = silent_stage,
) -> dict[str, float]:
    """Time picture after picture from the decoded frame to the mask, as the paper's second table.

    Parameters
    ----------
    n_images : int or None
        Time the first so many pictures of the split; None: all of them.

    Returns
    -------
    dict
        mean, min, max seconds a picture and n. The first picture is run once before, as warm-up.

    Raises
    ------
    NotEnoughImagesError
        The split holds no picture.
    """
    run_id = get_run(study, run_id).run_id
    maker, images = load_map_maker(study, run_id), list_images(study)
    positions = images.positions_in(split)[:n_images]
    if not len(positions):
        raise NotEnoughImagesError(f"study {study.name!r} has no {split} picture to time.", "Name another split.")
    on_progress = stage("Timing one picture at a time")
    seconds = []
    for done, position in enumerate([positions[0], *positions]):
        image = load_study_image(study, images.relative_paths[position])
        started = time.perf_counter()
        raw, _ = maker.compute_raw([image], [setting.layer], method=setting.method)
        heatmap, is_blank = maker.finish(raw[setting.layer][0], setting.layer, image.shape[:2])
        if not is_blank:
            make_mask(heatmap, make_band(setting))
        seconds.append(time.perf_counter() - started)
        on_progress(done, len(positions))
    speed = RecordedSpeed(
        run_id=run_id,
        split=split,
        image_ids=[str(image_id) for image_id in images.image_ids[positions]],
        seconds=seconds[1:],
        setting=asdict(setting),
        machine={"device": str(next(maker.model.parameters()).device)} | get_versions("torch", "numpy"),
        measured_at=now_text(),
    )
    record_speed(study, speed)
    return speed.summary
