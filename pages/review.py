"""Page: give pictures their first labels, and judge the labels that clusters propose."""

import streamlit as st

from pages.components.frame import require_study
from pages.components.page_links import tell_unknown
from pages.components.review.decks import list_known_parts
from pages.components.review.progress import show_progress
from pages.components.review.queues import show_proposals, show_seeds

VIEWS = {"Proposals": show_proposals, "Seeds": show_seeds, "Progress": show_progress}

study = require_study()
head = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
tell_unknown({"review_view": VIEWS, **list_known_parts(study)})
with head:
    st.title("Review", anchor=False, width="content")
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default="Proposals",
        required=True,
        key="review_view",
        bind="query-params",
        label_visibility="collapsed",
        help="Seeds: label pictures from zero. Proposals: judge the labels that clusters propose.",
    )
VIEWS[view](study)
