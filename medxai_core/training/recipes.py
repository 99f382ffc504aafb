"""Recipes of a training, by name: the paper's, and a quick one for a laptop."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from medxai_core.datasets import AUGMENTATIONS
from medxai_core.models import DEFAULT_INPUT_SIZE, NETWORKS


@dataclass(frozen=True)
class TrainingConfig:
    """Hold everything that decides how a classifier is trained, besides the items.

    Attributes
    ----------
    network : {"b1", "lite1"}
        Which network; see ``models.build_model``.
    weights : str
        Where it starts: "scratch", "pretrained" or a path.
    epochs : int, default 25
        How often every item is seen.
    batch_size : int, default 16
        Items a step, at least 2 (batch normalisation cannot learn from one).
    learning_rate : float, default 1e-3
        Step size of the optimizer.
    optimizer : {"adam"}
        Adam with PyTorch's defaults but for the learning rate.
    loss : {"bce_with_logits"}
        Binary cross-entropy on the logit.
    balance_classes : bool, default False
        Weigh polyp items by n_non_polyp / n_polyp.
    frozen_blocks : int, default 0
        Keep the weights of the stem and of this many first MBConv blocks as they are; 0 trains everything.
    input_size : int, default 224
        Side of the network's square input, in pixels.
    augmentation : {"none", "flips"}
        Name in ``datasets.AUGMENTATIONS``.
    seed : int, default 0
        Seed of the first weights, the order, the augmentation and the network's own chance (dropout).
    n_threads : int or None, default None
        CPU threads; None leaves PyTorch's choice. Another number rounds differently in the last digits.
    """

    network: str
    weights: str = "scratch"
    epochs: int = 25
    batch_size: int = 16
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    loss: str = "bce_with_logits"
    balance_classes: bool = False
    frozen_blocks: int = 0
    input_size: int = DEFAULT_INPUT_SIZE
    augmentation: str = "none"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        _check_choice("network", self.network, NETWORKS)
        _check_choice("optimizer", self.optimizer, ("adam",))
        _check_choice("loss", self.loss, ("bce_with_logits",))
        _check_choice("augmentation", self.augmentation, tuple(AUGMENTATIONS))
        _check_least("epochs", self.epochs, 1)
        _check_least("batch_size", self.batch_size, 2)
        _check_least("frozen_blocks", self.frozen_blocks, 0)
        _check_least("seed", self.seed, 0)
        _check_least("n_threads", 1 if self.n_threads is None else self.n_threads, 1)
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be above 0; got {self.learning_rate}")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, for a manifest."""
        return asdict(self)


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the known ones."""
    if value not in known:
        raise ValueError(f"{name} must be one of {known}; got {value!r}")


def _check_least(name: str, value: int, least: int) -> None:
    """Raise ValueError if a number is too small."""
    if value < least:
        raise ValueError(f"{name} must be at least {least}; got {value}")


PRESETS: MappingProxyType[str, TrainingConfig] = MappingProxyType(
    {
        "paper": TrainingConfig(network="b1", weights="scratch"),
        "quick": TrainingConfig(
            network="lite1",
            weights="pretrained",
            epochs=5,
            learning_rate=3e-4,
            frozen_blocks=12,
            augmentation="flips",
            balance_classes=True,
        ),
    }
)
"""``paper``: EfficientNet-b1 from scratch, 25 epochs, batch 16, Adam 1e-3, no augmentation (Storas 2021).
``quick``: ImageNet EfficientNet-Lite1, of which blocks 12 to 20 and the head learn; not part of the paper."""
