"""Page: scores of masks and classifier, beside the paper's tables and trivial masks."""

from __future__ import annotations

import streamlit as st

from medxai_core.records.masks import RecordedEvaluation
from medxai_core.records.runs import RecordedRun, list_trained_runs
from medxai_core.study import Study
from medxai_core.views.recorded_scores import find_trivial_row, list_open_rows, list_open_runs
from pages.components.cached import get_images
from pages.components.evaluation.bands import show_bands_of_scores
from pages.components.evaluation.charts import show_intervals
from pages.components.evaluation.choice import (
    choose_run,
    choose_split,
    find_row,
    show_verdict,
    show_why_no_row,
)
from pages.components.evaluation.classifier import show_classifier
from pages.components.evaluation.files import show_hand_in
from pages.components.evaluation.pictures import show_pictures
from pages.components.evaluation.rounds import show_round_errors
from pages.components.evaluation.speed import show_speed
from pages.components.evaluation.table import show_more_figures, show_score_table
from pages.components.frame import require_study
from pages.components.page_links import tell_unknown
from pages.components.study.masks import tell_made_without_masks

TABS = ("Scores", "Pictures", "By kind of picture", "Classifier", "Proposed labels", "Speed", "Hand-in files")
NEED_ROW = TABS[:3] + TABS[-1:]


def show_page() -> None:
    """Ask for run and split, say first how the run compares with a disk, then the details by tab."""
    st.title("Evaluation", anchor=False)
    study = require_study()
    runs = list_trained_runs(study)
    tell_unknown({"evaluation_part": TABS})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):  # wraps on a tablet
        run = choose_run(study, runs) if runs else None
        split = choose_split(get_images(study))
    row = find_row(study, run, split)
    if row is not None:
        show_verdict(study, row)
        tell_made_without_masks(study, row.created_at)
    for name, tab in zip(TABS, st.tabs(TABS, key="evaluation_part", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                _show_tab(name, study, run, row, split=split)


def _show_tab(name: str, study: Study, run: RecordedRun | None, row: RecordedEvaluation | None, *, split: str) -> None:
    """Show the chosen tab, or what is missing for it."""
    if name in NEED_ROW and (row is None or run is None):
        show_why_no_row(study, run, get_images(study), split)
    if name == "Scores":
        rows = list_open_rows(study, split)
        if rows:
            show_intervals(rows)
        show_score_table(rows, list_open_runs(study))
        if row is not None:
            show_more_figures(row, find_trivial_row(study, split))
    elif name == "Pictures" and run is not None and row is not None:
        show_pictures(study, run, row)
    elif name == "By kind of picture" and row is not None:
        show_bands_of_scores(study, row)
    elif name == "Classifier":
        show_classifier(study, run, is_test_open=run is not None and run.run_id in list_open_runs(study))
    elif name == "Proposed labels":
        show_round_errors(study)
    elif name == "Speed":
        show_speed(study, run)
    elif name == "Hand-in files" and row is not None:
        show_hand_in(study, row)


show_page()
