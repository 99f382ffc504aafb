"""Stage 5: train the classifier of a study, epoch by epoch, and score it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medxai_core.checkpoints import CheckpointManifest, load_checkpoint, load_optimizer_state, save_checkpoint
from medxai_core.datasets import LabelledInputs
from medxai_core.heatmaps import measure_shifts
from medxai_core.jobs import Job
from medxai_core.models import (
    PolypClassifier,
    Preprocessing,
    build_model,
    default_preprocessing,
    get_blocks,
    normalize_inputs,
)
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.runs import RecordedRun, get_run, list_epochs, record_epoch, update_run
from medxai_core.stages.runs import BEST, LAST, begin_run, find_resumable, run_at_work
from medxai_core.stages.training_sets import cache_run_inputs
from medxai_core.study import Study
from medxai_core.training import PRESETS, EpochResult, TrainingConfig, fit, make_loaders, make_optimizer

SHIFT_PICTURES = 16
"""Training pictures that the learned shifts are measured on, evenly spread."""


def train_study(
    study: Study,
    *,
    preset: str = "paper",
    network: str | None = None,
    weights: str | None = None,
    labels: str = "all",
    epochs: int | None = None,
    seed: int = 0,
    shuffle_labels: bool = False,
    resume: str | None = None,
    stage: Stage = silent_stage,
    job: Job | None = None,
) -> RecordedRun:
    """Train a classifier on the labels in force; a checkpoint is written after every epoch.

    Parameters
    ----------
    preset : {"paper", "quick"}
        See `training.PRESETS`.
    network, weights, epochs : optional
        Instead of the preset's.
    labels : {"all", "reviewed"}
    shuffle_labels : bool, default False
        Give the labels out in random order (by `seed`): a control that must learn nothing. The run is marked
        `config.SHUFFLED` and is never taken by default.
    resume : str, optional
        Id of a stopped run to go on with; its own settings are used.
    job : Job, optional
        Told which run this is.

    Returns
    -------
    RecordedRun
        With status "done".

    Raises
    ------
    StopRequested
        The user stopped it. The last whole epoch is kept; go on with ``resume``.
    """
    items, images = list_items(study), list_images(study)
    if resume is None:
        run = _begin_run(
            study, items, preset=preset, network=network, weights=weights, labels=labels,
            epochs=epochs, seed=seed, shuffle_labels=shuffle_labels,
        )  # fmt: skip
    else:
        run = find_resumable(study, resume)
    with run_at_work(study, run, job):
        _fit_run(study, run, items, images, stage=stage)
    return get_run(study, run.run_id)


def _begin_run(
    study: Study, items: Items, *, preset: str, network: str | None, weights: str | None, labels: str,
    epochs: int | None, seed: int, shuffle_labels: bool,
) -> RecordedRun:  # fmt: skip
    """Record a new run with all that decides its outcome."""
    changes: dict[str, Any] = {"network": network, "weights": weights, "epochs": epochs, "seed": seed}
    config = replace(PRESETS[preset], **{key: value for key, value in changes.items() if value is not None})
    return begin_run(
        study,
        items,
        preset=preset,
        network=config.network,
        n_blocks=len(get_blocks(build_model(config.network, weights="scratch", seed=0))),
        labels=labels,
        epochs=config.epochs,
        config=asdict(config),
        shuffle_seed=seed if shuffle_labels else None,
    )


def _fit_run(study: Study, run: RecordedRun, items: Items, images: Images, *, stage: Stage) -> None:
    """Prepare model and data, then fit; every epoch is recorded and kept."""
    config = TrainingConfig(**run.manifest["config"])
    folder = study.run_folder(run.run_id)
    _record_saved_epoch(study, run.run_id, folder)
    earlier = [_to_result(row) for row in list_epochs(study, run.run_id)]
    model, optimizer = _build_or_resume(config, folder, resumed=bool(earlier))
    preprocessing = default_preprocessing(config.network, config.input_size)
    train, validation = cache_run_inputs(study, run, items, images, preprocessing, stage=stage)

    def on_epoch_end(result: EpochResult) -> None:
        summary = {"run_id": run.run_id, "preset": run.preset, "labels": run.labels, "result": asdict(result)}
        manifest = CheckpointManifest(config.network, preprocessing, training=summary)
        save_checkpoint(folder / LAST, model, manifest, optimizer=optimizer)
        if result.is_best:
            shifts = find_learned_shifts(config, model, train, preprocessing)
            save_checkpoint(folder / BEST, model, replace(manifest, learned_shifts=shifts))
            update_run(study, run.run_id, best_epoch=result.epoch)
        record_epoch(study, run.run_id, asdict(result))

    fit(
        model,
        make_loaders(train, validation, preprocessing=preprocessing, config=config),
        config,
        on_epoch_end=on_epoch_end,
        start_epoch=len(earlier),
        earlier=earlier,
        optimizer=optimizer,
        on_progress=stage("Training"),
    )


def find_learned_shifts(
    config: TrainingConfig, model: PolypClassifier, train: LabelledInputs, preprocessing: Preprocessing
) -> tuple[tuple[float, float], ...]:
    """Return where the weights of every block look, in input pixels; nothing for a network that began from scratch.

    Weights that have seen a few hundred pictures only respond all over the picture.
    """
    return () if config.weights == "scratch" else measure_learned_shifts(model, train, preprocessing)


def measure_learned_shifts(
    model: PolypClassifier, train: LabelledInputs, preprocessing: Preprocessing
) -> tuple[tuple[float, float], ...]:
    """Measure where the weights of every block look, in input pixels, on pictures of the training."""
    rows = np.linspace(0, len(train) - 1, min(SHIFT_PICTURES, len(train))).round().astype(np.int64)
    pixels, _ = train.load_batch(rows)
    return tuple(block.learned_shift for block in measure_shifts(model, normalize_inputs(pixels, preprocessing)))


def _record_saved_epoch(study: Study, run_id: str, folder: Path) -> None:
    """Record the epoch of the last checkpoint, when the process ended between saving and recording it."""
    if not (folder / LAST).is_file():
        return
    saved = load_checkpoint(folder / LAST)[1].training["result"]
    if saved["epoch"] > len(list_epochs(study, run_id)):
        record_epoch(study, run_id, saved)


def _to_result(row: dict[str, Any]) -> EpochResult:
    """Return a recorded epoch as the loop knows it."""
    return EpochResult(**{name: row[name] for name in EpochResult.__dataclass_fields__})


def _build_or_resume(
    config: TrainingConfig, folder: Path, *, resumed: bool
) -> tuple[PolypClassifier, torch.optim.Optimizer]:
    """Return a fresh model with its optimizer, or those of the last whole epoch."""
    if not resumed:
        model = build_model(config.network, weights=config.weights, seed=config.seed)
        return model, make_optimizer(model, config)
    model, _ = load_checkpoint(folder / LAST)
    optimizer = make_optimizer(model, config)
    load_optimizer_state(folder / LAST, optimizer)
    return model, optimizer
