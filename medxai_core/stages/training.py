"""Stage 5: train the classifier of a study, epoch by epoch, and score it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medxai_core.checkpoints import (
    CheckpointManifest,
    load_checkpoint,
    load_optimizer_state,
    save_checkpoint,
)
from medxai_core.config import CLASS_NAMES
from medxai_core.datasets import (
    LabelledInputs,
    cache_inputs,
    delete_cache,
    encode_labels,
    list_readable_rows,
)
from medxai_core.errors import MedxaiError, NoSeedsError, RunNotFoundError, StopRequested
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
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.runs import (
    RecordedRun,
    get_run,
    list_epochs,
    list_runs,
    record_epoch,
    record_run,
    update_run,
)
from medxai_core.stages.labels import get_label_states
from medxai_core.study import Study
from medxai_core.training import (
    PRESETS,
    EpochResult,
    TrainingConfig,
    fit,
    make_loaders,
    make_optimizer,
)

LAST, BEST = "last.safetensors", "best.safetensors"
SHIFT_PICTURES = 16
"""Training pictures that the learned shifts are measured on, evenly spread."""


@dataclass(frozen=True)
class TrainingSet:
    """Hold what a run learns from.

    Attributes
    ----------
    positions : (n,) int64
        Items, the seeds first, then reviewed ones, then proposals in the order of the rounds.
    labels : (n,) int64
        0 non-polyp, 1 polyp.
    counts : dict
        Number of labels by source and class.
    """

    positions: np.ndarray
    labels: np.ndarray
    counts: dict[str, dict[str, int]]


def choose_training_items(
    study: Study, items: Items, *, labels: str = "all", labelling: RecordedLabelling | None = None
) -> TrainingSet:
    """Choose the items to learn from, and their labels.

    Parameters
    ----------
    labels : {"all", "reviewed"}
        "all": proposals too, as the paper; "reviewed": only seeds and what readers decided.
    labelling : RecordedLabelling, optional
        The newest rounds, when they are at hand.

    Raises
    ------
    NoSeedsError
        Nothing is labelled, or one class only.

    Notes
    -----
    As in the paper the first ``target`` labelled items are used: the seeds, then the rest in the order of
    the rounds. What readers decided comes before what clusters propose.
    """
    labelling = labelling or find_labelling(study)
    states = get_label_states(study, items, labelling=labelling)
    proposals = labelling.proposals if labelling else {}
    rank: dict[str | None, int] = {"reference": 0, "review": 1, "cluster": 2}
    rows = []
    for position in items.positions_in("train"):
        item_id = items.item_ids[position]
        state = states[item_id]
        if state.label is None or (labels == "reviewed" and state.source == "cluster"):
            continue
        turn = proposals[item_id]["position"] if state.source == "cluster" else int(position)
        rows.append((rank[state.source], turn, int(position), state.label, state.source))
    rows.sort()
    if labelling is not None:
        rows = rows[: labelling.target]
    found = Counter(row[3] for row in rows)
    if len(found) < 2:
        raise NoSeedsError(
            f"training needs labels of both classes; study {study.name!r} has "
            f"{dict(found) or 'none'} ({'reviewed labels only' if labels == 'reviewed' else 'all labels'}).",
            "Label pictures of each class on the Review page, or run the proposals.",
        )
    counts: dict[str, dict[str, int]] = {}
    for source in ("reference", "review", "cluster"):
        by_class = Counter(row[3] for row in rows if row[4] == source)
        counts[source] = {name: by_class[name] for name in CLASS_NAMES}
    return TrainingSet(np.array([row[2] for row in rows]), encode_labels([row[3] for row in rows]), counts)


def list_inputs(study: Study, images: Images, items: Items, positions: np.ndarray) -> list[tuple[Path, Sequence[int]]]:
    """Return file and box of some items, as `datasets.cache_inputs` wants them."""
    root = study.image_root
    return [
        (
            root / images.relative_paths[items.image_positions[position]],
            [int(side) for side in items.boxes[position]],
        )
        for position in positions
    ]


def train_study(
    study: Study,
    *,
    preset: str = "paper",
    network: str | None = None,
    weights: str | None = None,
    labels: str = "all",
    epochs: int | None = None,
    seed: int = 0,
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
            epochs=epochs, seed=seed,
        )  # fmt: skip
    else:
        run = _find_resumable(study, resume)
    if job is not None:
        job.set_run(run.run_id)
    update_run(study, run.run_id, status="training")
    try:
        _fit_run(study, run, items, images, stage=stage)
    except StopRequested:
        update_run(study, run.run_id, status="stopped")
        raise
    except (MedxaiError, KeyboardInterrupt, OSError, RuntimeError, ValueError):
        update_run(study, run.run_id, status="failed")
        raise
    update_run(study, run.run_id, status="done")
    _delete_inputs(study.run_folder(run.run_id))
    return get_run(study, run.run_id)


def _begin_run(
    study: Study, items: Items, *, preset: str, network: str | None, weights: str | None, labels: str,
    epochs: int | None, seed: int,
) -> RecordedRun:  # fmt: skip
    """Record a new run with all that decides its outcome."""
    changes: dict[str, Any] = {"network": network, "weights": weights, "epochs": epochs, "seed": seed}
    config = replace(PRESETS[preset], **{key: value for key, value in changes.items() if value is not None})
    chosen = choose_training_items(study, items, labels=labels)
    labelling = find_labelling(study)
    run_id = f"{preset}-{config.network}-{uuid.uuid4().hex[:6]}"
    study.run_folder(run_id).mkdir(parents=True, mode=0o700)
    n_blocks = len(get_blocks(build_model(config.network, weights="scratch", seed=0)))
    manifest = {
        "config": asdict(config),
        "item_positions": chosen.positions.tolist(),
        "labels": chosen.labels.tolist(),
        "label_counts": chosen.counts,
        "n_validation": len(find_validation_items(items)),
        "versions": get_versions("torch", "numpy", "pillow"),
        "n_threads": torch.get_num_threads(),
    }
    run = RecordedRun(
        run_id=run_id,
        preset=preset,
        network=config.network,
        n_blocks=n_blocks,
        labelling_id=labelling.labelling_id if labelling else None,
        labels=labels,
        status="training",
        epochs=config.epochs,
        best_epoch=None,
        manifest=manifest,
        created_at=now_text(),
    )
    record_run(study, run)
    return run


def _find_resumable(study: Study, run_id: str) -> RecordedRun:
    """Return a run that can go on, or raise."""
    found = [run for run in list_runs(study) if run.run_id == run_id]
    if not found or found[0].status == "done" or not (study.run_folder(run_id) / LAST).is_file():
        state = "is finished" if found and found[0].status == "done" else "has no finished epoch"
        raise RunNotFoundError(
            f"run {run_id!r} cannot go on: it {state if found else 'does not exist'}.",
            "Start a new training.",
        )
    return found[0]


def find_validation_items(items: Items) -> np.ndarray:
    """Return the positions of the labelled validation items, (n,) int64."""
    rows = items.positions_in("validation")
    return rows[items.is_labelled[rows]]


def _fit_run(study: Study, run: RecordedRun, items: Items, images: Images, *, stage: Stage) -> None:
    """Prepare model and data, then fit; every epoch is recorded and kept."""
    config = TrainingConfig(**run.manifest["config"])
    folder = study.run_folder(run.run_id)
    _record_saved_epoch(study, run.run_id, folder)
    earlier = [_to_result(row) for row in list_epochs(study, run.run_id)]
    model, optimizer = _build_or_resume(config, folder, resumed=bool(earlier))
    preprocessing = default_preprocessing(config.network, config.input_size)
    train, validation = _cache_run_inputs(study, run, items, images, preprocessing, stage=stage)

    def on_epoch_end(result: EpochResult) -> None:
        summary = {"run_id": run.run_id, "preset": run.preset, "labels": run.labels, "result": asdict(result)}
        manifest = CheckpointManifest(config.network, preprocessing, training=summary)
        save_checkpoint(folder / LAST, model, manifest, optimizer=optimizer)
        if result.is_best:
            shifts = _measure_learned_shifts(model, train, config, preprocessing)
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


def _measure_learned_shifts(
    model: PolypClassifier, train: LabelledInputs, config: TrainingConfig, preprocessing: Preprocessing
) -> tuple[tuple[float, float], ...]:
    """Measure where the weights of every block look, when they were learned elsewhere before.

    From scratch nothing is measured: weights that have seen a few hundred pictures respond all over the
    picture, and what a spot changes then says little about place.
    """
    if config.weights == "scratch":
        return ()
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


def _cache_run_inputs(
    study: Study, run: RecordedRun, items: Items, images: Images, preprocessing: Preprocessing, *,
    stage: Stage,
) -> tuple[LabelledInputs, LabelledInputs | None]:  # fmt: skip
    """Decode training and validation items once into a file of the run; return both with their labels."""
    positions = np.array(run.manifest["item_positions"], np.int64)
    validation = find_validation_items(items)
    inputs = list_inputs(study, images, items, np.concatenate([positions, validation]))
    cached, failures = cache_inputs(
        inputs,
        preprocessing,
        study.run_folder(run.run_id) / "inputs.npy",
        n_jobs=-1,
        on_progress=stage("Reading pictures"),
    )
    rows = list_readable_rows(inputs, failures)
    labels = np.concatenate([run.manifest["labels"], encode_labels(items.reference_labels[validation])])
    is_train = rows < len(positions)
    train = LabelledInputs(cached, rows[is_train], labels[rows[is_train]].astype(np.int64))
    if is_train.all():
        return train, None
    return train, LabelledInputs(cached, rows[~is_train], labels[rows[~is_train]].astype(np.int64))


def _delete_inputs(folder: Path) -> None:
    """Delete the decoded pictures of a finished run: they are pixels of patients, and can be made again."""
    delete_cache(folder / "inputs.npy")
