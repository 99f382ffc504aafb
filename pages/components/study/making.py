"""Studies in the making: how far they are, how they ended, and the way into them."""

from __future__ import annotations

import streamlit as st

from medxai_core import making
from medxai_core.making import Making
from medxai_core.studies.uploads import discard_uploads
from pages.components.address import change_address
from pages.components.class_words import escape
from pages.components.frame import choose_study, format_seconds
from pages.components.study.failures import say_reason

STARTED_KEY = "makings_started"
MAKING = "making"
"""Part of the address that names the study being made."""

POLL_SECONDS = 1.0


def remember_started(name: str) -> None:
    """Note that a study is being made here: it is opened when it is ready, also after the page was loaded again.

    What was tried here before and failed has been read, and goes.
    """
    for one in making.list_makings():
        if one.name != name and not one.is_open and one.status != "done" and _is_started_here(one.name):
            _dismiss(one)
    st.session_state.setdefault(STARTED_KEY, set()).add(name)
    change_address({MAKING: name})


def describe_makings() -> list[str]:
    """Return what `show_makings` shows, short: when it changes, the page is brought to its top, where it is shown."""
    return [f"{one.name} {one.status}" for one in making.list_makings()]


def _is_started_here(name: str) -> bool:
    """Return True when this session, or this tab before it was loaded again, started to make a study."""
    return name in st.session_state.get(STARTED_KEY, set()) or st.query_params.get(MAKING) == name


def _forget_started(name: str) -> None:
    """Take a study in the making out of session and address."""
    st.session_state.get(STARTED_KEY, set()).discard(name)
    if st.query_params.get(MAKING) == name:
        change_address({MAKING: None})


def show_makings() -> None:
    """Show every study in the making; while one is at work, look again every second."""
    makings = making.list_makings()
    if any(one.is_open for one in makings):
        _poll()
    else:
        for one in makings:
            _show_end(one)


@st.fragment(run_every=POLL_SECONDS)
def _poll() -> None:
    """Show how far they are; when one ends, draw the page again."""
    makings = making.list_makings()
    if not any(one.is_open for one in makings):
        st.rerun()
    for one in makings:
        if one.is_open:
            _show_work(one)


def _show_work(one: Making) -> None:
    """Show the stage at work, those that are over, and a button to stop."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape(one.title)}**", width="stretch")
            asked = making.is_stop_requested(one.name)
            label = "Stopping" if asked else "Stop"
            st.button(
                label,
                key=f"stop-making-{one.name}",
                icon=":material/stop_circle:",
                disabled=asked,
                on_click=making.request_stop,
                args=(one.name,),
                help="Nothing of the study is kept.",
            )
        share = min(one.done / one.total, 1.0) if one.total else 0.0
        st.progress(share, text=_describe(one))
        if one.finished:
            done = " · ".join(f":material/check: {escape(stage)}" for stage in dict.fromkeys(one.finished))
            st.caption(done)


def _describe(one: Making) -> str:
    """Return how far a stage is, in words."""
    steps = f": {one.done} of {one.total}" if one.total > 1 else ""
    left = f" · about {format_seconds(one.eta_seconds)} left in this step" if one.eta_seconds and steps else ""
    return f"{escape(one.stage)}{steps}{left}"


def is_form_open() -> bool:
    """Return True while the form for a new study is asked for; the address keeps it."""
    return st.query_params.get("new") == "1"


def turn_form() -> None:
    """Open the form for a new study, or close it."""
    change_address({"new": None if is_form_open() else "1"})


def _show_end(one: Making) -> None:
    """Open what this session made; else say how it ended."""
    if one.status == "done" and _is_started_here(one.name):
        _open(one)
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if one.status == "done":
            st.markdown(f":material/check_circle: The study **{escape(one.name)}** is ready.", width="stretch")
            st.button("Open it", key=f"open-{one.name}", type="primary", on_click=_open, args=(one,))
            return
        _show_failure(one)
        st.button("Dismiss", key=f"dismiss-{one.name}", on_click=_dismiss, args=(one,))


def _show_failure(one: Making) -> None:
    """Say what went wrong and what to do."""
    if one.status == "stopped":
        st.markdown(f":material/stop_circle: **{escape(one.title)}** was stopped; nothing was kept.", width="stretch")
        return
    words = f"**{escape(one.title)} failed:** {escape(say_reason(one.error))}\n\n{escape(one.remedy)}"
    st.error(words, icon=":material/error:", width="stretch")


def _open(one: Making) -> None:
    """Make a finished study the current one."""
    making.dismiss(one.name)
    _forget_started(one.name)
    if is_form_open():
        turn_form()
    choose_study(one.folder)


def _dismiss(one: Making) -> None:
    """Forget a failure, and delete what was uploaded for it."""
    making.dismiss(one.name)
    _forget_started(one.name)
    discard_uploads(one.name)
