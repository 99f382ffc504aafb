"""Stage 5 of the recommended mode: a segmenter learns from the labels of a study, round by round."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from medxai_core.checkpoints import CheckpointManifest, OperatingPoint, load_checkpoint, save_checkpoint
from medxai_core.config import SEGMENTER
from medxai_core.datasets import BatchLoader, LabelledInputs, delete_cache
from medxai_core.jobs import Job
from medxai_core.models import PolypSegmenter, Preprocessing, build_segmenter, default_preprocessing, get_blocks
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.result_digests import CLASS_MAP_FILE
from medxai_core.records.runs import RecordedRun, get_run, record_epoch, update_run
from medxai_core.stages.masks import recommended_setting
from medxai_core.stages.runs import BEST, LAST, begin_run, find_resumable, run_at_work
from medxai_core.stages.training import measure_learned_shifts
from medxai_core.stages.training_sets import cache_run_inputs
from medxai_core.stages.whole_pictures import choose_pictures, list_labelled_tiles, read_pictures
from medxai_core.students.class_map import ClassMap, LabelledTile, fit_class_map, load_class_map
from medxai_core.students.curriculum import Curriculum, graduate, learn_rounds
from medxai_core.students.drawn_frames import draw_lessons
from medxai_core.students.lessons import Lessons
from medxai_core.study import Study
from medxai_core.training import EpochResult, evaluate

PRESET = "recommended"
"""Name of the recipe in runs and on the command line."""

CLASS_MAP = CLASS_MAP_FILE
"""File of a run: what the labels alone say of a place; see `students.class_map`."""

_PICTURES = "pictures.npy"
_TUPLES = ("n_drawn", "rounds", "batch")


def train_student(
    study: Study,
    *,
    labels: str = "reviewed",
    seed: int = 0,
    curriculum: Curriculum | None = None,
    resume: str | None = None,
    stage: Stage = silent_stage,
    job: Job | None = None,
) -> RecordedRun:
    """Teach a segmenter from labels of tiles or pictures; no mask that anyone drew takes part.

    Parameters
    ----------
    labels : {"reviewed", "all"}, default "reviewed"
        "reviewed": the seeds and what readers decided. "all": what clusters proposed too.
    curriculum : Curriculum, optional
        How much is learned of what; its seed is replaced by ``seed``.
    resume : str, optional
        Id of a stopped run to go on with after its last whole round; before round 1 with the outlines or the class
        map that it kept, else from its beginning with its own labels and seed.
    job : Job, optional
        Told which run this is.

    Returns
    -------
    RecordedRun
        With status "done". Epoch 1 is what drawn frames taught, each later one a round on real pictures.

    Raises
    ------
    NoSeedsError
        Nothing is labelled, or one class only.
    StopRequested
        The user stopped it. The class map, the outlines and the last whole round are kept; go on with ``resume``.
    """
    items, images = list_items(study), list_images(study)
    if resume is None:
        plan = asdict(curriculum or Curriculum()) | {"seed": seed}
        run = begin_run(
            study,
            items,
            preset=PRESET,
            network=SEGMENTER,
            n_blocks=len(get_blocks(build_segmenter(weights="scratch"))) + 1,
            labels=labels,
            epochs=len(plan["rounds"]) + 1,
            config=plan,
        )
    else:
        run = find_resumable(study, resume)
    folder = study.run_folder(run.run_id)
    with run_at_work(study, run, job):
        try:
            _learn(study, run, items, images, stage=stage)
        finally:
            delete_cache(folder / _PICTURES)
    return get_run(study, run.run_id)


@dataclass
class _RoundBook:
    """Keep each round: checkpoint, figures on labelled items, time."""

    study: Study
    run: RecordedRun
    train: LabelledInputs
    validation: LabelledInputs | None
    side: int
    begun: float = field(default_factory=time.perf_counter)

    def __call__(self, round_number: int, segmenter: PolypSegmenter, losses: Sequence[float]) -> None:
        """Score a round on the labelled items, and keep it; the last one is the one that is used."""
        preprocessing = default_preprocessing(SEGMENTER, self.side)
        result = score_round(
            round_number, segmenter, self.train, self.validation, preprocessing,
            seconds=time.perf_counter() - self.begun,
        )  # fmt: skip
        summary = {
            "run_id": self.run.run_id,
            "preset": PRESET,
            "labels": self.run.labels,
            "result": asdict(result),
            "mask_loss": float(np.mean(losses[-50:])),
        }
        setting = recommended_setting(self.run)
        manifest = CheckpointManifest(
            SEGMENTER,
            preprocessing,
            training=summary,
            operating_point=OperatingPoint(setting.layer, setting.method, setting.low, setting.high, setting.inverted),
            learned_shifts=measure_learned_shifts(segmenter, self.train, preprocessing),
        )
        folder = self.study.run_folder(self.run.run_id)
        save_checkpoint(folder / LAST, segmenter, manifest)
        save_checkpoint(folder / BEST, segmenter, manifest)
        record_epoch(self.study, self.run.run_id, asdict(result))
        update_run(self.study, self.run.run_id, best_epoch=result.epoch)
        self.begun = time.perf_counter()


def score_round(
    round_number: int,
    segmenter: PolypSegmenter,
    train: LabelledInputs,
    validation: LabelledInputs | None,
    preprocessing: Preprocessing,
    *,
    seconds: float,
) -> EpochResult:
    """Return the figures of a round on the labelled items; every round counts as the best so far."""
    known = evaluate(segmenter, BatchLoader(train, preprocessing))
    checked = evaluate(segmenter, BatchLoader(validation, preprocessing) if validation else [])
    assert known.loss is not None and known.accuracy is not None
    return EpochResult(
        epoch=round_number + 1,
        train_loss=known.loss,
        train_accuracy=known.accuracy,
        validation_loss=checked.loss,
        validation_accuracy=checked.accuracy,
        validation_balanced_accuracy=checked.balanced_accuracy,
        seconds=seconds,
        is_best=True,
    )


@dataclass(frozen=True, eq=False)
class StudentMaterial:
    """Hold what a segmenter learns from, and the plan.

    Attributes
    ----------
    train, validation : LabelledInputs
        Labelled items, for the figures of each round; None without validation items.
    pictures : (n, 448, 448, 3) uint8
        On disk.
    labels : list of LabelledTile
        Of the pictures.
    drawn : Lessons
        Drawn frames with their exact masks.
    """

    plan: Curriculum
    train: LabelledInputs
    validation: LabelledInputs | None
    pictures: np.ndarray
    labels: list[LabelledTile]
    drawn: Lessons


def read_material(
    study: Study, run: RecordedRun, items: Items, images: Images, folder: Path, *, stage: Stage
) -> StudentMaterial:
    """Decode the pictures of a run into files of a folder, and draw the frames: all by what is recorded of the run."""
    config = run.manifest["config"]
    plan = Curriculum(**config | {name: tuple(config[name]) for name in _TUPLES})
    train, validation = cache_run_inputs(
        study, run, items, images, default_preprocessing(SEGMENTER, plan.use_side), stage=stage, folder=folder
    )
    pictures, labels = _read_pictures(study, run, items, images, folder, seed=plan.seed, stage=stage)
    return StudentMaterial(plan, train, validation, pictures, labels, draw_lessons(*plan.n_drawn, stage=stage))


def _learn(study: Study, run: RecordedRun, items: Items, images: Images, *, stage: Stage) -> None:
    """Read the pictures, then teach; every round is recorded and kept."""
    folder = study.run_folder(run.run_id)
    material = read_material(study, run, items, images, folder, stage=stage)
    plan, pictures, labels, drawn = material.plan, material.pictures, material.labels, material.drawn
    book = _RoundBook(study, run, material.train, material.validation, plan.use_side)
    class_map = _get_class_map(folder / CLASS_MAP, pictures, labels, seed=plan.seed, stage=stage)
    segmenter, n_done = _get_segmenter(study, run)
    if segmenter is not None and n_done > 1:  # the outlines, and at least one round
        has_polyp = class_map.find_polyps(class_map.score(pictures, stage=stage), labels)
        learn_rounds(
            segmenter, pictures, labels, drawn, plan, has_polyp=has_polyp, first=n_done, stage=stage, watch=book
        )
    else:
        graduate(pictures, labels, drawn, plan, class_map=class_map, outlines=segmenter, stage=stage, watch=book)


def _get_segmenter(study: Study, run: RecordedRun) -> tuple[PolypSegmenter | None, int]:
    """Return the network of the last finished pass, and the pass's number; none before the outlines are learned."""
    folder = study.run_folder(run.run_id)
    if not (folder / LAST).is_file():
        return None, 0
    segmenter, manifest = load_checkpoint(folder / LAST)
    assert isinstance(segmenter, PolypSegmenter)
    result = manifest.training["result"]
    if result["epoch"] > (run.best_epoch or 0):  # the process ended between saving and recording it
        save_checkpoint(folder / BEST, segmenter, manifest)
        record_epoch(study, run.run_id, result)
        update_run(study, run.run_id, best_epoch=result["epoch"])
    return segmenter, result["epoch"]


def _get_class_map(
    kept: Path, pictures: np.ndarray, labels: list[LabelledTile], *, seed: int, stage: Stage
) -> ClassMap:
    """Return the class map of a run; it is kept at once, for a run that goes on and for the story of each picture."""
    if not kept.is_file():
        fit_class_map(pictures, labels, seed=seed, stage=stage).save(kept)
    return load_class_map(kept)


def _read_pictures(
    study: Study, run: RecordedRun, items: Items, images: Images, folder: Path, *, seed: int, stage: Stage
) -> tuple[np.ndarray, list[LabelledTile]]:
    """Decode the pictures to learn from into a file, and say which of their tiles are labelled.

    Returns
    -------
    pictures : (n, 448, 448, 3) uint8
        On disk.
    labels : list of LabelledTile
    """
    positions = np.array(run.manifest["item_positions"], np.int64)
    chosen = choose_pictures(images.positions_in("train"), items.image_positions[positions], seed=seed)
    reading = stage("Reading whole pictures")
    pictures, read = read_pictures(study, images, chosen, folder / _PICTURES, on_progress=reading)
    return pictures, list_labelled_tiles(items, images, positions, run.manifest["labels"], positions=read)
