"""What every page needs of its frame: the study at hand, errors, empty states, durations, the footer."""

from __future__ import annotations

import hashlib

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import MedxaiError
from medxai_core.study import Study
from medxai_core.views.standing import has_pictures
from pages.components.cached import get_study
from pages.components.class_words import escape
from pages.components.links import arrive_at, go_to_page, link_to
from pages.components.reader import get_reader
from pages.components.study_picker import STUDY_KEY, choose_study

IN_FRAME = "in_frame"

__all__ = [
    "choose_study",
    "find_current_study",
    "format_seconds",
    "get_reader",
    "keep_in_frame",
    "mark_frame",
    "name_items",
    "name_study",
    "require_pictures",
    "require_study",
    "show_empty",
    "show_error",
    "show_footer",
]


def find_current_study() -> Study | None:
    """Return the chosen study, or None when there is none."""
    folder = st.session_state.get(STUDY_KEY)
    return get_study(folder) if folder else None


def mark_frame(page: str) -> None:
    """Note that app.py has drawn the frame of this session, and around which page."""
    st.session_state[IN_FRAME] = True
    arrive_at(page)


def keep_in_frame() -> None:
    """Draw the page again inside app.py when it was drawn alone.

    A fresh server takes the folder pages/ for pages of its own until app.py has run once; whoever comes by a link
    to a page, or still has one open, would see it without its frame. Each session is asked, for another one may
    have told the server meanwhile.
    """
    if IN_FRAME not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()


def require_study() -> Study:
    """Return the chosen study; without one say what to do and end the page."""
    keep_in_frame()
    study = find_current_study()
    if study is None:
        show_empty("There is no study yet.", "Make the demo or import pictures first.", "study", "Go to Study")
        st.stop()
    require_pictures(study)
    return study


def require_pictures(study: Study) -> None:
    """Say what to do in a study without pictures, and end the page."""
    if has_pictures(study):
        return
    st.info("**This study holds no picture.** Each import makes a study of its own.", icon=":material/info:")
    if st.button("Import pictures", type="primary", icon=":material/add_photo_alternate:", key="import-instead"):
        go_to_page("study", new="1")
    st.stop()


def name_items(study: Study) -> str:
    """Return what is clustered, labelled and learned from, as people say it: pictures, or tiles of them."""
    return "pictures" if tuple(study.get_fact("tiles", [1, 1])) == (1, 1) else "tiles"


def name_study(study: Study) -> str:
    """Return a short name of a study for what the browser keeps: no path, and no other study has it."""
    return hashlib.blake2b(f"{study.folder} {study.get_fact('created_at')}".encode(), digest_size=8).hexdigest()


def show_empty(what: str, remedy: str, page: str, label: str) -> None:
    """Say what is missing and lead to the page that makes it."""
    st.info(f"**{what}** {remedy}", icon=":material/info:")
    link_to(page, label)


def show_error(error: MedxaiError) -> None:
    """Show what happened and what to do."""
    st.error(f"**{escape(error.message)}**\n\n{escape(error.remedy)}", icon=":material/error:")


def format_seconds(seconds: float | None) -> str:
    """Return a duration as people say it.

    >>> format_seconds(75), format_seconds(None)
    ('1 min 15 s', '-')
    """
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def show_footer() -> None:
    """Say on every page what this is not."""
    st.divider()
    st.caption(RESEARCH_USE)
