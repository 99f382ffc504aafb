"""The reader's own last decisions, each with its undo."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.review import Decision
from medxai_core.stages.labels import undo
from medxai_core.stages.review_batches import describe_batch, group_batches, is_batch, revert_batch
from medxai_core.study import Study
from medxai_core.views.review_progress import list_own_decisions
from pages.components.class_words import say_action, shorten
from pages.components.frame import show_error
from pages.components.review.progress.data import Progress

LISTED, READ = 20, 2000
PROBLEM_KEY = "progress_problem"


def show_own(progress: Progress) -> None:
    """List the reader's last decisions."""
    problem = st.session_state.pop(PROBLEM_KEY, None)
    if problem is not None:
        show_error(problem)
    own = list_own_decisions(progress.figures.in_force, progress.reader, n=READ)
    if not own:
        st.caption("You have not decided on a picture yet.")
        return
    st.caption(f"Your last {LISTED} that stand, newest first. Undo adds a line to the log; nothing is deleted.")
    with st.container(height=300, border=True, gap="xxsmall"):
        for group in group_batches(own)[:LISTED]:
            _show_decision(progress.study, progress.reader, group)


def _show_decision(study: Study, reader: str, group: list[Decision]) -> None:
    """Show one decision, or one batch of them, with its undo."""
    last = group[0]
    what = shorten(last.item_id) if len(group) == 1 else f"{len(group)} pictures"
    words = f"{last.at[:10]} {last.at[11:16]} · {what} · {say_action(last.action, last.label)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.text(f"{words} · {describe_batch(last)}" if last.reason else words, width="stretch")
        st.button(
            "Undo",
            key=f"undo-{last.event_id}",
            type="tertiary",
            icon=":material/undo:",
            help=f"Taken on {last.at[:10]} at {last.at[11:19]} UTC.",
            disabled=study.read_only,
            on_click=_undo,
            args=(study, reader, group),
        )


def _undo(study: Study, reader: str, group: list[Decision]) -> None:
    """Take back one decision of the reader, or all of a batch."""
    try:
        if is_batch(group[0]):
            revert_batch(study, "undo", reader=reader, reason=group[0].reason)
        else:
            undo(study, reader=reader, event_id=group[0].event_id)
    except MedxaiError as problem:
        st.session_state[PROBLEM_KEY] = problem
