"""All that a report says, read once from the study."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from medxai_core import store
from medxai_core.errors import StageMissingError
from medxai_core.events import list_events
from medxai_core.features.registry import get_feature_set
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.clusterings import RecordedClustering, find_feature_arrays, get_clustering
from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import RecordedLabelling, find_labelling, get_labelling
from medxai_core.records.log_check import LogCheck, check_log
from medxai_core.records.masks import MaskSetting, RecordedEvaluation, get_locked_setting, is_tuned_on_test
from medxai_core.records.pictures import Images, Items, compute_dataset_digest, list_images, list_items
from medxai_core.records.runs import RecordedRun, get_classifier_scores, get_run, list_epochs, list_runs
from medxai_core.records.speeds import RecordedSpeed, find_speed
from medxai_core.review import Decision
from medxai_core.stages.masks import digest_run_masks
from medxai_core.stages.runs import BEST
from medxai_core.stages.sanity import SanityRecord, find_sanity
from medxai_core.stages.surrogate import find_surrogate
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.stages.tuning_table import TuningTable, find_tuning_table
from medxai_core.study import Study
from medxai_core.views.limits import Limit, list_limits
from medxai_core.views.overview import SplitCounts, count_by_split
from medxai_core.views.recorded_scores import PictureScores, find_current_row, get_picture_scores, list_open_rows
from medxai_core.views.review_basis import load_review_basis
from medxai_core.views.review_figures import ReviewFigures, compute_review_figures
from medxai_core.views.round_errors import RoundError, score_study_rounds
from medxai_core.views.standing import find_mask_standing

CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Lock:
    """Say who locked a setting, and when."""

    number: int
    reader: str
    at: str


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """Hold what is known of a study and one run at one moment.

    Attributes
    ----------
    counts : list of SplitCounts
    feature_arrays : dict of str to str
        Array id by descriptor; empty without features.
    clustering, labelling : optional
        Those that the run's labels come from; None where there are none.
    round_errors : list of RoundError
    review : ReviewFigures
    validation : dict or None
        The classifier's scores on the validation items.
    setting, lock : optional
        What is locked for the run; None: nothing, and then no test score is in the facts.
    row, trivial : RecordedEvaluation, list
        Scores of the run under its locked setting, and of masks that ignore the picture, on test pictures.
    pictures : PictureScores or None
        Of `row`, by picture.
    n_other_runs, n_unlocks : int
        Other runs of the study; how often a setting of this run was unlocked.
    dataset_digest : str
        Over the pictures.
    masks_digest : str or None
        Over the masks of the tuning and test pictures under the locked setting; None where nothing is locked, or not
        all maps are recorded.
    checkpoint_digest : str or None
        SHA-256 of the kept weights.
    """

    study: Study
    run: RecordedRun
    images: Images
    items: Items
    counts: list[SplitCounts]
    feature_arrays: dict[str, str]
    clustering: RecordedClustering | None
    labelling: RecordedLabelling | None
    round_errors: list[RoundError]
    decisions: Sequence[Decision]
    review: ReviewFigures
    epochs: list[dict[str, Any]]
    validation: dict[str, Any] | None
    setting: MaskSetting | None
    lock: Lock | None
    is_tuned_on_test: bool
    tuning: TuningTable | None
    row: RecordedEvaluation | None
    trivial: list[RecordedEvaluation]
    pictures: PictureScores | None
    sanity: SanityRecord | None
    surrogate: SurrogateRecord | None
    limits: list[Limit]
    speed: RecordedSpeed | None
    log: LogCheck
    n_other_runs: int
    n_unlocks: int
    n_tests_opened: int
    dataset_digest: str
    masks_digest: str | None
    checkpoint_digest: str | None
    versions: dict[str, Any]
    created_at: str

    @property
    def is_drawn(self) -> bool:
        """Return True for the demo: its pictures are drawn by a program."""
        return self.study.get_fact("demo_run") is not None

    @property
    def are_labels_from_masks(self) -> bool:
        """Return True when the given labels were read off experts' masks: an item with polyp pixels is polyp."""
        return bool(self.study.get_fact("labels_from_masks"))

    @property
    def n_groups(self) -> int:
        """Return the number of groups (patients, procedures, near copies) of the pictures that are present."""
        return len({str(group) for group in self.images.groups[self.images.is_present]})

    @property
    def has_groups(self) -> bool:
        """Return True when some pictures are known to belong together."""
        return self.n_groups < int(self.images.is_present.sum())

    def count(self, split: str) -> SplitCounts:
        """Return the counts of one split."""
        return next(one for one in self.counts if one.split == split)

    def figure(self, name: str) -> dict[str, Any]:
        """Return a recorded test figure of the run, such as "mean.dice"; its value is None where there is none."""
        nothing = {"value": None, "low": None, "high": None, "n_defined": 0, "n": 0}
        return self.row.summary["rows"].get(name, nothing) if self.row else nothing


def read_facts(study: Study, run_id: str | None = None, *, stage: Stage = silent_stage) -> ReportFacts:
    """Read what a report of one run is written from.

    Parameters
    ----------
    run_id : str, optional
        Default: the run whose setting was locked last, or the newest trained one.

    Raises
    ------
    RunNotFoundError
        No such run, or none is trained.
    StageMissingError
        The run has no finished epoch.
    """
    on_progress = stage("Collecting what is recorded")
    run = get_run(study, run_id or find_mask_standing(study).run_id)
    if run.best_epoch is None:
        raise StageMissingError(f"run {run.run_id!r} has no finished epoch.", f"Run `train {study.name}` first.")
    images, items = list_images(study), list_items(study)
    labelling = get_labelling(study, run.labelling_id) if run.labelling_id else find_labelling(study)
    decisions = list_decisions(study)
    basis = load_review_basis(study, items=items)
    on_progress(1, 4)
    setting = get_locked_setting(study, run.run_id)
    row = find_current_row(study, run.run_id, "test")
    limits = list_limits(study, run, images=images, items=items)
    on_progress(2, 4)
    facts = ReportFacts(
        study=study,
        run=run,
        images=images,
        items=items,
        counts=count_by_split(images, items, test_is_open=setting is not None),
        feature_arrays=_find_features(study),
        clustering=get_clustering(study, labelling.clustering_id) if labelling else None,
        labelling=labelling,
        round_errors=score_study_rounds(study, labelling, items=items, images=images),
        decisions=decisions,
        review=compute_review_figures(basis, decisions, ""),
        epochs=list_epochs(study, run.run_id),
        validation=get_classifier_scores(study, run.run_id).get("validation"),
        setting=setting,
        lock=_find_lock(study, run.run_id) if setting else None,
        is_tuned_on_test=is_tuned_on_test(study, run.run_id),
        tuning=_find_tuning(study, run, setting),
        row=row,
        trivial=[one for one in list_open_rows(study, "test") if one.run_id is None],
        pictures=get_picture_scores(study, row, images=images) if row else None,
        sanity=find_sanity(study, run),
        surrogate=find_surrogate(study, run),
        limits=limits,
        speed=find_speed(study, run.run_id),
        log=check_log(study),
        n_other_runs=len(list_runs(study)) - 1,
        n_unlocks=sum(one["details"]["run_id"] == run.run_id for one in list_events(study, kind="unlock")),
        n_tests_opened=len({one["details"]["run_id"] for one in list_events(study, kind="lock")}),
        dataset_digest=compute_dataset_digest(study),
        masks_digest=digest_run_masks(study, run.run_id),
        checkpoint_digest=_digest_file(study.run_folder(run.run_id) / BEST),
        versions=get_versions("torch", "numpy", "scikit-learn", "pillow"),
        created_at=now_text(),
    )
    on_progress(4, 4)
    return facts


def _find_features(study: Study) -> dict[str, str]:
    """Return the arrays of the global features; nothing where they were not extracted."""
    try:
        found = find_feature_arrays(study)
    except StageMissingError:
        return {}
    return {one.name: found[one.name] for one in get_feature_set("lire").descriptors if one.name in found}


def _find_tuning(study: Study, run: RecordedRun, setting: MaskSetting | None) -> TuningTable | None:
    """Return the tuning table of the method that is locked."""
    method = setting.method if setting and setting.layer != run.mask_head else "gradcam"
    return find_tuning_table(study, run.run_id, method=method)


def _find_lock(study: Study, run_id: str) -> Lock | None:
    """Return the last lock of a run."""
    c = store.operating_points.c
    chosen = c.run_id == run_id, c.action == "lock"
    rows = study.read(select(c.number, c.reader, c.at).where(*chosen).order_by(c.number.desc()).limit(1))
    return Lock(*rows[0]) if rows else None


def _digest_file(path: Path) -> str | None:
    """Return the SHA-256 of a file; None without it."""
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()
