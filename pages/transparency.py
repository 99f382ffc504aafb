"""Page: how one picture came to its mask, what the model cannot do, what was changed, and the log."""

from __future__ import annotations

import streamlit as st

from medxai_core.records.runs import RecordedRun, list_trained_runs
from medxai_core.study import Study
from pages.components.evaluation.choice import choose_run
from pages.components.frame import require_study
from pages.components.page_links import tell_unknown
from pages.components.transparency.activity_view import show_activity
from pages.components.transparency.limits_view import show_departures, show_limits
from pages.components.transparency.report_view import show_report
from pages.components.transparency.sanity_view import show_sanity
from pages.components.transparency.surrogate_view import show_surrogate
from pages.components.transparency.view import show_story

STORY, LIMITS, DEPARTURES, SANITY, SURROGATE, REPORT, LOG = TABS = (
    "One picture",
    "What the model cannot do",
    "Departures from the published code",
    "Tests of the maps",
    "From global to deep features",
    "Report",
    "Log",
)


def show_page() -> None:
    """Show the tab that is open; only that one is drawn."""
    st.title("Transparency", anchor=False)
    study = require_study()
    runs = list_trained_runs(study)
    tell_unknown({"transparency_part": TABS})
    for name, tab in zip(TABS, st.tabs(TABS, key="transparency_part", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                _show_tab(name, study, runs)


def _show_tab(name: str, study: Study, runs: list[RecordedRun]) -> None:
    """Show one tab."""
    if name == STORY:
        show_story(study, runs)
    elif name == LIMITS:
        show_limits(study, choose_run(study, runs, key="story_run") if runs else None)
    elif name == DEPARTURES:
        show_departures(study)
    elif name == SANITY:
        show_sanity(study, choose_run(study, runs, key="story_run") if runs else None)
    elif name == SURROGATE:
        show_surrogate(study, choose_run(study, runs, key="story_run") if runs else None)
    elif name == REPORT:
        show_report(study, choose_run(study, runs, key="story_run") if runs else None)
    else:
        show_activity(study)


show_page()
