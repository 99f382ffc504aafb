"""The map beside the pictures of what is selected on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from medxai_core.embedding import MAX_TRUST_ROWS
from medxai_core.errors import MedxaiError
from medxai_core.formats.selection_csv import format_selection_csv
from medxai_core.records.clusterings import RecordedEmbedding
from medxai_core.study import Study
from medxai_core.views.cluster_view import name_trust
from medxai_core.views.map_points import MapPoints, find_rows, get_map_feature, list_map_features
from pages.components.cached import get_item_thumbnail, get_points
from pages.components.class_words import say_class, shorten
from pages.components.clusters.choice import (
    Choice,
    get_choice,
    mark_selection,
    select_items,
    take_pick,
    take_selection,
)
from pages.components.clusters.map import COLOR_MODES, MAP_HEIGHT, draw_map
from pages.components.frame import show_error

MOST_SHOWN = 60
CHART_KEY = "cluster_map"
TRUST_WORDS = {
    "good": "Good: most neighbours on the map are neighbours in the features too.",
    "fair": "Fair: many neighbours on the map are neighbours in the features, some are not.",
    "poor": "Poor: many neighbours on the map are no neighbours in the features.",
    "unknown": "Unknown: all pictures have the same features.",
}


@st.fragment
def show_explorer(study: Study, clustering_id: str | None, embedding: RecordedEmbedding) -> None:
    """Show the map, and beside it the pictures that are selected."""
    try:
        points = get_points(study, clustering_id, embedding.feature_set)
        choice = get_choice(str(study.folder))
        mode, values = _choose_color(study, points, embedding.feature_set)
        left, right = st.columns([5, 4], gap="medium")
        with left:
            _show_map(study, points, choice, mode=mode, values=values)
            _show_trust(embedding, len(points))
        with right:
            _show_selection(study, points, choice)
    except MedxaiError as error:
        show_error(error)


def _choose_color(study: Study, points: MapPoints, feature_set: str) -> tuple[str, np.ndarray | None]:
    """Let the reader choose what the points are coloured by; return it, with its values when it is a feature."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mode = st.segmented_control(
            "Colour by",
            list(COLOR_MODES),
            format_func=COLOR_MODES.get,
            default="cluster",
            required=True,
            key="colour",
            bind="query-params",
            on_change=mark_selection,
            args=(str(study.folder),),
        )
        return mode or "cluster", _choose_feature(study, points, feature_set) if mode == "feature" else None


def _show_map(study: Study, points: MapPoints, choice: Choice, *, mode: str, values: np.ndarray | None) -> None:
    """Show the map."""
    st.plotly_chart(
        draw_map(points, mode, values=values, marked=choice.marked, picked=choice.picked, revision=choice.revision),
        key=CHART_KEY,
        on_select=lambda: take_selection(str(study.folder), CHART_KEY),
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False},
        alt=f"Map of {len(points)} items, coloured by {COLOR_MODES[mode].lower()}",
    )


def _choose_feature(study: Study, points: MapPoints, feature_set: str) -> np.ndarray:
    """Let the reader choose a feature; return its value at each point."""
    features = {one.key: one for one in list_map_features(feature_set)}
    key = st.selectbox(
        "Feature",
        list(features),
        format_func=lambda key: f"{features[key].aspect}: {features[key].words}",
        key="feature",
        bind="query-params",
        on_change=mark_selection,
        args=(str(study.folder),),
        help="Columns that mean one thing are averaged. Light points have more of it.",
    )
    return get_map_feature(study, key, feature_set)[points.rows]


def _show_trust(embedding: RecordedEmbedding, n: int) -> None:
    """Say how far the map can be trusted."""
    trust = embedding.trustworthiness
    measured = f"(1 is best, about 0.5 is chance; measured on {min(n, MAX_TRUST_ROWS)} of {n})"
    number = "" if trust is None else f" Trustworthiness {trust:.2f} {measured}."
    st.caption(
        f":material/explore: **How far to trust this map.** {TRUST_WORDS[name_trust(trust)]}{number} "
        "Only nearness says something: **distances between groups, their sizes and the axes mislead** (UMAP)."
    )


def _show_selection(study: Study, points: MapPoints, choice: Choice) -> None:
    """Show the selected items as pictures, with what can be done with them."""
    rows = find_rows(points, choice.selected)
    if not len(rows):
        _show_how_to()
        return
    shown = rows[np.linspace(0, len(rows) - 1, min(MOST_SHOWN, len(rows))).round().astype(int)]
    evenly = f"Showing {len(shown)} of {len(rows)}, spread evenly. " if len(shown) < len(rows) else ""
    st.markdown(
        f"**{choice.words or 'Selected'}: {len(rows)}**  \n:small[:gray[{evenly}Tick a picture to ring it on the map.]]"
    )
    with st.container(horizontal=True):
        _offer_export(points, rows)
        st.button("Clear", on_click=select_items, args=(str(study.folder), [], ""), icon=":material/close:")
    with st.container(height=MAP_HEIGHT, border=False):
        _show_pictures(study, points, choice, shown)


def _show_how_to() -> None:
    """Say how to select, while nothing is."""
    with st.container(height=MAP_HEIGHT, border=True, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown("### :material/gesture:", text_alignment="center")
        st.markdown("**Circle some points to see their pictures**", text_alignment="center")
        st.caption(
            "Draw a loop with the mouse, or click one point. Double-click clears. "
            "The pictures of a whole cluster: below, under One cluster.",
            text_alignment="center",
        )


def _offer_export(points: MapPoints, rows: np.ndarray) -> None:
    """Offer the selected ids as a table."""
    table = zip(
        points.item_ids[rows], points.image_ids[rows], points.splits[rows], points.cluster_ids[rows].tolist(),
        points.labels[rows], points.sources[rows], strict=True,
    )  # fmt: skip
    st.download_button(
        "Export",
        format_selection_csv(table),
        file_name="selection.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="Ids, clusters and labels in force as a table (CSV). No file names, no reference labels.",
    )


def _show_pictures(study: Study, points: MapPoints, choice: Choice, rows: np.ndarray) -> None:
    """Show items as small pictures that can be ticked."""
    with st.grid("auto", min_column_width=104, gap="small"):
        for row in rows:
            item_id = str(points.item_ids[row])
            st.session_state[f"pick-{item_id}"] = item_id in choice.picked
            with st.container(gap="xxsmall"):
                show_thumbnail(study, int(points.rows[row]), alt=_describe(points, row))
                st.checkbox(
                    shorten(item_id),
                    key=f"pick-{item_id}",
                    on_change=take_pick,
                    args=(str(study.folder), item_id),
                )


def show_thumbnail(study: Study, position: int, *, alt: str) -> None:
    """Show one item inside its picture."""
    picture: Any = get_item_thumbnail(study, position)
    if picture is None:
        st.caption("no thumbnail")
    else:
        st.image(picture, width="stretch", alt=alt)


def _describe(points: MapPoints, row: int) -> str:
    """Return cluster and label in force of a point, in words."""
    cluster = points.cluster_ids[row]
    where = f"cluster {cluster}" if cluster >= 0 else f"not clustered, {points.splits[row]} split"
    return f"{shorten(str(points.item_ids[row]))}: {where}, {say_class(points.labels[row])}"
