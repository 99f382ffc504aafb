"""Buttons that start long work as a process of its own, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from medxai_core.errors import JobError
from medxai_core.jobs import list_jobs, start_job
from medxai_core.study import Study
from medxai_core.views.failed_jobs import dismiss_failure, find_failure
from medxai_core.views.run_states import read_log_tail
from pages.components.class_words import escape
from pages.components.frame import show_error
from pages.components.reader import sign_job


def start_and_show(study: Study, kind: str, arguments: Sequence[str], *, title: str) -> None:
    """Start a job and draw the page again, so that its progress is seen above; or say why it cannot start."""
    try:
        start_job(study, kind, sign_job(arguments), title=title)
    except JobError as error:
        show_error(error)
        return
    st.rerun()


def is_at_work(study: Study, *kinds: str) -> bool:
    """Return True while a job of one of these kinds is at work."""
    return any(job["kind"] in kinds for job in list_jobs(study, only_open=True))


def show_last_failure(study: Study, *kinds: str) -> None:
    """Say how the newest job of these kinds failed and what to do, until it is dismissed or one succeeds."""
    hidden = st.session_state.setdefault("dismissed_failures", set())
    found = find_failure(study, kinds)
    if found is None or found.job["job_id"] in hidden:
        return
    with st.container(border=True, key=f"failure-{found.job['job_id']}"):
        with st.container(horizontal=True, vertical_alignment="top"):
            words = f":red[:material/error:] **{escape(found.job['title'])} {found.what}** {escape(found.remedy)}"
            st.markdown(words, width="stretch")
            st.button(
                "Dismiss",
                key=f"dismiss-{found.job['job_id']}",
                icon=":material/close:",
                on_click=_dismiss,
                args=(study, found.job),
                help="Hides this message. The job stays in the log of the Transparency page.",
            )
        tail = read_log_tail(study, found.job["job_id"])
        if found.is_fault and tail:
            with st.expander("What the program printed last (log)", icon=":material/terminal:"):
                st.code(tail, language=None, wrap_lines=True)


def _dismiss(study: Study, job: dict[str, Any]) -> None:
    """Hide a failure: for all readers, or in a read-only study for this session."""
    st.session_state["dismissed_failures"].add(job["job_id"])
    if not study.read_only:
        dismiss_failure(study, job["job_id"])
