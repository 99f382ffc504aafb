"""Pictures that came through the browser: where they are kept until a study reads them, and how they go again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from medxai_core.config import get_home
from medxai_core.errors import Failure, LayoutError, StudyExistsError
from medxai_core.formats.zip_archive import find_safe_name, unpack_zip
from medxai_core.images import IMAGE_SUFFIXES
from medxai_core.progress import OnProgress

STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
PARTS = ("images", "masks")


class UploadedFile(NamedTuple):
    """Hold one file from the browser: its name there, and its content."""

    name: str
    content: BinaryIO


def check_study_name(name: str) -> str:
    """Return a name that can stand in a folder and in an address, or raise.

    Raises
    ------
    LayoutError
        It is empty, too long, or has other signs than letters, digits, ``-`` and ``_``.

    Examples
    --------
    >>> check_study_name("kvasir_2")
    'kvasir_2'
    """
    if not STUDY_NAME.fullmatch(name):
        raise LayoutError(
            f"{name!r} cannot be the name of a study.",
            "Use 1 to 40 letters, digits, - or _, beginning with a letter or digit. Never a patient's name.",
        )
    return name


def get_uploads_folder(name: str) -> Path:
    """Return where the uploaded pictures of a study are kept."""
    return get_home() / "uploads" / check_study_name(name)


def start_upload(name: str) -> Path:
    """Make an empty folder, mode 0700, for the uploads of a study that is not there yet.

    Raises
    ------
    StudyExistsError
        A study of this name is there: its pictures may be in this folder.
    """
    folder = get_uploads_folder(name)
    if (get_home() / "studies" / name).exists():
        raise StudyExistsError(f"a study {name!r} exists already.", "Choose another name.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(mode=0o700)
    return folder


def save_uploads(
    folder: Path, part: str, files: Sequence[UploadedFile], *, on_progress: OnProgress | None = None
) -> tuple[Path, list[Failure]]:
    """Keep uploaded pictures, or unpack the one zip archive that was uploaded.

    Parameters
    ----------
    folder : Path
        As `start_upload` returned it.
    part : {"images", "masks"}
    files : sequence of UploadedFile
        One zip archive, or pictures.

    Returns
    -------
    root : Path
        The folder to import.
    failures : list of Failure
        What was left out, and why.

    Raises
    ------
    LayoutError
        Nothing was uploaded, an archive among other files, or one that cannot be unpacked.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {PARTS}; got {part!r}")
    archives = [file for file in files if file.name.lower().endswith(".zip")]
    if archives and len(files) > 1:
        raise LayoutError("a zip archive came together with other files.", "Upload one zip, or pictures.")
    if archives:
        unpacked = unpack_zip(archives[0].content, folder / part, on_progress=on_progress)
        return _enter_lone_folder(folder / part), unpacked.failures
    return folder / part, _save_pictures(folder / part, files, on_progress=on_progress)


def save_table(folder: Path, file: UploadedFile) -> Path:
    """Keep an uploaded table of labels."""
    path = folder / "labels.csv"
    _write_private(path, file.content)
    return path


def discard_uploads(name: str) -> None:
    """Delete the uploads of a study that did not come about."""
    if not (get_home() / "studies" / name).exists():
        shutil.rmtree(get_uploads_folder(name), ignore_errors=True)


def delete_uploaded_file(path: str | Path) -> bool:
    """Delete a picture that was uploaded here; return False, and touch nothing, when it was not.

    Notes
    -----
    A picture that the user named by its folder is the user's: it stays.
    """
    resolved = Path(path).resolve()
    if not resolved.is_relative_to((get_home() / "uploads").resolve()):
        return False
    resolved.unlink(missing_ok=True)
    return True


def _enter_lone_folder(folder: Path) -> Path:
    """Return the folder that holds images and masks, when it is all that an archive holds."""
    inside = list(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        return folder
    names = {path.name for path in inside[0].iterdir()}
    return inside[0] if {"images", "masks"} <= names else folder


def _save_pictures(folder: Path, files: Sequence[UploadedFile], *, on_progress: OnProgress | None) -> list[Failure]:
    """Write pictures under their own names; return those that were left out."""
    folder.mkdir(mode=0o700)
    failures = []
    for done, file in enumerate(files, 1):
        name = find_safe_name(file.name)
        if name is None or not name.name.lower().endswith(IMAGE_SUFFIXES):
            failures.append(Failure(file.name, "it is no picture by its name."))
        elif (folder / name.name).exists():
            failures.append(Failure(file.name, "a picture of this name was there already; the first was taken."))
        else:
            _write_private(folder / name.name, file.content)
        if on_progress is not None:
            on_progress(done, len(files))
    if len(failures) == len(files):
        raise LayoutError(
            "no picture was uploaded.", f"Choose files ending in {', '.join(IMAGE_SUFFIXES)}, or one zip."
        )
    return failures


def _write_private(path: Path, content: BinaryIO) -> None:
    """Write a new file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
