"""All that a report says, read once from the study."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from medxai_core import store
from medxai_core.clusters import DescriptorShare
from medxai_core.config import SHUFFLED
from medxai_core.errors import StageMissingError
from medxai_core.evaluation.paired import PairedDifference
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
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.stages.masks import digest_run_masks
from medxai_core.stages.runs import BEST, describe_software
from medxai_core.stages.sanity import SanityRecord, find_sanity
from medxai_core.stages.surrogate import find_surrogate
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.stages.tuning_table import TuningTable, find_tuning_table
from medxai_core.study import Study
from medxai_core.views.cluster_view import find_study_shares
from medxai_core.views.limits import Limit, list_limits
from medxai_core.views.map_shifts import MapShift, measure_map_shift
from medxai_core.views.overview import SplitCounts, count_by_split
from medxai_core.views.recorded_scores import (
    PictureScores,
    compare_rows,
    find_current_row,
    find_trivial_row,
    get_picture_scores,
    list_open_rows,
)
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
    against_disk : PairedDifference or None
        The run less the centred disk, picture by picture (Dice).
    shares : list of DescriptorShare
        How much each descriptor had to say in the study's own clustering.
    shift : MapShift or None
        How far the maps of the locked layer lie beside what the network looked at; None where nothing is locked.
    n_other_runs, n_unlocks : int
        Other runs of the study; how often a setting of this run was unlocked.
    newer_runs : list of str
        Runs whose training ended after the maps of this run were tested.
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
    against_disk: PairedDifference | None
    shares: list[DescriptorShare]
    shift: MapShift | None
    limits: list[Limit]
    speed: RecordedSpeed | None
    log: LogCheck
    n_other_runs: int
    newer_runs: list[str]
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
    def is_control(self) -> bool:
        """Return True when the labels were given out in random order: then there is nothing to learn."""
        return self.run.labels == SHUFFLED

    @property
    def whose(self) -> str:
        """Say whose outlines the masks of the pictures are: in a drawn study they are the program's own."""
        return "the program's own" if self.is_drawn else "experts'"

    @property
    def are_labels_from_masks(self) -> bool:
        """Return True when the given labels were read off outlines: an item with polyp pixels is polyp."""
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
    pictures = get_picture_scores(study, row, images=images) if row else None
    sanity, clustering = find_sanity(study, run), get_clustering(study, labelling.clustering_id) if labelling else None
    limits = list_limits(study, run, images=images, items=items)
    on_progress(2, 4)
    facts = ReportFacts(
        study=study,
        run=run,
        images=images,
        items=items,
        counts=count_by_split(images, items, test_is_open=setting is not None),
        feature_arrays=_find_features(study),
        clustering=clustering,
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
        pictures=pictures,
        sanity=sanity,
        surrogate=find_surrogate(study, run),
        against_disk=_compare_with_disk(study, pictures, images),
        shares=find_study_shares(study, clustering),
        shift=_measure_shift(study, run, setting, images),
        limits=limits,
        speed=find_speed(study, run.run_id),
        log=check_log(study),
        n_other_runs=len(list_runs(study)) - 1,
        newer_runs=_list_newer_runs(study, run, sanity),
        n_unlocks=sum(one["details"]["run_id"] == run.run_id for one in list_events(study, kind="unlock")),
        n_tests_opened=len({one["details"]["run_id"] for one in list_events(study, kind="lock")}),
        dataset_digest=compute_dataset_digest(study),
        masks_digest=digest_run_masks(study, run.run_id),
        checkpoint_digest=_digest_file(study.run_folder(run.run_id) / BEST),
        versions=get_versions("scikit-learn") | describe_software(),
        created_at=now_text(),
    )
    on_progress(4, 4)
    return facts


def say_broken_log(facts: ReportFacts) -> str:
    """Say that the log is not whole, and name the first of what was found."""
    n = facts.log.n_problems
    more = f" And {n - 1} more." if n > 1 else ""
    return (
        f"The log of this study is NOT whole: {n} problem{'' if n == 1 else 's'}. {facts.log.problems[0]}{more} Do not "
        "rely on this report before this is explained."
    )


def say_unlocked(facts: ReportFacts) -> str:
    """Say whether the test pictures had been open before, where nothing is locked now."""
    if facts.n_unlocks:
        n = "once" if facts.n_unlocks == 1 else f"{facts.n_unlocks} times"
        return (
            f"The test pictures had been open: a setting of this run was locked, and unlocked {n}. What is locked next "
            "counts as tuned on test."
        )
    if facts.n_tests_opened:
        return (
            "The test pictures had been open: another run was locked. A setting that is chosen by eye now counts as "
            "tuned on test."
        )
    return ""


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


def _compare_with_disk(study: Study, pictures: PictureScores | None, images: Images) -> PairedDifference | None:
    """Compare the run with a disk in the middle, picture by picture; None where one of them is not scored."""
    disk = find_trivial_row(study, "test") if pictures else None
    if pictures is None or disk is None:
        return None
    return compare_rows(pictures, get_picture_scores(study, disk, images=images))


def _measure_shift(study: Study, run: RecordedRun, setting: MaskSetting | None, images: Images) -> MapShift | None:
    """Measure how far the maps of the locked layer lie off; None where nothing is locked, or the network is gone."""
    if setting is None or not (study.run_folder(run.run_id) / BEST).is_file():
        return None
    return measure_map_shift(study, load_map_maker(study, run.run_id), images, setting.layer)


def _list_newer_runs(study: Study, run: RecordedRun, sanity: SanityRecord | None) -> list[str]:
    """Return the other runs whose training ended after the maps were tested, in order."""
    if sanity is None:
        return []
    ends = [one for kind in ("train-done", "train-stopped") for one in list_events(study, kind=kind)]
    newer = sorted((one["at"], one["details"]["run_id"]) for one in ends if one["at"] > sanity.created_at)
    return list(dict.fromkeys(run_id for _, run_id in newer if run_id != run.run_id))


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
