"""The app: page config, study picker, running-job strip, one error boundary, navigation."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from medxai_core.errors import MedxaiError
from pages.components.frame import show_error, show_footer, show_job_strip, show_study_picker
from pages.components.links import PAGES

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Draw the frame around the chosen page, and the page in it."""
    st.set_page_config(
        page_title="MedXAI Explorer",
        page_icon=str(ROOT / "assets" / "logo.svg"),
        layout="wide",
        initial_sidebar_state="expanded",
    )
    st.logo(str(ROOT / "assets" / "logo_wide.svg"), icon_image=str(ROOT / "assets" / "logo.svg"), size="large")
    pages = [
        st.Page(
            str(ROOT / "pages" / f"{page.name}.py"),
            title=page.title,
            icon=page.icon,
            url_path=page.url,
            default=page.is_first,
        )
        for page in PAGES
    ]
    chosen = st.navigation(pages, position="hidden")
    with st.sidebar:
        for page, facts in zip(pages, PAGES, strict=True):
            st.page_link(page, label=facts.title, icon=facts.icon, help=facts.purpose)
        show_study_picker()
    show_job_strip()
    try:
        chosen.run()
    except MedxaiError as error:
        show_error(error)
    show_footer()


main()
