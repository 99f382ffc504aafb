"""The queue of proposals: its order, what it holds, which item is shown, and how to go through it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from medxai_core.review import Decision
from medxai_core.review.labels import Proposal
from medxai_core.stages.labels import get_proposals
from medxai_core.study import Study
from medxai_core.views.proposal_queue import ProposalMeasures, order_proposals
from medxai_core.views.reasons import Reasoning
from medxai_core.views.review_progress import list_flagged, list_outcomes
from pages.components.cached import get_decisions, get_reasoning
from pages.components.frame import get_reader
from pages.components.review.decision_keys import ITEM_PARAMETER

ORDER_WORDS = {
    "uncertain": "Most doubtful first",
    "border": "Nearest to another cluster first",
    "farthest": "Least typical of its cluster first",
    "newest": "Latest round first",
    "random": "By chance (random audit)",
}
ORDER_NOTES = {
    "random": "A fixed random order over all clusters. Only this one says how many proposals are right: see Progress.",
}
SHOW_WORDS = {
    "open": "Not decided yet",
    "mine": "Not decided by me (second reading)",
    "doubt": "Unsure or skipped",
    "flagged": "Flagged",
    "all": "All proposals",
}


@dataclass(frozen=True, eq=False)
class ReviewState:
    """Hold what the views of proposals share in one run of the page; `rows` are positions of items by id."""

    study: Study
    reasoning: Reasoning
    measures: ProposalMeasures
    proposals: dict[str, Proposal]
    rows: dict[str, int]
    decisions: list[Decision]


def load_review(study: Study) -> ReviewState | None:
    """Return the newest proposals with the log; None when nothing is proposed."""
    found = get_reasoning(study)
    if found is None or not len(found[1].item_ids):
        return None
    reasoning, measures = found
    rows = {str(item_id): int(row) for item_id, row in zip(measures.item_ids, measures.rows, strict=True)}
    proposed = get_proposals(reasoning.labelling)
    proposals = {item_id: proposed[item_id] for item_id in rows}
    return ReviewState(study, reasoning, measures, proposals, rows, get_decisions(study))


def choose_queue(review: ReviewState) -> list[str]:
    """Let the reader choose order, state and cluster; return the items in that order."""
    counts = {
        int(cluster): int((review.measures.cluster_ids == cluster).sum())
        for cluster in dict.fromkeys(review.measures.cluster_ids)
    }
    order_column, show_column, cluster_column = st.columns(3, gap="small")
    order = order_column.selectbox(
        "Order",
        list(ORDER_WORDS),
        format_func=ORDER_WORDS.get,
        key="review_order",
        bind="query-params",
        on_change=_start_over,
        label_visibility="collapsed",
        icon=":material/sort:",
    )
    show = show_column.selectbox(
        "Show",
        list(SHOW_WORDS),
        format_func=SHOW_WORDS.get,
        key="review_show",
        bind="query-params",
        on_change=_start_over,
        label_visibility="collapsed",
        icon=":material/filter_list:",
    )
    cluster = cluster_column.selectbox(
        "Cluster",
        ["all", *map(str, counts)],
        format_func=lambda one: "All clusters" if one == "all" else f"Cluster {one} ({counts[int(one)]} proposals)",
        key="review_cluster",
        bind="query-params",
        on_change=_start_over,
        label_visibility="collapsed",
        icon=":material/bubble_chart:",
        disabled=order == "random",
    )
    if order in ORDER_NOTES:
        st.caption(ORDER_NOTES[order])
    if show == "mine":
        st.caption("A second reading shows every proposal again, and never what others decided.")
    return list_queue(review, order, show, "all" if order == "random" else cluster)


def list_queue(review: ReviewState, order: str, show: str, cluster: str) -> list[str]:
    """Return the items of a queue in order."""
    queue = order_proposals(review.measures, order)
    if cluster != "all":
        members = set(review.measures.item_ids[review.measures.cluster_ids == int(cluster)])
        queue = [item_id for item_id in queue if item_id in members]
    if show == "all":
        return queue
    if show == "flagged":
        flagged = list_flagged(review.decisions)
        return [item_id for item_id in queue if item_id in flagged]
    reader = get_reader() if show == "mine" else None
    outcomes = list_outcomes(review.proposals, review.decisions, reader=reader, one_by_one=order == "random")
    wanted = ("unsure", "skipped") if show == "doubt" else ("open",)
    return [item_id for item_id in queue if outcomes[item_id] in wanted]


def pick_item(queue: list[str], known: list[str] | None = None) -> str | None:
    """Return the item to show: the one in the address if it is known, else the first of the queue.

    Parameters
    ----------
    queue : list of str
        What is left to do, in order.
    known : list of str, optional
        Items that may be shown although they are done, as after an undo.
    """
    wanted = st.query_params.get(ITEM_PARAMETER)
    if wanted in queue or wanted in (known or ()):
        return wanted
    return queue[0] if queue else None


def find_next(queue: list[str], item_id: str) -> str | None:
    """Return the item after one; after the last, the first that is left.

    >>> find_next(["a", "b"], "a"), find_next(["a", "b"], "b"), find_next(["a"], "a"), find_next(["a"], "z")
    ('b', 'a', None, 'a')
    """
    others = [one for one in queue if one != item_id]
    if not others:
        return None
    place = queue.index(item_id) if item_id in queue else len(others)
    return others[place] if place < len(others) else others[0]


def show_arrows(queue: list[str], item_id: str) -> None:
    """Show buttons to the item before and after, without a decision."""
    place = queue.index(item_id) if item_id in queue else 0
    with st.container(horizontal=True, gap="xsmall", width="content"):
        for words, step in (("Back", -1), ("Next", 1)):
            st.button(
                words,
                key=f"go-{words}-{item_id}",
                shortcut="Left" if step < 0 else "Right",
                help=f"{words} in the queue, without deciding.",
                type="tertiary",
                disabled=len(queue) < 2,
                on_click=_step,
                args=(queue, place, step),
            )


def _start_over() -> None:
    """Forget which item was shown: another queue begins with its first one."""
    st.query_params.pop(ITEM_PARAMETER, None)


def _step(queue: list[str], place: int, step: int) -> None:
    """Put a neighbour in the queue into the address."""
    st.query_params[ITEM_PARAMETER] = queue[(place + step) % len(queue)]
