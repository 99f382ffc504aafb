"""Where trained weights really look: a spot is put into pictures, and the cells that notice it are found.

The geometry of the convolutions says where a cell *can* look. Trained weights need not use both sides
alike: those of the pretrained lite1 look about 5 pixels (14x14 maps) to 12 pixels (7x7 maps) above and to
the left of the middle. A shift can only be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from medxai_core.models import BlockFacts, describe_blocks, get_blocks

_SPOT_SIGMA = 5.0  # input pixels
_SPOT_HEIGHT = 1.0  # in units of the inputs
_MARGIN = 0.36  # spots lie in the middle of the picture, so that its borders pull to no side


def measure_shifts(model: nn.Module, inputs: torch.Tensor, *, n_spots: int = 32, seed: int = 0) -> list[BlockFacts]:
    """Describe every block, with the shift that its trained weights add.

    A bright spot is added to a picture at a random place; the cells whose activations change have a centre
    of mass, which is compared with the place. The mean difference over all spots is the learned shift.

    Parameters
    ----------
    model : Module
        Network with ``blocks``; hooks and train/eval mode are left as found.
    inputs : Tensor (N, 3, S, S) float32
        Typical pictures, from `preprocess`; used in turn.
    n_spots : int, default 32
        Number of spots; each costs one forward pass.
    seed : int, default 0
        For the places of the spots.

    Returns
    -------
    list of BlockFacts
        As `describe_blocks`, with ``learned_shift`` filled in.

    Raises
    ------
    ValueError
        If the inputs are not square pictures, or there are no spots.

    Notes
    -----
    Layers that see the whole picture (squeeze and excite) spread the change over all cells; the shift is
    then measured somewhat too small.
    """
    if inputs.ndim != 4 or len(inputs) == 0 or inputs.shape[2] != inputs.shape[3] or n_spots < 1:
        raise ValueError(f"need inputs (N, 3, S, S) and n_spots >= 1; got {tuple(inputs.shape)}, {n_spots}")
    side = inputs.shape[2]
    facts = describe_blocks(model, side)
    places = _place_spots(n_spots, side, seed=seed)  # (n_spots, 2)
    shifts = np.zeros((n_spots, len(facts), 2))
    was_training = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        for number, place in enumerate(places):
            picture = inputs[number % len(inputs)]
            pair = torch.stack([picture, picture + _make_spot(place, side).to(inputs.device)])
            for block, outputs in zip(facts, _run_blocks(model, pair), strict=True):
                shifts[number, block.index] = place - _find_change(outputs, block)
    finally:
        for module, training in was_training:
            module.training = training
    return [_add_shift(block, shifts[:, block.index].mean(axis=0)) for block in facts]


def _place_spots(n_spots: int, side: int, *, seed: int) -> np.ndarray:
    """Return places (n_spots, 2) in input pixels; each has its mirror image, so that borders cancel."""
    half = np.random.default_rng(seed).uniform(_MARGIN, 1 - _MARGIN, size=((n_spots + 1) // 2, 2))
    return (np.stack([half, 1 - half], axis=1).reshape(-1, 2) * side - 0.5)[:n_spots]


def _make_spot(place: np.ndarray, side: int) -> torch.Tensor:
    """Return a round spot (S, S) at a place given in input pixels."""
    rows, columns = np.ogrid[:side, :side]
    squared = (rows - place[0]) ** 2 + (columns - place[1]) ** 2
    return torch.from_numpy((_SPOT_HEIGHT * np.exp(-squared / (2 * _SPOT_SIGMA**2))).astype(np.float32))


def _run_blocks(model: nn.Module, inputs: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return the outputs of all blocks for some inputs."""
    outputs: list[torch.Tensor] = []

    def record(block: nn.Module, received: object, output: torch.Tensor) -> None:
        outputs.append(output)

    hooks = [block.register_forward_hook(record) for block in get_blocks(model)]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return outputs


def _find_change(outputs: torch.Tensor, block: BlockFacts) -> np.ndarray:
    """Return where (row, column) the geometry puts the change between two outputs (2, C, h, w)."""
    change = (outputs[1] - outputs[0]).double().square().sum(dim=0).cpu().numpy()  # (h, w)
    cells = np.indices(change.shape)  # (2, h, w)
    middle = (cells * change).sum(axis=(1, 2)) / max(change.sum(), np.finfo(np.float64).tiny)
    return block.center_of_cell_0 + block.stride * middle


def _add_shift(block: BlockFacts, shift: np.ndarray) -> BlockFacts:
    """Return the facts with a learned shift."""
    return replace(block, learned_shift=(float(shift[0]), float(shift[1])))
