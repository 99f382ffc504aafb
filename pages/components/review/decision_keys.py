"""The keys of a review: one button and one key a decision, each click counted once."""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.records.decisions import list_decisions, new_event_id
from medxai_core.review import Decision, find_redo_target, find_undo_target
from medxai_core.stages.labels import decide, decide_many, redo, undo
from medxai_core.stages.review_batches import is_batch, name_batch, revert_batch
from medxai_core.study import Study
from medxai_core.views.review_progress import count_log_lines
from pages.components.class_words import say_action, shorten
from pages.components.frame import get_reader, show_error

EVENTS_KEY = "review_events"
PROBLEM_KEY = "review_problem"
LAST_KEY = "review_last"
ITEM_PARAMETER = "review_item"


LOOK_SECONDS = 0.3
"""A decision on a picture that has been there for less was meant for the one before: a held key, a double click."""


class ShownItem(NamedTuple):
    """Hold the id of the decision on an item, and since when the item is shown (seconds, monotonic)."""

    event_id: str
    at: float


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
    with columns[-2]:
        _show_revert(study, "undo", words="", width="stretch")
    with columns[-1]:
        _show_revert(study, "redo", words="", width="stretch")


def show_undo_keys(study: Study) -> None:
    """Show undo and redo by name; they work on the reader's own decisions, also after a reload."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", width="content"):
        _show_revert(study, "undo", words="Undo", width="content")
        _show_revert(study, "redo", words="Redo", width="content")
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
    study: Study, verb: Literal["undo", "redo"], *, words: str, width: Literal["stretch", "content"]
) -> None:
    """Show undo or redo; the key changes with the log, so that a late second click takes nothing more back."""
    st.button(
        f":material/{verb}: {words}".strip(),
        key=f"{verb}-{count_log_lines(study)}",
        shortcut="Z" if verb == "undo" else "Y",
        help="Take back your last decision." if verb == "undo" else "Bring back what you took back last.",
        width=width,
        disabled=study.read_only,
        on_click=_revert,
        args=(study, verb),
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
    return events.setdefault((item_id, action == "flag"), ShownItem(new_event_id(), time.monotonic())).event_id


def record_many(study: Study, item_ids: list[str], action: str, kind: str) -> bool:
    """Record the same decision about several items; return False, with the problem kept, if that failed."""
    try:
        done = decide_many(
            study,
            item_ids,
            action,
            reader=get_reader(),
            reason=name_batch(kind),
            event_ids=[get_event_id(item_id) for item_id in item_ids],
        )
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return False
    for item_id in item_ids:
        _forget_event(item_id, action)
    st.session_state[LAST_KEY] = f"{say_action(action, None)}: {len(done)} pictures".capitalize()
    return True


def undo_group(study: Study, group: list[Decision]) -> None:
    """Take back one named decision of the reader, or all of a batch."""
    try:
        if is_batch(group[0]):
            done = revert_batch(study, "undo", reader=get_reader(), reason=group[0].reason)
        else:
            done = [undo(study, reader=get_reader(), event_id=group[0].event_id)]
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return
    _tell_reverted(done)


def _record(study: Study, item_id: str, key: DecisionKey, event_id: str, next_id: str | None) -> None:
    """Record one decision and go on to the next item."""
    shown = st.session_state.get(EVENTS_KEY, {}).get((item_id, key.action == "flag"))
    if shown is not None and time.monotonic() - shown.at < LOOK_SECONDS:
        st.session_state[LAST_KEY] = "Not recorded: this picture has only just appeared. Look, then decide."
        return
    try:
        done = decide(study, item_id, key.action, reader=get_reader(), label=key.label, event_id=event_id)
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return
    _forget_event(item_id, key.action)
    _tell(say_action(done.action, done.label), shorten(item_id))
    if key.action != "flag":
        _go_to(next_id)


def _revert(study: Study, verb: Literal["undo", "redo"]) -> None:
    """Undo or redo, and show the item it was about; a batch is taken back as a whole."""
    reader = get_reader()
    find_target, revert = (find_undo_target, undo) if verb == "undo" else (find_redo_target, redo)
    try:
        target = find_target(list_decisions(study, reader=reader), reader)
        if is_batch(target):
            done = revert_batch(study, verb, reader=reader, reason=target.reason)
        else:
            done = [revert(study, reader=reader)]
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
        return
    _tell_reverted(done)
    if len(done) == 1:
        _go_to(done[0].item_id)


def _tell_reverted(done: list[Decision]) -> None:
    """Keep what was taken back or brought back, and forget the ids of the clicks on these items."""
    for one in done:
        _forget_event(one.item_id, "")
    words = "took back" if done[0].action == "undo" else "brought back"
    _tell(words, shorten(done[0].item_id) if len(done) == 1 else f"{len(done)} pictures")


def _tell(words: str, what: str) -> None:
    """Keep what was just recorded, to be shown beside the undo key."""
    st.session_state[LAST_KEY] = f"Last: {words}, {what}"


def _forget_event(item_id: str, action: str) -> None:
    """Forget the id of a decision that is recorded: the next one about this item is another one."""
    st.session_state.get(EVENTS_KEY, {}).pop((item_id, action == "flag"), None)


def _go_to(item_id: str | None) -> None:
    """Show an item next; None: whatever the queue begins with."""
    if item_id is None:
        st.query_params.pop(ITEM_PARAMETER, None)
    else:
        st.query_params[ITEM_PARAMETER] = item_id
