"""Pictures of an item: enlarged, inside its whole frame, and small with its label."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from medxai_core.errors import MedxaiError
from medxai_core.pseudo_labels import Neighbour
from medxai_core.study import Study
from pages.components.cached import cut_item, get_images, get_items, get_picture, get_small_item
from pages.components.class_words import CLASS_COLORS, CLASS_ICONS, say_class, shorten

LARGE, FRAME, HEIGHT = 800, 640, 600
OUTLINE = (230, 159, 0)
UNREADABLE = "This picture cannot be read now. Flag or skip it; the Study page says which files are missing."


def find_position(study: Study, item_id: str) -> int:
    """Return the position of an item."""
    return int(np.flatnonzero(get_items(study).item_ids == item_id)[0])


def has_tiles(study: Study) -> bool:
    """Return True when items are parts of frames."""
    return tuple(study.get_fact("tiles", (1, 1))) != (1, 1)


def show_item(study: Study, position: int) -> None:
    """Show an item enlarged."""
    try:
        pixels = cut_item(study, position)
    except MedxaiError:  # its words name the file, and a file name may give the class away
        st.warning(UNREADABLE, icon=":material/broken_image:")
        return
    item_id = get_items(study).item_ids[position]
    width = round(HEIGHT * pixels.shape[1] / pixels.shape[0])
    picture = _encode(Image.fromarray(pixels), LARGE)
    st.image(picture, width=width, alt=f"Item {shorten(item_id)}, enlarged, to be judged by eye")


def show_frame(study: Study, position: int) -> None:
    """Show the whole frame of an item, the item outlined."""
    items = get_items(study)
    try:
        picture = _outline(study, position)
    except MedxaiError:
        st.caption("The whole frame cannot be read now.")
        return
    place = f"row {items.tile_rows[position] + 1}, column {items.tile_columns[position] + 1}"
    name = shorten(items.image_ids[position])
    st.image(picture, width="stretch", alt=f"Whole frame {name}; the item is outlined at {place}")
    st.caption(f"Whole frame {name}; the part to judge is outlined ({place}).")


def show_neighbours(study: Study, neighbours: Sequence[Neighbour], *, proposed: str) -> None:
    """Show labelled items small, each with label and distance; those of another class are named so."""
    with st.grid(max(len(neighbours), 6), min_column_width=96, gap="small"):
        for neighbour in neighbours:
            with st.container(gap="xxsmall"):
                show_small(study, neighbour.row, alt=f"Labelled {say_class(neighbour.label)}")
                st.badge(
                    say_class(neighbour.label),
                    icon=CLASS_ICONS.get(neighbour.label),
                    color=CLASS_COLORS.get(neighbour.label, "gray"),
                )
                other = "" if neighbour.label == proposed else " · other class"
                st.caption(f"distance {neighbour.distance:.0f}{other}")


def show_small(study: Study, position: int, *, alt: str, size: int = 224) -> None:
    """Show one item small."""
    try:
        st.image(get_small_item(study, position, size), width="stretch", alt=alt)
    except MedxaiError:
        st.caption("cannot be read")


def _outline(study: Study, position: int) -> bytes:
    """Return the frame as a JPEG, with a two-coloured line around the item."""
    items, images = get_items(study), get_images(study)
    frame = Image.fromarray(get_picture(study, images.relative_paths[items.image_positions[position]]))
    scale = FRAME / max(frame.size)
    frame = frame.resize((round(frame.width * scale), round(frame.height * scale)), Image.Resampling.LANCZOS)
    x0, y0, x1, y1 = (round(side * scale) for side in items.boxes[position])
    draw = ImageDraw.Draw(frame)
    draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=(255, 255, 255), width=6)
    draw.rectangle((x0 + 1, y0 + 1, x1 - 2, y1 - 2), outline=OUTLINE, width=4)
    return _encode(frame, FRAME)


def _encode(picture: Image.Image, side: int) -> bytes:
    """Return a picture as a JPEG of a given longer side."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()
