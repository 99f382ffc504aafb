"""Files of the Medico 2021 task: the organisers' score files, and what a team hands in.

Facts about the files, from the organisers' published evaluation script: the table of pictures holds
names without ending and ends with a line break; the table of averages does not; numbers have four
decimals, and an undefined Dice is written ``nan``. Task 2 writes seconds with six decimals.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePosixPath

import numpy as np

from medxai_core.errors import LayoutError, MaskMismatchError
from medxai_core.images import load_mask, save_mask

METRIC_NAMES = ("accuracy", "jaccard", "dice", "f1", "recall", "precision")
"""The organisers' six metrics in their order. Jaccard ranks the teams."""

SCORES_HEADER = "filename;" + ";".join(METRIC_NAMES)
AVERAGES_HEADER = "metric;value"
REAL_TIME_FPS = 30.0
"""Frames per second from which the task calls a method real time."""

MAX_MASK_BYTES = 64 * 2**20
"""Largest picture, unpacked, that is read from a zip."""

_get_values = attrgetter(*METRIC_NAMES)
_ZIP_DATE = (2021, 1, 1, 0, 0, 0)  # fixed, so that the same masks give the same bytes


@dataclass(frozen=True, slots=True)
class OrganiserScores:
    """Hold the organisers' six numbers of one picture, or their averages.

    All in [0, 1], 1 is best. Dice is NaN where truth and prediction are both empty; the others are
    then 0, and accuracy 1.
    """

    accuracy: float
    jaccard: float
    dice: float
    f1: float
    recall: float
    precision: float


def format_score_row(name: str, scores: OrganiserScores) -> str:
    """Write one line of the organisers' table of pictures, without line break.

    Parameters
    ----------
    name : str
        Name of the picture without ending.
    scores : OrganiserScores

    Examples
    --------
    >>> format_score_row("a1", OrganiserScores(0.5, 0.25, 0.4, 0.4, 1.0, 0.25))
    'a1;0.5000;0.2500;0.4000;0.4000;1.0000;0.2500'
    """
    _check_name(name)
    return ";".join([name, *(f"{value:.4f}" for value in _get_values(scores))])


def average_scores(rows: Iterable[tuple[str, OrganiserScores]]) -> OrganiserScores:
    """Average as the organisers do: the plain mean over pictures of the numbers before rounding.

    One picture whose Dice is NaN makes the average Dice NaN, in their script and here: a reader must
    see that the set holds frames without polyp. Use the app's own mean (`evaluation.summary`), which
    states how many pictures it is defined for.

    Raises
    ------
    ValueError
        There is no row.
    """
    totals, n_rows = np.zeros(len(METRIC_NAMES)), 0
    for _, scores in rows:
        totals += _get_values(scores)
        n_rows += 1
    if not n_rows:
        raise ValueError("an average needs at least one row; got none.")
    return OrganiserScores(*(float(total) / n_rows for total in totals))


def write_scores(rows: Iterable[tuple[str, OrganiserScores]], path: Path) -> None:
    """Write the organisers' table of pictures, one line after the other.

    Parameters
    ----------
    rows : iterable of (name, OrganiserScores)
        May be a generator: only one row is held at a time.
    path : Path
        Replaced in one step when all rows are written.
    """
    with _replacing(path) as unfinished, open(unfinished, "w", encoding="utf-8", newline="\n") as file:
        file.write(SCORES_HEADER + "\n")
        for name, scores in rows:
            file.write(format_score_row(name, scores) + "\n")


def read_scores(path: Path) -> list[tuple[str, OrganiserScores]]:
    """Read the organisers' table of pictures.

    Raises
    ------
    LayoutError
        The header or a line is not as the organisers write it; the message names the line.
    """
    rows = []
    for number, fields in _read_table(path, SCORES_HEADER, n_fields=7):
        values = [_read_number(path, number, text) for text in fields[1:]]
        rows.append((fields[0], OrganiserScores(*values)))
    return rows


def write_averages(scores: OrganiserScores, path: Path) -> None:
    """Write the organisers' table of averages. Like theirs, it has no line break at its end."""
    lines = [f"{metric};{value:.4f}" for metric, value in zip(METRIC_NAMES, _get_values(scores), strict=True)]
    with _replacing(path) as unfinished:
        unfinished.write_bytes("\n".join([AVERAGES_HEADER, *lines]).encode())


def read_averages(path: Path) -> OrganiserScores:
    """Read the organisers' table of averages.

    Raises
    ------
    LayoutError
        The header, a line or the order of metrics is not as the organisers write it.
    """
    table = list(_read_table(path, AVERAGES_HEADER, n_fields=2))
    names = tuple(fields[0] for _, fields in table)
    if names != METRIC_NAMES:
        message = f"{path.name}: expected the metrics {METRIC_NAMES}; got {names}."
        raise LayoutError(message, "Use the organisers' file.")
    return OrganiserScores(*(_read_number(path, number, fields[1]) for number, fields in table))


def write_times(times: Iterable[tuple[str, float]], path: Path) -> None:
    """Write the hand-in of task 2: lines ``image_name;seconds`` with six decimals, no header.

    Parameters
    ----------
    times : iterable of (image_name, seconds)
        The name as the organisers gave it, with its ending.
    path : Path
    """
    with _replacing(path) as unfinished, open(unfinished, "w", encoding="utf-8", newline="\n") as file:
        for name, seconds in times:
            _check_name(name)
            if not (np.isfinite(seconds) and seconds >= 0):
                raise ValueError(f"seconds must be a finite number from 0; got {seconds} for {name!r}.")
            file.write(f"{name};{seconds:.6f}\n")


def read_times(path: Path) -> list[tuple[str, float]]:
    """Read the hand-in of task 2 as (image_name, seconds).

    Raises
    ------
    LayoutError
        A line is not ``image_name;seconds``; the message names the line.
    """
    table = _read_table(path, None, n_fields=2)
    return [(fields[0], _read_number(path, number, fields[1])) for number, fields in table]


def write_masks_zip(
    masks: Iterable[tuple[str, np.ndarray]],
    path: Path,
    *,
    expected_sizes: Mapping[str, tuple[int, int]] | None = None,
) -> int:
    """Write the hand-in of task 1: a zip of PNG masks named as the inputs.

    Parameters
    ----------
    masks : iterable of (image_name, ndarray (H, W) bool)
        Name of the input picture; its ending becomes ``.png``. May be a generator.
    path : Path
        The zip; replaced in one step when all masks are in it. The same masks give the same bytes.
    expected_sizes : mapping of image_name to (H, W), optional
        Sizes of the inputs, to be checked: a mask must have its input's size.

    Returns
    -------
    int
        Number of masks written.

    Raises
    ------
    LayoutError
        Two inputs would have the same name in the zip.
    MaskMismatchError
        A mask has not the size of its input.
    """
    written: set[str] = set()
    with (
        _replacing(path) as unfinished,
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive,
    ):
        for image_name, mask in masks:
            member = _name_member(image_name, written)
            _check_size(image_name, mask, expected_sizes)
            picture = Path(folder) / "mask.png"
            save_mask(mask, picture)
            archive.writestr(zipfile.ZipInfo(member, date_time=_ZIP_DATE), picture.read_bytes())
    return len(written)


def read_masks_zip(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Read the masks of a hand-in of task 1, one at a time.

    Parameters
    ----------
    path : Path

    Yields
    ------
    tuple of (str, ndarray (H, W) bool)
        Name in the zip and mask, sorted by name.

    Raises
    ------
    LayoutError
        No zip, a file in a folder, a name twice, or a file that unpacks to more than 64 MiB.
    UnreadableImageError
        A file is no picture.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        message = f"{path.name} cannot be opened as a zip ({error})."
        raise LayoutError(message, "Hand in a zip of PNG masks.") from error
    with archive, tempfile.TemporaryDirectory() as folder:
        for member in _list_members(archive, path):
            picture = Path(folder) / PurePosixPath(member.filename).name
            try:
                picture.write_bytes(archive.read(member))
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                message = f"{path.name}: {member.filename} is damaged ({error})."
                raise LayoutError(message, "Zip it again.") from error
            yield member.filename, load_mask(picture)
            picture.unlink()


def _list_members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """Return the files of a hand-in by name, after checking names and sizes."""
    members = [info for info in archive.infolist() if not info.filename.startswith("__MACOSX/")]
    remedy = "Zip the mask files themselves, without folders."
    seen: set[str] = set()
    for info in members:
        name = info.filename
        if "/" in name or "\\" in name or name in ("", ".", "..") or name in seen:
            raise LayoutError(f"{path.name}: {name!r} lies in a folder or comes twice.", remedy)
        if info.file_size > MAX_MASK_BYTES:
            raise LayoutError(f"{path.name}: {name!r} unpacks to over 64 MiB.", remedy)
        seen.add(name)
    return sorted(members, key=lambda info: info.filename)


def _name_member(image_name: str, written: set[str]) -> str:
    """Return the name in the zip for an input, and note it."""
    _check_name(image_name)
    member = f"{PurePosixPath(image_name).stem}.png"
    if "/" in image_name or "\\" in image_name or member in written:
        raise LayoutError(
            f"{image_name!r} would be {member!r} in the zip, which is taken or lies in a folder.",
            "Give the inputs plain names that differ before the ending.",
        )
    written.add(member)
    return member


def _check_size(image_name: str, mask: np.ndarray, sizes: Mapping[str, tuple[int, int]] | None) -> None:
    """Raise unless the mask has the size of its input."""
    if sizes is not None and tuple(mask.shape) != tuple(sizes[image_name]):
        raise MaskMismatchError(
            f"the mask of {image_name!r} is {mask.shape}, its picture {tuple(sizes[image_name])}.",
            "Make the mask at the size of the picture.",
        )


def _check_name(name: str) -> None:
    """Raise when a name would break a line of a table."""
    if not name or any(sign in name for sign in ";\n\r"):
        raise LayoutError(f"{name!r} cannot stand in a table separated by ';'.", "Rename the picture.")


def _read_table(path: Path, header: str | None, *, n_fields: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, fields) below the header, skipping empty lines."""
    remedy = "Use the file as the organisers write it."
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{path.name} cannot be read as text ({error}).", remedy) from error
    if header is not None and (not lines or lines[0].strip() != header):
        raise LayoutError(f"{path.name}: expected the first line {header!r}; got {lines[:1]}.", remedy)
    for number, line in enumerate(lines, start=1):
        if (number == 1 and header is not None) or not line.strip():
            continue
        fields = line.strip().split(";")
        if len(fields) != n_fields:
            message = f"{path.name}, line {number}: expected {n_fields} fields; got {line!r}."
            raise LayoutError(message, remedy)
        yield number, fields


def _read_number(path: Path, number: int, text: str) -> float:
    """Return a number of a table; ``nan`` is one."""
    try:
        return float(text)
    except ValueError:
        message = f"{path.name}, line {number}: {text!r} is no number."
        raise LayoutError(message, "Correct the line.") from None


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a place to write beside the file, and put it in the file's place when all went well."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
