"""The live part of the Masks page: a change of a control draws this part again, and nothing else."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.tuning_table import find_tuning_table
from medxai_core.views.mask_view import LayerMap, TruthCounts, describe_plainly, describe_probability
from pages.components.frame import show_error
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.masks import setting as keys
from pages.components.masks.charts import show_curve, show_histogram, show_tuning_table
from pages.components.masks.controls import (
    METHOD_NAMES,
    show_display_controls,
    show_setting_controls,
    show_setting_words,
)
from pages.components.masks.lock import show_lock
from pages.components.masks.pictures import show_pictures
from pages.components.masks.scores import show_hidden_scores, show_scores
from pages.components.masks.sheets import show_all_layers, show_film
from pages.components.masks.subject import (
    Subject,
    find_truth,
    get_layer_map,
    get_raw_maps,
    get_trivial_scores,
    get_truth_counts,
)
from pages.components.page_links import open_page

TABS = ("Heat and threshold", "Best on tuning pictures", "All layers", "Many pictures")


@st.fragment
def show_viewer(subject: Subject) -> None:
    """Show controls, pictures, scores and charts of one picture."""
    try:
        _show_viewer(subject)
    except MedxaiError as error:  # the boundary around the page is not reached when only this part runs
        show_error(error)


def _show_viewer(subject: Subject) -> None:
    """Lay out the viewer: pictures on the left, controls on the right, more below."""
    left, right = st.columns([2.3, 1], gap="medium")
    with right:
        setting = show_setting_controls(subject)
        align = bool(st.session_state[keys.ALIGN])
        truth, reason = find_truth(subject, setting, align=align)
        show_lock(subject.study, subject.run.run_id, setting)
    keys.write_link(setting, subject.run.run_id, split=subject.split, image_id=None if subject.is_own else subject.key)
    layer_map = get_layer_map(subject, setting, align=align)
    counts = None if truth is None else get_truth_counts(subject, layer_map, truth, setting, align=align)
    with left:
        pictures = st.container()
        show_display_controls(has_truth=truth is not None)
        with pictures:
            show_pictures(subject, layer_map, setting, truth)
        show_setting_words(subject, layer_map, setting)
        if truth is not None and counts is not None:
            show_scores(subject, setting, truth, counts)
        else:
            show_hidden_scores(layer_map, setting, reason or "")
        _show_answer(subject, setting)
        if not subject.is_own:
            open_page("transparency", "How this picture came to its mask", key="masks", image=subject.key)
    disk = None if truth is None else get_trivial_scores(subject, truth)[CENTRED_DISK].dice
    _show_tabs(subject, setting, layer_map, counts, disk=disk)


def _show_answer(subject: Subject, setting: MaskSetting) -> None:
    """Say what the classifier answers for the whole picture."""
    _, probability = get_raw_maps(subject, setting.method)
    st.markdown(f"The classifier **{describe_probability(probability)}** for the whole picture: {probability:.2f}.")
    tiles = subject.study.get_fact("tiles") or (1, 1)
    learned = (
        ""
        if tuple(tiles) == (1, 1)
        else f" It learned from tiles ({tiles[0]} x {tiles[1]} a picture), not whole pictures."
    )
    st.caption(
        "0 means no polyp, 1 means polyp; the number is not calibrated, so it is no probability to rely on. "
        f"The map shows what speaks for a polyp, whatever the answer.{learned}"
    )


def _show_tabs(
    subject: Subject,
    setting: MaskSetting,
    layer_map: LayerMap,
    counts: TruthCounts | None,
    *,
    disk: float | None,
) -> None:
    """Show more on demand: only the open tab is computed."""
    heat, table, layers, film = st.tabs(TABS, key="masks_tabs", on_change="rerun")
    if heat.open:
        with heat:
            _show_heat(subject, setting, layer_map, counts, disk=disk)
    if table.open:
        with table:
            show_table(subject, setting)
    if layers.open:
        with layers:
            show_all_layers(subject, setting)
    if film.open:
        with film:
            show_film(subject, setting)


def _show_heat(
    subject: Subject,
    setting: MaskSetting,
    layer_map: LayerMap,
    counts: TruthCounts | None,
    *,
    disk: float | None,
) -> None:
    """Show the histogram, and the curve where other thresholds may be scored."""
    left, right = st.columns(2, gap="medium")
    with left:
        show_histogram(layer_map, setting)
    with right:
        if counts is None or subject.split == "test":
            st.markdown("**Dice against the threshold**")
            st.caption("Not shown here: it needs the truth, and on test pictures it would tune on them.")
        else:
            show_curve(counts, disk, setting)


def show_table(subject: Subject, setting: MaskSetting) -> None:
    """Show the recorded table of the tuning pictures, or offer to compute it."""
    study, run, method = subject.study, subject.run, setting.method
    table = find_tuning_table(study, run.run_id, method=method)
    if table is None:
        _offer_sweep(subject, method)
        return
    if not table.has_polyps:
        st.info("No tuning picture shows a polyp, so no score is defined. Choose the setting by eye.")
        return
    best = table.choose()
    dice = table.sweep.dice[table.sweep.layers.index(best.layer), table.sweep.thresholds.index(best.low)]
    disk = f"{table.disk_dice:.3f}" if table.disk_dice is not None else "undefined"
    st.markdown(
        f"Best: {describe_plainly(best)}: **mean Dice {dice:.3f}** over {table.n_polyp} tuning pictures "
        f"with a polyp. A disk in the middle of every picture: {disk}. Click a cell to set layer and threshold."
    )
    show_tuning_table(table, setting)
    st.caption(
        f"{METHOD_NAMES.get(method, method)}. The best of many cells flatters itself, the more so with few pictures. "
        "Masks of the tuning pictures are used here: what is locked from this table says so."
    )


def _offer_sweep(subject: Subject, method: str) -> None:
    """Offer to score every layer and threshold, as a job."""
    study, run = subject.study, subject.run
    n_pictures = len(subject.images.positions_in("tuning", with_truth=True))
    if not n_pictures:
        st.info("The study has no tuning picture with a truth. Choose the setting by eye.", icon=":material/info:")
        return
    st.markdown(
        f"Score every layer and threshold of {METHOD_NAMES.get(method, method)} on the {n_pictures} tuning pictures: "
        "about a second a picture. You can go on working meanwhile."
    )
    is_busy = is_at_work(study, "sweep")
    if st.button("Compute the table", icon=":material/grid_on:", disabled=is_busy or study.read_only):
        arguments = ["sweep", str(study.folder), "--run", run.run_id, "--method", method]
        start_and_show(study, "sweep", arguments, title="Layers and thresholds on the tuning pictures")
    show_last_failure(study, "sweep")
