"""The app: page config, navigation, study picker, stepper, running-job strip, one error boundary."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from medxai_core.errors import MedxaiError
from pages.components.frame import mark_frame, show_error, show_footer
from pages.components.frame_bar import show_frame_bar
from pages.components.job_strip import show_job_strip
from pages.components.links import PAGES, go_to_first_page, read_kept
from pages.components.study_picker import show_study_picker, show_unknown_study

ROOT = Path(__file__).resolve().parent
SIDEBAR_WIDTH = 232  # pixels


def main() -> None:
    """Draw the frame around the chosen page, and the page in it."""
    st.set_page_config(
        page_title="MedXAI Explorer",
        page_icon=str(ROOT / "assets" / "logo.svg"),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(ROOT / "assets" / "app.css")
    st.logo(str(ROOT / "assets" / "logo_wide.svg"), icon_image=str(ROOT / "assets" / "logo.svg"), size="large")
    start = st.Page(go_to_first_page, title="MedXAI Explorer", url_path="start", default=True)
    folder = ROOT / "pages"
    pages = [st.Page(folder / f"{one.name}.py", title=one.title, icon=one.icon, url_path=one.name) for one in PAGES]
    chosen = st.navigation([start, *pages], position="hidden")
    mark_frame(chosen.url_path)
    if chosen is start:
        chosen.run()
    with st.sidebar:
        links = st.container()
        is_known = show_study_picker()
        for page, facts in zip(pages, PAGES, strict=True):
            links.page_link(page, label=facts.title, icon=facts.icon, help=facts.purpose, query_params=read_kept())
    # Places that never move: a component talks to the fragment it was drawn in, which is named by its place.
    bar, strip, body = (st.container(key=f"frame_{name}_place") for name in ("bar", "strip", "body"))
    with strip:
        show_job_strip()
    with bar:
        show_frame_bar(chosen.url_path)
    show_footer()  # before the page, which may stop before its end
    try:
        with body:
            if is_known:
                chosen.run()
            else:
                show_unknown_study()
    except MedxaiError as error:
        with body:
            show_error(error)


main()
