"""Read and write masks as pictures: above 127 is foreground, 0 and 255 are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from medxai_core.errors import MaskMismatchError
from medxai_core.images.decoding import decode_rgb
from medxai_core.images.opening import MAX_PIXELS, PathLike, make_printable_name, open_picture

_LOSSY_FORMATS = ("JPEG", "MPO", "WEBP")
_MIDDLE_GREYS = slice(32, 224)
_MOST_MIDDLE = 0.25  # of 800 masks of Kvasir-SEG the highest share is 0, of its 800 pictures the lowest is .47
_FLAT_SHADES = 8  # a mask painted in one colour and saved with loss has no more


def load_mask(
    path: PathLike, *, expected_size: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Decode a mask: grey values above 127 are foreground.

    Parameters
    ----------
    path : str or path
        A one-frame picture of any mode; colours are reduced to grey (luma), alpha is laid over black.
    expected_size : (int, int) or None, default None
        Width and height of the picture the mask belongs to.
    max_pixels : int, default 100_000_000
        As in ``load_image``.

    Returns
    -------
    mask : ndarray of shape (H, W), bool

    Raises
    ------
    UnreadableImageError
        The file cannot be decoded.
    MaskMismatchError
        The size differs from ``expected_size``; or a loss-free file holds values above 0 but none above 127
        (a map of class numbers 0 and 1, say), which would silently read as an empty mask; or the file is no mask but
        a photograph: more than a quarter of it is neither black nor white, in many shades.
    """
    with open_picture(path, max_pixels=max_pixels) as image:
        _check_size(image.size, path, expected_size)
        grey = np.asarray(Image.fromarray(decode_rgb(image, path, is_mask=True)).convert("L"))
        is_lossy = image.format in _LOSSY_FORMATS
    largest = int(grey.max())
    if not is_lossy and 0 < largest <= 127:
        raise MaskMismatchError(
            f"Mask '{make_printable_name(path)}' has no grey value above 127, but values up to {largest}.",
            "Save masks with 0 for background and 255 for foreground.",
        )
    _check_is_no_photograph(grey, path)
    return grey > 127


def save_mask(mask: np.ndarray, path: PathLike) -> None:
    """Write a mask as a one-channel PNG, 0 and 255.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
    path : str or path
        Name ending in ``.png``. The folder must exist.
    """
    if mask.ndim != 2 or mask.dtype != bool or mask.size == 0:
        raise ValueError(f"mask must be (H, W) bool with H, W >= 1; got {mask.shape} {mask.dtype}.")
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"mask files end in .png (saved without loss); got '{make_printable_name(path)}'.")
    Image.fromarray(mask.astype(np.uint8) * 255).save(path, format="PNG")


def _check_is_no_photograph(grey: np.ndarray, path: PathLike) -> None:
    """Raise when the middle greys of a file are many and of many shades; a mask has flat ones, and soft edges."""
    shades = np.bincount(grey.ravel(), minlength=256)[_MIDDLE_GREYS]
    total = int(shades.sum())
    if total > _MOST_MIDDLE * grey.size and np.sort(shades)[-_FLAT_SHADES:].sum() < 0.5 * total:
        raise MaskMismatchError(
            f"'{make_printable_name(path)}' is not a mask but looks like a photograph: {total / grey.size:.0%} of it "
            "is neither black nor white.",
            "Give the folder of the masks: white where the polyp is, black elsewhere.",
        )


def _check_size(size: tuple[int, int], path: PathLike, expected_size: tuple[int, int] | None) -> None:
    """Raise unless the mask has the size of its picture."""
    if expected_size is None or size == tuple(expected_size):
        return
    raise MaskMismatchError(
        f"Mask '{make_printable_name(path)}' is {size[0]}x{size[1]} pixels; its picture is "
        f"{expected_size[0]}x{expected_size[1]} (width x height).",
        "Give a mask of the size of the picture.",
    )
