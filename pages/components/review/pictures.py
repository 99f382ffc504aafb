"""Pictures for the review: whole frames large, items small."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from medxai_core.errors import MedxaiError
from medxai_core.records.pictures import Images, Items, get_thumbnail_path, load_study_image
from medxai_core.study import Study
from pages.components.cached import get_images, get_items, get_small_item, get_version, remember_drawing
from pages.components.item_views import has_tiles

LARGE = 1280
"""Longest side of a frame as it is sent; the browser cuts a tile out of it."""


def bring_frames(study: Study, image_ids: list[str]) -> dict[str, bytes | None]:
    """Return frames of training pictures as JPEG, by image id; None for one that cannot be read."""
    images = get_images(study)
    rows = _find_rows(images, images.rows_by_id, image_ids)
    return {image_id: _draw_frame(study, row) for image_id, row in rows.items()}


def bring_items(study: Study, item_ids: list[str]) -> dict[str, bytes | None]:
    """Return training items small, as JPEG, by item id; None for one that cannot be read."""
    items, draw = get_items(study), _draw_tile if has_tiles(study) else _read_thumbnail
    rows = _find_rows(items, items.rows_by_id, item_ids)
    return {item_id: draw(study, row) for item_id, row in rows.items()}


def _find_rows(held: Images | Items, rows_by_id: dict[str, int], ids: list[str]) -> dict[str, int]:
    """Return the rows of present training pictures or items by id: what a review may show."""
    found = {one: rows_by_id[one] for one in ids if one in rows_by_id}
    return {one: row for one, row in found.items() if held.is_present[row] and held.splits[row] == "train"}


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
