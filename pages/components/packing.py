"""One binary format for all browser components: a header in JSON, then arrays and files as they lie in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MAGIC = b"MXA1"
ALIGNMENT = 8
"""Arrays begin at multiples of 8 bytes, so that the browser can look at them without copying."""

DTYPES = ("uint8", "uint16", "int32", "uint32", "float32", "float64")
"""What the browser has a typed array for."""

Part = np.ndarray | bytes | Sequence[bytes]


def pack(header: Mapping[str, Any], parts: Mapping[str, Part]) -> bytes:
    """Put a header and arrays into one run of bytes, which `unpack` of ``shared/packing.js`` reads.

    Parameters
    ----------
    header : mapping
        What JSON can hold, NaN and infinity excepted. It may hold text that a user typed: the browser only
        ever shows it as text.
    parts : mapping of str to ndarray, bytes or sequence of bytes
        Arrays of one of `DTYPES`; one file; or several files.

    Returns
    -------
    bytes
        ``MXA1``, length of the JSON text (uint32), the JSON text, then the parts, each at a multiple of 8.
        All numbers are little-endian.

    Raises
    ------
    TypeError
        An array has a dtype that the browser has no typed array for.
    ValueError
        The header holds NaN or infinity.

    Examples
    --------
    >>> packed = pack({"n": 2}, {"levels": np.array([1, 2], np.uint16)})
    >>> packed[:4], len(packed) % 8
    (b'MXA1', 4)
    """
    described, chunks, offset = {}, [], 0
    for name, part in parts.items():
        facts, content = _describe(name, part)
        described[name] = facts | {"offset": offset, "bytes": len(content)}
        padding = -len(content) % ALIGNMENT
        chunks += [content, b"\0" * padding]
        offset += len(content) + padding
    text = json.dumps({"header": dict(header), "parts": described}, allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % ALIGNMENT)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *chunks])


def _describe(name: str, part: Part) -> tuple[dict[str, Any], bytes | memoryview]:
    """Return what the browser must know of a part, and its bytes."""
    if isinstance(part, np.ndarray):
        if part.dtype.name not in DTYPES:
            raise TypeError(f"part {name!r} must have one of the dtypes {', '.join(DTYPES)}; got {part.dtype}.")
        plain = np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
        return {"dtype": part.dtype.name, "shape": list(part.shape)}, plain.reshape(-1).view(np.uint8).data
    if isinstance(part, bytes):
        return {"dtype": "file"}, part
    return {"dtype": "files", "sizes": [len(one) for one in part]}, b"".join(part)
