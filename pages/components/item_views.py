"""Items as small pictures with their label, and where they are in the study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.pseudo_labels import Neighbour
from medxai_core.study import Study
from pages.components.cached import get_items, get_small_item
from pages.components.class_words import CLASS_COLORS, CLASS_ICONS, say_class


def find_position(study: Study, item_id: str) -> int:
    """Return the position of an item."""
    return int(np.flatnonzero(get_items(study).item_ids == item_id)[0])


def has_tiles(study: Study) -> bool:
    """Return True when items are parts of frames."""
    return tuple(study.get_fact("tiles", (1, 1))) != (1, 1)


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
