"""The classifier's own scores: does it tell polyp from non-polyp."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from medxai_core.records.runs import RecordedRun, get_classifier_scores
from medxai_core.study import Study
from medxai_core.views.score_words import format_score, format_span
from pages.components.cached import get_items
from pages.components.chart_style import (
    RUN_COLOR,
    TRIVIAL_COLOR,
    finish_chart,
    make_error_bars,
    show_chart,
)
from pages.components.frame import show_empty
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.known_labels import NO_KNOWN_LABELS, has_known_labels
from pages.components.run_names import NONE_CHOSEN

SCORE_WORDS = {
    "roc_auc": "Ranks a polyp above a non-polyp (AUC)",
    "balanced_accuracy": "Right, both classes alike (balanced accuracy)",
    "sensitivity": "Polyps it calls polyp (sensitivity)",
    "specificity": "Non-polyps it calls non-polyp (specificity)",
    "accuracy": "Right answers (accuracy)",
}
SPLIT_NOTES = {
    "validation": "The best pass over the pictures (epoch) was chosen on these items: their scores flatter.",
    "test": "These items took no part in training or in any choice.",
}


def show_classifier(study: Study, run: RecordedRun | None, *, is_test_open: bool) -> None:
    """Show the scores by split, or what is missing."""
    if run is None:
        show_empty("No classifier is trained yet.", "Train one first.", "training", "Train a classifier")
        return
    found = get_classifier_scores(study, run.run_id)
    if not found:
        _offer_scoring(study, run)
        return
    for split in ("validation", "test"):
        if split == "test" and not is_test_open:
            st.info(
                "**Test items are hidden.** Their scores open when layer and threshold of this run are locked.",
                icon=":material/visibility_off:",
            )
        elif split in found:
            _show_split(run, split, found[split])


def _offer_scoring(study: Study, run: RecordedRun) -> None:
    """Say that nothing is scored, with the button that does it."""
    st.info("**The classifier is not scored yet.**", icon=":material/info:")
    show_last_failure(study, "evaluate-classifier")
    busy = is_at_work(study, "evaluate-classifier")
    is_possible = has_known_labels(get_items(study))
    if not is_possible:
        st.caption(NO_KNOWN_LABELS)
    disabled = busy or not is_possible
    if st.button("Score the classifier", type="primary", icon=":material/calculate:", disabled=disabled):
        arguments = ["evaluate-classifier", str(study.folder), "--run", run.run_id]
        start_and_show(study, "evaluate-classifier", arguments, title="Classifier scores")


def _show_split(run: RecordedRun, split: str, scores: dict[str, Any]) -> None:
    """Show the scores of one split: chart, confusion matrix, note."""
    st.subheader(f"{split.capitalize()}: {scores['n']} items from {scores['n_groups']} groups of pictures")
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        _show_chart(split, scores)
    with right:
        _show_confusion(scores)
    always = scores["prevalence"]
    is_unchosen = split == "validation" and run.mask_head is not None
    note = NONE_CHOSEN if is_unchosen else SPLIT_NOTES[split]
    st.caption(
        f"{note} Polyp is said at a probability of {scores['threshold']:g} or more. {always:.0%} of "
        f"the items "
        f"are polyps: always saying polyp would be right in {always:.0%} (accuracy) and no better than a coin "
        f"otherwise."
    )


def _show_chart(split: str, scores: dict[str, Any]) -> None:
    """Show each score with its interval; the line is chance."""
    names = [name for name in reversed(SCORE_WORDS) if scores[name]["value"] is not None]
    values = [scores[name]["value"] for name in names]
    lows, highs = ([scores[name]["interval"][end] for name in names] for end in ("low", "high"))
    text = [
        f"<b>{format_score(v)}</b>  {format_span(low, high)}  (n = {scores[name]['n']})"
        for name, v, low, high in zip(names, values, lows, highs, strict=True)
    ]
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=[f"{SCORE_WORDS[name]}<br>{line}" for name, line in zip(names, text, strict=True)],
            mode="markers",
            marker={"size": 12, "color": RUN_COLOR},
            error_x=make_error_bars(values, lows, highs) | {"color": RUN_COLOR},
            hovertemplate="%{x:.3f}<extra></extra>",
        )
    )
    figure.add_vline(
        x=0.5, line_dash="dash", line_color=TRIVIAL_COLOR, annotation_text="a coin", annotation_position="bottom right"
    )
    finish_chart(figure, height=60 * len(names) + 60)
    figure.update_xaxes(range=[0, 1.02], dtick=0.25)
    figure.update_yaxes(automargin=True, showgrid=False)
    show_chart(
        figure, key=f"chart_classifier_{split}", alt=f"Scores of the classifier on the {split} items with intervals"
    )
    for name in SCORE_WORDS:
        if scores[name]["value"] is None:
            st.caption(f"{SCORE_WORDS[name]}: undefined, {scores[name]['reason']}.")


def _show_confusion(scores: dict[str, Any]) -> None:
    """Show the four counts."""
    counts = scores["confusion"]
    st.markdown("**Answers counted (confusion matrix)**")
    st.table(
        {
            "Reference label": ["**polyp**", "**non-polyp**"],
            "says polyp": [f"**{counts['tp']}** right", f"{counts['fp']} false alarm"],
            "says non-polyp": [f"{counts['fn']} missed", f"**{counts['tn']}** right"],
        },
        border="horizontal",
        hide_index=True,
        alt="Right answers, false alarms and misses of the classifier",
    )
