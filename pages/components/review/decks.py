"""Which cards are shown: the reader's choice of a queue, kept in the address."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from medxai_core.study import Study
from medxai_core.views.review_cards import ReviewCards, make_cards
from pages.components.address import change_address
from pages.components.cached import get_items, get_version
from pages.components.frame import get_reader
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

ITEM_PARAMETER, ORDER_PARAMETER, SHOW_PARAMETER, QUEUE_PARAMETER = "review_item", "review_order", "review_show", "queue"
SHARED = "shared"
ITEM_MISSED = (
    "The picture that the address asks for is not judged here: only training pictures without a given label are."
)
SHARED_NOTE = (
    "Pictures on which another reader has decided are left out, so that readers share the work. "
    "For a second, blind reading take “Not decided by me”."
)


@dataclass(frozen=True)
class Choice:
    """Hold which queue a reader wants."""

    order: str
    shared: bool


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
    start: dict[str, str] | None
    note: str
    empty: str


def list_known_parts(study: Study) -> dict[str, list[str]]:
    """Return what each part of the address that names a queue may be."""
    orders = [order for order, _ in list_orders(study)]
    return {ORDER_PARAMETER: orders, QUEUE_PARAMETER: [SELECTION], SHOW_PARAMETER: [SHARED]}


def read_choice(study: Study, key: str, mode: str) -> Choice:
    """Return what the reader chose in the browser, or else what the address says; the address then keeps it."""
    if mode == "seeds":
        return Choice("seeds", False)
    asked = st.session_state.get(key, {}).get("choice")
    known = [order for order, _ in list_orders(study)]
    if isinstance(asked, dict) and asked.get("order") in known:
        choice = Choice(asked["order"], asked.get("shared") is True)
        _keep(choice)
        return choice
    wanted = SELECTION if st.query_params.get(QUEUE_PARAMETER) == SELECTION else st.query_params.get(ORDER_PARAMETER)
    order = wanted if wanted in known else next(iter(ORDER_WORDS))
    return Choice(order, st.query_params.get(SHOW_PARAMETER) == SHARED)


def _keep(choice: Choice) -> None:
    """Write a choice into the address."""
    change_address(
        {
            ORDER_PARAMETER: choice.order if choice.order not in (SELECTION, next(iter(ORDER_WORDS))) else None,
            QUEUE_PARAMETER: SELECTION if choice.order == SELECTION else None,
            SHOW_PARAMETER: SHARED if choice.shared else None,
        }
    )


def open_deck(study: Study, mode: Literal["proposals", "seeds"], choice: Choice) -> Deck:
    """Return the deck of a queue; raises StageMissingError when the pictures are not described yet."""
    start = _take_start(study)
    review = load_review(study) if mode == "proposals" else None
    n_suggested = max(STEP, st.session_state.get("review_suggested", 0) + STEP)
    if mode == "seeds":
        cards = draw_seeds(study, n_suggested)
    elif choice.order == SELECTION or review is None:
        cards = draw_selection(study, review)
    else:
        cards = draw_proposals(review, choice.order, shared=choice.shared)
    if start is not None and start["item"] not in cards.item_ids:
        measures = None if review is None else review.measures
        cards = make_cards(get_items(study), [start["item"], *cards.item_ids.tolist()], measures)
    labelling = None if review is None else review.reasoning.labelling
    what = [str(study.folder), get_version(study), get_reader(), mode, choice.order, choice.shared]
    held = hashlib.blake2b("\n".join(cards.item_ids).encode(), digest_size=8).hexdigest()
    return Deck(
        key=(
            *what,
            start and start["token"],
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
        start=start,
        note=_write_note(study, choice, cards, start),
        empty=EMPTY_WORDS.get(choice.order, ""),
    )


def _take_start(study: Study) -> dict[str, str] | None:
    """Return the item to begin with: the one in the address, which is taken out of it so that a reload goes on."""
    wanted = st.query_params.pop(ITEM_PARAMETER, None)
    if wanted is not None:
        st.session_state[ITEM_PARAMETER] = {"study": str(study.folder), "item": wanted, "token": uuid.uuid4().hex}
    kept = st.session_state.get(ITEM_PARAMETER)
    is_here = kept is not None and kept["study"] == str(study.folder)
    return kept if is_here and len(make_cards(get_items(study), [kept["item"]])) else None


def _write_note(study: Study, choice: Choice, cards: ReviewCards, start: dict[str, str] | None) -> str:
    """Say what the queue is, where that is not plain."""
    asked = st.session_state.get(ITEM_PARAMETER)
    is_missed = start is None and asked is not None and asked["study"] == str(study.folder)
    notes = [ITEM_MISSED if is_missed else "", ORDER_NOTES.get(choice.order, ""), SHARED_NOTE if choice.shared else ""]
    if choice.order == SELECTION:
        n, left = len(get_selection(study)), len(get_selection(study)) - len(cards)
        rest = f" {left} left out: only training pictures without a given label are judged." if left else ""
        notes.append(f"{n} selected on the map.{rest}")
    return " ".join(note for note in notes if note)
