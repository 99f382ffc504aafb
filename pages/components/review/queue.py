"""The queues of a review: what is proposed, in which order, and the cards that the browser shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from medxai_core.review import QUEUE_ORDERS, Decision
from medxai_core.study import Study
from medxai_core.views.map_selection import get_review_selection
from medxai_core.views.proposal_queue import ProposalMeasures, order_places
from medxai_core.views.reasons import Reasoning
from medxai_core.views.review_cards import ReviewCards, list_taken_by_others, make_cards, make_cards_at
from medxai_core.views.review_second_reading import queue_disagreements, queue_second_reading
from pages.components.cached import get_decisions, get_items, get_newest_labelling, get_reasoning, get_suggested_seeds
from pages.components.frame import get_reader

AUDIT, SELECTION, SETTLING, SECOND = "audit", "selection", "disagreement", "second"
SELECTION_KEY = "review_selection"
ORDER_WORDS = {  # the first is where a review begins: as many judgements buy most by chance (docs/labels.md)
    "random": "By chance",
    "uncertain": "Most doubtful first",
    "border": "Nearest to another cluster first",
    "farthest": "Least typical of its cluster first",
    "newest": "Latest round first",
    AUDIT: "Random audit (one by one)",
    SETTLING: "Readers disagree",
    SECOND: "Second reading (blind)",
    SELECTION: "Selected on the map",
}
ORDER_NOTES = {
    "random": "A fixed random order over all proposals. Answers given one by one also count in the random audit.",
    AUDIT: (
        "A fixed random order over all proposals; what was decided with others at once is asked again, alone. "
        "It says how many proposals are right: see Progress."
    ),
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
    """Hold what the views of proposals share in one run of the page."""

    study: Study
    reasoning: Reasoning
    measures: ProposalMeasures
    decisions: list[Decision]


def load_review(study: Study) -> ReviewState | None:
    """Return the newest proposals with the log; None when nothing is proposed."""
    found = get_reasoning(study)
    if found is None or not len(found[1].item_ids):
        return None
    return ReviewState(study, *found, get_decisions(study))


def list_orders(study: Study) -> list[tuple[str, str]]:
    """Return the orders that can be chosen, each with its words; the selection when there is one."""
    known = [order for order in ORDER_WORDS if order in (*QUEUE_ORDERS, SECOND)]
    labelling = get_newest_labelling(study)
    if labelling is not None and labelling.is_by_bands:
        known = [order for order in known if order not in ("border", "farthest")]  # of clusters only
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
    items, measures, log = get_items(review.study), review.measures, review.decisions
    if order in (SETTLING, SECOND):
        among = set(make_cards(items, [line.item_id for line in log]).item_ids)
        if order == SETTLING:
            return make_cards(items, queue_disagreements(log, among=among), measures)
        return make_cards(items, queue_second_reading(log, get_reader(), among=among), measures)
    rows = measures.rows[order_places(measures, order)]
    if shared:
        taken = [items.rows_by_id.get(item_id, -1) for item_id in list_taken_by_others(log, get_reader())]
        rows = rows[~np.isin(rows, taken)]
    return make_cards_at(items, rows, measures)


def draw_selection(study: Study, review: ReviewState | None) -> ReviewCards:
    """Return the cards of the items selected on the map, with what is proposed for them."""
    return make_cards(get_items(study), get_selection(study), None if review is None else review.measures)


def draw_seeds(study: Study, n: int) -> ReviewCards:
    """Return the cards of the pictures to label first; raises StageMissingError without features."""
    return make_cards(get_items(study), get_suggested_seeds(study, n))
