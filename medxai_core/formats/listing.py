"""What a reader of other people's folders returns, and how folders are walked.

Walking follows linked folders, but enters every folder once, so a loop of links ends. Skipped without a
word: hidden files, ``__MACOSX``, ``Thumbs.db`` and their like. Other files that are no pictures by their
name are counted, not listed. A file that is named like a picture and cannot be one (empty, broken link, no
regular file) is a listed failure; whether the rest can be decoded is found out when the pictures are read.
"""

from __future__ import annotations

import os
import stat
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medxai_core.errors import Failure, LayoutError
from medxai_core.images import IMAGE_SUFFIXES
from medxai_core.images.opening import make_printable_name

ROLES = ("any", "unlabelled_pool", "segmented")

_JUNK_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"})
_MASK_FOLDER_NAMES = frozenset({"mask", "masks", "ground_truth", "groundtruth"})


@dataclass(frozen=True)
class ImageRecord:
    """Say all that a folder tells about one picture. Nothing is decoded for it.

    Attributes
    ----------
    image_path : Path
        Absolute.
    relative_path : str
        From the image root, with ``/`` on every system. Bytes that are no text are kept as surrogates.
    mask_path : Path or None
        Absolute. The only source of truth about pixels: a picture that is known to be polyp-free but has
        no mask file has no pixel truth.
    reference_label : {"polyp", "non_polyp"} or None
        None: the folder does not say. With a mask, the mask tells it (any foreground pixel: polyp).
    group : str or None
        Patient, procedure or video, from the group column. None: the picture stands for itself.
    role : {"any", "unlabelled_pool", "segmented"}
        What the data set made the picture for.
    """

    image_path: Path
    relative_path: str
    mask_path: Path | None = None
    reference_label: str | None = None
    group: str | None = None
    role: str = "any"

    @property
    def has_truth(self) -> bool:
        """True when a mask file exists."""
        return self.mask_path is not None


@dataclass(frozen=True)
class Listing:
    """Hold what a reader found in a folder.

    Attributes
    ----------
    layout : str
        Name of the layout it was read as.
    records : list of ImageRecord
        Sorted by relative path.
    failures : list of Failure
        Pictures left out, and labels or masks that could not be taken, each with the reason.
    image_root, mask_root : Path; Path or None
        Absolute. Relative paths start at the image root; all masks lie below the mask root.
    why : str
        Why this layout was chosen, in one sentence.
    notes : list of str
        What else a user should know, in plain words.
    n_ignored : int
        Files passed over because they are no pictures.
    """

    layout: str
    records: list[ImageRecord]
    failures: list[Failure]
    image_root: Path
    mask_root: Path | None = None
    why: str = ""
    notes: list[str] = field(default_factory=list)
    n_ignored: int = 0


@dataclass(frozen=True)
class PictureFiles:
    """Hold the files below one folder that are pictures by their name.

    Attributes
    ----------
    relative_paths : list of str
        From the folder, with ``/``, sorted.
    failures : list of Failure
    ignored : Counter of str
        Number of files of each other suffix.
    mask_folders : list of str
        Folders named like masks that were not entered.
    """

    relative_paths: list[str]
    failures: list[Failure]
    ignored: Counter[str]
    mask_folders: list[str]


def check_folder(folder: Path, what: str) -> Path:
    """Return the absolute path of a folder.

    Raises
    ------
    LayoutError
        It does not exist, or is a file.
    """
    absolute = Path(os.path.abspath(folder))
    name = make_printable_name(str(absolute))
    if absolute.is_file():
        remedy = "Unpack it and name the folder." if absolute.suffix.lower() == ".zip" else "Name its folder."
        raise LayoutError(f"The {what} must be in a folder; {name} is a file.", remedy)
    if not absolute.is_dir():
        raise LayoutError(f"The folder of the {what}, {name}, does not exist.", "Check the path.")
    return absolute


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether the entry is a folder or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def list_pictures(folder: Path, *, leave_out: Sequence[Path] = (), enter_mask_folders: bool = False) -> PictureFiles:
    """List the pictures below a folder, by name, without opening them.

    Parameters
    ----------
    folder : Path
    leave_out : sequence of Path
        Folders not to enter.
    enter_mask_folders : bool, default False
        False: folders named ``masks`` and the like are not read as pictures (but named in the result).

    Returns
    -------
    PictureFiles
    """
    found = PictureFiles([], [], Counter(), [])
    for prefix, entry in _walk(folder, found, leave_out=leave_out, enter_mask_folders=enter_mask_folders):
        suffix = os.path.splitext(entry.name)[1].lower()
        relative_path = prefix + entry.name
        if suffix not in IMAGE_SUFFIXES:
            found.ignored[suffix] += 1
        elif reason := _why_no_picture(entry):
            found.failures.append(Failure(make_printable_name(relative_path), reason))
        else:
            found.relative_paths.append(relative_path)
    found.relative_paths.sort()
    found.failures.sort(key=lambda failure: failure.item)
    found.mask_folders.sort()
    return found


def make_listing(layout: str, image_root: Path, *, files: PictureFiles, records: list[ImageRecord]) -> Listing:
    """Make the listing of a folder that was walked; a note tells how many other files were there."""
    n_ignored = sum(files.ignored.values())
    kinds = ", ".join(f"{make_printable_name(name) or 'no extension'}: {n}" for name, n in files.ignored.most_common(5))
    note = f"{n_ignored} files that are no pictures were passed over ({kinds})."
    return Listing(
        layout=layout,
        records=records,
        failures=list(files.failures),
        image_root=image_root,
        notes=[note] if n_ignored else [],
        n_ignored=n_ignored,
    )


def _walk(
    folder: Path, found: PictureFiles, *, leave_out: Sequence[Path], enter_mask_folders: bool
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path of the folder, entry) of every file; linked folders come last, each folder once."""
    waiting: deque[tuple[str, str]] = deque([(str(folder), "")])
    linked: deque[tuple[str, str]] = deque()
    entered = {(status.st_dev, status.st_ino) for status in map(os.stat, leave_out)}
    while waiting or linked:
        path, prefix = (waiting or linked).popleft()
        for entry in _read_folder(path, prefix, entered, found.failures):
            if not is_folder(entry):
                yield prefix, entry
            elif entry.name.lower() in _MASK_FOLDER_NAMES and not enter_mask_folders:
                found.mask_folders.append(prefix + entry.name)
            else:
                (linked if entry.is_symlink() else waiting).append((entry.path, f"{prefix}{entry.name}/"))


def _read_folder(
    path: str, prefix: str, entered: set[tuple[int, int]], failures: list[Failure]
) -> list[os.DirEntry[str]]:
    """Return the entries of a folder that is entered for the first time, sorted, without junk."""
    try:
        status = os.stat(path)
        if (status.st_dev, status.st_ino) in entered:
            return []
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(path) as entries:
            kept = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in _JUNK_NAMES]
    except OSError as error:
        failures.append(Failure(make_printable_name(prefix), f"the folder cannot be read ({error.strerror})."))
        return []
    return sorted(kept, key=lambda entry: entry.name)


def _why_no_picture(entry: os.DirEntry[str]) -> str | None:
    """Return why a file named like a picture cannot be one; None when it may be one."""
    try:
        status = entry.stat()
    except OSError as error:
        return f"the file cannot be reached ({error.strerror}). Check the link or the permissions."
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file. Replace it with the picture."
    return "the file is empty (0 bytes). Copy it again from its source." if status.st_size == 0 else None
