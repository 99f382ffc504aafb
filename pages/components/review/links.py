"""What the review in the browser sends and gets without anything else being drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from medxai_core.errors import MedxaiError, StudyBusyError
from medxai_core.stages.review_events import record_events
from medxai_core.stages.review_messages import read_acts
from medxai_core.study import Study
from medxai_core.views.class_map_places import draw_class_map_places
from medxai_core.views.review_effects import describe_block
from medxai_core.views.review_progress import count_log_lines
from pages.components.browser_component import declare_component
from pages.components.cached import get_decisions, get_images, get_items, get_review_basis
from pages.components.class_words import say_plainly
from pages.components.frame import get_reader
from pages.components.packing import pack
from pages.components.review.queue import ReviewState, load_review
from pages.components.review.reason import describe_reason

KNOWN_KEY = "review_known"
BLOCK_KEY = "review_block"
BLOCK = 20
"""Decisions after which it is said what they changed."""
MOST_REASONS = 24

_link = declare_component("review_link")


def show_lifeline(channel: str) -> dict[str, Any]:
    """Mount a link whose messages draw the whole page again, and return the last one.

    A server that was started anew knows no fragments: they are there again after the whole page was drawn.
    """
    return _mount(channel, "lifeline", lambda _: {})


@st.fragment
def show_outbox(study: Study, channel: str) -> None:
    """Take the decisions that the browser holds, and confirm those that are in the store."""
    _mount(channel, "outbox", lambda message: _answer_once(study, message))
    effects = _describe_effects(study)
    _mount(channel, "effects", lambda _: {"sentences": effects})


@st.fragment
def show_reasons(study: Study, channel: str) -> None:
    """Bring the reasons that the browser asks for."""
    _mount(channel, "reasons", lambda message: _explain(study, message))


def list_known(study: Study) -> set[str]:
    """Return the ids of the events that the browser was told of in this session."""
    return st.session_state.setdefault(f"{KNOWN_KEY}-{study.folder}-{get_reader()}", set())


def _mount(channel: str, kind: str, answer: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
    """Mount one link, answer its last message, and return the message."""
    key = f"{channel}-{kind}"
    sent = st.session_state.get(key, {}).get("message")
    message = sent if isinstance(sent, dict) else {}
    _link(
        key=key,
        data=pack({"channel": channel, "kind": kind} | dict(answer(message)), {}),
        on_message_change=lambda: None,
        height="content",
    )
    return message


def _answer_once(study: Study, message: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a message; each is acted on once, however often the page is drawn with it.

    What failed was told to the reader and is theirs to decide on again: it is not tried behind their back.
    """
    reader, turn = get_reader(), message.get("turn")
    nothing = {"reader": reader, "turn": None, "stored": [], "failures": [], "trouble": None}
    if message.get("reader") != reader or not isinstance(turn, str):
        return nothing
    key = f"review_answer-{study.folder}-{reader}"
    kept = st.session_state.get(key)
    if kept is None or kept["turn"] != turn:
        kept = nothing | {"turn": turn} | _record(study, message, reader)
        st.session_state[key] = kept
    return kept


def _record(study: Study, message: dict[str, Any], reader: str) -> dict[str, Any]:
    """Record the events of a message; return what is stored, what is not, and what stands in the way."""
    events, unread = read_acts(message)
    failures = [{"id": one.event_id, "reason": one.reason, "remedy": one.remedy} for one in unread]
    try:
        stored, failed = record_events(study, events, reader=reader)
    except StudyBusyError as error:  # they wait in the browser, and come again
        return {"trouble": {"message": error.message, "remedy": error.remedy}, "failures": failures}
    except MedxaiError as error:
        failures += [{"id": one.event_id, "reason": error.message, "remedy": error.remedy} for one in events]
        return {"failures": failures}
    failures += [{"id": one.event_id, "reason": one.reason, "remedy": one.remedy} for one in failed]
    known = list_known(study)
    _count_block(study, len(set(stored) - known))
    known.update(stored)
    return {"stored": stored, "failures": failures}


def _count_block(study: Study, n: int) -> None:
    """Count the decisions of the running block."""
    block = st.session_state.setdefault(_name_block(study), {"since": count_log_lines(study) - n, "n": 0, "said": []})
    block["n"] += n


def _describe_effects(study: Study) -> list[str]:
    """Return what the last full block of decisions changed, in sentences."""
    block = st.session_state.get(_name_block(study))
    if block is None:
        return []
    if block["n"] >= BLOCK:
        try:
            known = {"basis": get_review_basis(study), "decisions": get_decisions(study)}
            found = describe_block(study, reader=get_reader(), since=block["since"], **known)
        except MedxaiError:  # the study cannot be read just now; the next decision tells so
            return list(block["said"])
        block |= {"since": found.until, "n": 0, "said": [say_plainly(one) for one in found.sentences]}
    return list(block["said"])


def _name_block(study: Study) -> str:
    """Return where the running block of a reader is kept."""
    return f"{BLOCK_KEY}-{study.folder}-{get_reader()}"


def _describe(study: Study, review: ReviewState, row: int) -> dict[str, Any]:
    """Return the reason of one proposal, with where the class map sees polyp where one proposed it."""
    items = get_items(study)
    is_by_map = review.reasoning.labelling.is_by_bands
    drawn = draw_class_map_places(study, get_images(study), items, row) if is_by_map else None
    return describe_reason(review.reasoning, items, row, drawn=drawn)


def _explain(study: Study, message: dict[str, Any]) -> dict[str, Any]:
    """Return the reasons of the proposals asked for."""
    asked = message.get("keys") if isinstance(message.get("keys"), list) else []
    answer = {"labelling": message.get("labelling"), "turn": message.get("turn"), "reasons": {}}
    try:
        review = load_review(study) if asked else None
    except MedxaiError:
        return answer
    if review is None or message.get("labelling") != review.reasoning.labelling.labelling_id:
        return answer
    items, measures = get_items(study), review.measures
    rows = [items.rows_by_id.get(one, -1) if isinstance(one, str) else -1 for one in asked[:MOST_REASONS]]
    known = [row for row in rows if row in measures.rows]
    reasons = {str(items.item_ids[row]): _describe(study, review, row) for row in known}
    return answer | {"reasons": reasons}
