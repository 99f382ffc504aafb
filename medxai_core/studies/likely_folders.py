"""Folders of this computer in which pictures are likely to lie, so that no one must know a path by heart."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from medxai_core.images import IMAGE_SUFFIXES

FEWEST_PICTURES = 8
MOST_FOLDERS = 6
MOST_SECONDS = 0.5
_DEEPEST = 3
_PLACES = ("Pictures", "Documents", "Downloads", "Desktop", "data", "Data")
_MOUNTS = ("/data", "/mnt", "/media", "/srv", "/Volumes")
_PASSED_OVER = frozenset({"node_modules", "site-packages", "thumbnails", "assets", "__pycache__", "masks"})


class LikelyFolder(NamedTuple):
    """Name a folder with the number of pictures that lie in it directly."""

    path: Path
    n_pictures: int


def list_likely_folders(roots: Iterable[Path] | None = None, *, seconds: float = MOST_SECONDS) -> list[LikelyFolder]:
    """Return folders with pictures, those with most pictures first.

    Parameters
    ----------
    roots : iterable of Path, optional
        Where to look, three folders deep; by default the usual places of the user who runs the app, and mounted disks.
    seconds : float
        Stop looking after this time: a slow network disk must not keep a page waiting.

    Notes
    -----
    Only names are read. Hidden folders, folders of masks and links are passed over.
    """
    deadline = time.monotonic() + seconds
    found: dict[Path, LikelyFolder] = {}
    for root in _list_places() if roots is None else roots:
        for folder in _walk(Path(root), _DEEPEST):
            n_pictures = _count_pictures(folder)
            if n_pictures >= FEWEST_PICTURES:
                found[folder.resolve()] = LikelyFolder(folder, n_pictures)
            if time.monotonic() > deadline:
                break
    return sorted(found.values(), key=lambda one: (-one.n_pictures, str(one.path)))[:MOST_FOLDERS]


def _list_places() -> list[Path]:
    """Return the places to look in, those of the user first."""
    try:
        home = Path.home()
    except RuntimeError:
        return [Path(mount) for mount in _MOUNTS]
    return [*(home / name for name in _PLACES), *(Path(mount) for mount in _MOUNTS)]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and those in it, level by level."""
    level = [folder]
    for _ in range(depth + 1):
        inside: list[Path] = []
        for one in level:
            if one.is_dir():
                yield one
                inside += _list_subfolders(one)
        level = inside


def _list_subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder that may hold pictures of a study."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith((".", "_")) and name.lower() not in _PASSED_OVER]


def _count_pictures(folder: Path) -> int:
    """Return how many files of a folder are pictures by their name."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.name.lower().endswith(IMAGE_SUFFIXES) for entry in entries)
    except OSError:
        return 0
