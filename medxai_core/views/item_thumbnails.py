"""One item inside its picture, drawn from the study's own thumbnail: the picture's file is not read."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from medxai_core.images.tile_view import mark_tile
from medxai_core.records.pictures import Images, Items, get_thumbnail_path
from medxai_core.study import Study


def draw_item_thumbnail(study: Study, images: Images, items: Items, position: int) -> bytes | None:
    """Return the thumbnail of an item's picture as a JPEG, a tile marked in it; None when it is gone.

    Parameters
    ----------
    position : int
        Row of the item.
    """
    path = get_thumbnail_path(study, str(items.image_ids[position]))
    if not path.is_file():
        return None
    picture = int(items.image_positions[position])
    size = (int(images.widths[picture]), int(images.heights[picture]))
    x0, y0, x1, y1 = (int(side) for side in items.boxes[position])
    if (x0, y0, x1, y1) == (0, 0, *size):
        return path.read_bytes()
    with Image.open(path) as opened:
        thumbnail = np.asarray(opened.convert("RGB"))
    buffer = io.BytesIO()
    Image.fromarray(mark_tile(thumbnail, (x0, y0, x1, y1), picture_size=size)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
