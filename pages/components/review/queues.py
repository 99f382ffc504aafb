"""The two queues of pictures to judge: proposals, and seeds from zero."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import StageMissingError
from medxai_core.study import Study
from pages.components.cached import get_suggested_seeds
from pages.components.links import link_to
from pages.components.review.decks import QUEUE_PARAMETER
from pages.components.review.queue import SELECTION, STEP, get_selection, load_review
from pages.components.review.start import show_no_features, show_no_proposals, show_rounds_again
from pages.components.review_grid import show_review_grid


def show_proposals(study: Study) -> None:
    """Show the proposals to judge; a selection of the map also where nothing is proposed."""
    review = load_review(study)
    if review is None and not (st.query_params.get(QUEUE_PARAMETER) == SELECTION and get_selection(study)):
        show_no_proposals(study)
        return
    show_review_grid(study, "proposals")
    if review is not None:
        with st.expander("Let labels be proposed again", icon=":material/refresh:"):
            show_rounds_again(study, review.reasoning.labelling)


def show_seeds(study: Study) -> None:
    """Show the pictures to label first."""
    try:
        get_suggested_seeds(study, STEP)
    except StageMissingError:
        show_no_features(study)
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.caption(
            "The pictures suggested differ from each other as much as can be, so unusual ones come first: "
            "their share says nothing about the study.",
            width="stretch",
        )
        link_to("review", "Let labels be proposed from these", review_view="Proposals")
    show_review_grid(study, "seeds")
