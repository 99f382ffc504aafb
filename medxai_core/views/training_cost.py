"""What a training will cost in a study: from an earlier run on it, or from a trial of a few steps."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass, replace

import numpy as np

from medxai_core.config import SEGMENTER
from medxai_core.datasets import split_batches
from medxai_core.models import build_model, build_segmenter
from medxai_core.records.runs import RecordedRun, list_epochs, list_runs
from medxai_core.students.curriculum import Curriculum
from medxai_core.students.lessons import PICTURE_SIDE, Lessons, Timetable
from medxai_core.students.teaching import teach
from medxai_core.study import Study
from medxai_core.training import PRESETS, TrainingConfig
from medxai_core.training.cost import VALIDATION_SHARE, CostEstimate, estimate_cost, measure_seconds_per_batch
from medxai_core.views.training_course import count_looks_of_step

_DECIDES_SPEED = ("network", "frozen_blocks", "batch_size", "input_size")


@dataclass(frozen=True)
class RecordedSpeed:
    """Say how fast an earlier run was.

    Attributes
    ----------
    run_id : str
        The run.
    seconds_per_batch : float
        Of a training step, the pictures of the validation taken as a third of a step each.
    seconds_per_epoch : float
        Median over its epochs.
    n_items : int
        Items it learned from.
    """

    run_id: str
    seconds_per_batch: float
    seconds_per_epoch: float
    n_items: int


def make_config(
    preset: str, *, network: str | None = None, epochs: int | None = None, seed: int | None = None
) -> TrainingConfig:
    """Return a preset's recipe with some settings changed, as `train_study` makes it.

    Raises
    ------
    ValueError
        A setting makes no sense.
    """
    base = PRESETS[preset]
    return replace(
        base,
        network=base.network if network is None else network,
        epochs=base.epochs if epochs is None else epochs,
        seed=base.seed if seed is None else seed,
    )


def find_recorded_speed(study: Study, config: TrainingConfig) -> RecordedSpeed | None:
    """Return the speed of the newest run of this study whose steps cost the same; None without one."""
    for run in list_runs(study):
        if all(run.manifest["config"].get(name) == getattr(config, name) for name in _DECIDES_SPEED):
            epochs = list_epochs(study, run.run_id)
            if epochs:
                return _read_speed(run, [epoch["seconds"] for epoch in epochs])
    return None


def find_student_seconds(study: Study) -> float | None:
    """Return how long the newest finished segmenter of this study took to learn, in seconds; None without one."""
    for run in list_runs(study):
        if run.network == SEGMENTER and run.status == "done":
            return float(sum(epoch["seconds"] for epoch in list_epochs(study, run.run_id)))
    return None


def measure_training_speed(config: TrainingConfig) -> float:
    """Try a few steps of a recipe on pictures of noise; return the seconds of one.

    Nothing of the study is touched. The weights do not matter for the speed, so random ones are taken.
    """
    model = build_model(config.network, weights="scratch", seed=config.seed)
    return measure_seconds_per_batch(model, config)


def measure_seconds_per_look(*, n_steps: int = 2) -> float:
    """Try a few steps of the recommended mode on pictures of noise; return the seconds of a look.

    Nothing of the study is touched. One step more is done first, which warms up.
    """
    plan = Curriculum()
    pictures = np.random.default_rng(0).integers(0, 256, (8, PICTURE_SIDE, PICTURE_SIDE, 3), dtype=np.uint8)
    untold = np.zeros((len(pictures), 1, 1), np.float16)
    noise = Timetable([Lessons(pictures, untold, untold + 1)], [sum(plan.batch)], plan.side)
    ends: list[float] = []
    teach(
        build_segmenter(weights="scratch"),
        noise,
        n_steps=n_steps + 1,
        on_progress=lambda done, total: ends.append(time.perf_counter()),
    )
    return (ends[-1] - ends[0]) / n_steps / count_looks_of_step(asdict(plan))


def estimate_study_training(
    config: TrainingConfig, *, n_items: int, n_validation: int, seconds_per_batch: float
) -> CostEstimate:
    """Estimate the time of a training; see `training.estimate_cost`."""
    return estimate_cost(config, n_items, seconds_per_batch, n_validation=n_validation)


def _read_speed(run: RecordedRun, seconds: list[float]) -> RecordedSpeed:
    """Divide the time of an epoch by the steps in it."""
    batch_size = run.manifest["config"]["batch_size"]
    n_items, n_validation = len(run.manifest["item_positions"]), run.manifest["n_validation"]
    n_training_steps = len(split_batches(np.arange(n_items), batch_size))
    n_validation_steps = len(split_batches(np.arange(n_validation), batch_size))
    n_steps = n_training_steps + VALIDATION_SHARE * n_validation_steps
    per_epoch = statistics.median(seconds)
    return RecordedSpeed(run.run_id, per_epoch / n_steps, per_epoch, n_items)
