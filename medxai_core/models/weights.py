"""Read weight files without ever running code from them."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from medxai_core.errors import IncompatibleCheckpointError

# First bytes of files that torch.save writes: a zip archive, or before torch 1.6 a pickle of a fixed number.
_TORCH_STARTS = (b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive (PyTorch .pth or another one)"),
    (b"\x80", "a Python pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)


def describe_file(path: Path) -> str:
    """Say in words what a file seems to be, from its first bytes.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    str
        For an error message: what came instead of what was expected.
    """
    if path.is_dir():
        return "a folder"
    if not path.is_file():
        return "no file there"
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        return f"a file that cannot be read ({error.strerror})"
    return _describe_bytes(head)


def _describe_bytes(head: bytes) -> str:
    """Say what a file seems to be from its first 512 bytes."""
    if not head:
        return "an empty file"
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    if head[8:9] == b"{":
        return "a safetensors file, damaged or cut short"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "a text file"
    return "a file of an unknown kind"


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read named tensors from a .safetensors or .pth file, on the CPU.

    A .pth is read with ``weights_only=True``: tensors only, nothing in the file is run.

    Parameters
    ----------
    path : str or Path
        File of a network's weights.

    Returns
    -------
    dict of str to Tensor
        The state dict.

    Raises
    ------
    IncompatibleCheckpointError
        If the file is missing, damaged, or holds anything but named tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise _unreadable(path, describe_file(path))
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if not _starts_like_torch(path):
            raise _unreadable(path, describe_file(path))
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _unreadable(path, describe_file(path)) from error
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise _unreadable(path, "a .pth file that holds something else than named tensors")
    return dict(loaded)


def _starts_like_torch(path: Path) -> bool:
    """Tell whether the first bytes are those of a file that torch wrote."""
    with path.open("rb") as stream:
        return stream.read(32).startswith(_TORCH_STARTS)


def _unreadable(path: Path, came: str) -> IncompatibleCheckpointError:
    """Make the error for a file that is not a file of weights."""
    return IncompatibleCheckpointError(
        f"{path.name} must be a .safetensors file, or a .pth file of plain tensors; got {came}.",
        "Choose another file of weights.",
    )
