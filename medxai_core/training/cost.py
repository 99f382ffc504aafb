"""What a training will cost, before it starts."""

from __future__ import annotations

import copy
import statistics
import time
from dataclasses import dataclass

import numpy as np
from torch import nn

from medxai_core.datasets import BatchLoader, LabelledInputs, split_batches
from medxai_core.models import default_preprocessing
from medxai_core.training.loop import train_one_epoch
from medxai_core.training.preparation import make_loss, make_optimizer, ready_to_train, seeded_chance
from medxai_core.training.recipes import TrainingConfig

VALIDATION_SHARE = 1 / 3  # of the time of a training batch: a forward pass only


@dataclass(frozen=True)
class CostEstimate:
    """Say how long a training will take on this machine.

    Attributes
    ----------
    n_batches : int
        Training batches of all epochs: the total of ``on_progress``.
    seconds : float
        Estimated time of all epochs, validation included.
    """

    n_batches: int
    seconds: float


def estimate_cost(
    config: TrainingConfig, n_items: int, seconds_per_batch: float, *, n_validation: int = 0
) -> CostEstimate:
    """Estimate the time of a training.

    Parameters
    ----------
    config : TrainingConfig
        Gives epochs and batch size.
    n_items : int
        Items to learn from.
    seconds_per_batch : float
        Time of one training batch, from ``measure_seconds_per_batch``.
    n_validation : int, default 0
        Items that each epoch is judged by; a batch of them is taken as a third of a training batch.

    Returns
    -------
    CostEstimate

    Examples
    --------
    >>> estimate_cost(TrainingConfig("b1"), 1000, 1.0)
    CostEstimate(n_batches=1575, seconds=1575.0)
    """
    n_batches = len(split_batches(np.arange(n_items), config.batch_size))
    n_validation_batches = len(split_batches(np.arange(n_validation), config.batch_size))
    epoch_seconds = seconds_per_batch * (n_batches + VALIDATION_SHARE * n_validation_batches)
    return CostEstimate(config.epochs * n_batches, config.epochs * epoch_seconds)


def measure_seconds_per_batch(model: nn.Module, config: TrainingConfig, *, n_batches: int = 2) -> float:
    """Measure one training batch of a recipe, on a copy of the model and pictures of noise.

    Parameters
    ----------
    model : nn.Module
        Left as found.
    config : TrainingConfig
        The recipe.
    n_batches : int, default 2
        Batches to measure, after one to warm up.

    Returns
    -------
    float
        Median seconds a batch.
    """
    size, n_items = config.input_size, (n_batches + 1) * config.batch_size
    pictures = np.random.default_rng(config.seed).integers(0, 256, (n_items, size, size, 3), dtype=np.uint8)
    noise = LabelledInputs(pictures, np.arange(n_items), np.arange(n_items) % 2)
    preprocessing = default_preprocessing(config.network, size)
    loader = BatchLoader(noise, preprocessing, batch_size=config.batch_size)
    trial = copy.deepcopy(model)
    ends = [time.perf_counter()]
    with ready_to_train(trial, config), seeded_chance(trial, config.seed, 0):
        train_one_epoch(
            trial,
            loader,
            make_optimizer(trial, config),
            make_loss(config, noise.class_counts),
            on_batch=lambda done, total: ends.append(time.perf_counter()),
        )
    return statistics.median(later - sooner for sooner, later in zip(ends[1:-1], ends[2:], strict=True))
