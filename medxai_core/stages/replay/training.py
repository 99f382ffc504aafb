"""Replay, the training: the same items, labels, seed and number of threads; are the weights the same bits?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medxai_core.checkpoints import CheckpointManifest, load_checkpoint
from medxai_core.config import SEGMENTER
from medxai_core.errors import IncompatibleCheckpointError
from medxai_core.models import PolypClassifier, PolypSegmenter, build_model, default_preprocessing
from medxai_core.progress import Stage
from medxai_core.records.runs import list_epochs
from medxai_core.stages.replay.original import Original
from medxai_core.stages.replay.steps import ReplayStep, compare_arrays, count, say_cause, say_differ
from medxai_core.stages.runs import BEST, describe_software
from medxai_core.stages.students import read_material, score_round
from medxai_core.stages.training import find_learned_shifts, measure_learned_shifts
from medxai_core.stages.training_sets import cache_run_inputs
from medxai_core.students.curriculum import graduate
from medxai_core.training import EpochResult, TrainingConfig, fit, make_loaders

LEARNED_FROM = ("train", "validation")
FIGURES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "validation_balanced_accuracy")
Shifts = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Network:
    """Hold a network with what is known of it: what maps are made with."""

    model: PolypClassifier
    manifest: CheckpointManifest


@dataclass(eq=False)
class _Notes:
    """Keep the figures of every epoch, and the network of the one that was kept then."""

    best_epoch: int
    measure: Callable[[PolypClassifier], Shifts]
    results: list[EpochResult] = field(default_factory=list)
    model: PolypClassifier | None = None
    shifts: Shifts = ()

    def take(self, result: EpochResult, model: PolypClassifier) -> None:
        """Note an epoch."""
        self.results.append(result)
        if result.epoch == self.best_epoch:
            self.model, self.shifts = copy.deepcopy(model).eval(), self.measure(model)


def load_kept(original: Original) -> Network:
    """Load the network that the run kept.

    Raises
    ------
    IncompatibleCheckpointError
        The file is gone, damaged, or its weights were changed after it was written.
    """
    return Network(*load_checkpoint(original.study.run_folder(original.run.run_id) / BEST))


def replay_training(original: Original, folder: Path, *, stage: Stage) -> tuple[ReplayStep, Network | None]:
    """Train again as the run was trained, in a folder of its own; return what came of it, and the network."""
    if missing := _say_missing(original):
        return ReplayStep("training", "not replayed", missing), None
    n_done = len(list_epochs(original.study, original.run.run_id))
    learn = _learn_rounds if original.run.network == SEGMENTER else _learn_epochs
    notes = learn(original, folder, n_done, stage)
    if isinstance(notes, str):
        return ReplayStep("training", "not replayed", notes), None
    assert notes.model is not None
    return _compare(original, notes)


def _say_missing(original: Original) -> str:
    """Say what is missing for a training; nothing when all is there."""
    run, items = original.run, original.items
    positions = np.array(run.manifest["item_positions"], np.int64)
    if len(positions) != len(run.manifest["labels"]):
        return "The run's own list was changed: it has not one label an item."
    if positions.max(initial=-1) >= len(items) or not items.is_present[positions].all():
        return "Pictures that the run learned from were removed from the study since."
    return ""


def _learn_epochs(original: Original, folder: Path, n_done: int, stage: Stage) -> _Notes | str:
    """Train a classifier for as many epochs as were done."""
    run, config = original.run, TrainingConfig(**original.run.manifest["config"])
    preprocessing = default_preprocessing(config.network, config.input_size)
    train, validation = cache_run_inputs(
        original.study, run, original.items, original.images, preprocessing, stage=stage, folder=folder
    )
    if len(train) < len(run.manifest["item_positions"]):
        return _say_unreadable(len(run.manifest["item_positions"]) - len(train))
    model = build_model(config.network, weights=config.weights, seed=config.seed)
    notes = _Notes(run.best_epoch or 0, lambda one: find_learned_shifts(config, one, train, preprocessing))

    def on_epoch_end(result: EpochResult) -> bool:
        notes.take(result, model)
        return result.epoch < n_done

    loaders = make_loaders(train, validation, preprocessing=preprocessing, config=config)
    fit(model, loaders, config, on_epoch_end=on_epoch_end, on_progress=stage("Training again"))
    return notes


def _learn_rounds(original: Original, folder: Path, n_done: int, stage: Stage) -> _Notes | str:
    """Teach a segmenter for as many rounds as were done."""
    material = read_material(original.study, original.run, original.items, original.images, folder, stage=stage)
    n_items = len(original.run.manifest["item_positions"])
    if len(material.train) < n_items or len(material.labels) < n_items:
        return _say_unreadable(n_items - min(len(material.train), len(material.labels)))
    preprocessing = default_preprocessing(SEGMENTER, material.plan.use_side)
    measure: Callable[[PolypClassifier], Shifts] = lambda one: measure_learned_shifts(  # noqa: E731
        one, material.train, preprocessing
    )
    notes = _Notes(original.run.best_epoch or 0, measure)

    def watch(number: int, segmenter: PolypSegmenter, losses: Sequence[float]) -> None:
        result = score_round(number, segmenter, material.train, material.validation, preprocessing, seconds=0.0)
        notes.take(result, segmenter)

    plan = replace(material.plan, rounds=material.plan.rounds[: max(n_done - 1, 0)])
    graduate(material.pictures, material.labels, material.drawn, plan, stage=stage, watch=watch)
    return notes


def _say_unreadable(n: int) -> str:
    """Say that items cannot be read any more."""
    return f"{count(n, 'item')} that the run learned from cannot be read any more, so it cannot be trained as it was."


def _compare(original: Original, notes: _Notes) -> tuple[ReplayStep, Network]:
    """Hold the weights and the figures by epoch against those that are recorded."""
    run, now = original.run, notes.model
    assert now is not None
    try:
        kept = load_kept(original)
    except IncompatibleCheckpointError as error:
        manifest = CheckpointManifest(now.network, _get_preprocessing(original), learned_shifts=notes.shifts)
        words = f"The network that was kept cannot be compared: {error.message}"
        return ReplayStep("training", "differs", words), Network(now, manifest)
    shifts = notes.shifts if kept.manifest.learned_shifts else ()  # an older checkpoint does not know them
    network = Network(now, replace(kept.manifest, learned_shifts=shifts))
    other, greatest = compare_weights(kept.model, now)
    epochs = _list_other_epochs(original, notes.results)
    n_tensors = len(now.state_dict())
    is_shift_same = kept.manifest.learned_shifts == shifts
    numbers = {
        "n_epochs": len(notes.results),
        "best_epoch": run.best_epoch,
        "n_tensors": n_tensors,
        "n_tensors_different": len(other),
        "greatest_difference": greatest,
        "epochs_different": epochs,
        "figures": [asdict(one) for one in notes.results],
    }
    what = "round" if run.network == SEGMENTER else "epoch"
    if not other and not epochs and is_shift_same:
        taken = f"{count(len(notes.results), what)} with {count(original.n_threads, 'thread')}"
        words = (
            f"{taken} gave the same weights, bit for bit ({n_tensors} tensors of {what} {run.best_epoch}), and the "
            f"same figures in every {what}."
        )
        return ReplayStep("training", "same", words, numbers), network
    touched = original.changed.intersection(original.images.image_ids[original.images.positions_in(*LEARNED_FROM)])
    cause = (
        f"The likely cause: changed files of {count(len(touched), 'picture')} that it learned from or was judged by."
        if touched
        else say_cause(run.manifest.get("versions", {}), describe_software())
    )
    parts = (
        [f"{say_differ(len(other), 'tensor of the weights', of=n_tensors)}, by {greatest:.2g} at most"] if other else []
    )
    parts += [f"the figures differ in {what} {', '.join(map(str, epochs))}"] if epochs else []
    parts += ["where the blocks look was measured otherwise"] if not other and not is_shift_same else []
    words = "; ".join(parts)
    return ReplayStep("training", "differs", f"{words[0].upper()}{words[1:]}. {cause}", numbers), network


def compare_weights(then: torch.nn.Module, now: torch.nn.Module) -> tuple[list[str], float]:
    """Return the names of the tensors that are not the same bits, and the greatest difference of two values."""
    states = then.state_dict(), now.state_dict()
    if states[0].keys() != states[1].keys():
        return sorted(states[0].keys() ^ states[1].keys()), float("inf")
    found = {name: compare_arrays(np.ravel(values), np.ravel(states[1][name])) for name, values in states[0].items()}
    other = [name for name, one in found.items() if not one.is_same]
    return other, max((found[name].greatest for name in other), default=0.0)


def _list_other_epochs(original: Original, results: Sequence[EpochResult]) -> list[int]:
    """Return the epochs whose figures are not those that are recorded, or that are missing on one side."""
    then = {row["epoch"]: row for row in list_epochs(original.study, original.run.run_id)}
    now = {one.epoch: asdict(one) for one in results}
    both = then.keys() & now.keys()
    other = {epoch for epoch in both if any(then[epoch][name] != now[epoch][name] for name in FIGURES)}
    return sorted(other | (then.keys() ^ now.keys()))


def _get_preprocessing(original: Original) -> Any:
    """Return how pictures become inputs of the run's network."""
    config = original.run.manifest["config"]
    return default_preprocessing(original.run.network, config.get("input_size") or config["use_side"])
