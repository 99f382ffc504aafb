"""The line at the top of every page: stages, the next step, help with its keys, and the tour of the demo."""

from __future__ import annotations

from typing import Any

import streamlit as st

from medxai_core.jobs import list_jobs
from medxai_core.making import DEMO_NAME
from medxai_core.study import Study
from medxai_core.views.overview import suggest_k
from medxai_core.views.standing import (
    Foundation,
    LabelCounts,
    Standing,
    count_foundation,
    count_label_states,
    find_mask_standing,
)
from pages.components.address import change_address
from pages.components.browser_component import declare_component
from pages.components.cached import get_decisions, get_review_basis, get_state, remember
from pages.components.frame import find_current_study, name_study
from pages.components.frame_words import FRAME_KEYS, GLOSSARY, HELP_NOTES, TOUR
from pages.components.job_buttons import start_and_show
from pages.components.job_strip import draw_again_when_jobs_changed
from pages.components.links import PAGES, go_to_page, read_kept, stay_on_page
from pages.components.reader import describe_reader, follow_browser
from pages.components.stepper import NextWords, describe_stages, find_next, is_here
from pages.components.study.making import describe_makings

TURN_KEY = "frame_bar_turn"
"""The last wish that was followed. A wish is kept as state, not sent as a trigger: when the line looks for changes at
the same moment, a trigger can be lost."""

LOST_KEY = "frame_bar_lost"
"""When the browser last said that the page was taken away."""

LOOK_SECONDS = 4.0
"""How often to look whether decisions were taken, or jobs were started elsewhere: nothing is sent when not."""

FIRST_VIEWS = {"review_view": "Proposals", "training_view": "New training"}
"""What a page shows at first, until its widget says so itself."""

_bar = declare_component("frame_bar")


@st.fragment(run_every=LOOK_SECONDS)
def show_frame_bar(page: str) -> None:
    """Mount the line.

    Parameters
    ----------
    page : str
        Name of the page that is shown.
    """
    stay_on_page()
    study = find_current_study()
    said = _bar(
        key="frame_bar",
        data=_describe(study, page),
        on_asked_change=lambda: None,
        on_reader_change=lambda: None,
        on_look_change=lambda: None,
        on_page_lost_change=lambda: None,
        height="content",
    )
    if follow_browser(said.reader):
        st.rerun()
    if said.page_lost and said.page_lost != st.session_state.get(LOST_KEY):
        st.session_state[LOST_KEY] = said.page_lost
        st.rerun()  # see recovery.js
    asked = said.asked
    if asked and asked.get("turn") != st.session_state.get(TURN_KEY):
        st.session_state[TURN_KEY] = asked.get("turn")
        _follow(study, asked, page)
    if study is not None:
        draw_again_when_jobs_changed(study)


def get_standing(study: Study) -> Standing:
    """Return where a study stands; counted again only where something was recorded since."""
    folder, state = str(study.folder), get_state(study)
    stages = state.rpartition("-")[0]  # without the number of the last decision
    base = remember(folder, "standing-base", (stages,), lambda: count_foundation(study))
    labels = remember(folder, "standing-labels", (state,), lambda: _count_labels(study, base))
    masks = remember(folder, "standing-masks", (stages, _read_runs(study)), lambda: find_mask_standing(study))
    return Standing(base, labels, masks)


def _count_labels(study: Study, base: Foundation) -> LabelCounts:
    """Count the labels in force; what they rest on is loaded once readers have decided, and shared with Review."""
    decisions = get_decisions(study)
    return count_label_states(study, base, decisions=decisions, basis=get_review_basis(study) if decisions else None)


def _read_runs(study: Study) -> tuple:
    """Return what changes while a training is at work: a run gets its first epoch without an event."""
    from medxai_core.records.runs import list_runs

    return tuple((run.run_id, run.best_epoch is not None) for run in list_runs(study))


def _describe(study: Study | None, page: str) -> dict[str, Any]:
    """Return all that the line shows, ready to be drawn."""
    stages, step = [], None
    if study is not None:
        standing = get_standing(study)
        at_work = {job["kind"] for job in list_jobs(study, only_open=True)}
        stages, step = describe_stages(standing, at_work), find_next(standing, at_work)
    is_off = step is not None and bool(step.job) and study is not None and study.read_only
    return {
        "page": page,
        "pages": [{"name": one.name, "title": one.title} for one in PAGES],
        "kept": read_kept(),
        "reader": describe_reader(),
        "study": None if study is None else name_study(study),
        "stages": stages,
        "atTop": describe_makings() if page == "study" else [],
        "next": None if step is None or is_off else _describe_step(step, page),
        "isFinished": step is not None and step.page == "transparency",
        "keys": FRAME_KEYS,
        "notes": HELP_NOTES,
        "glossary": GLOSSARY,
        "offersTour": "new" not in st.query_params,
        "tour": [stop._asdict() for stop in TOUR] if study is not None and study.name == DEMO_NAME else [],
    }


def _describe_step(step: NextWords, page: str) -> dict[str, Any]:
    """Return the words of the next step, and whether it is done at the place that is shown."""
    shown = {
        name: st.session_state.get(name) or st.query_params.get(name) or FIRST_VIEWS.get(name) for name in step.where
    }
    return {"label": step.label, "explained": step.explained, "isHere": is_here(step, page, shown)}


def _follow(study: Study | None, asked: dict[str, Any], page: str) -> None:
    """Do what was clicked: open a page, or take the next step."""
    if asked.get("page") in {one.name for one in PAGES}:
        go_to_page(asked["page"])
    if asked.get("step") != "next" or study is None:
        return
    step = find_next(get_standing(study), {job["kind"] for job in list_jobs(study, only_open=True)})
    if step is None:
        return
    if step.job:
        _start(study, step.job)
    elif step.page == page:
        _turn_to(step.where)
    else:
        go_to_page(step.page, **step.where)


def _turn_to(where: dict[str, str]) -> None:
    """Go to another place of the page that is shown: a widget that is bound to the address takes it by its state."""
    held = {name: value for name, value in where.items() if name in st.session_state}
    for name, value in held.items():
        st.session_state[name] = value
    change_address({name: value for name, value in where.items() if name not in held})
    st.rerun()


def _start(study: Study, job: str) -> None:
    """Start the job of the next step with the defaults."""
    base = get_standing(study).foundation
    k = base.n_clusters or suggest_k(base.n_training_items)
    if job == "prepare":
        arguments = ["prepare", str(study.folder), f"--k={k}"]
        start_and_show(study, "features", arguments, title="Describing and grouping the pictures")
    else:
        arguments = ["pseudo-label", str(study.folder), f"--k={k}"]
        start_and_show(study, "pseudo-label", arguments, title=f"Proposed labels, k = {k}")
