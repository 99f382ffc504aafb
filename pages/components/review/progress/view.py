"""The Progress view: one line that says where the review stands, four cards, and what was decided."""

from __future__ import annotations

import streamlit as st

from medxai_core.study import Study
from pages.components.review.progress.cards import show_agreement, show_effect, show_error_rate, show_labels
from pages.components.review.progress.data import load_progress
from pages.components.review.progress.files import show_files
from pages.components.review.progress.history import show_history
from pages.components.review.progress.own import show_own
from pages.components.review.progress.standing import show_standing
from pages.components.review.start import show_no_proposals

CARDS = (show_error_rate, show_labels, show_effect, show_agreement)
TABS = {"Your decisions": show_own, "Earlier states": show_history, "Files": show_files}


@st.fragment
def show_progress(study: Study) -> None:
    """Show how far the review has come, and what it says."""
    progress = load_progress(study)
    if not progress.basis.proposals:
        show_no_proposals(study)
    else:
        show_standing(progress)
    if progress.decisions or progress.basis.proposals:
        for row in (CARDS[:2], CARDS[2:]):
            for column, show_card in zip(st.columns(2, gap="small"), row, strict=True):
                with column.container(border=True, height="stretch", gap="small"):
                    show_card(progress)
    tabs = st.tabs(list(TABS), key="review_log", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab:
                show(progress)
