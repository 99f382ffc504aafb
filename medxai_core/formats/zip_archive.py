"""Unpack the pictures of a zip archive from anywhere, so that it can do no harm.

Nothing is written outside the destination, nothing but regular picture files is written, and sizes are
counted while unpacking: what an archive says of itself is not believed.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from medxai_core.errors import Failure, LayoutError
from medxai_core.images import IMAGE_SUFFIXES

OnProgress = Callable[[int, int], None]

BLOCK_BYTES = 1 << 20
LONGEST_NAME = 200
MIN_FREE_BYTES = 1 << 30
RATIO_FROM_BYTES = 100 << 20
"""Smaller archives are not judged by their ratio: a few plain masks shrink a thousandfold."""


@dataclass(frozen=True)
class ZipLimits:
    """Say how much an archive may hold.

    Attributes
    ----------
    max_files : int
        Entries, pictures or not.
    max_file_bytes, max_total_bytes : int
        Bytes of one unpacked file, and of all together.
    max_ratio : int
        Unpacked bytes for each byte of the archive; judged from 100 MB on.
    """

    max_files: int = 200_000
    max_file_bytes: int = 500 << 20
    max_total_bytes: int = 20 << 30
    max_ratio: int = 100


@dataclass(frozen=True)
class Unpacked:
    """Say what came out of an archive.

    Attributes
    ----------
    n_files, n_bytes : int
        Pictures written, and their size.
    n_ignored : int
        Entries passed over because they are no pictures.
    failures : list of Failure
        Pictures that were left out, each with the reason.
    """

    n_files: int
    n_bytes: int
    n_ignored: int
    failures: list[Failure]


def unpack_zip(
    archive: Path | BinaryIO,
    destination: Path,
    *,
    suffixes: Sequence[str] = IMAGE_SUFFIXES,
    limits: ZipLimits | None = None,
    on_progress: OnProgress | None = None,
) -> Unpacked:
    """Unpack the pictures of an archive into a new folder; it appears when all is unpacked, or not at all.

    Parameters
    ----------
    archive : Path or binary file
    destination : Path
        A folder that does not exist yet. Made with mode 0700, files in it 0600.
    suffixes : sequence of str
        Endings of the files to unpack; others are counted and passed over.
    limits : ZipLimits, optional
    on_progress : callable, optional
        Called as on_progress(done, total) in bytes as announced by the archive.

    Returns
    -------
    Unpacked

    Raises
    ------
    LayoutError
        It is no zip archive, needs a password, holds no picture, or is larger than allowed.
    """
    limits = limits or ZipLimits()
    if destination.exists():
        raise ValueError(f"destination must not exist yet; got {destination}")
    making = destination.with_name(f".{destination.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    try:
        with _open_archive(archive) as opened:
            unpacked = _unpack_entries(opened, making, suffixes=tuple(suffixes), limits=limits, on_progress=on_progress)
        os.replace(making, destination)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return unpacked


def _open_archive(archive: Path | BinaryIO) -> zipfile.ZipFile:
    """Open the archive, or raise the error that a user understands."""
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise LayoutError(
            f"the file cannot be read as a zip archive ({error}).",
            "Pack the pictures again as .zip, or unpack them and name the folder.",
        ) from error


def _unpack_entries(
    opened: zipfile.ZipFile,
    folder: Path,
    *,
    suffixes: tuple[str, ...],
    limits: ZipLimits,
    on_progress: OnProgress | None,
) -> Unpacked:
    """Write every picture of an open archive below a folder."""
    entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    _check_count(len(entries), limits)
    total, room = sum(entry.file_size for entry in entries), _find_room(opened, folder, limits)
    failures, n_files, n_bytes, seen_bytes = [], 0, 0, 0
    for entry in entries:
        seen_bytes += entry.file_size
        name = find_safe_name(entry.filename)
        if _is_ignored(entry.filename, suffixes):
            continue
        reason = _why_left_out(entry, name, folder, limits)
        if reason is None and name is not None:
            written = _write_entry(opened, entry, folder / name, room=min(limits.max_file_bytes, room - n_bytes))
            reason = written if isinstance(written, str) else None
        if reason is not None:
            failures.append(Failure(_printable(entry.filename), reason))
        else:
            n_files, n_bytes = n_files + 1, n_bytes + (folder / str(name)).stat().st_size
        if on_progress is not None:
            on_progress(seen_bytes, total)
    n_ignored = len(entries) - n_files - len(failures)
    _check_found(n_files, n_ignored, failures)
    return Unpacked(n_files, n_bytes, n_ignored, failures)


def find_safe_name(name: str) -> PurePosixPath | None:
    """Return the relative path that an entry may be written to, or None when it leads elsewhere.

    >>> find_safe_name("images/a.jpg"), find_safe_name("../a.jpg"), find_safe_name("C:\\\\a.jpg")
    (PurePosixPath('images/a.jpg'), None, None)
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    unsafe = name.startswith(("/", "\\")) or ".." in parts or any(":" in part for part in parts)
    strange = any(ord(sign) < 32 or 0xD800 <= ord(sign) <= 0xDFFF for sign in name)
    too_long = any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts) or len(parts) > 20
    return None if unsafe or strange or too_long or not parts else PurePosixPath(*parts)


def _is_ignored(name: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether an entry is no picture by its name, or junk of a file manager."""
    parts = name.replace("\\", "/").split("/")
    is_junk = any(part.startswith("__MACOSX") or part.startswith("._") for part in parts)
    return is_junk or not name.lower().endswith(suffixes)


def _why_left_out(entry: zipfile.ZipInfo, name: PurePosixPath | None, folder: Path, limits: ZipLimits) -> str | None:
    """Return why an entry is not unpacked; None when it may be."""
    if name is None:
        return "its name leads out of the archive's folder, or is too long. Pack it again under a plain name."
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is a link or a device, not a file. Pack the picture itself."
    if entry.flag_bits & 0x1:
        return "it needs a password. Pack it again without one."
    if entry.file_size > limits.max_file_bytes:
        return f"it is larger than {limits.max_file_bytes >> 20} MB. Scale the picture down."
    if (folder / name).exists():
        return "the archive holds this name twice; the first was taken."
    return None


def _write_entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, *, room: int) -> str | None:
    """Write one entry block by block; return why it failed, or raise when there is no room for it."""
    written = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with opened.open(entry) as source, open(target, "xb", opener=_open_private) as file:
            while block := source.read(BLOCK_BYTES):
                written += len(block)
                if written > room:
                    raise _make_bomb_error()
                file.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        return f"it is damaged in the archive ({error}). Pack it again."
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return "its name is that of a folder in the archive. Pack it again under another name."
    return None


def _open_private(path: str, flags: int) -> int:
    """Open a new file that only its owner can read."""
    return os.open(path, flags, 0o600)


def _find_room(opened: zipfile.ZipFile, folder: Path, limits: ZipLimits) -> int:
    """Return how many bytes may be written: by the limits, the archive's own size and the disk."""
    packed = sum(entry.compress_size for entry in opened.infolist())
    free = shutil.disk_usage(folder).free - MIN_FREE_BYTES
    return min(limits.max_total_bytes, max(RATIO_FROM_BYTES, limits.max_ratio * packed), max(free, 0))


def _check_count(n_entries: int, limits: ZipLimits) -> None:
    """Raise when an archive holds more entries than allowed."""
    if n_entries > limits.max_files:
        raise LayoutError(
            f"the archive holds {n_entries} files; at most {limits.max_files} are unpacked.",
            "Unpack it yourself and name the folder.",
        )


def _check_found(n_files: int, n_ignored: int, failures: list[Failure]) -> None:
    """Raise when no picture came out."""
    if n_files == 0:
        first = f"; the first of {len(failures)} left out: {failures[0].reason}" if failures else ""
        raise LayoutError(
            f"the archive holds no picture that can be unpacked ({n_ignored} other files{first}).",
            f"Pack files ending in {', '.join(IMAGE_SUFFIXES)}.",
        )


def _make_bomb_error() -> LayoutError:
    """Make the error for an archive that grows beyond all measure, or beyond the disk."""
    return LayoutError(
        "the archive unpacks to more than is allowed, or than the disk can hold; nothing was kept.",
        "Free space on the disk, or unpack it yourself and name the folder.",
    )


def _printable(name: str) -> str:
    """Return a name that can always be shown."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:LONGEST_NAME]
