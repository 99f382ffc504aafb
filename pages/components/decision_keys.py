"""The keys of a review: one button and one key a decision, each click counted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.records.decisions import new_event_id
from medxai_core.review import Decision
from medxai_core.stages.labels import decide, decide_many, redo, undo
from medxai_core.stages.review_progress import count_log_lines
from medxai_core.study import Study
from pages.components.class_words import say_action, shorten
from pages.components.frame import get_reader, show_error

EVENTS_KEY = "review_events"
PROBLEM_KEY = "review_problem"
LAST_KEY = "review_last"
ITEM_PARAMETER = "review_item"


class DecisionKey(NamedTuple):
    """Describe one button."""

    action: str
    words: str
    shortcut: str
    help: str
    label: str | None = None


def show_keys(study: Study, item_id: str, keys: list[DecisionKey], *, next_id: str | None) -> None:
    """Show a row of buttons about one item; a decision brings the next item. None stands out: none is expected.

    The buttons carry the item's id, so that a late second click never meets the next item.
    """
    for column, key in zip(st.columns(len(keys), gap="xsmall"), keys, strict=True):
        with column:
            _show_key(study, item_id, key, next_id)


def show_last_row(study: Study, item_id: str, keys: list[DecisionKey], *, next_id: str | None) -> None:
    """Show a row of buttons about one item, then undo and redo."""
    columns = st.columns([3] * len(keys) + [2, 2], gap="xsmall")
    for column, key in zip(columns, keys, strict=False):
        with column:
            _show_key(study, item_id, key, next_id)
    for column, revert in zip(columns[-2:], (undo, redo), strict=True):
        with column:
            _show_revert(study, revert, words="", width="stretch")


def show_undo_keys(study: Study) -> None:
    """Show undo and redo by name; they work on the reader's own decisions, also after a reload."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", width="content"):
        _show_revert(study, undo, words="Undo", width="content")
        _show_revert(study, redo, words="Redo", width="content")
        show_last(width="content")


def show_last(width: Literal["stretch", "content"] = "stretch") -> None:
    """Say what was recorded last."""
    last = st.session_state.get(LAST_KEY)
    if last:
        st.caption(last, width=width)


def _show_key(study: Study, item_id: str, key: DecisionKey, next_id: str | None) -> None:
    """Show one button of a decision."""
    st.button(
        key.words,
        key=f"{key.action}-{key.label or ''}-{item_id}",
        shortcut=key.shortcut,
        help=key.help,
        width="stretch",
        disabled=study.read_only,
        on_click=_record,
        args=(study, item_id, key, get_event_id(item_id, key.action), next_id),
    )


def _show_revert(
    study: Study, revert: Callable[..., Decision], *, words: str, width: Literal["stretch", "content"]
) -> None:
    """Show undo or redo; the key changes with the log, so that a late second click takes nothing more back."""
    name = revert.__name__
    st.button(
        f":material/{name}: {words}".strip(),
        key=f"{name}-{count_log_lines(study)}",
        shortcut="Z" if revert is undo else "Y",
        help="Take back your last decision." if revert is undo else "Bring back what you took back last.",
        width=width,
        disabled=study.read_only,
        on_click=_revert,
        args=(study, revert),
    )


def show_problem() -> None:
    """Show why the last decision was not recorded; the item stays."""
    problem = st.session_state.pop(PROBLEM_KEY, None)
    if problem is not None:
        show_error(problem)
        st.caption("Nothing was recorded. The picture stays here; try again.")


def get_event_id(item_id: str, action: str = "") -> str:
    """Return the id of the decision that will be taken on a shown item; kept until it is recorded.

    A flag is a remark beside the decision, so it has an id of its own.
    """
    events = st.session_state.setdefault(EVENTS_KEY, {})
    return events.setdefault((item_id, action == "flag"), new_event_id())


def record_many(study: Study, item_ids: list[str], action: str, reason: str) -> bool:
    """Record the same decision about several items; return False, with the problem kept, if that failed."""
    try:
        done = decide_many(
            study,
            item_ids,
            action,
            reader=get_reader(),
            reason=reason,
            event_ids=[get_event_id(item_id) for item_id in item_ids],
        )
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return False
    for item_id in item_ids:
        _forget_event(item_id, action)
    st.session_state[LAST_KEY] = f"{say_action(action, None)}: {len(done)} pictures".capitalize()
    return True


def undo_decision(study: Study, event_id: str) -> None:
    """Take back one named decision of the reader."""
    try:
        _tell(undo(study, reader=get_reader(), event_id=event_id), "took back a decision on")
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem


def _record(study: Study, item_id: str, key: DecisionKey, event_id: str, next_id: str | None) -> None:
    """Record one decision and go on to the next item."""
    try:
        done = decide(study, item_id, key.action, reader=get_reader(), label=key.label, event_id=event_id)
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return
    _forget_event(item_id, key.action)
    _tell(done, say_action(done.action, done.label))
    if key.action != "flag":
        _go_to(next_id)


def _revert(study: Study, revert: Callable[..., Decision]) -> None:
    """Undo or redo, and show the item it was about."""
    try:
        done = revert(study, reader=get_reader())
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return
    _forget_event(done.item_id, "")
    _tell(done, "took back" if done.action == "undo" else "brought back")
    _go_to(done.item_id)


def _tell(decision: Decision, words: str) -> None:
    """Keep what was just recorded, to be shown beside the undo key."""
    st.session_state[LAST_KEY] = f"Last: {words}, {shorten(decision.item_id)}"


def _forget_event(item_id: str, action: str) -> None:
    """Forget the id of a decision that is recorded: the next one about this item is another one."""
    st.session_state.get(EVENTS_KEY, {}).pop((item_id, action == "flag"), None)


def _go_to(item_id: str | None) -> None:
    """Show an item next; None: whatever the queue begins with."""
    if item_id is None:
        st.query_params.pop(ITEM_PARAMETER, None)
    else:
        st.query_params[ITEM_PARAMETER] = item_id
