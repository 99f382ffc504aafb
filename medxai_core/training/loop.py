"""The training loop: fit, one epoch, evaluate, predict."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from medxai_core.datasets import BatchLoader, Loaders
from medxai_core.training.preparation import (
    check_both_classes,
    evaluation_mode,
    get_device,
    make_loss,
    make_optimizer,
    ready_to_train,
    seeded_chance,
    training_mode,
)
from medxai_core.training.recipes import TrainingConfig
from medxai_core.training.results import (
    EpochResult,
    EpochScores,
    History,
    TrainingDivergedError,
    is_best_epoch,
)

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]
OnBatch = Callable[[int, int], None]


def _go_on(result: EpochResult) -> None:
    """Let the training go on."""


def _ignore(done: int, total: int) -> None:
    """Report to nobody."""


def fit(
    model: nn.Module,
    loaders: Loaders,
    config: TrainingConfig,
    *,
    on_epoch_end: Callable[[EpochResult], bool | None] = _go_on,
    start_epoch: int = 0,
    earlier: Sequence[EpochResult] = (),
    optimizer: torch.optim.Optimizer | None = None,
    on_progress: OnBatch | None = None,
) -> History:
    """Train a model; it ends with the weights of the last epoch.

    To keep the best epoch's weights, save them in ``on_epoch_end`` when ``result.is_best`` (or use
    ``BestWeights``). To be able to resume, save weights and optimizer there too. Resumed with both, with
    ``start_epoch`` and ``earlier``, the training ends with the same bits as an uninterrupted one (on the
    CPU, with the same number of threads).

    Parameters
    ----------
    model : nn.Module
        Gives (N,) logits; trained in place, where it is (CPU or GPU).
    loaders : Loaders
        Items to learn from, and to judge by. See ``make_loaders``.
    config : TrainingConfig
        The recipe.
    on_epoch_end : callable, optional
        Called with the EpochResult; returning False ends the training. It may raise StopRequested.
    start_epoch : int, default 0
        Number of epochs that are done already.
    earlier : sequence of EpochResult, length start_epoch
        Their results: they decide which epoch is the best.
    optimizer : torch.optim.Optimizer, optional
        From ``make_optimizer``, with its state when resuming. None makes a new one.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` in batches of the whole training. It may raise StopRequested:
        the epoch is lost and the model is left in the middle of it; go on from the last saved epoch.

    Returns
    -------
    History
        All epochs, the earlier ones included.

    Raises
    ------
    NoSeedsError
        If the items to learn from are all of one class.
    TrainingDivergedError
        If the loss is no longer a number.
    ValueError
        If ``earlier`` does not hold ``start_epoch`` results.
    """
    if len(earlier) != start_epoch:
        raise ValueError(f"earlier must hold the {start_epoch} epochs before start_epoch; got {len(earlier)}")
    check_both_classes(loaders.train.dataset.class_counts)
    optimizer = optimizer or make_optimizer(model, config)
    loss = make_loss(config, loaders.train.dataset.class_counts).to(get_device(model))
    results = list(earlier)
    with ready_to_train(model, config):
        for epoch in range(start_epoch, config.epochs):
            started = time.perf_counter()
            loaders.train.set_epoch(epoch)
            with seeded_chance(model, config.seed, epoch):
                on_batch = _count_batches(on_progress, epoch, config.epochs)
                train = train_one_epoch(model, loaders.train, optimizer, loss, on_batch=on_batch)
            validation = evaluate(model, loaders.validation)
            results.append(_summarize(train, validation, results, seconds=time.perf_counter() - started))
            if on_epoch_end(results[-1]) is False:
                return History(tuple(results), stopped=len(results) < config.epochs)
    return History(tuple(results))


def train_one_epoch(
    model: nn.Module,
    loader: BatchLoader,
    optimizer: torch.optim.Optimizer,
    loss: nn.Module,
    *,
    on_batch: OnBatch = _ignore,
) -> EpochScores:
    """Learn from every item once.

    Parameters
    ----------
    model : nn.Module
        Gives (N,) logits. Modules whose weights are all frozen stay in evaluation mode.
    loader : BatchLoader
        Inputs (N, 3, S, S) float32 and targets (N,) float32 of 0 and 1.
    optimizer : torch.optim.Optimizer
        Takes one step a batch.
    loss : nn.Module
        Of logits and targets.
    on_batch : callable, optional
        Called as ``on_batch(done, total)`` after each batch; may raise StopRequested.

    Returns
    -------
    EpochScores
        Measured batch by batch, while the weights moved; the loss is the one that is learned from.
    """
    all_logits, all_targets, losses = [], [], []
    with training_mode(model):
        for done, (inputs, targets) in enumerate(loader, start=1):
            targets = targets.to(get_device(model))
            logits = model(_place(inputs, model))
            value = loss(logits, targets)
            _check_finite(value.item(), f"epoch {loader.epoch + 1}, batch {done} of {len(loader)}", optimizer)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item() * len(targets))
            all_logits.append(logits.detach().cpu())
            all_targets.append(targets.cpu())
            on_batch(done, len(loader))
    logits, targets = torch.cat(all_logits), torch.cat(all_targets)
    return _score(logits, targets, loss=sum(losses) / len(targets))


def evaluate(model: nn.Module, loader: Batches) -> EpochScores:
    """Compute loss, accuracy and balanced accuracy; the model is left as found.

    Parameters
    ----------
    model : nn.Module
        Gives (N,) logits.
    loader : iterable of (inputs, targets)
        Inputs (N, 3, S, S) float32 and targets (N,) float32 of 0 and 1. No batch at all gives None scores.

    Returns
    -------
    EpochScores
        Polyp is predicted where the logit is above 0, that is the probability above 0.5.
    """
    with evaluation_mode(model):
        pairs = [(model(_place(inputs, model)).cpu(), targets) for inputs, targets in loader]
    if not pairs:
        return EpochScores(None, None, None, 0)
    logits, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    loss = binary_cross_entropy_with_logits(logits.double(), targets.double()).item()
    _check_finite(loss, "the validation items")
    return _score(logits, targets, loss=loss)


def predict(
    model: nn.Module,
    inputs: torch.Tensor | Iterable[torch.Tensor],
    *,
    batch_size: int = 32,
) -> np.ndarray:
    """Compute the probability of polyp; the model is left as found.

    Parameters
    ----------
    model : nn.Module
        Gives (N,) logits.
    inputs : Tensor (n, 3, S, S) float32, or an iterable of such tensors
        All inputs at once, or batches (``datasets.iterate_inputs``) where they would not fit in memory.
    batch_size : int, default 32
        How a tensor is cut.

    Returns
    -------
    numpy.ndarray of shape (n,), float64
        Probability of class 1, polyp, in [0, 1].
    """
    batches = inputs.split(batch_size) if isinstance(inputs, torch.Tensor) else inputs
    with evaluation_mode(model):
        parts = [torch.sigmoid(model(_place(batch, model)).double()).cpu().numpy() for batch in batches]
    return np.concatenate(parts) if parts else np.empty(0)


def _place(inputs: torch.Tensor, model: nn.Module) -> torch.Tensor:
    """Bring inputs to the model, channels last in memory: the same numbers, computed faster."""
    return inputs.to(get_device(model)).contiguous(memory_format=torch.channels_last)


def _count_batches(on_progress: OnBatch | None, epoch: int, epochs: int) -> OnBatch:
    """Return an ``on_batch`` that counts over the whole training."""
    if on_progress is None:
        return _ignore
    return lambda done, total: on_progress(epoch * total + done, epochs * total)


def _check_finite(value: float, where: str, optimizer: torch.optim.Optimizer | None = None) -> None:
    """Raise TrainingDivergedError when a loss is not a number."""
    if not math.isfinite(value):
        rate = f" (now {optimizer.param_groups[0]['lr']:g})" if optimizer else ""
        raise TrainingDivergedError(
            f"The loss must be a finite number; got {value} in {where}.",
            f"Train again with a smaller learning rate{rate}, or go on from the last saved epoch.",
        )


def _score(logits: torch.Tensor, targets: torch.Tensor, *, loss: float) -> EpochScores:
    """Compare the predicted classes with the targets."""
    right = (logits > 0) == (targets > 0.5)
    shares = [right[targets == label].double().mean().item() for label in (0, 1) if (targets == label).any()]
    return EpochScores(
        loss=loss,
        accuracy=right.double().mean().item(),
        balanced_accuracy=sum(shares) / 2 if len(shares) == 2 else None,
        n_items=len(targets),
    )


def _summarize(
    train: EpochScores, validation: EpochScores, earlier: Sequence[EpochResult], *, seconds: float
) -> EpochResult:
    """Put the figures of an epoch together."""
    if train.loss is None or train.accuracy is None:
        raise ValueError("an epoch needs at least one batch; got an empty loader")
    return EpochResult(
        epoch=len(earlier) + 1,
        train_loss=train.loss,
        train_accuracy=train.accuracy,
        validation_loss=validation.loss,
        validation_accuracy=validation.accuracy,
        validation_balanced_accuracy=validation.balanced_accuracy,
        seconds=seconds,
        is_best=is_best_epoch(validation.accuracy, earlier),
    )
