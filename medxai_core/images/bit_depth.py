"""How many bits of a 16-bit file hold the picture: cameras that give 10, 12 or 14 are stored in such files."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from medxai_core.images.opening import PathLike, make_unreadable_error

FULL = 16
DIM_BELOW = 4096
"""A 16-bit picture whose values are all lower has at most a sixteenth of full light: most likely it has 12 bits."""

_PNG_SIGNATURE = 8
_BITS_PER_SAMPLE, _HIGHEST_SAMPLE = 258, 281  # tags of TIFF


def find_used_bits(values: np.ndarray, image: Image.Image, path: PathLike) -> int:
    """Return how many bits full light takes, 8 to 16: what the file says, else 16.

    Parameters
    ----------
    values : ndarray of any shape, unsigned
        All samples of the picture.
    image : PIL.Image.Image
        The opened file.

    Raises
    ------
    UnreadableImageError
        The file says nothing, and all values are so low that 16 bits would give a nearly black picture. How bright it
        is cannot be told then: guessed from its own highest value, two frames of a video would differ in light.

    Notes
    -----
    A PNG says it in its chunk sBIT. By its standard the values are scaled to 16 bits all the same; not all programs do
    so, and whether they were scaled is seen in the lowest bits. A TIFF says it in BitsPerSample and MaxSampleValue.

    References
    ----------
    .. [1] Portable Network Graphics, third edition, 11.3.2.7 and 13.12. https://www.w3.org/TR/png-3/
    """
    highest = int(values.max())
    stated = _read_png_bits(path) if image.format == "PNG" else _read_tiff_bits(image)
    if stated is None and 0 < highest < DIM_BELOW:
        raise make_unreadable_error(
            path,
            f"has 16 bits a channel, but no value above {highest} of 65535, and does not say how many bits it uses: it "
            "would be nearly black",
            "Save it as an 8-bit PNG with its full brightness, or let the file say its bits (PNG: sBIT; TIFF: "
            "MaxSampleValue, 4095 for 12 bits).",
        )
    if stated is None or not 8 <= stated < FULL or highest >= 2**stated:
        return FULL
    return FULL if image.format == "PNG" and _is_scaled(values, stated) else stated


def _is_scaled(values: np.ndarray, bits: int) -> bool:
    """Say whether values below 2**bits were scaled to 16 bits: v * 65535 / (2**bits - 1) ends in zeros, or in a 1.

    >>> _is_scaled(np.array([0, 16, 3201]), 12), _is_scaled(np.array([0, 16, 3205]), 12)
    (True, False)
    """
    return bool((values & (2 ** (FULL - bits) - 1)).max() <= 1)


def _read_png_bits(path: PathLike) -> int | None:
    """Return the most significant bits that a colour of a PNG is said to have; None when it says nothing."""
    with open(path, "rb") as file:
        file.seek(_PNG_SIGNATURE)
        while (head := file.read(8)) and len(head) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"sBIT":
                return _read_sbit(file, length)
            if kind == b"IDAT":
                return None
            file.seek(length + 4, 1)  # content and checksum
    return None


def _read_sbit(file: BinaryIO, length: int) -> int | None:
    """Return the largest of one number a channel, that of alpha left out."""
    said = file.read(min(length, 4))
    colours = said[: len(said) - 1] if len(said) in (2, 4) else said
    return max(colours, default=None)


def _read_tiff_bits(image: Image.Image) -> int | None:
    """Return the bits that a TIFF says its values take; None when it says 16 and no highest value."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits = int(max(tags.get(_BITS_PER_SAMPLE, (FULL,))))
    highest = tags.get(_HIGHEST_SAMPLE)
    if highest:
        return max(8, int(max(highest) if isinstance(highest, tuple) else highest).bit_length())
    return bits if bits < FULL else None
