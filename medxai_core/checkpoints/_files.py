"""Read and write checkpoint files: one safetensors file with its manifest inside, nothing unpickled."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from medxai_core.checkpoints.manifest import FORMAT_VERSION, CheckpointManifest
from medxai_core.config import SEGMENTER
from medxai_core.errors import IncompatibleCheckpointError
from medxai_core.models import NETWORKS, describe_file

MANIFEST_KEY = "medxai_manifest"
_KNOWN = (*NETWORKS, SEGMENTER)


def write_file(
    path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str], *, manifest: CheckpointManifest
) -> None:
    """Write the checkpoint, then the readable copy of its manifest."""
    text = manifest.to_json()
    write_at_once(path, save(tensors, metadata={**metadata, MANIFEST_KEY: text}))
    write_at_once(path.with_suffix(".json"), text.encode())


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, for its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_file(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read all tensors and the metadata of a safetensors file."""
    if not path.is_file():
        raise incompatible(path, describe_file(path))
    try:
        with safe_open(path, framework="pt", device="cpu") as stream:
            names = stream.keys()
            return {name: stream.get_tensor(name) for name in names}, dict(stream.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise incompatible(path, describe_file(path)) from error


def read_manifest(path: Path, metadata: dict[str, str]) -> CheckpointManifest:
    """Return the manifest, or raise if there is none that this version can use."""
    if MANIFEST_KEY not in metadata:
        raise incompatible(path, "a safetensors file of another program, without a manifest")
    try:
        found = json.loads(metadata[MANIFEST_KEY]).get("format_version")
        if found != FORMAT_VERSION:
            raise incompatible(path, f"format version {found} (this software reads {FORMAT_VERSION})")
        manifest = CheckpointManifest.from_json(metadata[MANIFEST_KEY])
    except (ValueError, TypeError, AttributeError) as error:
        raise incompatible(path, f"a checkpoint with a damaged manifest ({error})") from error
    if manifest.network not in _KNOWN:
        raise incompatible(path, f"a checkpoint of the network {manifest.network!r}")
    return manifest


def incompatible(path: Path, came: str) -> IncompatibleCheckpointError:
    """Make the error for a file that is not a checkpoint we can use."""
    return IncompatibleCheckpointError(
        f"{path.name} must be a .safetensors checkpoint of {' or '.join(_KNOWN)} written by this software; got {came}.",
        "Choose another checkpoint, or train again.",
    )
