"""The controls of the mask viewer: layer, threshold, method, what is drawn."""

from __future__ import annotations

import streamlit as st

from medxai_core.heatmaps import CAM_METHODS
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.views.mask_view import (
    LayerMap,
    compute_published_shift,
    compute_share_above,
    describe_layer,
    describe_plainly,
    is_same_mask,
    list_paper_settings,
)
from pages.components.masks import setting as keys
from pages.components.masks.subject import Subject

PAPER = "masks_paper"
LAYOUTS = {"four": "Side by side", "one": "One large"}
OVERLAYS = {"truth": "Mask", "heat": "Heat map", "mask": "Black and white", "plain": "Picture"}
METHOD_NAMES = {
    "gradcam": "Grad-CAM (the paper's)",
    "gradcam++": "Grad-CAM++",
    "layercam": "LayerCAM",
    "hirescam": "HiResCAM",
    "xgradcam": "XGrad-CAM",
    "eigencam": "Eigen-CAM (knows no class)",
}


def show_setting_controls(subject: Subject) -> MaskSetting:
    """Show what decides the mask, and return it."""
    with st.container(border=True, gap="small"):
        _ask_layer(subject)
        _ask_threshold()
        _show_presets(subject)
    with st.expander("Method, alignment, inversion", key="masks_more"):
        _ask_method()
    return keys.get_setting()


def _ask_layer(subject: Subject) -> None:
    """Let the user choose the layer, with how fine its map is."""
    st.slider(
        "Layer",
        0,
        subject.run.n_blocks - 1,
        key=keys.LAYER,
        persist_state="session",
        help="Block of the network whose heat map is shown. Early layers see fine detail, late layers see "
        "coarse places and more meaning.",
    )
    facts = subject.maker.blocks[st.session_state[keys.LAYER]]
    words = describe_layer(facts, subject.size, subject.maker.input_size)
    st.caption(words[0].upper() + words[1:])


def _ask_threshold() -> None:
    """Let the user choose the band of heat that becomes the mask."""
    is_single = st.session_state[keys.ABOVE_ONLY]
    st.slider(
        "Threshold: heat above" if is_single else "Threshold: heat between",
        0.0,
        1.0,
        key=keys.LOW if is_single else keys.BAND,
        step=keys.STEP,
        format="%.2f",
        persist_state="session",
        help="The mask is where the heat is above, or between. 0 is the coldest and 1 the hottest place of this "
        "picture.",
    )
    st.toggle(
        "Lower limit only",
        key=keys.ABOVE_ONLY,
        persist_state="session",
        on_change=keys.carry_low,
        help="Off: an upper limit too. It leaves out the hottest core.",
    )


def _show_presets(subject: Subject) -> None:
    """Offer settings from elsewhere in one click: the paper's runs, the best of the table, the locked one."""
    study, run = subject.study, subject.run
    now, paper = keys.get_setting(), list_paper_settings(run.n_blocks)
    if st.session_state.get(PAPER) and not is_same_mask(paper[st.session_state[PAPER]], now):
        st.session_state[PAPER] = None
    lines = [f"Run {name[-1]}: {describe_plainly(setting)}." for name, setting in paper.items()]
    if run.network != "b1":
        lines.append(f"These layers are those of EfficientNet-b1 (23 layers); this network is {run.network}.")
    st.segmented_control(
        "Settings of the paper's runs",
        list(paper),
        key=PAPER,
        format_func=lambda name: name[-1],
        help="\n\n".join(lines),
        on_change=_take_paper,
        args=(paper,),
    )
    found = {
        "Best on tuning": keys.find_best_on_tuning(study, run, now.method),
        "Locked": get_locked_setting(study, run.run_id),
    }
    with st.container(horizontal=True, gap="xsmall"):
        for label, setting in found.items():
            if setting is not None:
                st.button(
                    label,
                    key=f"masks_preset_{label}",
                    disabled=setting == now,
                    help=describe_plainly(setting),
                    on_click=keys.put_setting,
                    args=(setting,),
                )


def _take_paper(paper: dict[str, MaskSetting]) -> None:
    """Put the setting of one of the paper's runs; a callback."""
    chosen = st.session_state[PAPER]
    if chosen is not None:
        keys.put_setting(paper[chosen])


def _ask_method() -> None:
    """Let the user choose how the map is made and read."""
    st.selectbox(
        "Heat map method",
        list(CAM_METHODS),
        key=keys.METHOD,
        persist_state="session",
        format_func=lambda method: METHOD_NAMES.get(method, method),
    )
    st.toggle(
        "Align the map",
        key=keys.ALIGN,
        persist_state="session",
        help="Put each cell of the map where the network looks. Off: as in the published code, which can "
        "shift the map.",
    )
    st.toggle(
        "Invert the mask",
        key=keys.INVERTED,
        persist_state="session",
        help="Take what the threshold leaves out, and leave out what it takes.",
    )


def show_display_controls(*, has_truth: bool) -> None:
    """Show what changes the drawing only."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        _ask_view(keys.LAYOUT, "View", LAYOUTS)
        if st.session_state[keys.LAYOUT] == "one":
            _ask_view(keys.OVERLAY, "What is shown", OVERLAYS)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.toggle("Outline", key=keys.CONTOUR, persist_state="session", help="Draw the outline of the mask only.")
        st.toggle(
            "Against the truth",
            key=keys.COLORS,
            persist_state="session",
            disabled=not has_truth,
            help="The truth is the outline that experts drew. Hit, missed and false pixels get three colours.",
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center", width="content"):
            st.markdown("Opacity", width="content")
            st.slider(
                "Opacity of heat and mask over the picture",
                0.0,
                1.0,
                key=keys.OPACITY,
                step=0.05,
                format="percent",
                width=150,
                label_visibility="collapsed",
                persist_state="session",
            )


def _ask_view(key: str, label: str, names: dict[str, str]) -> None:
    """Let the user choose one of a few views."""
    st.segmented_control(
        label,
        list(names),
        key=key,
        required=True,
        format_func=lambda name: names[name],
        label_visibility="collapsed",
        persist_state="session",
    )


def show_setting_words(subject: Subject, layer_map: LayerMap, setting: MaskSetting) -> None:
    """Say in words what the map and the setting do to this picture."""
    for warning in layer_map.warnings:
        st.warning(warning, icon=":material/warning:")
    if setting.high is not None and not layer_map.is_blank:
        _explain_upper_limit(layer_map, setting)
    if not st.session_state[keys.ALIGN]:
        _explain_shift(subject, setting)


def _explain_upper_limit(layer_map: LayerMap, setting: MaskSetting) -> None:
    """Say that a band leaves out the hottest core."""
    share = compute_share_above(layer_map, setting.high or 1.0)
    if setting.inverted:
        words = f"The band is inverted: the mask is all that is colder or hotter, the hottest {share:.1%} too."
    else:
        words = (
            f"The hottest core of the heat, {share:.1%} of this picture, is **left out** by the upper limit: "
            "the mask is a ring around it. The paper's runs 1 to 3 did this."
        )
    st.markdown(f":material/radio_button_unchecked: {words}")


def _explain_shift(subject: Subject, setting: MaskSetting) -> None:
    """Say how far the published way moves the map of this layer."""
    down, right = compute_published_shift(subject.maker.blocks[setting.layer], subject.size, subject.maker.input_size)
    if max(abs(down), abs(right)) < 1:
        words = "On this layer the published way puts the map where it belongs (less than 1 px off)."
    else:
        across = f"{abs(right):.0f} px too far {'right' if right > 0 else 'left'}"
        along = f"{abs(down):.0f} px too far {'down' if down > 0 else 'up'}"
        words = f"Drawn as in the published code: on this picture the map lies {across} and {along}."
    st.markdown(f":material/open_with: {words}")
