"""Arrays of a study on disk: named by the hash of their bytes, opened as memory maps."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from medxai_core import store
from medxai_core.errors import StudyDamagedError
from medxai_core.provenance import now_text

CHUNK_BYTES = 1 << 24


def save_array(folder: Path, values: np.ndarray) -> str:
    """Write an array as ``<sha256>.npy`` and return the hash.

    Parameters
    ----------
    folder : Path
        The ``arrays`` folder of a study.
    values : ndarray, any shape and dtype but object

    Returns
    -------
    str
        SHA-256 of the file's bytes, in hex; the same array has the same name.
    """
    values = np.ascontiguousarray(values)
    if values.dtype.hasobject:
        raise TypeError("values must have a plain dtype; got object. Store text in the database.")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(values))
    digest = hashlib.sha256(header.getvalue())
    payload = values.reshape(-1).view(np.uint8).data if values.size else memoryview(b"")
    digest.update(payload)
    array_id = digest.hexdigest()
    path = folder / f"{array_id}.npy"
    if path.exists():
        return array_id
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{array_id}.{os.getpid()}.part"
    try:
        with open(unfinished, "wb") as file:
            file.write(header.getvalue())
            for start in range(0, len(payload), CHUNK_BYTES):
                file.write(payload[start : start + CHUNK_BYTES])
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, 0o600)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return array_id


def load_array(folder: Path, array_id: str) -> np.ndarray:
    """Open an array read-only as a memory map.

    Raises
    ------
    StudyDamagedError
        The file is missing or no array.
    """
    try:
        return np.load(folder / f"{array_id}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise StudyDamagedError(
            f"array {array_id[:12]}... of the study is missing or damaged ({error}).",
            "Run the stage that made it again.",
        ) from error


def record_array(connection: Connection, array_id: str, *, rows: str, manifest: dict[str, Any]) -> None:
    """List an array in the database.

    Parameters
    ----------
    rows : {"items", "images", "none"}
        What the first axis stands for; needed when a picture is removed from the study.
    manifest : dict
        How it was made: parameters, seeds, versions.
    """
    connection.execute(
        insert(store.arrays)
        .values(array_id=array_id, rows=rows, manifest=manifest, created_at=now_text())
        .on_conflict_do_nothing()
    )


def blank_rows(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return a copy in which some rows hold nothing: NaN, -1 or 0 by dtype."""
    copy = np.array(values)
    if np.issubdtype(copy.dtype, np.floating):
        copy[positions] = np.nan
    elif np.issubdtype(copy.dtype, np.signedinteger):
        copy[positions] = -1
    else:
        copy[positions] = 0
    return copy


def list_arrays(connection: Connection) -> list[tuple[str, str]]:
    """Return (array_id, rows) of all arrays."""
    found = connection.execute(select(store.arrays.c.array_id, store.arrays.c.rows))
    return [(row.array_id, row.rows) for row in found]
