"""The decision log as a file, out and in."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.stages.decision_files import add_decisions, dump_decisions
from medxai_core.study import Study
from pages.components.class_words import plural
from pages.components.downloads import offer_file
from pages.components.frame import show_error
from pages.components.review.progress.data import Progress


def show_files(progress: Progress) -> None:
    """Offer the decision log as a file, out and in."""
    study, n = progress.study, len(progress.decisions)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Take it with you**")
        st.caption("Every line of every reader, undone ones too: who, when, what. Pictures are named by id only.")
        offer_file(
            study,
            "decisions",
            f"Download all {n} lines of the log (CSV)",
            lambda: dump_decisions(study),
            file_name=f"{study.name}-decisions.csv",
            mime="text/csv",
            icon=":material/download:",
            disabled=not n,
        )
    with right:
        st.markdown("**Bring decisions in**")
        uploaded = st.file_uploader(
            "Add decisions from a file", type=["csv", "jsonl"], key="review_file", label_visibility="collapsed"
        )
        if uploaded is not None and st.button("Add these decisions", disabled=study.read_only):
            _add_file(study, uploaded.getvalue(), uploaded.name.endswith(".jsonl"))
        st.caption("A file from here or from a colleague's copy of this study; a decision that is known counts once.")


def _add_file(study: Study, content: bytes, is_jsonl: bool) -> None:
    """Add the decisions of a file and say what was left out."""
    try:
        n_added, n_known, failures = add_decisions(study, content, is_jsonl=is_jsonl)
    except MedxaiError as error:
        show_error(error)
        return
    st.success(f"Decisions added: {n_added}. In the log already: {n_known}.", icon=":material/check_circle:")
    if failures:
        st.caption(f"Left out: {plural(len(failures), 'line')}.")
        st.dataframe([{"line": failure.item, "why": failure.reason} for failure in failures[:100]], hide_index=True)
