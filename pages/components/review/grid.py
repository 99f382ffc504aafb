"""Many proposals at once: tick pictures and decide on all of them, or on a whole cluster."""

from __future__ import annotations

import streamlit as st

from medxai_core.stages.review_batches import SEVERAL, WHOLE_CLUSTER
from medxai_core.study import Study
from pages.components.class_words import say_class, shorten, write_badge
from pages.components.item_views import show_small
from pages.components.review.decision_keys import ITEM_PARAMETER, record_many, show_problem, show_undo_keys
from pages.components.review.queue import ReviewState, choose_queue, load_review
from pages.components.review.start import show_no_proposals

PAGE_SIZE = 24
DONE_WORDS = {"accept": "Accept", "reject": "Reject"}


@st.fragment
def show_grid(study: Study) -> None:
    """Show the queue of proposals as a grid of pictures to tick."""
    review = load_review(study)
    if review is None:
        show_no_proposals(study)
        return
    queue = choose_queue(review)
    show_problem()
    if not queue:
        st.success("Nothing is left in this queue.", icon=":material/check_circle:")
        show_undo_keys(study)
        return
    slot = st.container()
    shown = _choose_page(queue)
    _show_tiles(review, shown)
    with slot:
        _show_actions(review, queue, shown)


def _choose_page(queue: list[str]) -> list[str]:
    """Return the items of the chosen page."""
    n_pages = -(-len(queue) // PAGE_SIZE)
    page = min(st.session_state.get("review_page", 1), n_pages)
    if n_pages > 1:
        st.session_state["review_page"] = page
        page = st.pagination(n_pages, key="review_page")
    return queue[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]


def _show_tiles(review: ReviewState, shown: list[str]) -> None:
    """Show the pictures, each with a box to tick, what is proposed, and a way to look closer."""
    with st.grid("auto", min_column_width=128, gap="small"):
        for item_id in shown:
            label = review.proposals[item_id][0]
            with st.container(gap="xxsmall"):
                show_small(review.study, review.rows[item_id], alt=f"Proposed {say_class(label)}")
                with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
                    st.checkbox(write_badge(label), key=_name_box(item_id), on_change="ignore", width="stretch")
                    st.button(
                        ":material/open_in_full:",
                        key=f"look-{item_id}",
                        type="tertiary",
                        help=f"Look at {shorten(item_id)} with the reason of its proposal.",
                        on_click=_look_at,
                        args=(item_id,),
                    )


def _show_actions(review: ReviewState, queue: list[str], shown: list[str]) -> None:
    """Show what can be done with the ticked pictures."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for action, words, shortcut in (("accept", "Accept ticked", "A"), ("reject", "Reject ticked", "X")):
            st.button(
                words,
                key=f"many-{action}",
                shortcut=shortcut,
                disabled=review.study.read_only,
                on_click=_decide_ticked,
                args=(review.study, shown, action),
            )
        st.button("Tick all shown", on_click=_tick, args=(shown, True), shortcut="T")
        st.button("Untick", on_click=_tick, args=(shown, False))
        cluster = st.session_state.get("review_cluster", "all")
        if cluster != "all" and st.session_state.get("review_order") != "random":
            _offer_cluster(review, queue, cluster)
        show_undo_keys(review.study)
    st.caption(
        f"{len(queue)} in this queue. Decisions about several pictures at once do not count in the random audit."
    )


def _offer_cluster(review: ReviewState, queue: list[str], cluster: str) -> None:
    """Offer to decide on all that is left of a cluster."""
    if st.button(f"Whole cluster {cluster} ...", icon=":material/select_all:", disabled=review.study.read_only):
        _confirm_cluster(review.study, queue, cluster, review.proposals[queue[0]][0])


@st.dialog("Decide on a whole cluster")
def _confirm_cluster(study: Study, queue: list[str], cluster: str, label: str) -> None:
    """Ask before a decision about many pictures is taken."""
    st.markdown(
        f"Cluster {cluster} proposes **{say_class(label)}** for **{len(queue)}** pictures in this queue. "
        "You decide on all of them at once, also on those you have not looked at."
    )
    sure = st.checkbox("I want to decide on all of them", key=f"sure-{cluster}-{len(queue)}")
    with st.container(horizontal=True):
        for action, words in DONE_WORDS.items():
            if st.button(f"{words} all {len(queue)}", key=f"cluster-{action}", disabled=not sure):
                with st.spinner(f"Recording {len(queue)} decisions"):
                    record_many(study, queue, action, WHOLE_CLUSTER)
                st.rerun()


def _decide_ticked(study: Study, shown: list[str], action: str) -> None:
    """Record one decision about all ticked pictures, and take the ticks off."""
    ticked = [item_id for item_id in shown if st.session_state.get(_name_box(item_id))]
    if ticked and record_many(study, ticked, action, SEVERAL):
        _tick(ticked, False)


def _tick(item_ids: list[str], value: bool) -> None:
    """Set or take off the ticks of some pictures."""
    for item_id in item_ids:
        st.session_state[_name_box(item_id)] = value


def _look_at(item_id: str) -> None:
    """Show one item with its reason."""
    st.query_params[ITEM_PARAMETER] = item_id
    st.session_state["review_view"] = "One by one"
    st.rerun(scope="app")


def _name_box(item_id: str) -> str:
    """Return the key of an item's box."""
    return f"tick-{item_id}"
