"""The queues of a review: what is proposed, in which order, and the cards that the browser shows."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from medxai_core.review import QUEUE_ORDERS, Decision
from medxai_core.review.labels import Proposal
from medxai_core.stages.labels import get_proposals
from medxai_core.study import Study
from medxai_core.views.map_selection import get_review_selection
from medxai_core.views.proposal_queue import ProposalMeasures, order_proposals
from medxai_core.views.reasons import Reasoning
from medxai_core.views.review_cards import ReviewCards, find_judgeable, list_taken_by_others, make_cards
from medxai_core.views.review_second_reading import queue_disagreements, queue_second_reading
from pages.components.cached import get_decisions, get_items, get_reasoning, get_suggested_seeds
from pages.components.frame import get_reader

SELECTION, SETTLING, SECOND = "selection", "disagreement", "second"
SELECTION_KEY = "review_selection"
ORDER_WORDS = {
    "uncertain": "Most doubtful first",
    "border": "Nearest to another cluster first",
    "farthest": "Least typical of its cluster first",
    "newest": "Latest round first",
    "random": "By chance (random audit)",
    SETTLING: "Readers disagree",
    SECOND: "Second reading (blind)",
    SELECTION: "Selected on the map",
}
ORDER_NOTES = {
    "random": "A fixed random order over all clusters. Only this one says how many proposals are right: see Progress.",
    SETTLING: "Pictures that two readers called differently, and that no one has settled since.",
    SECOND: "Pictures that another reader has judged and you have not, by chance. What they said is not shown.",
}
EMPTY_WORDS = {
    SETTLING: "No open disagreement between readers: either no two have judged the same pictures, or they agree.",
    SECOND: "Nothing to read as second reader: no other reader has judged a picture that you have not.",
    SELECTION: "None of the selected pictures can be judged here: only training pictures without a given label can.",
}
STEP = 200
"""Pictures that are suggested at once to be labelled from zero."""


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


def list_orders(study: Study) -> list[tuple[str, str]]:
    """Return the orders that can be chosen, each with its words; the selection when there is one."""
    known = [order for order in ORDER_WORDS if order in (*QUEUE_ORDERS, SECOND)]
    chosen = [SELECTION] if get_selection(study) else []
    return [(order, ORDER_WORDS[order]) for order in [*known, *chosen]]


def get_selection(study: Study) -> list[str]:
    """Return the items that the reader selected on the map to review."""
    held = st.session_state.get(SELECTION_KEY)
    return held if isinstance(held, list) else get_review_selection(study, get_reader())


def draw_proposals(review: ReviewState, order: str, *, shared: bool) -> ReviewCards:
    """Return the cards of the proposals in an order.

    Parameters
    ----------
    shared : bool
        Leave out what others have decided on, so that readers share the work; this is no blind reading.
    """
    items = get_items(review.study)
    judgeable = set(items.item_ids[find_judgeable(items)]) if order in (SETTLING, SECOND) else set()
    if order == SETTLING:
        return make_cards(items, queue_disagreements(review.decisions, among=judgeable), review.measures)
    if order == SECOND:
        return make_cards(items, queue_second_reading(review.decisions, get_reader(), among=judgeable), review.measures)
    item_ids = order_proposals(review.measures, order)
    if shared:
        taken = list_taken_by_others(review.decisions, get_reader())
        item_ids = [item_id for item_id in item_ids if item_id not in taken]
    return make_cards(items, item_ids, review.measures)


def draw_selection(study: Study, review: ReviewState | None) -> ReviewCards:
    """Return the cards of the items selected on the map, with what is proposed for them."""
    return make_cards(get_items(study), get_selection(study), None if review is None else review.measures)


def draw_seeds(study: Study, n: int) -> ReviewCards:
    """Return the cards of the pictures to label first; raises StageMissingError without features."""
    return make_cards(get_items(study), get_suggested_seeds(study, n))
