"""Page: train the classifier, watch it learn, compare runs."""

import streamlit as st

from medxai_core.views.run_states import list_run_states
from pages.components.frame import require_study
from pages.components.page_links import tell_unknown
from pages.components.training.classifier_scores import show_classifier_scores
from pages.components.training.live import show_run
from pages.components.training.runs import choose_run, show_comparison

VIEWS = ("Run", "New training", "Compare runs")

study = require_study()
states = list_run_states(study)
if st.session_state.pop("training_show_run", False):
    st.session_state["training_view"] = "Run"
head = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
tell_unknown({"training_view": VIEWS})
with head:
    st.title("Training", anchor=False, width="content")
    view = st.segmented_control(
        "View",
        VIEWS,
        default="Run" if states else "New training",
        required=True,
        key="training_view",
        bind="query-params",
        label_visibility="collapsed",
    )
if view == "New training":
    with st.spinner("Loading the training tools"):
        from pages.components.training.form import show_form
    show_form(study)
elif view == "Compare runs":
    show_comparison(study, states)
elif not states:
    st.info("**No classifier has been trained yet.** Choose a recipe under New training.", icon=":material/info:")
else:
    state = choose_run(study, states)
    if state is not None:
        show_run(study, state)
        if state.run is not None and not state.is_open:
            show_classifier_scores(study, state.run)
