"""The published features file: one comment line, then 226 LIRE numbers and the path of each picture.

    % Extracting images in /data/frames
    3.0,0.0,...,/data/frames/a.jpg

There is no header and no quoting. A path may hold commas: the first 226 commas end the numbers, all after
them is the path. Programs that split at every comma get such a path in pieces, so prefer paths without.
A path with a line break cannot be written in this form, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from medxai_core.errors import LayoutError

N_NUMBERS = 226
_COMMENT = "% Extracting images in "
# File names that are not UTF-8 pass through unharmed: os.fsdecode made surrogates of them.
_ENCODING, _ERRORS = "utf-8", "surrogateescape"


@dataclass(frozen=True, eq=False)
class LireTable:
    """Hold what a published features file says.

    Attributes
    ----------
    features : ndarray, (n, 226) float64
        EdgeHistogram 80, Tamura 18, LuminanceLayout 64, SimpleColorHistogram 64, unscaled.
    image_paths : tuple of str, n
        Path of each picture, as written.
    directory : str or None
        Folder named in the first line; None if that line is another comment.
    """

    features: np.ndarray
    image_paths: tuple[str, ...]
    directory: str | None


def write_lire_csv(
    path: str | Path, features: np.ndarray, image_paths: Sequence[str | Path], *, directory: str | Path
) -> None:
    """Write LIRE features in the published form, replacing a file that is there.

    Parameters
    ----------
    path : str or Path
        File to write.
    features : ndarray, (n, 226) float64
        Finite numbers, in the published order. Written as `repr(float)`, so nothing is lost.
    image_paths : sequence of str or Path, n
        Absolute path of each picture.
    directory : str or Path
        Absolute path of the folder the pictures come from.

    Raises
    ------
    ValueError
        If `features` is not (n, 226) and finite, or there is not one path a row, or a path is not absolute.
    LayoutError
        If a path holds a line break or cannot be encoded.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.shape[1] != N_NUMBERS or not np.isfinite(features).all():
        raise ValueError(f"features must be (n, {N_NUMBERS}) and finite; got {features.shape}. Extract them again.")
    if len(image_paths) != len(features):
        raise ValueError(f"image_paths must hold one path a row; got {len(image_paths)} for {len(features)} rows.")
    folder = _check_path(directory)
    paths = [_check_path(image_path) for image_path in image_paths]
    unfinished = Path(path).with_name(Path(path).name + ".part")
    try:
        with open(unfinished, "w", newline="\n", encoding=_ENCODING, errors=_ERRORS) as file:
            file.write(f"{_COMMENT}{folder}\n")
            for row, image_path in zip(features, paths, strict=True):
                file.write(",".join(map(repr, row.tolist())) + f",{image_path}\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_lire_csv(path: str | Path) -> LireTable:
    """Read a features file in the published form.

    Parameters
    ----------
    path : str or Path
        File to read: a line that starts with "%", then lines of 226 numbers and a path.

    Returns
    -------
    LireTable
        Numbers and paths, in the order of the file.

    Raises
    ------
    LayoutError
        If the first line is not a comment, or a line is not 226 finite numbers and an absolute path.
    """
    name = Path(path).name
    with open(path, encoding=_ENCODING, errors=_ERRORS) as file:
        comment = file.readline().rstrip("\n")
        if not comment.startswith("%"):
            raise LayoutError(
                f"{name}, line 1: expected a comment such as '{_COMMENT}/folder'; got {comment[:40]!r}.",
                "Check that this is a LIRE features file; add the line if it was removed.",
            )
        rows = [_read_line(line.rstrip("\n"), f"{name}, line {n}") for n, line in enumerate(file, start=2)]
    features = np.array([numbers for numbers, _ in rows], dtype=np.float64).reshape(-1, N_NUMBERS)
    directory = comment.removeprefix(_COMMENT) if comment.startswith(_COMMENT) else None
    return LireTable(features, tuple(image_path for _, image_path in rows), directory)


def _check_path(path: str | Path) -> str:
    """Return an absolute path as text, or raise if the published form cannot hold it."""
    text = str(path)
    if not _is_absolute(text):
        raise ValueError(f"the published form holds absolute paths; got {text!r}.")
    if "\n" in text or "\r" in text:
        raise LayoutError(
            f"The path {text!r} holds a line break; the features file has one line a picture.",
            "Rename the file or folder.",
        )
    try:
        text.encode(_ENCODING, _ERRORS)
    except UnicodeEncodeError as error:
        raise LayoutError(f"The path {text!r} cannot be written as UTF-8.", "Rename the file or folder.") from error
    return text


def _is_absolute(text: str) -> bool:
    """Tell whether a path is absolute on any system: the file may come from another one."""
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def _read_line(line: str, place: str) -> tuple[np.ndarray, str]:
    """Return the 226 numbers and the path of one line; `place` names it in an error."""
    remedy = "Check that the file is whole, and holds the four LIRE features."
    *texts, image_path = line.split(",", N_NUMBERS)
    if len(texts) != N_NUMBERS or not _is_absolute(image_path):
        raise LayoutError(
            f"{place}: expected {N_NUMBERS} numbers and an absolute path; got {line.count(',') + 1} values "
            f"that end in {line[-40:]!r}.",
            remedy,
        )
    try:
        numbers = np.array(texts, dtype=np.float64)
    except ValueError as error:
        raise LayoutError(f"{place}: expected {N_NUMBERS} numbers; {error}.", remedy) from error
    if not np.isfinite(numbers).all():
        raise LayoutError(f"{place}: expected finite numbers; got NaN or infinity.", remedy)
    return numbers, image_path
