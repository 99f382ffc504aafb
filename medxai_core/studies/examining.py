"""Look at every picture of an import once: decode, hash, quality, tiles, mask, thumbnail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import Failure, MedxaiError
from medxai_core.formats.layouts import ImageRecord
from medxai_core.images import (
    ImageQuality,
    TileBox,
    compute_file_hash,
    compute_image_quality,
    cut_tiles,
    load_image,
    load_mask,
    make_thumbnail,
)
from medxai_core.near_duplicates import compute_signature
from medxai_core.parallel import map_parallel
from medxai_core.progress import OnProgress
from medxai_core.studies.burned_in_text import find_burned_in_text

THUMBNAIL_SIZE = 224
SMALLEST_SIDE = 16


@dataclass(frozen=True)
class ExaminedImage:
    """Hold what was read from one picture.

    Attributes
    ----------
    boxes : list of TileBox
    polyp_shares : list of float or None
        Share of polyp pixels by tile; None without a mask.
    signature : (256,) uint8
    mask_failure : str or None
        Why the mask could not be taken.
    has_text : bool
        Something in it looks like burned-in text.
    """

    record: ImageRecord
    sha256: str
    width: int
    height: int
    quality: ImageQuality
    boxes: list[TileBox]
    polyp_shares: list[float] | None
    signature: np.ndarray
    mask_failure: str | None
    has_text: bool = False

    @property
    def image_id(self) -> str:
        """Id of the picture: the beginning of the hash of its file."""
        return self.sha256[:16]


def examine_images(
    records: Sequence[ImageRecord], *, tiles: tuple[int, int], thumbnails: Path, on_progress: OnProgress
) -> tuple[list[ExaminedImage], list[Failure]]:
    """Examine every picture, several at a time, and write its thumbnail.

    Parameters
    ----------
    tiles : (int, int)
        Rows and columns that a picture is cut into.
    thumbnails : Path
        Folder for the thumbnails.

    Returns
    -------
    examined : list of ExaminedImage
    failures : list of Failure
        Pictures that cannot be taken, and pictures that are taken without their mask.
    """
    work = [(record, tiles, thumbnails) for record in records]
    failures: list[Failure] = []
    found: list[ExaminedImage] = []
    for record, one in zip(records, map_parallel(_examine, work, on_progress=on_progress), strict=True):
        if isinstance(one, ExaminedImage):
            found.append(one)
            if one.mask_failure is not None:
                failures.append(Failure(record.relative_path, one.mask_failure))
        else:
            failures.append(Failure(make_storable(record.relative_path), one))
    return found, failures


def _examine(record: ImageRecord, tiles: tuple[int, int], thumbnails: Path) -> ExaminedImage | str:
    """Read one picture and its mask, write its thumbnail; return the reason when it cannot be taken."""
    if make_storable(record.relative_path) != record.relative_path:
        return "its name is not valid Unicode. Rename the file."
    try:
        image = load_image(record.image_path)
        height, width = image.shape[:2]
        if min(width, height) < SMALLEST_SIDE:
            return f"it is {width}x{height} pixels: too small to show anything; at least {SMALLEST_SIDE} a side."
        boxes = cut_tiles(width, height, rows=tiles[0], columns=tiles[1])
    except MedxaiError as error:
        return str(error)
    except ValueError as error:
        return f"{error} Import it without tiles."
    shares, mask_failure = _measure_polyp(record, boxes, size=(width, height))
    examined = ExaminedImage(
        record=record if mask_failure is None else replace(record, mask_path=None),
        sha256=compute_file_hash(record.image_path),
        width=width,
        height=height,
        quality=compute_image_quality(image),
        boxes=boxes,
        polyp_shares=shares,
        signature=compute_signature(image),
        mask_failure=mask_failure,
        has_text=bool(find_burned_in_text(image)),
    )
    _save_thumbnail(image, thumbnails / examined.image_id[:2] / f"{examined.image_id}.jpg")
    return examined


def _save_thumbnail(image: np.ndarray, path: Path) -> None:
    """Write a thumbnail, readable by its owner only."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(make_thumbnail(image, THUMBNAIL_SIZE))
    os.chmod(path, 0o600)


def _measure_polyp(
    record: ImageRecord, boxes: list[TileBox], *, size: tuple[int, int]
) -> tuple[list[float] | None, str | None]:
    """Return the share of polyp pixels by tile, or None with the reason when the mask cannot be taken."""
    if record.mask_path is None:
        return None, None
    try:
        mask = load_mask(record.mask_path, expected_size=size)
    except MedxaiError as error:
        return None, f"imported without its mask: {error}"
    return [float(mask[box.y0 : box.y1, box.x0 : box.x1].mean()) for box in boxes], None


def make_storable(name: str) -> str:
    """Return a text that the database can hold: what is not valid Unicode is replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def label_items(one: ExaminedImage) -> list[str | None]:
    """Return the reference label of each item of a picture.

    A mask decides: an item is polyp when at least one mask pixel lies in it. Without a mask the picture's
    label holds for the whole picture; for tiles only "non_polyp" does (which tile holds the polyp is unknown).
    """
    if one.polyp_shares is not None:
        return [CLASS_NAMES[int(share > 0)] for share in one.polyp_shares]
    label = one.record.reference_label
    if len(one.boxes) == 1 or label == CLASS_NAMES[0]:
        return [label] * len(one.boxes)
    return [None] * len(one.boxes)
