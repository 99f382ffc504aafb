"""The first thing a new user sees: make the demo, or import pictures."""

from __future__ import annotations

import streamlit as st

from medxai_core import making
from medxai_core.config import get_home
from medxai_core.errors import MedxaiError
from pages.components.frame import choose_study, show_error
from pages.components.study.importing import show_import
from pages.components.study.making import is_form_open, remember_started, turn_form


def show_welcome() -> None:
    """Offer the demo and the import, side by side; then the form of the import."""
    st.markdown(
        "From endoscopy pictures to masks that **no one drew**, and how far to trust them. "
        "Pictures are grouped by their looks, a few labels spread over the groups, a classifier learns from them, "
        "and its heat map becomes the mask."
    )
    show_import_or_demo()


def show_import_or_demo() -> None:
    """Show the two ways to a study."""
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(border=True):
        _show_demo()
    with right, st.container(border=True):
        show_import()


def _show_demo() -> None:
    """Offer to make the demo study."""
    st.markdown("#### :material/auto_awesome: Try the demo")
    st.markdown(
        "480 drawn colonoscopy frames with exact masks. No patient, no download. "
        "Every page is filled: clusters, proposed labels, a small trained classifier, heat maps, scores."
    )
    demo = get_home() / "studies" / making.DEMO_NAME
    if (demo / "study.db").exists():
        st.button("Open the demo", icon=":material/arrow_forward:", on_click=_open_demo, args=(str(demo.resolve()),))
        return
    progress = making.get_demo_progress()
    at_work = progress is not None and progress.is_open
    if st.button("Make the demo study", type="primary", icon=":material/play_arrow:", disabled=at_work):
        _start_demo()
    st.caption("Takes about 3 minutes on a laptop. You can leave this page meanwhile.")


def _open_demo(folder: str) -> None:
    """Leave the form and open the demo."""
    choose_study(folder)
    if is_form_open():
        turn_form()


def _start_demo() -> None:
    """Start making the demo and draw the page again."""
    try:
        making.start_demo()
    except MedxaiError as error:
        show_error(error)
        return
    remember_started(making.DEMO_NAME)
    st.rerun()
