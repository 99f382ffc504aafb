"""The pictures of a study as thumbnails, and the removal of one of them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.records.pictures import Images, find_image, get_thumbnail_path
from medxai_core.studies.removal import remove_image
from medxai_core.studies.uploads import delete_uploaded_file
from medxai_core.study import Study
from pages.components.address import change_address
from pages.components.cached import get_version, remember
from pages.components.class_words import shorten
from pages.components.frame import show_error
from pages.components.page_links import open_page, tell_unknown
from pages.components.reader import get_reader

A_PAGE = 24
REMOVE_KEY = "picture_to_remove"
SPLITS = ("all", "train", "validation", "tuning", "test")


def show_asked_picture(study: Study, images: Images) -> None:
    """Show the picture that the address asks for, with what is recorded of its file."""
    asked = st.query_params.get("image")
    with st.container():  # its place is always there, so that nothing below it moves
        if not asked:
            return
        found = np.flatnonzero(images.image_ids == asked)
        if not len(found):
            tell_unknown({"image": ()})
            return
        position = int(found[0])
        with st.container(border=True, horizontal=True, gap="medium"):
            with st.container(width=170):
                show_picture(study, asked, caption=shorten(asked))
            with st.container():
                st.markdown(f"**Picture {shorten(asked)}**, {_describe(images, position)}")
                open_page("transparency", "Its story", key="asked-picture", image=asked)
                st.button("Close", key="asked-picture-close", type="tertiary", icon=":material/close:", on_click=_close)


def _describe(images: Images, position: int) -> str:
    """Say how large a picture is, in which split, and with how many others it stays together."""
    together = int((images.groups == images.groups[position]).sum()) - 1
    others = "it stands alone" if not together else f"it stays together with {together} other pictures"
    mask = "with a mask" if images.mask_paths[position] else "without a mask"
    size = f"{images.widths[position]} x {images.heights[position]} pixels"
    return f"{size}, {mask}; split {images.splits[position]}; {others}."


def _close() -> None:
    """Take the picture out of the address; a callback."""
    change_address({"image": None})


def show_pictures(study: Study, images: Images) -> None:
    """Show the pictures a page at a time, of one split or of all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Split", SPLITS, default="all", required=True, key="pictures_split", bind="query-params"
        )
        chosen = SPLITS[1:] if split == "all" else (split,)
        key = (split, get_version(study))
        positions = remember(str(study.folder), "shown-positions", key, lambda: images.positions_in(*chosen))
        n_pages = max(1, -(-len(positions) // A_PAGE))
        page = st.pagination(n_pages, key=f"pictures_page_{split}") if n_pages > 1 else 1
    if not len(positions):
        st.caption("No pictures in this split.")
        return
    with st.grid("auto", min_column_width=130, gap="small"):
        for position in positions[(page - 1) * A_PAGE : page * A_PAGE]:
            image_id = str(images.image_ids[position])
            show_picture(study, image_id, caption=f"{shorten(image_id)} · {images.splits[position]}")


def show_picture(study: Study, image_id: str, *, caption: str) -> None:
    """Show one picture by its thumbnail."""
    path = get_thumbnail_path(study, image_id)
    if path.is_file():
        st.image(str(path), caption=caption, width="stretch", alt=f"Picture {shorten(image_id)}")
    else:
        st.caption(f"{caption}: no thumbnail")


def show_removal(study: Study) -> None:
    """Ask which picture is to be removed."""
    st.markdown(
        "Deletes the thumbnail, features, heat maps and all else that was made from the picture. Its id stays in the "
        "log. **What was trained and scored with it is not undone**: train and score again."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Id of the picture", key="remove-id", placeholder="its first 8 signs suffice", width=320)
        asked = st.button("Remove the picture", icon=":material/delete:", key="remove-ask", disabled=study.read_only)
    if asked and typed.strip():
        try:
            found = find_image(study, typed.strip().lower())
        except MedxaiError as error:
            show_error(error)
            return
        confirm_removal(study, str(found["image_id"]))


@st.dialog("Remove this picture for good?")
def confirm_removal(study: Study, image_id: str) -> None:
    """Show the picture, and remove it when the reader says so again."""
    show_picture(study, image_id, caption=shorten(image_id))
    st.caption("This cannot be undone.")
    with st.container(horizontal=True):
        if st.button("Keep it", type="primary", key="remove-keep"):
            st.rerun()
        ask = {"on_click": _ask_removal, "args": (image_id,)}
        if st.button("Remove it for good", icon=":material/delete:", key="remove-confirm", **ask):
            st.rerun()


def _ask_removal(image_id: str) -> None:
    """Note that the reader said so again; the page removes the picture when it is drawn next."""
    st.session_state[REMOVE_KEY] = image_id


def finish_removal(study: Study) -> None:
    """Remove the picture that was confirmed, its uploaded file too, and say what stays."""
    image_id = st.session_state.pop(REMOVE_KEY, None)
    if image_id is None:
        return
    try:
        with st.spinner("Removing the picture and all that was made from it"):
            removed = remove_image(study, image_id, actor=get_reader())
    except MedxaiError as error:
        show_error(error)
        return
    note = f"Picture {shorten(image_id)} was removed."
    if removed.left_on_disk and not delete_uploaded_file(removed.left_on_disk):
        note += " Its original file is yours and stays where it is; delete it there if it must go."
    st.success(note, icon=":material/delete:")
