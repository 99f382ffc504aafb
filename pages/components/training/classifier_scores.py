"""How good the classifier of a run is, on check and test pictures, with intervals."""

from __future__ import annotations

from typing import Any

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.jobs import list_jobs, start_job
from medxai_core.records.masks import get_locked_setting, is_tuned_on_test
from medxai_core.records.runs import RecordedRun, get_classifier_scores
from medxai_core.study import Study
from pages.components.cached import get_items
from pages.components.frame import show_error
from pages.components.known_labels import NO_KNOWN_LABELS, has_known_labels
from pages.components.links import link_to
from pages.components.reader import sign_job
from pages.components.run_names import NONE_CHOSEN
from pages.components.training.words import SCORE_WORDS, SPLIT_WORDS, say_percent

SPLIT_NOTES = {
    "validation": "The best pass over the pictures (epoch) was chosen by these pictures, so their figures flatter.",
    "test": "These pictures took no part in labels, training or choice of the pass (epoch).",
}


def show_classifier_scores(study: Study, run: RecordedRun) -> None:
    """Show the scores of a run's best epoch, or offer to compute them."""
    if run.best_epoch is None:
        return
    st.subheader("How good is the classifier?", anchor=False)
    scores = get_classifier_scores(study, run.run_id)
    if not scores:
        st.caption("Its answers have not been compared with the known labels yet.")
        _offer_scores(study, run, "Compute the scores")
        return
    shown = {split: one for split, one in scores.items() if split in SPLIT_NOTES and _is_open(study, run, split)}
    _show_table(shown)
    columns = st.columns(2, gap="large")
    for column, split in zip(columns, SPLIT_NOTES, strict=True):
        with column:
            _show_split(study, run, split, scores.get(split))
    _offer_scores(study, run, "Compute the scores again")


def _is_open(study: Study, run: RecordedRun, split: str) -> bool:
    """Say whether the scores of a split may be shown: those of test pictures only once the setting is locked."""
    return split != "test" or get_locked_setting(study, run.run_id) is not None


def _show_table(scores: dict[str, dict[str, Any]]) -> None:
    """Show the scores of all splits side by side."""
    rows = [
        {"Score (100 % is best)": words} | {SPLIT_WORDS[split]: _say_score(one[name]) for split, one in scores.items()}
        for name, words in SCORE_WORDS.items()
    ]
    st.table(
        rows,
        border="horizontal",
        hide_index=True,
        alt="Scores of the classifier with 95 % intervals and number of pictures",
    )


def _show_split(study: Study, run: RecordedRun, split: str, scores: dict[str, Any] | None) -> None:
    """Show answers against known labels on one kind of pictures, and what to know about them."""
    st.markdown(f"**{SPLIT_WORDS[split]}**")
    if scores is None:
        st.caption("There are none with a known label.")
        return
    if not _is_open(study, run, split):
        st.info("Hidden until layer and threshold of this run are locked.", icon=":material/lock:")
        link_to("masks", "Choose and lock on the Masks page")
        return
    _show_confusion(scores["confusion"], split)
    is_unchosen = split == "validation" and run.mask_head is not None
    st.caption(f"{NONE_CHOSEN if is_unchosen else SPLIT_NOTES[split]} {_say_baseline(scores)}")
    if split == "test" and is_tuned_on_test(study, run.run_id):
        st.caption("The setting was unlocked once: these pictures have been seen while choosing (tuned on test).")


def _say_baseline(scores: dict[str, Any]) -> str:
    """Say how many pictures there are, and how good it would be to look at none of them."""
    share = max(scores["prevalence"], 1 - scores["prevalence"])
    always = "polyp" if scores["prevalence"] >= 0.5 else "non-polyp"
    return (
        f"{scores['n']} pictures (tiles of a frame counted one by one) from {scores['n_groups']} patients or frames. "
        f"Always answering “{always}” would be right on {say_percent(share)}."
    )


def _say_score(one: dict[str, Any]) -> str:
    """Return a score with its 95 % interval and the number of pictures, or why there is none."""
    if one["value"] is None:
        return f"undefined: {one['reason']}"
    low, high = one["interval"]["low"], one["interval"]["high"]
    span = "no interval" if low is None else f"95 %: {say_percent(low)} to {say_percent(high)}"
    return f"{say_percent(one['value'])} ({span}) of {one['n']}"


def _show_confusion(confusion: dict[str, int], split: str) -> None:
    """Show how many pictures of each class got which answer."""
    rows = [
        {"Known label": "polyp", "answered polyp": confusion["tp"], "answered non-polyp": confusion["fn"]},
        {"Known label": "non-polyp", "answered polyp": confusion["fp"], "answered non-polyp": confusion["tn"]},
    ]
    st.table(
        rows,
        border="horizontal",
        hide_index=True,
        alt=f"Known labels against answers on the {split} pictures (confusion matrix)",
    )


def _offer_scores(study: Study, run: RecordedRun, words: str) -> None:
    """Draw the button that computes the scores."""
    busy = any(job["kind"] == "evaluate-classifier" for job in list_jobs(study, only_open=True))
    is_possible = has_known_labels(get_items(study))
    if not is_possible:
        st.caption(NO_KNOWN_LABELS)
    if st.button(words, icon=":material/query_stats:", disabled=not is_possible or busy or study.read_only):
        arguments = ["evaluate-classifier", str(study.folder), "--run", run.run_id]
        try:
            start_job(study, "evaluate-classifier", sign_job(arguments), title="Classifier scores")
        except MedxaiError as error:
            show_error(error)
            return
        st.rerun()
