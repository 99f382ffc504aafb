"""The whole method, from pictures to scored masks. Read this first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medxai_core.config import PipelinePreset
from medxai_core.errors import LayoutError
from medxai_core.jobs import Job
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.stages.classifier import evaluate_study_classifier
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.stages.masks import lock_setting, recommended_setting
from medxai_core.stages.scores import measure_speed, score_study
from medxai_core.stages.students import train_student
from medxai_core.stages.training import train_study
from medxai_core.stages.tuning_table import record_tuning_table
from medxai_core.study import Study


@dataclass(frozen=True)
class PipelineResult:
    """Hold what the whole line gave: the run, its classifier's scores, its masks' scores, its speed."""

    run_id: str
    setting: MaskSetting
    classifier: dict[str, dict[str, Any]]
    evaluations: list[RecordedEvaluation]
    speed: dict[str, float]


def run_pipeline(
    study: Study, preset: PipelinePreset, *, stage: Stage = silent_stage, job: Job | None = None
) -> PipelineResult:
    """Run every stage on a study: no mask is used for training, masks only score the result.

    Parameters
    ----------
    preset : PipelinePreset
        One of the paper's five runs, "quick" or "recommended".
    """
    check_preset_fits(study, preset)
    # 1 global features of every item; 2 clusters; 3 labels spread from the seeds over pure clusters
    extract_study_features(study, on_progress=stage("Extracting features"))
    pseudo_label_study(study, k=preset.n_clusters, target=preset.target, stage=stage)
    # 4 a reader may accept and reject here: decisions are in the store, and take part below
    # 5 a classifier of polyp against non-polyp learns from these labels; recommended: a segmenter, from the seeds
    # and what a reader decided
    is_recommended = preset.training == "recommended"
    run = (
        train_student(study, stage=stage, job=job)
        if is_recommended
        else train_study(study, preset=preset.training, stage=stage, job=job)
    )
    run_id = run.run_id
    classifier = evaluate_study_classifier(study, run_id, stage=stage)
    # 6 heat maps of one layer, 7 cut at a threshold: given by the paper, or chosen on the tuning pictures;
    # recommended: the segmenter's own map, where polyp is more likely than not
    if is_recommended:
        setting = recommended_setting(run)
    elif preset.layer is None:
        setting = record_tuning_table(study, run_id, stage=stage).choose()
    else:
        setting = MaskSetting(preset.layer, "gradcam", preset.low, preset.high, chosen_on="paper")
    lock_setting(study, run_id, setting, reader="pipeline")
    # 8 only now the masks of the test pictures are opened, to score
    evaluations, _ = score_study(study, run_id, setting, split="test", stage=stage)
    speed = measure_speed(study, run_id, setting, stage=stage)
    return PipelineResult(run_id, setting, classifier, evaluations, speed)


def check_preset_fits(study: Study, preset: PipelinePreset) -> None:
    """Raise unless the study is of the kind that a preset was made for.

    Raises
    ------
    LayoutError
        Runs 2-5 need HyperKvasir's unlabelled pictures; run 1 needs 2x2 tiles.
    """
    if preset.needs_pool and study.get_fact("layout") != "hyperkvasir":
        raise LayoutError(
            f"{preset.name} spreads labels over HyperKvasir's 99,417 unlabelled pictures, which study "
            f"{study.name!r} does not hold (layout {study.get_fact('layout')!r}).",
            "Create a study with --layout hyperkvasir from a folder that holds labeled-images/, "
            "unlabeled-images/ and segmented-images/, or run paper-run-1.",
        )
    if preset.tiles != (1, 1) and tuple(study.get_fact("tiles")) != preset.tiles:
        rows, columns = preset.tiles
        raise LayoutError(
            f"{preset.name} needs {rows}x{columns} tiles; study {study.name!r} has "
            f"{'x'.join(map(str, study.get_fact('tiles')))}.",
            f"Create the study with --tiles {rows}x{columns}.",
        )
