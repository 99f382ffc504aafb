"""Keep an optimizer's state in a checkpoint, so that a stopped training goes on exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from medxai_core.checkpoints._files import incompatible, read_file

_OPTIMIZER = "optimizer/"
_OPTIMIZER_KEY = "medxai_optimizer"


def flatten_optimizer(optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Split an optimizer's state into named tensors and text.

    Parameters
    ----------
    optimizer : Optimizer
        Left as it is.

    Returns
    -------
    tensors : dict of str to Tensor
        On the CPU, named ``optimizer/<number of the weight>/<name>``.
    metadata : dict of str to str
        The rest (learning rate and so on) as JSON, under one key.
    """
    saved = optimizer.state_dict()
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for index, values in saved["state"].items():
        plain[str(index)] = {k: v for k, v in values.items() if not isinstance(v, torch.Tensor)}
        for key, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{_OPTIMIZER}{index}/{key}"] = value.detach().cpu().contiguous()
    rest = {"kind": type(optimizer).__name__, "plain": plain, "param_groups": saved["param_groups"]}
    return tensors, {_OPTIMIZER_KEY: json.dumps(rest, allow_nan=False)}


def load_optimizer_state(path: str | Path, optimizer: torch.optim.Optimizer) -> None:
    """Give an optimizer the state it had when the checkpoint was written.

    Parameters
    ----------
    path : str or Path
        The .safetensors file.
    optimizer : Optimizer
        New optimizer of the same kind over the same weights; changed in place.

    Raises
    ------
    IncompatibleCheckpointError
        If the file holds no optimizer state, or that of another optimizer.
    """
    path = Path(path)
    tensors, metadata = read_file(path)
    if _OPTIMIZER_KEY not in metadata:
        raise incompatible(path, "a checkpoint without optimizer state (it can be used, not resumed)")
    saved = json.loads(metadata[_OPTIMIZER_KEY])
    if saved["kind"] != type(optimizer).__name__:
        raise incompatible(path, f"the state of {saved['kind']}, not of {type(optimizer).__name__}")
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in saved["plain"].items()}
    for name, tensor in tensors.items():
        if name.startswith(_OPTIMIZER):
            index, key = name.removeprefix(_OPTIMIZER).split("/", 1)
            state.setdefault(int(index), {})[key] = tensor
    try:
        optimizer.load_state_dict({"state": state, "param_groups": saved["param_groups"]})
    except ValueError as error:
        raise incompatible(path, "the optimizer state of another network") from error
