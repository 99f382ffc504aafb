"""The rounds: which cluster gave its label to its pictures, why, and why they ended."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from medxai_core.records.labellings import RecordedLabelling
from medxai_core.study import Study
from pages.components.cached import get_items
from pages.components.class_words import STOP_WORDS, say_class, say_plainly
from pages.components.clusters.item_words import name_items
from pages.components.clusters.orders import select_on_map
from pages.components.links import link_to


def show_rounds(study: Study, labelling: RecordedLabelling, *, clustering_id: str) -> None:
    """Show the outcome of the rounds, and each of them; say so when they used other clusters than those shown."""
    _show_outcome(labelling)
    if labelling.is_by_bands:
        st.info(
            "These labels were proposed by a class map, not by clusters: what has about the same chance of polyp forms "
            "a band, and the surest bands propose.",
            icon=":material/info:",
        )
    elif labelling.clustering_id != clustering_id:
        st.warning("These rounds used other clusters than those shown above.", icon=":material/info:")
    things = name_items(study)
    if not labelling.rounds:
        none = "no band was sure" if labelling.is_by_bands else "no cluster was pure"
        st.caption(f"No round took place: {none} and held {things} without a label.")
        return
    group = "band" if labelling.is_by_bands else "cluster"
    event = st.dataframe(
        tabulate_rounds(labelling.rounds, group=group.capitalize()),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="rounds",
        alt=f"Rounds of the pseudo-labels: {group} chosen, label proposed, number of {things}, reason",
        column_config={
            "Round": st.column_config.NumberColumn(width=60),
            group.capitalize(): st.column_config.NumberColumn(width=65, help=f"The {group} that was chosen."),
            "Proposes": st.column_config.TextColumn(width=85),
            "Labelled": st.column_config.NumberColumn(width=75, help=f"Labelled {things} in the {group} before."),
            "Given": st.column_config.NumberColumn(
                width=60, help=f"{things.capitalize()} of the {group} that got the label."
            ),
            "In all": st.column_config.NumberColumn(width=60, help=f"Labelled {things} after the round, with seeds."),
            "Why": st.column_config.TextColumn(width="large"),
            "Next in line": st.column_config.TextColumn(
                width="medium", help=f"{group.capitalize()}s that were not chosen."
            ),
        },
    )
    _offer_pictures(study, labelling, event["selection"]["rows"])


def tabulate_rounds(rounds: list[dict[str, Any]], *, group: str = "Cluster") -> pd.DataFrame:
    """Return the rounds as a table in words."""
    return pd.DataFrame(
        {
            "Round": one["round"],
            group: one["cluster_id"],
            "Proposes": say_class(one["label"]),
            "Labelled": one["n_labelled_members"],
            "Given": one["n_given"],
            "In all": one["n_labelled_after"],
            "Why": say_plainly(one["why"]),
            "Next in line": _name_rivals(one["runners_up"]),
        }
        for one in rounds
    )


def _name_rivals(rivals: list[dict[str, Any]]) -> str:
    """Return the clusters that were not chosen, in words."""
    words = [f"{rival['cluster_id']} ({say_class(rival['label'])}, {rival['n_labelled']} labelled)" for rival in rivals]
    return "; ".join(words) or "none"


def _show_outcome(labelling: RecordedLabelling) -> None:
    """Show how many labels were proposed, of which class, and why the rounds ended."""
    given = Counter(labelling.proposals.labels)
    with st.grid(4, min_column_width=150):
        st.metric(
            "Rounds",
            len(labelling.rounds),
            help=f"One {'band' if labelling.is_by_bands else 'cluster'} gives its label in each.",
        )
        st.metric("Labelled at the start", labelling.n_seeds, help="Seeds and readers' decisions.")
        for label in ("polyp", "non_polyp"):
            words = "Guesses by a rule, not findings. Review them."
            st.metric(f"Proposed {say_class(label)}", given[label], help=words)
    ended = STOP_WORDS.get(labelling.stop_reason, labelling.stop_reason)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(
        f"The rounds ended because **{ended}**: {labelling.n_labelled} labelled of {labelling.target} aimed at."
    )
    with right:
        link_to("review", "Review them")


def _offer_pictures(study: Study, labelling: RecordedLabelling, rows: list[int]) -> None:
    """Offer the pictures of the round that is chosen in the table."""
    if not rows:
        st.caption(f"Choose a round in the table to read why, and to see its {name_items(study)}.")
        return
    number = labelling.rounds[rows[0]]["round"]
    st.markdown(say_plainly(labelling.rounds[rows[0]]["why"]))
    item_ids = labelling.proposals.item_ids[labelling.proposals.rounds == number]
    positions = np.sort([get_items(study).rows_by_id[item_id] for item_id in item_ids])
    st.button(
        f"Select the {len(item_ids)} {name_items(study)} of round {number} on the map",
        icon=":material/map:",
        on_click=select_on_map,
        args=(str(study.folder), positions, f"Round {number}"),
    )
