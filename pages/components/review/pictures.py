"""Pictures for the review: whole frames large, items small."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image

from medxai_core.errors import MedxaiError
from medxai_core.records.pictures import Images, get_thumbnail_path, load_study_image
from medxai_core.study import Study
from pages.components.cached import get_images, get_items, get_small_item, get_version, remember, remember_drawing
from pages.components.item_views import has_tiles

LARGE = 1280
"""Longest side of a frame as it is sent; the browser cuts a tile out of it."""


def bring_frames(study: Study, image_ids: list[str]) -> dict[str, bytes | None]:
    """Return frames of training pictures as JPEG, by image id; None for one that cannot be read."""
    row_of = _find_rows(study, "frames")
    return {image_id: _draw_frame(study, row_of[image_id]) for image_id in image_ids if image_id in row_of}


def bring_items(study: Study, item_ids: list[str]) -> dict[str, bytes | None]:
    """Return training items small, as JPEG, by item id; None for one that cannot be read."""
    row_of = _find_rows(study, "items")
    draw = _draw_tile if has_tiles(study) else _read_thumbnail
    return {item_id: draw(study, row_of[item_id]) for item_id in item_ids if item_id in row_of}


def _find_rows(study: Study, what: Literal["frames", "items"]) -> dict[str, int]:
    """Return the rows of the training pictures or items by id: what a review may show."""

    def collect() -> dict[str, int]:
        held = get_images(study) if what == "frames" else get_items(study)
        ids = held.image_ids if isinstance(held, Images) else held.item_ids
        return {str(ids[row]): int(row) for row in held.positions_in("train")}

    return remember(str(study.folder), "review rows", (what, get_version(study)), collect)


def _draw_frame(study: Study, position: int) -> bytes | None:
    """Return one frame, kept for a while; one that cannot be read is tried again the next time."""
    key = (get_version(study), position)
    try:
        return remember_drawing(str(study.folder), "review frame", key, lambda: _encode(study, position))
    except MedxaiError:
        return None


def _encode(study: Study, position: int) -> bytes:
    """Return one frame as a JPEG without EXIF, made smaller if it is very large."""
    pixels = load_study_image(study, str(get_images(study).relative_paths[position]))
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()


def _draw_tile(study: Study, position: int) -> bytes | None:
    """Return one tile small."""
    try:
        return get_small_item(study, position)
    except MedxaiError:
        return None


def _read_thumbnail(study: Study, position: int) -> bytes | None:
    """Return the thumbnail of a whole picture, from its file when that is there."""
    path = get_thumbnail_path(study, str(get_items(study).image_ids[position]))
    return path.read_bytes() if path.is_file() else _draw_tile(study, position)
