"""What stands around every page: study picker, running jobs, errors, footer."""

from __future__ import annotations

import os

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import MedxaiError
from medxai_core.events import get_default_reader
from medxai_core.jobs import OPEN_STATUSES, list_jobs, request_stop
from medxai_core.study import Study, list_studies
from pages.components.cached import get_study
from pages.components.links import link_to

STUDY_KEY = "study_folder"
READER_KEY = "reader"
POLL_SECONDS = 2.0


def show_study_picker() -> None:
    """Let the user choose a study and say who reads; the choice is in the address, so a reload keeps it."""
    folders = [str(folder) for folder in list_studies()]
    st.divider()
    if not folders:
        st.caption("No study yet.")
        return
    wanted = st.session_state.get(STUDY_KEY) or _find_by_name(folders, st.query_params.get("study"))
    demos = [folder for folder in folders if os.path.basename(folder) == "demo"]
    current = wanted if wanted in folders else (demos or folders)[0]
    names = _name_folders(folders)
    chosen = st.selectbox(
        "Study",
        folders,
        index=folders.index(current),
        format_func=lambda folder: names[folder],
        help="Studies known on this computer. A new one is made on the Study page.",
    )
    st.session_state[STUDY_KEY] = chosen
    st.query_params["study"] = names[chosen]
    reader = st.session_state.get(READER_KEY) or st.query_params.get("reader") or get_default_reader()
    typed = st.text_input(
        "Reader", reader, max_chars=40, help="Your pseudonym. It stands beside every decision; never use a name."
    )
    st.session_state[READER_KEY] = typed.strip() or get_default_reader()
    if st.session_state[READER_KEY] != get_default_reader():
        st.query_params["reader"] = st.session_state[READER_KEY]


def _find_by_name(folders: list[str], name: str | None) -> str | None:
    """Return the folder of a study named in the address."""
    return next((folder for folder, known in _name_folders(folders).items() if known == name), None)


def _name_folders(folders: list[str]) -> dict[str, str]:
    """Return a name for each folder: its own, and where it lies when two have the same."""
    names = [os.path.basename(folder) for folder in folders]
    return {
        folder: name if names.count(name) == 1 else f"{name} ({'/'.join(folder.split(os.sep)[-3:-1])})"
        for folder, name in zip(folders, names, strict=True)
    }


def choose_study(folder: str) -> None:
    """Make another study the current one."""
    st.session_state[STUDY_KEY] = str(folder)


def get_reader() -> str:
    """Return the pseudonym of who reads."""
    return st.session_state.get(READER_KEY) or get_default_reader()


def find_current_study() -> Study | None:
    """Return the chosen study, or None when there is none."""
    folder = st.session_state.get(STUDY_KEY)
    return get_study(folder) if folder else None


def keep_in_frame() -> None:
    """Draw the page again inside app.py when it was drawn alone.

    A fresh server takes the folder pages/ for pages of its own until app.py has run once; the first visitor who
    comes by a link to a page would see it without its frame.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def require_study() -> Study:
    """Return the chosen study; without one say what to do and end the page."""
    keep_in_frame()
    study = find_current_study()
    if study is None:
        show_empty("There is no study yet.", "Make the demo or import pictures first.", "study", "Go to Study")
        st.stop()
    return study


def show_empty(what: str, remedy: str, page: str, label: str) -> None:
    """Say what is missing and lead to the page that makes it."""
    st.info(f"**{what}** {remedy}", icon=":material/info:")
    link_to(page, label)


def show_error(error: MedxaiError) -> None:
    """Show what happened and what to do."""
    st.error(f"**{_plain(error.message)}**\n\n{_plain(error.remedy)}", icon=":material/error:")


def _plain(text: str) -> str:
    """Return text whose signs are not read as markdown: file names may hold anything."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~>$:<" else sign for sign in text)


@st.fragment(run_every=POLL_SECONDS)
def show_job_strip() -> None:
    """Show the jobs at work in the chosen study, on every page; when one ends, draw the page again."""
    study = find_current_study()
    if study is None:
        return
    jobs = list_jobs(study, only_open=True)
    running = {job["job_id"] for job in jobs}
    before = st.session_state.get("running_jobs", set())
    st.session_state["running_jobs"] = running
    for job in jobs:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{job['title']}** · {job['stage']}", width="content")
            share = job["done"] / job["total"] if job["total"] else 0.0
            st.progress(min(share, 1.0), text=_describe_progress(job))
            key, icon = f"stop-{job['job_id']}", ":material/stop_circle:"
            if st.button("Stop", key=key, icon=icon, disabled=job["stop_requested"]):
                request_stop(study, job["job_id"])
    if before - running:
        _tell_ended(study, before - running)
        st.rerun()


def _describe_progress(job: dict) -> str:
    """Return how far a job is and how long it will take."""
    if job["stop_requested"]:
        return "stopping at the next safe point"
    if not job["total"]:
        return "starting"
    left = f" · about {format_seconds(job['eta_seconds'])} left" if job["eta_seconds"] else ""
    return f"{job['done']} of {job['total']}{left}"


def _tell_ended(study: Study, job_ids: set[str]) -> None:
    """Say how jobs ended, in a short-lived note."""
    for job in list_jobs(study):
        if job["job_id"] in job_ids and job["status"] not in OPEN_STATUSES:
            words = {"done": "is done", "stopped": "was stopped", "failed": "failed", "lost": "was lost"}
            note = f"{job['title']} {words.get(job['status'], job['status'])}. {_plain(job['error'] or '')}"
            icon = ":material/check_circle:" if job["status"] == "done" else ":material/warning:"
            st.toast(note, icon=icon, duration="long")


def format_seconds(seconds: float | None) -> str:
    """Return a duration as people say it.

    >>> format_seconds(75), format_seconds(None)
    ('1 min 15 s', '-')
    """
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def show_footer() -> None:
    """Say on every page what this is not."""
    st.divider()
    st.caption(RESEARCH_USE)
