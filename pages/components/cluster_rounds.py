"""The rounds: which cluster gave its label to its pictures, why, and why they ended."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from medxai_core.records.labellings import RecordedLabelling
from medxai_core.study import Study
from pages.components.class_words import say_class, say_plainly
from pages.components.cluster_choice import select_items
from pages.components.links import link_to

STOP_WORDS = {
    "target_reached": "the target was reached",
    "no_pure_cluster_left": "no pure cluster with unlabelled pictures was left",
    "round_limit": "the limit of rounds was reached",
}


def show_rounds(study: Study, labelling: RecordedLabelling) -> None:
    """Show the outcome of the rounds, and each of them."""
    _show_outcome(labelling)
    if not labelling.rounds:
        st.caption("No round took place: no cluster was pure and held an unlabelled picture.")
        return
    event = st.dataframe(
        tabulate_rounds(labelling.rounds),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="rounds",
        alt="Rounds of the pseudo-labels: cluster chosen, label proposed, pictures, reason",
        column_config={
            "Round": st.column_config.NumberColumn(width="small"),
            "Cluster": st.column_config.NumberColumn(width="small", help="The cluster that was chosen."),
            "Proposes": st.column_config.TextColumn(width="small"),
            "Labelled in it": st.column_config.NumberColumn(width="small", help="Seeds and readers' decisions."),
            "Pictures given": st.column_config.NumberColumn(width="small", help="Pictures that got the label."),
            "Labelled in all": st.column_config.NumberColumn(width="small", help="After the round, with the seeds."),
            "Why": st.column_config.TextColumn(width="large"),
            "Next in line": st.column_config.TextColumn(width="medium", help="Clusters that were not chosen."),
        },
    )
    _offer_pictures(study, labelling, event["selection"]["rows"])


def tabulate_rounds(rounds: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rounds as a table in words."""
    return pd.DataFrame(
        {
            "Round": one["round"],
            "Cluster": one["cluster_id"],
            "Proposes": say_class(one["label"]),
            "Labelled in it": one["n_labelled_members"],
            "Pictures given": one["n_given"],
            "Labelled in all": one["n_labelled_after"],
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
    given = Counter(row["label"] for row in labelling.proposals.values())
    with st.grid(4, min_column_width=150):
        st.metric("Rounds", len(labelling.rounds), help="One cluster gives its label in each.")
        st.metric("Labelled at the start", labelling.n_seeds, help="Seeds and readers' decisions.")
        for label in ("polyp", "non_polyp"):
            words = "Guesses of clusters, not findings. Review them."
            st.metric(f"Proposed {say_class(label)}", given[label], help=words)
    ended = STOP_WORDS.get(labelling.stop_reason, labelling.stop_reason)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"The rounds ended because **{ended}**: {labelling.n_labelled} labelled of {labelling.target} aimed at.",
            width="stretch",
        )
        link_to("review", "Review the proposals")


def _offer_pictures(study: Study, labelling: RecordedLabelling, rows: list[int]) -> None:
    """Offer the pictures of the round that is chosen in the table."""
    if not rows:
        st.caption("Choose a round in the table to see its pictures.")
        return
    number = labelling.rounds[rows[0]]["round"]
    item_ids = [item_id for item_id, row in labelling.proposals.items() if row["round"] == number]
    st.button(
        f"Show the {len(item_ids)} pictures of round {number} on the map",
        icon=":material/map:",
        on_click=select_items,
        args=(str(study.folder), item_ids, f"Round {number}"),
    )
