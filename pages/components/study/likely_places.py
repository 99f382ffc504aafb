"""Folders in which pictures are likely to lie, to be taken by one click instead of typing a path."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from medxai_core.studies.likely_folders import LikelyFolder, list_likely_folders
from pages.components.class_words import escape, plural

FOLDER_KEY = "import-images-folder"
FOUND_KEY = "likely_folders"


def show_likely_places() -> None:
    """Offer folders with pictures on the computer that runs the app; looked for once a session."""
    if FOUND_KEY not in st.session_state:
        with st.spinner("Looking for folders with pictures"):
            st.session_state[FOUND_KEY] = list_likely_folders()
    found: list[LikelyFolder] = st.session_state[FOUND_KEY]
    if not found:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Found here:", width="content")
        for number, one in enumerate(found):
            st.button(
                f"{escape(shorten_path(one.path))} ({plural(one.n_pictures, 'picture')})",
                key=f"likely-{number}",
                type="tertiary",
                icon=":material/folder:",
                on_click=_take,
                args=(str(one.path),),
            )


def _take(folder: str) -> None:
    """Write a folder into the field."""
    st.session_state[FOLDER_KEY] = folder


def shorten_path(path: Path) -> str:
    """Return the last two parts of a path, which tell it from others.

    >>> shorten_path(Path("/data/kvasir-seg/images"))
    'kvasir-seg/images'
    """
    return "/".join(path.parts[-2:])
