"""Tests of the maps of one run: weights taken away, other trainings, the truth of tuning pictures, the prediction."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from medxai_core.config import RESEARCH_USE
from medxai_core.events import record_event
from medxai_core.json_values import to_plain
from medxai_core.memory import keep_freed_memory
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.result_digests import SANITY_FILE, digest_results
from medxai_core.records.runs import RecordedRun, get_run
from medxai_core.sanity import (
    Light,
    compare_random_pairs,
    compute_border_ratio,
    judge_blank,
    judge_border,
    judge_same_map,
    list_weight_stages,
    randomize_weights,
)
from medxai_core.stages.sanity_lights import (
    judge_classifier,
    judge_localization,
    judge_other_runs,
    judge_prediction,
    judge_untrained,
    judge_weights,
    measure_sameness,
)
from medxai_core.stages.sanity_subject import Subject, choose_subject
from medxai_core.study import Study

FILE = SANITY_FILE


@dataclass(frozen=True)
class SanityRecord:
    """Hold the tests of the maps of one run.

    Attributes
    ----------
    layer, method : int, str
        Which maps were tested.
    n_pictures, n_blank : int
        Tuning pictures that took part, and of those the ones whose map is blank: nothing can be compared there.
    lights : list of Light
    cascading, independent : list of dict
        By stage of weights: "stage", "ssim", "rank_correlation" (means over pictures), "n_blank" maps.
    baseline : float or None
        Mean SSIM of maps of different pictures; None with fewer than two maps.
    """

    run_id: str
    best_epoch: int
    layer: int
    method: str
    n_pictures: int
    n_blank: int
    lights: list[Light]
    cascading: list[dict[str, Any]]
    independent: list[dict[str, Any]]
    baseline: float | None
    created_at: str
    versions: dict[str, Any]


def check_maps(
    study: Study, run_id: str | None = None, *, layer: int | None = None, method: str | None = None, seed: int = 0,
    stage: Stage = silent_stage,
) -> SanityRecord:  # fmt: skip
    """Test the maps of a run on the tuning pictures, and keep what was found with the run.

    Parameters
    ----------
    layer, method : int, str, optional
        Which maps; default: those of the locked setting, of the best cell of the tuning table, or of the last layer.

    Raises
    ------
    NotEnoughImagesError
        The tuning split has too few pictures.
    SettingError
        There is no such layer.
    """
    keep_freed_memory()
    subject = choose_subject(study, get_run(study, run_id), layer=layer, method=method, stage=stage)
    shown = subject.maps[~subject.is_blank]
    baseline = float(compare_random_pairs(shown, seed=seed).mean()) if len(shown) > 1 else float("nan")
    cascading, independent, ends = _randomize(subject, seed=seed, stage=stage)
    lights = [
        judge_classifier(subject),
        _judge_blank(subject),
        *judge_localization(subject),
        judge_weights(ends["all weights"], baseline),
        judge_untrained(subject, baseline, seed=seed),
        *judge_other_runs(subject, baseline, stage=stage),
        *judge_prediction(subject, stage=stage),
        judge_same_map(*measure_sameness(subject)),
        judge_border([compute_border_ratio(one) for one in subject.maps]),
    ]
    record = SanityRecord(
        run_id=subject.run.run_id,
        best_epoch=int(subject.run.best_epoch or 0),
        layer=subject.layer,
        method=subject.method,
        n_pictures=len(subject.pictures),
        n_blank=int(subject.is_blank.sum()),
        lights=lights,
        cascading=cascading,
        independent=independent,
        baseline=baseline if np.isfinite(baseline) else None,
        created_at=now_text(),
        versions=get_versions("torch", "numpy"),
    )
    _record(study, record)
    return record


def _judge_blank(subject: Subject) -> Light:
    """Judge whether there is a map at all: of pictures with a polyp, where that is known."""
    if subject.has_polyp.any():
        return judge_blank(subject.is_blank[subject.has_polyp], of="pictures with a polyp")
    return judge_blank(subject.is_blank)


def find_sanity(study: Study, run: RecordedRun) -> SanityRecord | None:
    """Return the tests of a run; None when there are none, or when the run was trained on since."""
    try:
        values = json.loads((study.run_folder(run.run_id) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    values.pop("notice", None)
    record = SanityRecord(**values | {"lights": [Light(**one) for one in values["lights"]]})
    return record if record.best_epoch == run.best_epoch else None


def _randomize(
    subject: Subject, *, seed: int, stage: Stage
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, np.ndarray]]:
    """Take away the weights stage by stage, all from the output down, and each alone."""
    names = [one.name for one in list_weight_stages(subject.maker.model)]
    on_progress = stage("Taking away what was learned")
    cascading: list[dict[str, Any]] = []
    independent: list[dict[str, Any]] = []
    ends: dict[str, np.ndarray] = {}
    for done, name in enumerate(names, 1):
        for rows, gone in ((cascading, names[:done]), (independent, [name])):
            network = randomize_weights(subject.maker.model, gone, seed=seed)
            others = subject.compute(replace(subject.maker, model=network))
            ssim, rank = subject.compare(others)
            n_blank = int((others.max(axis=(1, 2)) <= 0).sum())
            likeness = {"ssim": _mean(ssim), "rank_correlation": _mean(rank)}
            rows.append({"stage": name, **likeness, "n_blank": n_blank})
            if done == len(names) and rows is cascading:
                ends["all weights"] = ssim
        on_progress(done, len(names))
    return cascading, independent, ends


def _mean(values: np.ndarray) -> float | None:
    """Return the mean of the defined values; None without any."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def _record(study: Study, record: SanityRecord) -> None:
    """Write the tests into the folder of the run, and a line into the log."""
    path = study.run_folder(record.run_id) / FILE
    unfinished = path.with_name(f"{FILE}.{os.getpid()}.part")
    unfinished.touch(mode=0o600)
    text = json.dumps({"notice": RESEARCH_USE} | to_plain(asdict(record)), indent=1, ensure_ascii=False)
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
    colors = [light.color for light in record.lights]
    counts = {color: colors.count(color) for color in ("green", "yellow", "red", "grey")}
    with study.begin() as connection:
        digests = digest_results(connection, study.folder, [f"sanity:{record.run_id}"])
        details = {"run_id": record.run_id, "layer": record.layer} | counts
        record_event(connection, "sanity", details | {"digests": digests})
