"""Network inputs of many items in one file on disk: decoded once, never all in memory."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

import numpy as np
from joblib import Parallel, delayed

from medxai_core.errors import Failure, StudyNotWritableError, UnreadableImageError
from medxai_core.images import load_image
from medxai_core.models import Preprocessing, resize_for_network

CACHE_VERSION = 1
PICTURES_A_ROUND = 64  # pictures decoded between two writes: bounds the memory

Box = Sequence[int]  # x0, y0, x1, y1 in pixels of the picture; x1 and y1 are outside
Item = tuple[Path, Box | None]
_Prepared = list[tuple[int, np.ndarray | str]]  # (row, picture or the reason why there is none)


def cache_inputs(
    paths_and_boxes: Sequence[Item],
    preprocessing: Preprocessing,
    cache_path: Path,
    *,
    n_jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[np.memmap, list[Failure]]:
    """Decode, cut and resize every item once, into one memory-mapped file.

    A picture with several tiles is decoded once. The file appears only when it is complete, and is used
    again while the pictures (path, size, time of change), the boxes and the preprocessing are the same.

    Parameters
    ----------
    paths_and_boxes : sequence of (Path, box or None), length n >= 1
        The picture of each item, and the tile in it: x0, y0, x1, y1 in pixels, x1 and y1 outside, or an
        ``images.TileBox``. None: the whole picture.
    preprocessing : Preprocessing
        Gives the side S of the network's input.
    cache_path : Path
        The .npy file to write; its manifest lies beside it (``.json``).
    n_jobs : int, default 1
        Threads that decode.
    on_progress : callable, optional
        Called as ``on_progress(done, n)``; may raise StopRequested, then no file is left.

    Returns
    -------
    cached : numpy.memmap of shape (n, S, S, 3), uint8
        Row i is item i, read-only. The row of a failed item is all 0.
    failures : list of Failure
        Items that could not be read; ``list_readable_rows`` gives the rest.

    Raises
    ------
    ValueError
        If there is no item.
    StudyNotWritableError
        If the disk is full or read-only.
    """
    if not paths_and_boxes:
        raise ValueError("paths_and_boxes is empty: nothing to cache")
    manifest = _describe(paths_and_boxes, preprocessing)
    failed = _read_failed_rows(cache_path, manifest)
    if failed is None:
        with closing(_prepare_rounds(paths_and_boxes, preprocessing, n_jobs)) as rounds:
            failed = _write_cache(cache_path, manifest, rounds, on_progress or _ignore)
    failures = [Failure(name_item(*paths_and_boxes[row]), reason) for row, reason in sorted(failed.items())]
    return np.load(cache_path, mmap_mode="r"), failures


def delete_cache(cache_path: Path) -> None:
    """Delete a cache and its manifest: decoded pictures are pixels of patients, and can be made again."""
    cache_path.unlink(missing_ok=True)
    _manifest_path(cache_path).unlink(missing_ok=True)


def name_item(path: Path, box: Box | None) -> str:
    """Return the name under which a failed item is listed.

    >>> name_item(Path("a.jpg"), (0, 0, 10, 8))
    'a.jpg (0, 0, 10, 8)'
    """
    return str(path) if box is None else f"{path} {_corners(box)}"


def list_readable_rows(paths_and_boxes: Sequence[Item], failures: Sequence[Failure]) -> np.ndarray:
    """Return the rows of the cache that hold a picture, ascending, int64.

    >>> list_readable_rows([(Path("a.jpg"), None), (Path("b.jpg"), None)], [Failure("a.jpg", "damaged")])
    array([1])
    """
    failed = {failure.item for failure in failures}
    rows = [row for row, item in enumerate(paths_and_boxes) if name_item(*item) not in failed]
    return np.asarray(rows, dtype=np.int64)


def _describe(items: Sequence[Item], preprocessing: Preprocessing) -> dict:
    """Return what the cache depends on; file names enter the hash only."""
    digest = hashlib.sha256()
    for path, box in items:
        digest.update(json.dumps([str(path), _stamp(path), _corners(box)]).encode())
    size = preprocessing.input_size
    return {
        "version": CACHE_VERSION,
        "inputs_sha256": digest.hexdigest(),
        "preprocessing": json.loads(json.dumps(asdict(preprocessing))),
        "shape": [len(items), size, size, 3],
    }


def _corners(box: Box | None) -> tuple[int, int, int, int] | None:
    """Return x0, y0, x1, y1 as plain numbers; None stays None."""
    if box is None:
        return None
    x0, y0, x1, y1 = (int(side) for side in box[-4:])  # a TileBox starts with its row and column
    return x0, y0, x1, y1


def _stamp(path: Path) -> list[int] | None:
    """Return size and time of the last change of a file, or None when it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _manifest_path(cache_path: Path) -> Path:
    """Return where the manifest of a cache lies."""
    return cache_path.with_suffix(".json")


def _read_failed_rows(cache_path: Path, manifest: dict) -> dict[int, str] | None:
    """Return row -> reason of a cache that was made from the same inputs, or None."""
    try:
        stored = json.loads(_manifest_path(cache_path).read_text(encoding="utf-8"))
        shape = list(np.load(cache_path, mmap_mode="r").shape)
    except (OSError, ValueError):
        return None
    if shape != manifest["shape"] or {key: stored.get(key) for key in manifest} != manifest:
        return None
    return {int(row): reason for row, reason in stored["failed_rows"].items()}


def _prepare_rounds(
    items: Sequence[Item], preprocessing: Preprocessing, n_jobs: int
) -> Generator[_Prepared, None, None]:
    """Yield the rows of a few pictures at a time."""
    rows_of: dict[Path, list[tuple[int, Box | None]]] = defaultdict(list)
    for row, (path, box) in enumerate(items):
        rows_of[path].append((row, box))
    pictures = list(rows_of.items())
    with Parallel(n_jobs=n_jobs, prefer="threads") as parallel:
        for start in range(0, len(pictures), PICTURES_A_ROUND):
            chosen = pictures[start : start + PICTURES_A_ROUND]
            prepared = parallel(delayed(_prepare_picture)(*picture, preprocessing) for picture in chosen)
            yield [row for rows in prepared for row in rows]


def _prepare_picture(path: Path, rows: list[tuple[int, Box | None]], preprocessing: Preprocessing) -> _Prepared:
    """Decode one picture and resize each of its items."""
    try:
        image = load_image(path)
    except (UnreadableImageError, OSError) as error:
        return [(row, str(error)) for row, _ in rows]
    return [(row, _prepare_item(image, box, preprocessing)) for row, box in rows]


def _prepare_item(image: np.ndarray, box: Box | None, preprocessing: Preprocessing) -> np.ndarray | str:
    """Return the resized item, or the reason why its box cannot be cut."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = _corners(box) or (0, 0, width, height)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        return (
            f"tile x {x0}..{x1}, y {y0}..{y1} lies outside the picture of {width}x{height} pixels. "
            "Put the original picture back or import it again."
        )
    return resize_for_network(image[y0:y1, x0:x1], preprocessing)


def _write_cache(
    cache_path: Path,
    manifest: dict,
    rounds: Iterator[_Prepared],
    on_progress: Callable[[int, int], None],
) -> dict[int, str]:
    """Write rows and manifest; return row -> reason of the items that failed."""
    failed: dict[int, str] = {}
    done, total = 0, manifest["shape"][0]
    with _replacing(cache_path, int(np.prod(manifest["shape"]))) as file:
        write_row = _start_array(file, tuple(manifest["shape"]))
        on_progress(0, total)
        for prepared in rounds:
            for row, result in prepared:
                if isinstance(result, str):
                    failed[row] = result
                else:
                    write_row(row, result)
            done += len(prepared)
            on_progress(done, total)
        _manifest_path(cache_path).unlink(missing_ok=True)
    with _replacing(_manifest_path(cache_path), 0) as file:
        file.write(json.dumps({**manifest, "failed_rows": failed}, indent=1).encode())
    return failed


def _start_array(file: IO[bytes], shape: tuple[int, ...]) -> Callable[[int, np.ndarray], None]:
    """Write the head of a .npy file of zeros; return the function that writes one row."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    start, row_bytes = file.tell(), int(np.prod(shape[1:]))
    file.truncate(start + shape[0] * row_bytes)

    def write_row(row: int, image: np.ndarray) -> None:
        file.seek(start + row * row_bytes)
        file.write(np.ascontiguousarray(image).tobytes())

    return write_row


@contextmanager
def _replacing(path: Path, n_bytes: int) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of ``path`` when all went well, and vanishes when not."""
    file = None
    remedy = "Make room there or choose another folder."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < n_bytes:
            raise StudyNotWritableError(f"{path.name} needs {n_bytes:,} bytes; {free:,} are free.", remedy)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            yield file
        os.replace(file.name, path)
    except OSError as error:
        raise StudyNotWritableError(f"{path.name} cannot be written: {error}.", remedy) from error
    finally:
        if file is not None:
            Path(file.name).unlink(missing_ok=True)  # gone already when it took its place


def _ignore(done: int, total: int) -> None:
    """Report to nobody."""
