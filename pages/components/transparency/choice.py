"""Choose the picture whose story is told: from a grid or by id; the address keeps it."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import ImageNotFoundError
from medxai_core.records.pictures import Images, find_image, get_thumbnail_path
from medxai_core.study import Study
from pages.components.address import change_address
from pages.components.class_words import shorten
from pages.components.page_links import read_address, write_address

IMAGE, TILE = "image", "tile"
JUMP, NOTE = "story_jump", "story_jump_note"
A_PAGE = 24
SPLITS = ("test", "tuning", "validation", "train")


def find_chosen(study: Study) -> str | None:
    """Return the id of the picture in the address, when the study holds it."""
    asked = st.query_params.get(IMAGE)
    if not asked:
        return None
    try:
        found = str(find_image(study, asked.partition("-")[0])["image_id"])
    except ImageNotFoundError:
        change_address({IMAGE: None})
        st.warning("No single picture of this study has the id of the address.", icon=":material/search_off:")
        return None
    tile = asked.partition("-")[2]
    change_address({IMAGE: found} | ({TILE: tile} if tile else {}))
    return found


def choose_image(image_id: str) -> None:
    """Make a picture the current one; a callback."""
    change_address({IMAGE: image_id, TILE: None})


def forget_image() -> None:
    """Go back to the grid; a callback."""
    change_address({IMAGE: None, TILE: None})


def ask_jump(study: Study) -> None:
    """Let the user go to a picture by the beginning of its id."""
    st.text_input(
        "Go to id", key=JUMP, max_chars=64, placeholder="first 8 signs", on_change=_jump, args=(study,), width=220
    )
    if st.session_state.pop(NOTE, False):
        st.caption(":material/error: No single picture has this id.")


def _jump(study: Study) -> None:
    """Go to the typed id; a callback."""
    typed = st.session_state[JUMP].strip().lower()
    st.session_state[JUMP] = ""
    if typed:
        try:
            choose_image(str(find_image(study, typed)["image_id"]))
        except ImageNotFoundError:
            st.session_state[NOTE] = True


def show_grid(study: Study, images: Images) -> None:
    """Show the pictures of a split, a page at a time; a button under each opens its story."""
    counts = {split: len(images.positions_in(split)) for split in SPLITS}
    options = [split for split in SPLITS if counts[split]]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = st.segmented_control(
            "Pictures",
            options,
            default=options[0],
            required=True,
            key="story_split",
            format_func=lambda name: f"{name.capitalize()} ({counts[name]})",
        )
        ask_jump(study)
    positions = images.positions_in(split or options[0])
    n_pages = max(1, -(-len(positions) // A_PAGE))
    page = st.pagination(n_pages, key=f"story_page_{split}") if n_pages > 1 else 1
    with st.grid("auto", min_column_width=130, gap="small"):
        for position in positions[(page - 1) * A_PAGE : page * A_PAGE]:
            _show_small(study, str(images.image_ids[position]))


def _show_small(study: Study, image_id: str) -> None:
    """Show one small picture above the button that opens its story."""
    with st.container(gap="xxsmall"):
        path = get_thumbnail_path(study, image_id)
        if path.is_file():
            st.image(path.read_bytes(), width="stretch", alt=f"Picture {shorten(image_id)}")
        st.button(
            shorten(image_id),
            key=f"story-open-{image_id}",
            type="tertiary",
            width="stretch",
            on_click=choose_image,
            args=(image_id,),
        )


def choose_tile(image_id: str, item_ids: tuple[str, ...]) -> str | None:
    """Let the user choose a tile of the picture; return its item id, or None where there are no tiles."""
    if len(item_ids) < 2:
        return None
    tiles = [item_id.removeprefix(image_id).lstrip("-") for item_id in item_ids]
    key = f"story_tile_{image_id}"
    read_address(TILE, key, tiles, default=tiles[0])
    chosen = st.segmented_control(
        "Tile",
        tiles,
        key=key,
        required=True,
        format_func=_say_tile,
        help="Each tile has its own features, cluster, label and prediction. Heat map and mask are of the whole "
        "picture.",
    )
    write_address(TILE, key, chosen)
    return item_ids[tiles.index(chosen)]


def _say_tile(tile: str) -> str:
    """Return a tile as people say it.

    >>> _say_tile("r0c1")
    'row 1, column 2'
    """
    row, _, column = tile.removeprefix("r").partition("c")
    return f"row {int(row) + 1}, column {int(column) + 1}"
