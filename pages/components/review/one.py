"""Proposals one at a time: the picture, its frame, the keys, and why the label was proposed."""

from __future__ import annotations

import streamlit as st

from medxai_core.study import Study
from medxai_core.views.review_progress import list_flagged, list_outcomes
from pages.components.class_words import CLASS_COLORS, CLASS_ICONS, OUTCOME_WORDS, say_class, shorten
from pages.components.frame import get_reader
from pages.components.item_views import has_tiles, show_frame, show_item
from pages.components.review.decision_keys import (
    DecisionKey,
    show_keys,
    show_last,
    show_last_row,
    show_problem,
    show_undo_keys,
)
from pages.components.review.queue import (
    ReviewState,
    choose_queue,
    find_next,
    load_review,
    pick_item,
    show_arrows,
)
from pages.components.review.reason import show_evidence, show_reason
from pages.components.review.start import show_no_proposals, show_rounds_again


@st.fragment
def show_proposals(study: Study) -> None:
    """Show the queue of proposals, one at a time."""
    review = load_review(study)
    if review is None:
        show_no_proposals(study)
        return
    queue = choose_queue(review)
    item_id = pick_item(queue, list(review.proposals))
    show_problem()
    if item_id is None:
        _show_done(review)
        return
    _show_one(review, queue, item_id)


def _show_one(review: ReviewState, queue: list[str], item_id: str) -> None:
    """Show one proposal: left what to judge and the keys, right where it lies and why."""
    position = review.rows[item_id]
    label = review.proposals[item_id][0]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_head(review, queue, item_id, label)
        show_item(review.study, position)
        show_last()
        show_reason(review, position)
    with right:
        _show_decisions(review.study, item_id, label, find_next(queue, item_id))
        if has_tiles(review.study):
            show_frame(review.study, position)
    show_evidence(review, position)


def _show_head(review: ReviewState, queue: list[str], item_id: str, label: str) -> None:
    """Say what is proposed, how many are left, and what was decided before by this reader."""
    own = list_outcomes(review.proposals, review.decisions, reader=get_reader())[item_id]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Proposed", width="content")
        st.badge(say_class(label), icon=CLASS_ICONS.get(label), color=CLASS_COLORS.get(label, "gray"))
        if own != "open":
            st.badge(f"you: {OUTCOME_WORDS[own]}", color="gray")
        if item_id in list_flagged(review.decisions):
            st.badge("flagged", icon=":material/flag:", color="gray")
        place = f"{queue.index(item_id) + 1} of {len(queue)}" if item_id in queue else f"{len(queue)} left"
        st.caption(f"{shorten(item_id)} · {place}", width="stretch")
        show_arrows(queue, item_id)


def _show_decisions(study: Study, item_id: str, label: str, next_id: str | None) -> None:
    """Show the keys."""
    other = "non_polyp" if label == "polyp" else "polyp"
    right = "The label is right: it trains as decided by you."
    wrong = "The label is not right, and you give no other: it stays unlabelled and is not proposed again."
    turned = "The other class: it trains with this one."
    first = [
        DecisionKey("accept", "Accept", "A", right),
        DecisionKey("reject", "Reject", "X", wrong),
    ]
    second = [
        DecisionKey("other", f"It is {say_class(other)}", "O", turned, label=other),
        DecisionKey("unsure", "Unsure", "U", "You looked and cannot tell: it stays unlabelled."),
    ]
    third = [
        DecisionKey("skip", "Skip", "S", "Leave it for later: it stays unlabelled."),
        DecisionKey("flag", "Flag", "F", "Mark it for another look. No label changes, and it stays on the screen."),
    ]
    with st.container(gap="xsmall"):
        show_keys(study, item_id, first, next_id=next_id)
        show_keys(study, item_id, second, next_id=next_id)
        show_last_row(study, item_id, third, next_id=next_id)


def _show_done(review: ReviewState) -> None:
    """Say that the queue is empty, and what comes next."""
    st.success("Nothing is left in this queue.", icon=":material/check_circle:")
    st.caption("Choose another order or state above, or let the clusters propose again from what you decided.")
    show_undo_keys(review.study)
    show_rounds_again(review.study, review.reasoning)
