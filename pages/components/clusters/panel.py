"""One cluster in words and pictures, and what the clusters as a whole were made by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from medxai_core.clusters import ClusterSummary, DescriptorShare, FeatureDifference
from medxai_core.masks import OKABE_ITO
from medxai_core.study import Study
from medxai_core.views.cluster_view import name_strength
from pages.components.cached import get_cluster_summaries, get_cluster_words, get_item_thumbnail, get_items
from pages.components.class_words import say_class, shorten
from pages.components.clusters.item_words import name_items
from pages.components.clusters.orders import CLUSTER_KEY, select_on_map, show_chosen_cluster
from pages.components.page_links import read_address, write_address

DESCRIPTOR_WORDS = {
    "edge_histogram": "Edges (EdgeHistogram)",
    "tamura": "Texture (Tamura)",
    "luminance_layout": "Brightness (LuminanceLayout)",
    "simple_color_histogram": "Colour (SimpleColorHistogram)",
}
SCALING_SENTENCES = {
    "none": "The numbers are not scaled, as in the paper. So what happens to have large numbers rules: texture "
    "directions and colours. Edges, 80 of the 226 numbers, have next to no say.",
    "standard": "Each of the 226 numbers counts alike, so kinds of features with many numbers count more.",
    "descriptor": "Each kind of feature counts alike before clustering.",
}


def show_cluster(study: Study, clustering_id: str, cluster_ids: np.ndarray) -> None:
    """Let the reader choose a cluster, here or on the map; show its size, labels, pictures, and what sets it apart."""
    summaries, _ = get_cluster_summaries(study, clustering_id)
    filled = {summary.cluster_id: summary for summary in summaries if summary.size}
    options = [str(number) for number in sorted(filled, key=lambda number: -filled[number].size)]
    read_address("cluster", CLUSTER_KEY, options, default=options[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Cluster",
            options,
            format_func=lambda one: f"Cluster {one}: {filled[int(one)].size}, {describe_labels(filled[int(one)])}",
            key=CLUSTER_KEY,
            on_change=show_chosen_cluster,
            args=(str(study.folder),),
            help="The largest first. A cluster selected on the map is shown here, and the other way round.",
        )
        write_address("cluster", CLUSTER_KEY, chosen)
        cluster = int(chosen)
        st.button(
            "Select on the map",
            icon=":material/map:",
            on_click=select_on_map,
            args=(str(study.folder), np.flatnonzero(cluster_ids == cluster), f"Cluster {cluster}", cluster),
        )
    things = name_items(study)
    _show_numbers(filled[cluster], things)
    left, right = st.columns([2, 1], gap="large")
    with left:
        _show_row(study, "Typical", "Nearest to the centre of the cluster.", filled[cluster].typical_rows, "None.")
        border = "These could as well belong to the next cluster."
        no_border = (
            "None: there is only one cluster." if len(filled) == 1 else f"None: the few {things} here are shown above."
        )
        _show_row(study, "On the border", border, filled[cluster].border_rows, no_border)
    with right:
        _show_differences(get_cluster_words(study, clustering_id, cluster), things)


def describe_labels(summary: ClusterSummary) -> str:
    """Return the labels of a cluster's pictures in words."""
    if not summary.n_labelled:
        return "none labelled"
    counts = " and ".join(f"{n} {say_class(label)}" for label, n in summary.n_labelled.items())
    return f"pure ({counts})" if summary.is_pure else f"mixed ({counts})"


def _show_numbers(summary: ClusterSummary, things: str) -> None:
    """Show size, labelled share and purity."""
    n_labelled = sum(summary.n_labelled.values())
    share = f"{100 * (summary.labelled_share or 0):.0f} %"
    purity = "-" if summary.purity is None else f"{100 * summary.purity:.0f} %"
    with st.grid(4, min_column_width=150):
        st.metric(things.capitalize(), summary.size, help=f"Training {things} in this cluster.")
        st.metric("Labelled", f"{n_labelled} ({share})", help="Seeds and readers' decisions. Proposals do not count.")
        st.metric(
            "Purity",
            purity,
            help=f"Share of the most common class among the {n_labelled} labelled {things}. 100 % is pure, "
            f"50 % a coin toss. With few labelled {things} it says little.",
        )
        can = "yes" if summary.is_pure and n_labelled < summary.size else "no"
        st.metric(
            "May propose labels", can, help=f"Only pure clusters that hold {things} without a label propose labels."
        )


def _show_row(study: Study, title: str, words: str, rows: Sequence[int], nothing: str) -> None:
    """Show a row of pictures, or say why there is none."""
    st.markdown(f"**{title}** :small[:gray[{words}]]")
    if not rows:
        st.caption(nothing)
        return
    items = get_items(study)
    with st.grid(6, min_column_width=72, gap="small"):
        for row in rows:
            name = shorten(str(items.item_ids[row]))
            with st.container(gap="xxsmall"):
                _show_thumbnail(study, int(row), alt=f"{title} of the cluster, {name}")
                st.caption(name)


def _show_thumbnail(study: Study, position: int, *, alt: str) -> None:
    """Show one item inside its picture."""
    picture = get_item_thumbnail(study, position)
    if picture is None:
        st.caption("no thumbnail")
    else:
        st.image(picture, width="stretch", alt=alt)


def _show_differences(differences: Sequence[FeatureDifference], things: str) -> None:
    """Say what sets the cluster apart."""
    st.markdown(f"**What sets it apart** :small[:gray[compared with all other clustered {things}]]")
    if not differences:
        st.caption("Nothing does by more than 0.2 standard deviations.")
        return
    for one in differences:
        st.markdown(
            f"**{one.words[0].upper()}{one.words[1:]}** :small[{name_strength(one.difference)}]  \n"
            f":small[:gray[{one.technical_name}: {one.difference:+.1f} standard deviations]]"
        )


def show_drivers(study: Study, clustering_id: str, scaling: str) -> None:
    """Show how much each kind of feature had to say in the clustering."""
    _, shares = get_cluster_summaries(study, clustering_id)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**Share of the differences between clusters** :small[:gray[of the variance between them]]")
        alt = ", ".join(f"{DESCRIPTOR_WORDS.get(one.descriptor, one.descriptor)} {_percent(one)}" for one in shares)
        st.plotly_chart(draw_shares(shares), key="drivers", config={"displayModeBar": False}, alt=alt)
    with right:
        st.markdown("**Read this before you trust a cluster**")
        st.markdown(SCALING_SENTENCES.get(scaling, ""))
        st.markdown(
            f"The brightness layout sees only the **upper left corner** of a {name_items(study)[:-1]}, not all of it."
        )
        st.caption(
            "To let every kind of feature count alike, cluster again with 'every kind of feature counts alike'. "
            f"Clusters are groups of {name_items(study)} that look alike to these numbers. They are not classes."
        )


def draw_shares(shares: Sequence[DescriptorShare]) -> go.Figure:
    """Return the shares as bars, the first descriptor on top."""
    names = [DESCRIPTOR_WORDS.get(one.descriptor, one.descriptor) for one in shares]
    values = [100 * (one.between_share or 0.0) for one in shares]
    figure = go.Figure()
    figure.add_bar(
        x=values,
        y=names,
        orientation="h",
        marker_color=f"rgb{OKABE_ITO['blue']}",
        text=[_percent(one) for one in shares],
        textposition="outside",
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.update_layout(
        height=210,
        margin={"l": 0, "r": 40, "t": 0, "b": 0},
        xaxis={"visible": False, "range": [0, 105]},
        yaxis={"autorange": "reversed", "title": None},
        bargap=0.35,
    )
    return figure


def _percent(share: DescriptorShare) -> str:
    """Return a share in percent, small ones too."""
    if share.between_share is None:
        return "undefined"
    percent = 100 * share.between_share
    return f"{percent:.0f} %" if percent >= 1 else "under 1 %"
