"""Lock the setting, unlock it, and what a locked setting is for: masks of all pictures, test scores."""

from __future__ import annotations

import streamlit as st

from medxai_core.records.masks import (
    MaskSetting,
    get_locked_setting,
    is_tuned_on_test,
    list_evaluations,
    record_unlock,
)
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.mask_exports import find_mask_export, list_export_arguments
from medxai_core.stages.masks import lock_setting
from medxai_core.study import Study
from medxai_core.views.kept_pass import REMEDY, describe_unfinished
from medxai_core.views.mask_view import describe_plainly, is_same_mask
from pages.components import cached
from pages.components.downloads import offer_file
from pages.components.frame import get_reader
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.links import link_to
from pages.components.masks import setting as keys

CHOSEN_WORDS = {
    "tuning": "chosen from the table of the tuning pictures",
    "paper": "taken from the paper",
    "recommended": "fixed beforehand (more likely polyp than not)",
    "eye": "chosen by eye",
    "test": "tuned on test",
}
NO_TEST_TRUTH = "The study holds no masks for test pictures, so nothing can be scored."


def show_lock(study: Study, run: RecordedRun, setting: MaskSetting) -> None:
    """Show whether a setting is locked, and let the reader change that; beside it, that a training is not finished."""
    locked = get_locked_setting(study, run.run_id)
    unfinished = describe_unfinished(run)
    with st.container(border=True, gap="small"):
        if unfinished is not None:
            st.warning(f"{unfinished} {REMEDY}", icon=":material/pending:")
        if locked is None:
            _show_open(study, run.run_id, setting)
        else:
            _show_locked(study, run.run_id, locked)


def _show_open(study: Study, run_id: str, setting: MaskSetting) -> None:
    """Say that nothing is locked, and offer to lock what is in view."""
    st.markdown(":material/lock_open: **No setting is locked**")
    words = f"In view: {describe_plainly(setting)}, {CHOSEN_WORDS[setting.chosen_on]}."
    if is_tuned_on_test(study, run_id):
        words += " It was unlocked before: what is locked now counts as **tuned on test**."
    st.caption(words)
    is_aligned = keys.is_aligned()
    if st.button(
        "Lock this setting",
        icon=":material/lock:",
        type="primary",
        width="stretch",
        disabled=study.read_only or not is_aligned,
        help="Only then the truth and the scores of the test pictures open. It is logged with your pseudonym.",
    ):
        if get_locked_setting(study, run_id) is None:  # another reader may have been faster
            lock_setting(study, run_id, setting, reader=get_reader())
        st.rerun()
    if not is_aligned:
        st.caption("Switch **Align the map** on to lock: masks are always made from aligned maps.")
    if study.read_only:
        st.caption("This study is opened read-only: nothing can be locked.")


def _show_locked(study: Study, run_id: str, locked: MaskSetting) -> None:
    """Say what is locked, and offer what it is for."""
    st.markdown(f":material/lock: **Locked:** {describe_plainly(locked)}")
    has_truth = len(cached.get_images(study).positions_in("test", with_truth=True)) > 0
    told = "The truth of the test pictures is open for it." if has_truth else NO_TEST_TRUTH
    st.caption(f"{CHOSEN_WORDS[locked.chosen_on].capitalize()}. {told}")
    if st.button(
        "Apply to all pictures",
        icon=":material/select_all:",
        width="stretch",
        disabled=study.read_only or is_at_work(study, "masks"),
        help="Writes one black and white mask a picture, and a zip of them, into the study's reports folder.",
    ):
        start_and_show(study, "masks", list_export_arguments(study, run_id), title="Masks of all pictures")
    _show_export(study, run_id)
    if st.button(
        "Score the test pictures",
        icon=":material/query_stats:",
        width="stretch",
        disabled=not has_truth or study.read_only or is_at_work(study, "score"),
        help="Compares the masks of all test pictures with their truth, beside trivial masks.",
    ):
        arguments = ["score", str(study.folder), "--run", run_id, "--split", "test"]
        start_and_show(study, "score", arguments, title="Scores of the test pictures")
    show_last_failure(study, "masks", "score")
    if _is_scored(study, run_id, locked):
        link_to("evaluation", "See the test scores")
    if st.button("Unlock", icon=":material/lock_open:", type="tertiary", disabled=study.read_only):
        confirm_unlock(study, run_id)


def _show_export(study: Study, run_id: str) -> None:
    """Offer the masks that were written, when they are of the locked setting."""
    export = find_mask_export(study, run_id)
    if export is None:
        return
    if not export.is_current:
        st.caption("Masks in the reports folder are of an earlier setting.")
        return
    offer_file(
        study,
        "masks",
        f"Masks as zip ({export.n_masks})",
        export.archive.read_bytes,
        file_name=f"masks-{run_id}.zip",
        mime="application/zip",
        icon=":material/download:",
        type="tertiary",
    )


def _is_scored(study: Study, run_id: str, locked: MaskSetting) -> bool:
    """Return True when the test scores of the locked setting are recorded."""
    settings = [one.setting for one in list_evaluations(study, split="test") if one.run_id == run_id]
    return any(is_same_mask(MaskSetting(**setting), locked) for setting in settings)


@st.dialog("Unlock the setting?", icon=":material/lock_open:")
def confirm_unlock(study: Study, run_id: str) -> None:
    """Say what unlocking means, and do it when the reader agrees."""
    st.markdown(
        "You may have seen the truth of test pictures. Whatever is locked for this classifier from now on counts "
        "as **tuned on test**, in every table and report, and this cannot be taken back. "
        "The unlocking is logged with your pseudonym."
    )
    with st.container(horizontal=True):
        if st.button("Keep it locked", type="primary", key="masks_unlock_no"):
            st.rerun()
        final = "Unlock for good: counts as tuned on test"
        if st.button(final, key="masks_unlock_yes", on_click=_unlock, args=(study, run_id)):
            st.rerun()


def _unlock(study: Study, run_id: str) -> None:
    """Take the lock back, unless another reader has; a callback."""
    if get_locked_setting(study, run_id) is not None:
        record_unlock(study, run_id, reader=get_reader())
