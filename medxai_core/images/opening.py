"""Open picture files by their header; say clearly what is wrong with those that cannot be opened."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from medxai_core.errors import UnreadableImageError

MAX_PIXELS = 100_000_000
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp")
PathLike = str | os.PathLike[str]

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP")
_DECODE_ERRORS = (  # what Pillow's decoders raise on damaged files
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    struct.error,
    UserWarning,  # where the caller turned warnings into errors
    zlib.error,
)
_WARNINGS_LOCK = threading.Lock()  # warnings.catch_warnings is not safe between threads


def read_image_size(path: PathLike) -> tuple[int, int]:
    """Read width and height from the header, without decoding.

    Returns
    -------
    size : (int, int)
        Width and height in pixels, as stored (EXIF orientation ignored).

    Raises
    ------
    UnreadableImageError
        The file is missing, empty or no picture.
    """
    with open_picture(path) as image:
        return image.size


def compute_file_hash(path: PathLike) -> str:
    """Compute the SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises
    ------
    UnreadableImageError
        The file is missing or cannot be read.
    """
    _check_regular_file(path)
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise make_unreadable_error(
            path, f"cannot be read ({error.strerror})", "Check the file's permissions."
        ) from error


@contextmanager
def open_picture(path: PathLike, *, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open a picture by its header; every decoding error in the body becomes an UnreadableImageError.

    Parameters
    ----------
    path : str or path
    max_pixels : int or None, default None
        Refuse larger pictures before a pixel is decoded. None: only Pillow's own limit holds.

    Yields
    ------
    image : PIL.Image.Image
        Not decoded yet.

    Raises
    ------
    UnreadableImageError
        The file is missing, empty, too large, damaged or no picture.
    """
    _check_regular_file(path)
    try:
        with open(path, "rb") as file, open_header(file) as image:
            _check_pixel_count(image.size, path, max_pixels)
            yield image
    except UnidentifiedImageError as error:
        raise make_unreadable_error(
            path, f"is not a picture of a known kind ({', '.join(_FORMATS)})", "Save it as PNG or JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise make_unreadable_error(
            path, f"is too large to open safely ({error})", "Scale the picture down."
        ) from error
    except _DECODE_ERRORS as error:
        reason = f"is damaged, cut short or not readable ({type(error).__name__}: {error})"
        raise make_unreadable_error(path, reason, "Copy the file again from its source.") from error


def open_header(file: BinaryIO) -> Image.Image:
    """Read the header only, with Pillow's own size warning turned off (the caller checks the size)."""
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(file, formats=_FORMATS)


def make_unreadable_error(path: PathLike, what: str, remedy: str) -> UnreadableImageError:
    """Make the error for one file: its name, what is wrong, what to do."""
    return UnreadableImageError(f"'{make_printable_name(path)}' {what}.", remedy)


def make_printable_name(path: PathLike) -> str:
    """Return the path as text that can always be written, also if its bytes are no valid text."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _check_regular_file(path: PathLike) -> None:
    """Raise unless the path is a file with something in it."""
    path = Path(path)
    try:
        exists, is_file = path.exists(), path.is_file()
        n_bytes = path.stat().st_size if is_file else 0
    except (OSError, ValueError) as error:
        raise make_unreadable_error(
            path, f"cannot be reached ({error})", "Check the name and the permissions."
        ) from error
    if not exists:
        raise make_unreadable_error(path, "does not exist", "Check the name, or put the file back.")
    if not is_file:
        kind = "a folder" if path.is_dir() else "not a regular file"
        raise make_unreadable_error(path, f"is {kind}, not a picture", "Name a picture file.")
    if n_bytes == 0:
        raise make_unreadable_error(path, "is empty (0 bytes)", "Copy the file again from its source.")


def _check_pixel_count(size: tuple[int, int], path: PathLike, max_pixels: int | None) -> None:
    """Raise if the header announces more pixels than allowed, or none."""
    width, height = size
    if width * height == 0:
        raise make_unreadable_error(path, f"has no pixels ({width}x{height})", "Export the picture again.")
    if max_pixels is not None and width * height > max_pixels:
        counts = f"{width}x{height} = {width * height:,} pixels, at most {max_pixels:,} are read"
        raise make_unreadable_error(path, f"is too large: {counts}", "Scale the picture down.")
