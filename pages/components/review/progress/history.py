"""Every earlier state of the labels: who did what, and the way back, which is itself a line of the log."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.review import Moment
from medxai_core.stages.label_history import (
    RestorePreview,
    is_restore,
    list_changes,
    preview_restore,
    preview_take_back,
    restore_labels,
    take_back_restore,
)
from medxai_core.study import Study
from pages.components.class_words import ACTION_WORDS, say_class, say_plainly
from pages.components.frame import show_error
from pages.components.review.progress.data import Progress, load_moments

AT_A_TIME, ROWS = 12, 8
HEAD = ("when", "who", "what", "labels from readers then", "")
WIDTHS = (21, 13, 28, 23, 15)
CHOSEN_KEY, SHOWN_KEY, TOLD_KEY = "restore_chosen", "restore_shown", "restore_told"
HISTORY_WORDS = ACTION_WORDS | {
    "other": "corrected",
    "undo": "undone",
    "redo": "redone",
    "withdraw": "taken out",
    "reinstate": "brought back",
}


def show_history(progress: Progress) -> None:
    """List the moments that the labels can go back to, newest first."""
    _tell_done()
    moments = load_moments(progress)
    if len(moments) == 1:
        st.caption("No decision yet. From the first one on, every earlier state of the labels stands here.")
        return
    chosen = st.session_state.get(CHOSEN_KEY)
    if chosen is not None:
        _show_confirmation(progress, chosen)
    st.caption(
        "Newest first, times in UTC. Going back deletes nothing: it adds lines to the log and can be undone. "
        "Proposals of clusters are not part of it."
    )
    shown = st.session_state.get(SHOWN_KEY, AT_A_TIME)
    with st.container(height=360 if len(moments) > ROWS else "content", border=True, gap="xxsmall"):
        for column, words in zip(st.columns(WIDTHS, gap="small"), HEAD, strict=True):
            column.caption(words)
        for place, moment in enumerate(moments[::-1][:shown]):
            _show_moment(progress.study, moment, is_now=place == 0)
        if len(moments) > shown:
            st.button(f"Show more ({len(moments) - shown} earlier)", type="tertiary", on_click=_show_more)


def _show_moment(study: Study, moment: Moment, *, is_now: bool) -> None:
    """Show one moment with the way back to it."""
    columns = st.columns(WIDTHS, gap="small", vertical_alignment="center")
    words = (_say_when(moment), ", ".join(moment.readers), _say_what(moment), _say_labels(moment))
    for column, text in zip(columns, words, strict=False):
        column.text(text)
    with columns[-1].container(horizontal=True, horizontal_alignment="right", gap="small"):
        if is_restore(moment):
            _show_choice(study, "Undo restore", ("take_back", moment.mark), f"take-back-{moment.number}")
        if is_now:
            st.badge("now", color="gray")
        else:
            _show_choice(study, "Go back", ("restore", moment.number), f"go-back-{moment.number}")


def _show_choice(study: Study, words: str, chosen: tuple[str, int | str], key: str) -> None:
    """Show the button that asks for a way back; it only shows what would change."""
    st.button(words, key=key, type="tertiary", disabled=study.read_only, on_click=_choose, args=(chosen,))


def _say_when(moment: Moment) -> str:
    """Say when the lines of a moment were written.

    >>> at = "2024-05-01T10:00:00"
    >>> _say_when(Moment(2, 1, at, "2024-05-01T10:12:00", {}, "", {}, {}))
    '2024-05-01 10:00 to 10:12'
    """
    if not moment.number:
        return "before any decision"
    began, ended = (text[:16].replace("T", " ") for text in (moment.began, moment.at))
    if began == ended:
        return began
    return f"{began} to {ended[11:] if began[:10] == ended[:10] else ended}"


def _say_what(moment: Moment) -> str:
    """Say what was done."""
    did = ", ".join(f"{n} {HISTORY_WORDS.get(action, action)}" for action, n in moment.counts.items())
    return f"{moment.mark.partition(' #')[0]}: {did}" if moment.mark else did


def _say_labels(moment: Moment) -> str:
    """Say how many labels of readers stood afterwards."""
    return ", ".join(f"{n:,} {say_class(name)}" for name, n in moment.n_labels.items())


def _show_confirmation(progress: Progress, chosen: tuple[str, int | str]) -> None:
    """Show what going back would change, and ask."""
    try:
        preview = _preview(progress, chosen)
    except MedxaiError as problem:
        st.session_state.pop(CHOSEN_KEY, None)
        show_error(problem)
        return
    with st.container(border=True, gap="small"):
        what = "Undo this restore?" if chosen[0] == "take_back" else _ask(progress, int(chosen[1]))
        st.markdown(f"**{what}**")
        st.text("\n".join(say_plainly(sentence) for sentence in list_changes(preview)))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Change the labels so",
                type="primary",
                key="restore-confirm",
                disabled=preview.changes_nothing or progress.study.read_only,
                on_click=_go_back,
                args=(progress.study, chosen, progress.reader, preview.last),
            )
            st.button("Leave them as they are", key="restore-cancel", on_click=_choose, args=(None,))


def _ask(progress: Progress, number: int) -> str:
    """Return the question before a restore."""
    if not number:
        return "Go back to the state before any decision?"
    line = next(line for line in progress.decisions if line.decision_id == number)
    return f"Go back to the labels of {line.at[:16].replace('T', ' ')} (UTC), after line {number} of the log?"


def _preview(progress: Progress, chosen: tuple[str, int | str]) -> RestorePreview:
    """Return what the chosen way back would change."""
    if chosen[0] == "take_back":
        return preview_take_back(progress.study, str(chosen[1]), decisions=progress.decisions)
    return preview_restore(progress.study, int(chosen[1]), decisions=progress.decisions)


def _go_back(study: Study, chosen: tuple[str, int | str], reader: str, expected_last: int) -> None:
    """Restore, or take a restore back, and keep what to say about it."""
    try:
        if chosen[0] == "take_back":
            done = take_back_restore(study, str(chosen[1]), reader=reader, expected_last=expected_last)
        else:
            done = restore_labels(study, int(chosen[1]), reader=reader, expected_last=expected_last)
    except MedxaiError as problem:
        st.session_state[TOLD_KEY] = problem
        return
    n = done.last - done.first + 1
    st.session_state[TOLD_KEY] = f"Done: {n} lines added to the log. “Undo restore” below takes them back."
    st.session_state.pop(CHOSEN_KEY, None)


def _tell_done() -> None:
    """Say how the last way back went."""
    told = st.session_state.pop(TOLD_KEY, None)
    if isinstance(told, MedxaiError):
        show_error(told)
    elif told:
        st.success(told, icon=":material/check_circle:")


def _choose(chosen: tuple[str, int | str] | None) -> None:
    """Ask for a way back; None: for none."""
    if chosen is None:
        st.session_state.pop(CHOSEN_KEY, None)
    else:
        st.session_state[CHOSEN_KEY] = chosen


def _show_more() -> None:
    """Show more moments."""
    st.session_state[SHOWN_KEY] = st.session_state.get(SHOWN_KEY, AT_A_TIME) + 4 * AT_A_TIME
