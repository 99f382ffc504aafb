"""The jobs at work, on every page: how far, how long, stop; and a note when one ends."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from medxai_core.jobs import OPEN_STATUSES, list_jobs, request_stop
from medxai_core.records.runs import get_run, list_epochs
from medxai_core.study import Study
from medxai_core.views.training_course import CourseProgress, say_course
from pages.components.class_words import escape
from pages.components.frame import find_current_study, format_seconds
from pages.components.training.course import get_course_progress

POLL_SECONDS = 2.0
RUNNING_KEY = "running_jobs"
END_WORDS = {"done": "is done", "stopped": "was stopped", "failed": "failed", "lost": "was lost"}


def show_job_strip() -> None:
    """Show the jobs at work in the chosen study; when one begins or ends, draw the page again."""
    study = find_current_study()
    if study is None:
        return
    running = {job["job_id"] for job in list_jobs(study, only_open=True)}
    before = st.session_state.get(RUNNING_KEY, set())
    st.session_state[RUNNING_KEY] = running
    if before - running:
        _tell_ended(study, before - running)
    if running:
        _show_jobs(study)


def draw_again_when_jobs_changed(study: Study) -> None:
    """Draw the page again when a job has begun or ended since it was drawn; in a fragment."""
    running = {job["job_id"] for job in list_jobs(study, only_open=True)}
    if RUNNING_KEY in st.session_state and running != st.session_state[RUNNING_KEY]:
        st.rerun()


@st.fragment(run_every=POLL_SECONDS)
def _show_jobs(study: Study) -> None:
    """Draw a line for each job at work."""
    draw_again_when_jobs_changed(study)
    for job in list_jobs(study, only_open=True):
        _show_job(study, job)


def _show_job(study: Study, job: dict[str, Any]) -> None:
    """Show one job on one line."""
    course = _find_course(study, job)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"job-{job['job_id']}"):
        stage = "" if job["stage"] in ("", "starting", job["title"]) else f" · {escape(job['stage'])}"
        step = f", {job['done']} of {job['total']}" if course is not None and job["total"] else ""
        st.markdown(f"**{escape(job['title'])}**{stage}{step}", width="content")
        if course is not None and not job["stop_requested"]:
            st.progress(course.share, text=say_course(course))
        elif job["total"]:
            st.progress(min(job["done"] / job["total"], 1.0), text=describe_progress(job))
        else:
            st.markdown(f":gray[{describe_progress(job)}]", width="stretch")
        st.button(
            "Stopping" if job["stop_requested"] else "Stop",
            key=f"stop-{job['job_id']}",
            icon=":material/stop_circle:",
            disabled=job["stop_requested"] or study.read_only,
            on_click=request_stop,
            args=(study, job["job_id"]),
            help="It stops at the next safe point; what is finished is kept.",
        )


def _find_course(study: Study, job: dict[str, Any]) -> CourseProgress | None:
    """Return how far a training is as a whole, when it is one of several rounds; None for other jobs."""
    if job["kind"] != "train" or job["run_id"] is None:
        return None
    run = get_run(study, job["run_id"])
    return get_course_progress(study, run, list_epochs(study, run.run_id), job)


def describe_progress(job: dict[str, Any]) -> str:
    """Return how far a job is and how long it will take."""
    if job["stop_requested"]:
        return "stopping at the next safe point"
    if not job["total"]:
        spent = f"at work, {format_seconds(time.time() - job['started_at'])} so far" if job["started_at"] else ""
        return spent or "starting"
    left = f" · about {format_seconds(job['eta_seconds'])} left" if job["eta_seconds"] else ""
    return f"{job['done']} of {job['total']}{left}"


def _tell_ended(study: Study, job_ids: set[str]) -> None:
    """Say how jobs ended, in a short-lived note; how a failed one can be mended stands on its page."""
    for job in list_jobs(study):
        if job["job_id"] in job_ids and job["status"] not in OPEN_STATUSES:
            icon = ":material/check_circle:" if job["status"] == "done" else ":material/warning:"
            st.toast(f"{escape(job['title'])} {END_WORDS.get(job['status'], job['status'])}.", icon=icon)
