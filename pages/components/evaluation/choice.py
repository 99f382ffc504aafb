"""Choose the run and the split that are judged, and say first whether the run beats a disk."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.evaluation.paired import PairedDifference
from medxai_core.records.masks import MaskSetting, RecordedEvaluation, describe_setting, get_locked_setting
from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.recorded_scores import (
    find_current_row,
    find_trivial_row,
    list_open_rows,
    say_comparison,
)
from pages.components.class_words import escape
from pages.components.evaluation.data import get_comparison
from pages.components.evaluation.words import TUNED_ON_TEST
from pages.components.frame import show_empty
from pages.components.frame_bar import get_standing
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.page_links import read_address, write_address
from pages.components.run_names import name_runs

RUN, SPLIT = "evaluation_run", "evaluation_split"
SPLIT_NAMES = {"test": "Test", "tuning": "Tuning", "validation": "Validation"}
NO_OTHER = "Compare with another run, setting or mask ..."
VERDICTS = {
    "better": (":material/check_circle:", "green"),
    "worse": (":material/cancel:", "red"),
    "unclear": (":material/help:", "orange"),
    "undefined": (":material/help:", "gray"),
}


def choose_run(study: Study, runs: list[RecordedRun], *, key: str = RUN) -> RecordedRun:
    """Let the user choose a run, to begin with the one that was locked last; the address keeps it."""
    by_id = {run.run_id: run for run in runs}
    locked = get_standing(study).masks.run_id
    read_address("run", key, list(by_id), default=locked if locked in by_id else runs[0].run_id)
    chosen = st.selectbox(
        "Classifier (training run)",
        list(by_id),
        key=key,
        persist_state="session",
        format_func=name_runs(runs).get,
        help=f"In the tables it is called {st.session_state[key]}.",
        width=360,
    )
    write_address("run", key, chosen)
    return by_id[chosen]


def choose_split(images: Images) -> str:
    """Let the user choose whose pictures are scored: only those with a truth count."""
    counts = {split: len(images.positions_in(split, with_truth=True)) for split in SPLIT_NAMES}
    options = [split for split in SPLIT_NAMES if counts[split]] or ["test"]
    read_address("split", SPLIT, options, default=options[0])
    chosen = st.segmented_control(
        "Pictures with a truth",
        options,
        key=SPLIT,
        required=True,
        persist_state="session",
        format_func=lambda split: f"{SPLIT_NAMES[split]} ({counts[split]})",
        help="Layer and threshold are chosen on the tuning pictures, so their scores flatter; the best pass (epoch) "
        "(pass over the pictures) is chosen on the validation pictures. Only test pictures took no part.",
    )
    write_address("split", SPLIT, chosen)
    return chosen


def find_row(study: Study, run: RecordedRun | None, split: str) -> RecordedEvaluation | None:
    """Return the row of the run under its locked setting, or None."""
    return find_current_row(study, run.run_id, split) if run else None


def show_why_no_row(study: Study, run: RecordedRun | None, images: Images, split: str) -> None:
    """Say what is missing before masks can be scored, with the button that does it."""
    if run is None:
        show_empty("No classifier is trained yet.", "Masks come from a trained one.", "training", "Go to Training")
        return
    if not len(images.positions_in(split, with_truth=True)):
        show_empty(
            f"No {split} picture has a mask to compare with.",
            "Import the masks with the pictures.",
            "study",
            "Go to Study",
        )
        return
    setting = get_locked_setting(study, run.run_id)
    if setting is None:
        show_empty(
            "No setting is locked for this run.",
            "Truth and scores of the test pictures stay hidden until layer and threshold are chosen on the tuning "
            "pictures and locked.",
            "masks",
            "Choose and lock a setting",
        )
        return
    st.info(
        f"**The {split} pictures are not scored yet.** The locked setting is {escape(describe_setting(setting))}.",
        icon=":material/info:",
    )
    show_last_failure(study, "score")
    busy = is_at_work(study, "score")
    if st.button(f"Score the {split} pictures", type="primary", icon=":material/calculate:", disabled=busy):
        arguments = ["score", str(study.folder), "--run", run.run_id, "--split", split]
        start_and_show(study, "score", arguments, title=f"Scores of the {split} pictures")


def show_verdict(study: Study, row: RecordedEvaluation) -> None:
    """Say in one sentence whether the run beats a disk in the middle of the picture."""
    disk = find_trivial_row(study, row.split)
    if disk is None:
        return
    try:
        found = get_comparison(study, row, disk)
    except MedxaiError:
        st.caption("The comparison with the centred disk needs scores by picture. Score the masks again.")
        return
    icon, color = VERDICTS[found.verdict]
    with st.container(border=True):
        st.markdown(f"#### {icon} :{color}[{_say_short(found)}]")
        st.markdown(escape(say_comparison(found, first="this run", second="the centred disk")))
        _show_numbers(found)
        _compare_with_another(study, row)
    if row.tuned_on_test:
        st.warning(TUNED_ON_TEST, icon=":material/warning:")


def _compare_with_another(study: Study, row: RecordedEvaluation) -> None:
    """Let the reader hold the run against another run, an earlier setting or a trivial mask, picture by picture."""
    others = {
        one.evaluation_id: one
        for one in list_open_rows(study, row.split)
        if one.evaluation_id != row.evaluation_id and one.name != CENTRED_DISK
    }
    if not others:
        return
    chosen = st.selectbox(
        "Compare with",
        [None, *others],
        key=f"evaluation_other_{row.evaluation_id}",
        format_func=lambda one: (
            "Compare with another run, setting or mask ..." if one is None else _name_other(others[one])
        ),
        label_visibility="collapsed",
        persist_state="session",
        width=520,
    )
    if chosen not in others:
        return
    try:
        found = get_comparison(study, row, others[chosen])
    except MedxaiError:
        st.caption("These were recorded without scores by picture. Score them again.")
        return
    st.markdown(escape(say_comparison(found, first="this run", second="the other")))
    if others[chosen].tuned_on_test:
        st.caption(":material/warning: The other was tuned on test.")


def _name_other(row: RecordedEvaluation) -> str:
    """Return the name of a row as a list shows it: plain text."""
    return row.name if row.run_id is None else f"{row.run_id}: {describe_setting(MaskSetting(**row.setting))}"


def _say_short(found: PairedDifference) -> str:
    """Return the verdict as a headline."""
    return {
        "better": "Better than a disk in the middle of every picture",
        "worse": "A disk in the middle of every picture does better",
        "unclear": "Not shown to differ from a disk in the middle",
    }.get(found.verdict, "Not comparable with a disk in the middle")


def _show_numbers(found: PairedDifference) -> None:
    """Show both means, and in how many pictures each is better."""
    if found.difference is None:
        return
    row = st.container(horizontal=True, gap="large")
    row.metric(
        "Dice, this run",
        f"{found.mean_first:.3f}",
        width="content",
        help=f"Overlap of mask and polyp, 0 nothing, 1 perfect; mean over {found.n} pictures. This run is better on "
        f"{found.n_first_better} pictures, the disk on {found.n_second_better}. The interval of the difference is a "
        f"bootstrap over {found.n_groups} groups of pictures.",
    )
    row.metric("Dice, disk", f"{found.mean_second:.3f}", width="content")
