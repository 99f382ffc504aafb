"""What the loop needs and puts back: loaders, optimizer, loss, frozen weights, modes, chance, threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from medxai_core.datasets import BatchLoader, LabelledInputs, Loaders
from medxai_core.errors import NoSeedsError
from medxai_core.models import Preprocessing, get_blocks
from medxai_core.training.recipes import TrainingConfig

_NETWORK_CHANCE = 2  # datasets use the streams 0 and 1 of (seed, epoch)


def make_loaders(
    train: LabelledInputs,
    validation: LabelledInputs | None,
    *,
    preprocessing: Preprocessing,
    config: TrainingConfig,
) -> Loaders:
    """Build the loaders of a recipe: shuffled and augmented for training, plain for validation.

    Parameters
    ----------
    train : LabelledInputs
        Items to learn from.
    validation : LabelledInputs or None
        Items to choose the best epoch by; None or empty: the last epoch is kept.
    preprocessing : Preprocessing
        That of the cache.
    config : TrainingConfig
        Gives batch size, seed and augmentation.
    """
    shuffled = BatchLoader(
        train,
        preprocessing,
        batch_size=config.batch_size,
        seed=config.seed,
        shuffle=True,
        augmentation=config.augmentation,
    )
    if validation is None:
        return Loaders(shuffled)
    return Loaders(shuffled, BatchLoader(validation, preprocessing, batch_size=config.batch_size))


def make_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Build the optimizer over the weights that learn.

    To resume, build it so, then give it its state (``checkpoints.load_optimizer_state``).
    """
    frozen = {id(parameter) for parameter in list_frozen_parameters(model, config)}
    learning = [parameter for parameter in model.parameters() if id(parameter) not in frozen]
    return torch.optim.Adam(learning, lr=config.learning_rate, fused=True)


def make_loss(config: TrainingConfig, class_counts: tuple[int, int]) -> nn.Module:
    """Build the loss.

    Parameters
    ----------
    config : TrainingConfig
        Says whether classes are balanced.
    class_counts : (int, int)
        Number of non-polyp and of polyp items, both above 0.
    """
    n_non_polyp, n_polyp = class_counts
    polyp_weight = n_non_polyp / n_polyp if config.balance_classes else 1.0
    return nn.BCEWithLogitsLoss(pos_weight=torch.tensor(polyp_weight))


def check_both_classes(class_counts: tuple[int, int]) -> None:
    """Raise NoSeedsError unless there are items of both classes to learn from."""
    n_non_polyp, n_polyp = class_counts
    if not (n_non_polyp and n_polyp):
        raise NoSeedsError(
            f"Training needs items of both classes; got {n_non_polyp} non_polyp and {n_polyp} polyp.",
            "Label or accept some items of the class that is missing.",
        )


def list_frozen_parameters(model: nn.Module, config: TrainingConfig) -> list[nn.Parameter]:
    """List the weights that stay as they are: all before the first block that learns."""
    if config.frozen_blocks == 0:
        return []
    blocks = get_blocks(model)
    if config.frozen_blocks > len(blocks):
        raise ValueError(f"frozen_blocks must be 0..{len(blocks)} for this model; got {config.frozen_blocks}")
    parameters = list(model.parameters())
    last = list(blocks[config.frozen_blocks - 1].parameters())[-1]
    n_frozen = 1 + next(index for index, parameter in enumerate(parameters) if parameter is last)
    return parameters[:n_frozen]


@contextmanager
def ready_to_train(model: nn.Module, config: TrainingConfig) -> Iterator[None]:
    """Freeze weights and set threads; put both back after, and drop the gradients."""
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(config.n_threads or n_threads)
        for parameter in list_frozen_parameters(model, config):
            parameter.requires_grad_(False)
        yield
    finally:
        torch.set_num_threads(n_threads)
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
            parameter.grad = None


@contextmanager
def training_mode(model: nn.Module) -> Iterator[None]:
    """Switch to training, but for modules whose weights are all frozen; put modes back after.

    A frozen batch normalisation so keeps the statistics that belong to its weights.
    """
    with _kept_modes(model):
        model.train()
        for module in model.modules():
            flags = [parameter.requires_grad for parameter in module.parameters()]
            if flags and not any(flags):
                module.eval()
        yield


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation without gradients; put modes back after."""
    with _kept_modes(model), torch.no_grad():
        model.eval()
        yield


@contextmanager
def _kept_modes(model: nn.Module) -> Iterator[None]:
    """Put the mode of every module back after."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def seeded_chance(model: nn.Module, seed: int, epoch: int) -> Iterator[None]:
    """Let dropout depend on (seed, epoch) only; put PyTorch's random state back after."""
    device = get_device(model)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(np.random.default_rng([seed, epoch, _NETWORK_CHANCE]).integers(2**63)))
        yield


def get_device(model: nn.Module) -> torch.device:
    """Return where the weights are."""
    return next(model.parameters()).device
