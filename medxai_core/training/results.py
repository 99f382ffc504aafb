"""What a training gives back: figures by epoch, and which epoch is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from medxai_core.errors import MedxaiError


class TrainingDivergedError(MedxaiError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class EpochScores:
    """Hold the figures of one pass over some items; None where undefined.

    Attributes
    ----------
    loss : float or None
        Mean binary cross-entropy (best 0; ln 2 = 0.693 knows nothing). None without items.
    accuracy : float or None
        Share of items with the right class, 0 to 1. None without items.
    balanced_accuracy : float or None
        Mean of sensitivity and specificity, 0 to 1 (0.5 knows nothing). None unless both classes are there.
    n_items : int
        Items in the pass.
    """

    loss: float | None
    accuracy: float | None
    balanced_accuracy: float | None
    n_items: int


@dataclass(frozen=True)
class EpochResult:
    """Hold what one epoch gave.

    Attributes
    ----------
    epoch : int
        Number of the epoch, from 1.
    train_loss, train_accuracy : float
        Over the training items, measured while the weights still moved and with dropout on.
    validation_loss, validation_accuracy, validation_balanced_accuracy : float or None
        After the epoch; None where undefined, as without validation items.
    seconds : float
        Time the epoch took, validation included.
    is_best : bool
        True when it has the highest validation accuracy so far; of equal epochs the earliest. Without
        validation items every epoch is the best so far: the last one is kept.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    validation_balanced_accuracy: float | None
    seconds: float
    is_best: bool


@dataclass(frozen=True)
class History:
    """Hold all epochs of a training.

    Attributes
    ----------
    epochs : tuple of EpochResult
        In order, those before a resume included.
    stopped : bool
        True when ``on_epoch_end`` ended it before the last epoch.
    """

    epochs: tuple[EpochResult, ...]
    stopped: bool = False

    @property
    def best(self) -> EpochResult | None:
        """The epoch whose weights are kept; None before the first."""
        return next((result for result in reversed(self.epochs) if result.is_best), None)

    @property
    def best_rule(self) -> str:
        """Why that epoch, in words."""
        if self.best is None:
            return "no epoch was finished"
        if self.best.validation_accuracy is None:
            return "the last epoch, as there are no validation items to choose by"
        return "highest validation accuracy, the earliest of equals (chosen on the validation items)"


def is_best_epoch(accuracy: float | None, earlier: Sequence[EpochResult]) -> bool:
    """Say whether an epoch with this validation accuracy beats all before it.

    >>> is_best_epoch(None, [])
    True
    """
    known = [result.validation_accuracy for result in earlier if result.validation_accuracy is not None]
    return accuracy is None or all(accuracy > other for other in known)


class BestWeights:
    """Keep a copy of the best epoch's weights in memory; give it to ``fit`` as ``on_epoch_end``.

    Parameters
    ----------
    model : nn.Module
        The model in training.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.epoch: int | None = None
        self._state: dict[str, torch.Tensor] = {}

    def __call__(self, result: EpochResult) -> None:
        """Copy the weights when the epoch is the best so far."""
        if result.is_best:
            self.epoch = result.epoch
            self._state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def restore(self) -> None:
        """Put the kept weights back into the model."""
        if self.epoch is None:
            raise ValueError("no epoch has ended yet: there are no weights to restore")
        self.model.load_state_dict(self._state)
