"""Which cards are shown: the reader's choice of a queue, kept in the address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from medxai_core.study import Study
from medxai_core.views.review_cards import ReviewCards, make_cards
from pages.components.address import change_address
from pages.components.cached import get_items, get_version
from pages.components.frame import get_reader
from pages.components.reader import is_said, propose_reader
from pages.components.review.queue import (
    EMPTY_WORDS,
    ORDER_NOTES,
    ORDER_WORDS,
    SELECTION,
    STEP,
    draw_proposals,
    draw_seeds,
    draw_selection,
    get_selection,
    list_orders,
    load_review,
)

ORDER_PARAMETER, SHOW_PARAMETER, QUEUE_PARAMETER = "review_order", "review_show", "queue"
ITEM_PARAMETERS = {"proposals": "review_item", "seeds": "seed_item"}
ASKED_KEY = "review_asked"
SHARED = "shared"
SHOWN = ("open", "doubt", "flagged", "decided", "all", SHARED)
"""Which pictures of a queue are shown: the browser chooses among those it has, the server what others decided on."""

ITEM_MISSED = (
    "The picture that the address asks for is not judged here: only training pictures without a given label are."
)
SHARED_NOTE = (
    "Pictures on which another reader has decided are left out, so that readers share the work. "
    "For a second, blind reading take “Not decided by me”."
)


@dataclass(frozen=True)
class Choice:
    """Hold which queue a reader wants, and whether it was chosen by hand, not by the address."""

    order: str
    shared: bool
    by_hand: bool = False


@dataclass(frozen=True, eq=False)
class Deck:
    """Hold the cards of a queue with what is said about it; `key` differs when the cards may differ."""

    key: tuple[Any, ...]
    mode: Literal["proposals", "seeds"]
    order: str
    shared: bool
    orders: list[tuple[str, str]]
    cards: ReviewCards
    labelling_id: str | None
    clustering_id: str | None
    note: str
    empty: str


def list_known_parts(study: Study) -> dict[str, list[str]]:
    """Return what each part of the address that names a queue may be."""
    orders = [order for order, _ in list_orders(study)]
    return {ORDER_PARAMETER: orders, QUEUE_PARAMETER: [SELECTION], SHOW_PARAMETER: list(SHOWN)}


def read_choice(study: Study, key: str, mode: str) -> Choice:
    """Return what the reader chose in the browser, or else what the address says; the address then keeps it."""
    if mode == "seeds":
        return Choice("seeds", False)
    asked = st.session_state.get(key, {}).get("choice")
    known = [order for order, _ in list_orders(study)]
    if isinstance(asked, dict) and asked.get("order") in known:
        choice = Choice(asked["order"], asked.get("shared") is True, by_hand=True)
        _keep(choice)
        return choice
    wanted = SELECTION if st.query_params.get(QUEUE_PARAMETER) == SELECTION else st.query_params.get(ORDER_PARAMETER)
    order = wanted if wanted in known else next(iter(ORDER_WORDS))
    return Choice(order, st.query_params.get(SHOW_PARAMETER) == SHARED)


def _keep(choice: Choice) -> None:
    """Write a choice into the address, as the browser does, which names there all that is shown."""
    shown = st.query_params.get(SHOW_PARAMETER)
    change_address(
        {
            ORDER_PARAMETER: None if choice.order == SELECTION else choice.order,
            QUEUE_PARAMETER: SELECTION if choice.order == SELECTION else None,
            SHOW_PARAMETER: SHARED if choice.shared else None if shown == SHARED else shown,
        }
    )


def open_deck(study: Study, mode: Literal["proposals", "seeds"], choice: Choice) -> Deck:
    """Return the deck of a queue; raises StageMissingError when the pictures are not described yet."""
    review = load_review(study) if mode == "proposals" else None
    n_suggested = max(STEP, st.session_state.get("review_suggested", 0) + STEP)
    if mode == "seeds":
        cards = draw_seeds(study, n_suggested)
    elif choice.order == SELECTION or review is None:
        cards = draw_selection(study, review)
    else:
        cards = draw_proposals(review, choice.order, shared=choice.shared)
    asked = _find_asked(study, mode, choice, cards)
    if asked is not None:
        measures = None if review is None else review.measures
        cards = make_cards(get_items(study), [asked, *cards.item_ids.tolist()], measures)
    labelling = None if review is None else review.reasoning.labelling
    proposal = None if is_said() else propose_reader()
    what = [str(study.folder), get_version(study), get_reader(), proposal, mode, choice.order, choice.shared]
    held = hashlib.blake2b("\n".join(cards.item_ids).encode(), digest_size=8).hexdigest()
    return Deck(
        key=(
            *what,
            asked,
            labelling and labelling.labelling_id,
            held if not choice.shared else None,
        ),
        mode=mode,
        order=choice.order,
        shared=choice.shared,
        orders=[] if mode == "seeds" else list_orders(study),
        cards=cards,
        labelling_id=labelling and labelling.labelling_id,
        clustering_id=labelling and labelling.clustering_id,
        note=_write_note(study, mode, choice, cards),
        empty=EMPTY_WORDS.get(choice.order, ""),
    )


def _find_asked(study: Study, mode: str, choice: Choice, cards: ReviewCards) -> str | None:
    """Return the item that a link asks for and that its queue does not hold; it is held there while it is open."""
    wanted, queue = st.query_params.get(ITEM_PARAMETERS[mode]), (str(study.folder), mode, choice.order, choice.shared)
    kept = st.session_state.get(ASKED_KEY)
    is_link = wanted is not None and not choice.by_hand  # else the address names what another queue showed
    if is_link and wanted not in cards.item_ids and (kept is None or kept[0] != wanted):
        kept = st.session_state[ASKED_KEY] = (wanted, queue)
    if kept is None or kept[1] != queue or kept[0] in cards.item_ids:
        return None
    return kept[0] if len(make_cards(get_items(study), [kept[0]])) else None


def _write_note(study: Study, mode: str, choice: Choice, cards: ReviewCards) -> str:
    """Say what the queue is, where that is not plain."""
    wanted = st.query_params.get(ITEM_PARAMETERS[mode])
    is_missed = wanted is not None and not len(make_cards(get_items(study), [wanted]))
    notes = [ITEM_MISSED if is_missed else "", ORDER_NOTES.get(choice.order, ""), SHARED_NOTE if choice.shared else ""]
    if choice.order == SELECTION:
        n, left = len(get_selection(study)), len(get_selection(study)) - len(cards)
        rest = f" {left} left out: only training pictures without a given label are judged." if left else ""
        notes.append(f"{n} selected on the map.{rest}")
    return " ".join(note for note in notes if note)
