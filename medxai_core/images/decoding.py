"""Decode one picture to 8-bit RGB, whatever kind of pixels its file holds."""

from __future__ import annotations

import numpy as np
from PIL import Image

from medxai_core.images.bit_depth import FULL, find_used_bits
from medxai_core.images.opening import MAX_PIXELS, PathLike, make_unreadable_error, open_header, open_picture


def load_image(path: PathLike, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture to 8-bit RGB.

    Parameters
    ----------
    path : str or path
        A JPEG, PNG, BMP, TIFF, GIF or WebP file with one frame.
    max_pixels : int, default 100_000_000
        Refuse larger pictures by their header, before any pixel is decoded.

    Returns
    -------
    image : ndarray of shape (H, W, 3), uint8
        RGB.

    Raises
    ------
    UnreadableImageError
        The file is missing, empty, damaged, no picture, too large, of several frames, CMYK or of an unclear
        bit depth: also 16 bits of which at most 12 are used, when the file does not say so.

    Notes
    -----
    As the working copy of LIRE: EXIF orientation and colour profiles are ignored; grey v becomes (v, v, v);
    16-bit grey is cut to ``v >> 8``; 16-bit RGB is rounded, ``round(v * 255 / 65535)``; alpha is laid over
    black, ``(c * a * 0x10101 + 0x800000) >> 24``; a grey-with-alpha picture is taken as linear light and
    encoded to sRGB first (an oddity of Java, kept so that the features agree). A single transparent colour
    becomes black. Other than LIRE: where a 16-bit file says that its values take n bits, they are cut or rounded
    from n bits; see ``bit_depth.find_used_bits``.
    """
    with open_picture(path, max_pixels=max_pixels) as image:
        return decode_rgb(image, path)


def decode_rgb(image: Image.Image, path: PathLike, *, is_mask: bool = False) -> np.ndarray:
    """Decode an opened picture by the rules of ``load_image``.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened by ``open_picture``.
    path : str or path
        Its file: named in errors, and read a second time for 16-bit colours.
    is_mask : bool, default False
        True: grey with alpha is not taken as linear light, and 16 bits are 16 bits, however low the values.

    Returns
    -------
    image : ndarray of shape (H, W, 3), uint8
    """
    _check_kind(image, path)
    raw_mode = image.tile[0].args if image.format == "PNG" and image.tile else None  # type: ignore[attr-defined]
    if raw_mode in ("RGB;16B", "RGBA;16B"):
        return _decode_rgb16(image, path, is_mask=is_mask)
    if image.mode in ("LA", "La") or raw_mode == "LA;16B":
        rgba = np.asarray(image.convert("RGBA"))
        grey = rgba[..., :3] if is_mask else _SRGB_ENCODED[rgba[..., :3]]
        return _lay_over_black(grey, rgba[..., 3])
    if image.mode.startswith("I;16"):
        return _decode_grey16(image, path, is_mask=is_mask)
    if image.mode in ("RGBA", "RGBa", "PA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA"))
        return _lay_over_black(rgba[..., :3], rgba[..., 3])
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _check_kind(image: Image.Image, path: PathLike) -> None:
    """Raise for kinds of pictures whose right colours cannot be told."""
    if getattr(image, "is_animated", False) and image.format != "MPO":  # MPO: a camera's JPEG with previews
        raise make_unreadable_error(
            path, "holds several frames or pages", "Save the frame you mean as a PNG of its own."
        )
    if image.mode == "CMYK":
        raise make_unreadable_error(
            path, "has printing colours (CMYK)", "Convert it to RGB and save it as PNG or JPEG."
        )
    if image.mode in ("I", "F", "LAB", "HSV"):
        raise make_unreadable_error(
            path, f"has pixels of an unusual kind ({image.mode})", "Save it as an 8-bit RGB PNG."
        )
    if image.format == "TIFF":
        _check_tiff(image, path)


def _check_tiff(image: Image.Image, path: PathLike) -> None:
    """Raise for TIFF files that Pillow would turn, invert or cut to 8 bits in its own way."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits, photometric, orientation = max(tags.get(258, (1,))), tags.get(262), tags.get(274, 1)
    if orientation != 1:
        raise make_unreadable_error(path, f"is a turned TIFF (orientation {orientation})", "Save it upright as PNG.")
    if bits > 8 and (bits not in (12, 16) or photometric != 1 or not image.mode.startswith("I;16")):
        raise make_unreadable_error(path, f"is a TIFF with {bits} bits a channel", "Save it as an 8-bit RGB PNG.")


def _decode_grey16(image: Image.Image, path: PathLike, *, is_mask: bool) -> np.ndarray:
    """Cut grey to the highest 8 of the bits in use; a transparent grey becomes black."""
    values = np.asarray(image).astype(np.uint16)
    bits = FULL if is_mask else find_used_bits(values, image, path)
    is_transparent = values == image.info.get("transparency", -1)
    grey = np.where(is_transparent, 0, values >> (bits - 8)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _decode_rgb16(image: Image.Image, path: PathLike, *, is_mask: bool) -> np.ndarray:
    """Decode a 16-bit colour PNG exactly: high bytes in one pass, low bytes in a second one."""
    transparent = image.info.get("transparency")
    high = np.asarray(image).astype(np.uint32)
    with open(path, "rb") as file, open_header(file) as again:
        # Pillow keeps one byte of two. Told that the bytes are swapped, it keeps the other one.
        raw_mode = f"{image.mode};16L"
        again.tile = [tile._replace(args=raw_mode) for tile in again.tile]  # type: ignore[attr-defined]
        values = high * 256 + np.asarray(again)
    colours, alpha = values[..., :3], values[..., 3:]
    bits = FULL if is_mask else find_used_bits(colours, image, path)
    rounded = _round_to_8(colours, bits)
    if image.mode == "RGBA":
        return _lay_over_black(rounded, _round_to_8(alpha, FULL if alpha.max() >= 2**bits else bits)[..., 0])
    if transparent is not None:
        rounded[(values == np.asarray(transparent)).all(axis=2)] = 0
    return rounded


def _round_to_8(values: np.ndarray, bits: int) -> np.ndarray:
    """Return round(255 v / (2**bits - 1)) of uint32 values, as uint8; there are no ties.

    >>> _round_to_8(np.array([0, 128, 129, 65535], np.uint32), 16), _round_to_8(np.array([8, 9, 4095], np.uint32), 12)
    (array([  0,   0,   1, 255], dtype=uint8), array([  0,   1, 255], dtype=uint8))
    """
    full = 2**bits - 1
    return ((values * 510 + full) // (2 * full)).astype(np.uint8)


def _lay_over_black(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Blend (H, W, 3) colours with (H, W) alpha over black: round(c * a / 255)."""
    product = colours.astype(np.uint32) * alpha[..., None]
    return ((product * 0x10101 + 0x800000) >> 24).astype(np.uint8)


def _make_srgb_table() -> np.ndarray:
    """Make the 256 values round(255 * encode(v / 255)) of the sRGB transfer curve."""
    linear = np.arange(256) / 255
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.floor(255 * encoded + 0.5).astype(np.uint8)


_SRGB_ENCODED = _make_srgb_table()
