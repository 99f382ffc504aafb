"""What the Clusters page says while something is not there yet, with the button that makes it."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import StageMissingError
from medxai_core.records.clusterings import RecordedEmbedding, get_embedding, get_features
from medxai_core.study import Study
from pages.components.job_buttons import is_at_work, start_and_show

JOB_KINDS = ("features", "cluster", "pseudo-label", "embed")


def has_features(study: Study, feature_set: str = "lire") -> bool:
    """Return True when the features have been extracted."""
    try:
        get_features(study, feature_set)
    except StageMissingError:
        return False
    return True


def find_embedding(study: Study, feature_set: str = "lire") -> RecordedEmbedding | None:
    """Return the newest map, or None."""
    try:
        return get_embedding(study, feature_set)
    except StageMissingError:
        return None


def show_no_features(study: Study) -> None:
    """Say that features come first, and offer to extract them."""
    st.info(
        "**No features yet.** Each picture must first be described by 226 numbers (edges, texture, brightness, "
        "colour). This takes a few minutes for a thousand pictures.",
        icon=":material/info:",
    )
    busy = is_at_work(study, "features")
    if st.button("Extract features", type="primary", icon=":material/play_arrow:", disabled=busy):
        start_and_show(study, "features", ["features", str(study.folder)], title="Features")


def show_no_clusters() -> None:
    """Say that the clusters are not made yet."""
    st.info(
        "**No clusters yet.** Press *Cluster* above: pictures that look alike come together.", icon=":material/info:"
    )


def show_no_map(study: Study) -> None:
    """Say that the map is not drawn yet, and offer to draw it."""
    st.info("**No map yet.** It shows every picture as a point, alike ones side by side.", icon=":material/info:")
    if st.button("Draw it now", type="primary", icon=":material/map:", disabled=is_at_work(study, "embed")):
        start_and_show(study, "embed", ["embed", str(study.folder)], title="Map of the pictures")
