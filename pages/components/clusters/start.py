"""What the Clusters page says while something is not there yet, with the button that makes it."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import StageMissingError
from medxai_core.records.clusterings import RecordedEmbedding, get_embedding, get_features
from medxai_core.study import Study
from pages.components.clusters.item_words import name_items
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
        f"**No features yet.** Each of the {name_items(study)} must first be described by 226 numbers (edges, texture, "
        f"brightness, colour). This takes a few minutes for a thousand {name_items(study)}.",
        icon=":material/info:",
    )
    busy = is_at_work(study, "features")
    if st.button("Extract features", type="primary", icon=":material/play_arrow:", disabled=busy):
        start_and_show(study, "features", ["features", str(study.folder)], title="Features")


def show_no_clusters(study: Study) -> None:
    """Say that the clusters are not made yet."""
    st.info(
        f"**No clusters yet.** Press *Cluster* above: {name_items(study)} that look alike come together.",
        icon=":material/info:",
    )


def show_no_map(study: Study) -> None:
    """Say that the map is not drawn yet, and offer to draw it."""
    things = name_items(study)
    words = f"**No map yet.** It shows all {things} as points, alike ones side by side."
    st.info(words, icon=":material/info:")
    if st.button("Draw it now", type="primary", icon=":material/map:", disabled=is_at_work(study, "embed")):
        start_and_show(study, "embed", ["embed", str(study.folder)], title=f"Map of the {things}")
