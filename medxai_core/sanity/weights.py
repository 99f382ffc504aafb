"""Take away what a network learned, stage by stage, and keep the rest."""

from __future__ import annotations

import copy
from collections.abc import Collection
from itertools import groupby
from typing import NamedTuple, TypeVar, cast

import torch
from torch import nn

from medxai_core.models import PolypClassifier, PolypSegmenter, get_blocks

Network = TypeVar("Network", bound=PolypClassifier)


class WeightStage(NamedTuple):
    """Name a part of a network whose weights are randomised together, and the modules in it."""

    name: str
    modules: list[nn.Module]


def list_weight_stages(model: PolypClassifier) -> list[WeightStage]:
    """Return the parts of a network from its output to its input: head, blocks of equal channels, stem.

    Parameters
    ----------
    model : PolypClassifier
        A `PolypSegmenter` has its decoder before the blocks.

    Returns
    -------
    list of WeightStage
        Every weight is in exactly one of them.
    """
    blocks = get_blocks(model)
    numbers = range(len(blocks))
    groups = [list(group) for _, group in groupby(numbers, key=lambda number: count_channels(blocks[number]))]
    stages = [WeightStage(_name_blocks(group), [blocks[number] for number in group]) for group in reversed(groups)]
    inner = {module for block in blocks for module in block.modules()}
    stem_names = ("_conv_stem", "_bn0")
    stem = [module for name, module in model.backbone.named_children() if name in stem_names]
    rest = [
        module for name, module in model.backbone.named_children()
        if name not in (*stem_names, "_blocks") and module not in inner and any(True for _ in module.parameters())
    ]  # fmt: skip
    head = [WeightStage("head", rest)] if rest else []
    decoder = [WeightStage("decoder", [model.decoder])] if isinstance(model, PolypSegmenter) else []
    return [*decoder, *head, *stages, WeightStage("stem", stem)]


def count_channels(block: nn.Module) -> int:
    """Return the number of channels that a block gives out."""
    return cast(nn.Conv2d, block._project_conv).out_channels


def randomize_weights(model: Network, stages: Collection[str], *, seed: int = 0) -> Network:
    """Copy a network with the weights of some stages in random order.

    Each tensor of weights is shuffled: its numbers stay, so that activations keep about their size and maps do not go
    blank for want of it, but what was learned is gone. Biases and the statistics of batch normalisation go with them.

    Parameters
    ----------
    model : PolypClassifier
        Left as it is.
    stages : collection of str
        Names from `list_weight_stages`. Cascading: all from the head down to one; independent: one alone.
    seed : int

    Returns
    -------
    PolypClassifier
        A copy.

    Raises
    ------
    KeyError
        There is no stage of such a name.

    References
    ----------
    J. Adebayo et al., NeurIPS 2018, arXiv:1810.03292 (cascading and independent randomisation).
    """
    changed = copy.deepcopy(model)
    known = {stage.name: stage.modules for stage in list_weight_stages(changed)}
    if unknown := set(stages) - set(known):
        raise KeyError(f"no stage of weights {sorted(unknown)}; this network has {list(known)}.")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, modules in known.items():  # all are drawn: a stage gets the same order whatever others are asked
            for tensor in (one for module in modules for one in module.state_dict(keep_vars=True).values()):
                order = torch.randperm(tensor.numel(), generator=generator)
                if name in stages and tensor.is_floating_point():
                    tensor.copy_(tensor.detach().reshape(-1)[order].reshape(tensor.shape))
    return changed


def _name_blocks(numbers: list[int]) -> str:
    """Return the name of a run of blocks.

    >>> _name_blocks([2, 3, 4])
    'blocks 2 to 4'
    """
    return f"block {numbers[0]}" if len(numbers) == 1 else f"blocks {numbers[0]} to {numbers[-1]}"
