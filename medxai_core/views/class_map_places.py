"""Where in an item the class map that proposed labels sees polyp, drawn on the study's own thumbnail."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from medxai_core.errors import StageMissingError
from medxai_core.features.registry import CLASS_MAP_PLACES
from medxai_core.masks import overlay_heatmap
from medxai_core.records.clusterings import get_features
from medxai_core.records.pictures import Images, Items, get_thumbnail_path
from medxai_core.study import Study

OPACITY = 0.45


def get_class_map_places(study: Study, position: int) -> np.ndarray | None:
    """Return how much each place of an item looks like the labelled polyps, (14, 14) float32.

    0..1, by the highest place of its whole picture; above 0.35 the labels alone would draw a mask. None where the
    class map has not looked.

    Parameters
    ----------
    position : int
        Row of the item.
    """
    try:
        [values] = get_features(study, CLASS_MAP_PLACES.name).values()
    except StageMissingError:
        return None
    found = np.array(values[position], np.float32)
    side = round(len(found) ** 0.5)
    return found.reshape(side, side) if np.isfinite(found).all() else None


def draw_class_map_places(study: Study, images: Images, items: Items, position: int) -> bytes | None:
    """Return an item's part of its picture's thumbnail with the class map over it, as a JPEG; None without either."""
    places = get_class_map_places(study, position)
    path = get_thumbnail_path(study, str(items.image_ids[position]))
    if places is None or not path.is_file():
        return None
    picture = int(items.image_positions[position])
    with Image.open(path) as opened:
        scales = [opened.width / int(images.widths[picture]), opened.height / int(images.heights[picture])] * 2
        box = [round(int(side) * scale) for side, scale in zip(items.boxes[position], scales, strict=True)]
        tile = np.asarray(
            opened.convert("RGB").crop((box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)))
        )
    size = (tile.shape[1], tile.shape[0])
    heat = np.asarray(Image.fromarray(places).resize(size, Image.Resampling.BILINEAR)).clip(0, 1)
    buffer = io.BytesIO()
    Image.fromarray(overlay_heatmap(tile, heat, opacity=OPACITY)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
