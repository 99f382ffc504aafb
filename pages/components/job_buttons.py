"""Buttons that start long work as a process of its own, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from medxai_core.errors import JobError
from medxai_core.jobs import OPEN_STATUSES, list_jobs, start_job
from medxai_core.study import Study
from pages.components.class_words import escape
from pages.components.frame import show_error


def start_and_show(study: Study, kind: str, arguments: Sequence[str], *, title: str) -> None:
    """Start a job and draw the page again, so that its progress is seen above; or say why it cannot start."""
    try:
        start_job(study, kind, arguments, title=title)
    except JobError as error:
        show_error(error)
        return
    st.rerun()


def is_at_work(study: Study, *kinds: str) -> bool:
    """Return True while a job of one of these kinds is at work."""
    return any(job["kind"] in kinds for job in list_jobs(study, only_open=True))


def show_last_failure(study: Study, *kinds: str) -> None:
    """Say how the newest job of these kinds failed, until one of them succeeds."""
    ended = [job for job in list_jobs(study) if job["kind"] in kinds and job["status"] not in OPEN_STATUSES]
    if ended and ended[0]["status"] in ("failed", "lost"):
        words = escape(ended[0]["error"] or "")
        st.error(f"**{escape(ended[0]['title'])} failed.** {words}", icon=":material/error:")
