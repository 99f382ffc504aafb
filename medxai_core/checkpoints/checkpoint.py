"""Keep a classifier with all that is needed to use it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from medxai_core.checkpoints._files import MANIFEST_KEY, incompatible, read_file, read_manifest, write_file
from medxai_core.checkpoints.manifest import CheckpointManifest, OperatingPoint
from medxai_core.checkpoints.optimizer_state import flatten_optimizer
from medxai_core.config import SEGMENTER
from medxai_core.models import PolypClassifier, build_model, build_segmenter, describe_mismatch

_MODEL = "model/"


def save_checkpoint(
    path: str | Path,
    model: PolypClassifier,
    manifest: CheckpointManifest,
    *,
    optimizer: torch.optim.Optimizer | None = None,
) -> CheckpointManifest:
    """Write a checkpoint, and a readable copy of its manifest beside it.

    Each file appears at once or not at all, and is readable by its owner only (POSIX).

    Parameters
    ----------
    path : str or Path
        File to write, ending in .safetensors; the copy of the manifest ends in .json.
    model : PolypClassifier
        Network whose weights are kept.
    manifest : CheckpointManifest
        Its description; the network must be the model's.
    optimizer : Optimizer, optional
        Its state is kept too, for an exact resume (see `load_optimizer_state`).

    Returns
    -------
    CheckpointManifest
        The manifest as written, with the hash of the weights.

    Raises
    ------
    ValueError
        If the name or the network is wrong, or the training summary is not plain JSON.
    OSError
        If the folder is missing or cannot be written.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"path must end in .safetensors; got {path.name}")
    if manifest.network != model.network:
        raise ValueError(f"manifest is of {manifest.network}, but the model is {model.network}")
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    manifest = replace(manifest, sha256=_hash_tensors(weights))
    tensors = {_MODEL + name: tensor for name, tensor in weights.items()}
    metadata: dict[str, str] = {}
    if optimizer is not None:
        state, metadata = flatten_optimizer(optimizer)
        tensors.update(state)
    write_file(path, tensors, metadata, manifest=manifest)
    return manifest


def load_checkpoint(path: str | Path) -> tuple[PolypClassifier, CheckpointManifest]:
    """Read a checkpoint written by `save_checkpoint`.

    Parameters
    ----------
    path : str or Path
        The .safetensors file.

    Returns
    -------
    model : PolypClassifier
        In eval mode, on the CPU.
    manifest : CheckpointManifest
        Its description.

    Raises
    ------
    IncompatibleCheckpointError
        If the file is missing, damaged, foreign, of another network or of another version.
    """
    path = Path(path)
    tensors, metadata = read_file(path)
    manifest = read_manifest(path, metadata)
    weights = {name.removeprefix(_MODEL): t for name, t in tensors.items() if name.startswith(_MODEL)}
    is_segmenter = manifest.network == SEGMENTER
    model = build_segmenter(weights="scratch") if is_segmenter else build_model(manifest.network, weights="scratch")
    problem = describe_mismatch(model.state_dict(), weights)
    if problem:
        raise incompatible(path, f"weights that are not those of {manifest.network}: {problem}")
    if _hash_tensors(weights) != manifest.sha256:
        raise incompatible(path, "a checkpoint whose weights were changed after it was written")
    model.load_state_dict(weights)
    return model.eval(), manifest


def save_operating_point(path: str | Path, operating_point: OperatingPoint | None) -> CheckpointManifest:
    """Record in a checkpoint how masks are to be made; the weights stay as they are.

    Parameters
    ----------
    path : str or Path
        The .safetensors file, replaced at once.
    operating_point : OperatingPoint or None
        The choice; None takes it back.

    Returns
    -------
    CheckpointManifest
        The manifest as written.

    Raises
    ------
    IncompatibleCheckpointError
        If the file is not a checkpoint.
    """
    path = Path(path)
    tensors, metadata = read_file(path)
    manifest = replace(read_manifest(path, metadata), operating_point=operating_point)
    del metadata[MANIFEST_KEY]
    write_file(path, tensors, metadata, manifest=manifest)
    return manifest


def _hash_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """Hash names, types, shapes and values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
