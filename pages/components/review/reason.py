"""Why a label was proposed for a picture, with the pictures it rests on."""

from __future__ import annotations

import streamlit as st

from medxai_core.pseudo_labels import ProposalReason
from medxai_core.views.reasons import ItemReason, explain_item
from pages.components.class_words import escape, say_class, say_plainly
from pages.components.item_views import show_neighbours
from pages.components.review.queue import ReviewState

SHOWN = 6


def show_reason(review: ReviewState, position: int) -> None:
    """Say in a few sentences why the label was proposed."""
    reason = explain_item(review.reasoning, position, n_nearest=SHOWN).reason
    st.markdown(f"**Why {say_class(reason.label)}?**")
    with st.container(gap="xsmall"):
        st.markdown(_say_cluster(reason))
        st.markdown(_say_neighbours(reason))
        st.caption("A proposal by a rule, not a finding: the rule looks at colour, brightness, texture and edges only.")


def show_evidence(review: ReviewState, position: int) -> None:
    """Show the labelled pictures the proposal rests on, and what would have changed it."""
    found = explain_item(review.reasoning, position, n_nearest=SHOWN)
    reason = found.reason
    st.markdown(f"**Most alike of all labelled pictures**, whatever their cluster ({len(reason.nearest)} shown)")
    show_neighbours(review.study, reason.nearest, proposed=reason.label)
    st.markdown(f"**Labelled pictures of its cluster**, {_count_members(found)}")
    show_neighbours(review.study, found.members[:SHOWN], proposed=reason.label)
    st.caption("A small distance means alike in colour, brightness, texture and edges; it has no unit.")
    if not review.reasoning.seeds_agree:
        st.caption(
            "The study has changed since the labels were proposed (pictures removed, or older decisions imported): "
            "the labelled pictures shown may not be quite those of that time."
        )
    with st.expander("What would have changed this proposal", icon=":material/alt_route:"):
        _show_changes(reason)


def _say_cluster(reason: ProposalReason) -> str:
    """Say what the cluster did."""
    n = len(reason.labelled_members)
    labelled = "its only labelled picture is" if n == 1 else f"all {n} labelled pictures in it are"
    return (
        f"It lies in cluster {reason.cluster_id}, a group of {reason.cluster_size} pictures that look alike; "
        f"{labelled} **{say_class(reason.label)}**, so all the others get the same proposal (round {reason.round}). "
        f"{reason.distance_percentile:.0f} % of the group lie no farther from its middle than this picture."
    )


def _say_neighbours(reason: ProposalReason) -> str:
    """Say how many of the most alike labelled pictures speak against it."""
    n = len(reason.nearest)
    return f"Of the {n} labelled pictures most alike, **{reason.n_nearest_other}** {_be(reason)} of the other class."


def _be(reason: ProposalReason) -> str:
    """Return is or are."""
    return "is" if reason.n_nearest_other == 1 else "are"


def _count_members(found: ItemReason) -> str:
    """Say how many labelled pictures the cluster holds, and how many are shown."""
    n, shown = len(found.members), min(len(found.members), SHOWN)
    return f"{n} of {found.reason.cluster_size}" + (f" (the nearest {shown} shown)" if n > shown else "")


def _show_changes(reason: ProposalReason) -> None:
    """List what would have led to another outcome, and which clusters were next in line."""
    st.markdown("It would be otherwise if")
    st.markdown("\n".join(f"- {escape(say_plainly(change))}" for change in reason.would_change_if))
    st.caption(escape(say_plainly(reason.why)))
    if reason.runners_up:
        st.markdown("Clusters that were next in line in that round")
        rows = [
            {
                "cluster": rival.cluster_id,
                "would propose": say_class(rival.label),
                "labelled pictures": rival.n_labelled,
                "unlabelled pictures": rival.n_unlabelled,
            }
            for rival in reason.runners_up
        ]
        st.dataframe(rows, hide_index=True, width="content", alt="Clusters next in line")
