"""The setting in view: kept in the session and in the address, so that a link opens the same mask."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from medxai_core.heatmaps import CAM_METHODS
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.tuning_table import find_tuning_table
from medxai_core.study import Study
from medxai_core.views.mask_view import is_same_mask, list_paper_settings

LAYER, METHOD = "masks_layer", "masks_method"
ABOVE_ONLY, LOW, BAND, INVERTED = "masks_above_only", "masks_low", "masks_band", "masks_inverted"
ALIGN, OPACITY, CONTOUR, COLORS = "masks_align", "masks_opacity", "masks_contour", "masks_colors"
LAYOUT, OVERLAY = "masks_layout", "masks_overlay"
ORIGIN, WRITTEN, NOTES = "masks_origin", "masks_written_params", "masks_notes"
STEP = 0.01
LINK_NAMES = ("run", "split", "image", "layer", "low", "high", "method", "invert", "align", "chosen")
DISPLAY_DEFAULTS = {ALIGN: True, OPACITY: 0.5, CONTOUR: False, COLORS: True, LAYOUT: "four", OVERLAY: "truth"}


def prepare_setting(study: Study, run: RecordedRun) -> None:
    """Give every control a value that this run can show: of the address, the session, or a start value."""
    for key, value in DISPLAY_DEFAULTS.items():
        st.session_state.setdefault(key, value)
    if LAYER not in st.session_state:
        put_setting(get_locked_setting(study, run.run_id) or find_best_on_tuning(study, run) or _first(run))
    asked = {name: st.query_params[name] for name in LINK_NAMES if name in st.query_params}
    if asked and asked != st.session_state.get(WRITTEN):
        _apply_link(study, run, asked)
    st.session_state[LAYER] = min(int(st.session_state[LAYER]), run.n_blocks - 1)


def _first(run: RecordedRun) -> MaskSetting:
    """Return where to start when nothing is known: the paper's depth, above 0.4."""
    return MaskSetting(min(14, run.n_blocks - 1), "gradcam", 0.4, None)


def find_best_on_tuning(study: Study, run: RecordedRun, method: str = "gradcam") -> MaskSetting | None:
    """Return the best cell of the recorded table, or None without one."""
    table = find_tuning_table(study, run.run_id, method=method)
    return table.choose() if table is not None and table.has_polyps else None


def put_setting(setting: MaskSetting) -> None:
    """Set the controls; may be a callback. What the setting was chosen on is remembered with it."""
    low = 0.0 if setting.low is None else round(setting.low, 2)
    st.session_state[LAYER], st.session_state[METHOD] = setting.layer, setting.method
    st.session_state[INVERTED] = setting.inverted
    st.session_state[ABOVE_ONLY] = setting.high is None
    st.session_state[LOW] = low
    high = setting.high if setting.high is not None else min(1.0, max(0.7, low + 10 * STEP))
    st.session_state[BAND] = (low, round(high, 2))
    st.session_state[ORIGIN] = setting


def put_layer(layer: int) -> None:
    """Set the layer only; a callback."""
    st.session_state[LAYER] = layer


def carry_low() -> None:
    """Keep the lower limit when the slider changes between one and two handles; a callback."""
    if st.session_state[ABOVE_ONLY]:
        st.session_state[LOW] = st.session_state[BAND][0]
    else:
        low = st.session_state[LOW]
        st.session_state[BAND] = (low, min(1.0, max(st.session_state[BAND][1], round(low + 10 * STEP, 2))))


def get_setting() -> MaskSetting:
    """Return the setting of the controls; "eye" unless it is what was put there from elsewhere."""
    state = st.session_state
    low, high = (round(state[LOW], 2), None) if state[ABOVE_ONLY] else _open_band(*state[BAND])
    setting = MaskSetting(int(state[LAYER]), state[METHOD], low, high, bool(state[INVERTED]))
    origin: MaskSetting | None = state.get(ORIGIN)
    return origin if origin is not None and is_same_mask(setting, origin) else setting


def _open_band(low: float, high: float) -> tuple[float, float]:
    """Return two limits that are apart: handles on one spot would select nothing."""
    if low < high:
        return round(low, 2), round(high, 2)
    return (round(low, 2), round(low + STEP, 2)) if low + STEP <= 1 else (round(1 - STEP, 2), 1.0)


def write_link(setting: MaskSetting, run_id: str, *, split: str, image_id: str | None) -> None:
    """Write what is in view into the address; a picture of one's own is never written there."""
    values = {
        "run": run_id, "split": split, "image": image_id, "layer": setting.layer, "low": setting.low,
        "high": setting.high, "method": setting.method, "invert": int(setting.inverted) or None,
        "align": None if st.session_state[ALIGN] else 0,
        "chosen": setting.chosen_on if setting.chosen_on in ("paper", "tuning") else None,
    }  # fmt: skip
    texts = {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value is not None
    }
    for name in LINK_NAMES:
        if name in texts and st.query_params.get(name) != texts[name]:
            st.query_params[name] = texts[name]
        elif name not in texts and name in st.query_params:
            del st.query_params[name]
    st.session_state[WRITTEN] = texts


def _apply_link(study: Study, run: RecordedRun, asked: Mapping[str, str]) -> None:
    """Set the controls from the address; what cannot be shown is left out and said."""
    notes: list[str] = []
    current = get_setting()
    has_band = "low" in asked or "high" in asked
    low = _read_number(asked, "low", 0, 1, notes) if has_band else current.low
    high = _read_number(asked, "high", 0, 1, notes) if has_band else current.high
    if (low is None and high is None) or (low is not None and high is not None and low >= high):
        notes.append("threshold: the lower limit must be below the upper one")
        low, high = current.low, current.high
    layer = _read_number(asked, "layer", 0, run.n_blocks - 1, notes)
    method = asked.get("method", current.method)
    if method not in CAM_METHODS:
        notes.append("method: not known")
        method = current.method
    inverted = asked["invert"] == "1" if "invert" in asked else (False if has_band else current.inverted)
    setting = MaskSetting(current.layer if layer is None else int(layer), method, low, high, inverted)
    put_setting(current if is_same_mask(setting, current) else _confirm_origin(study, run, setting, asked))
    if "align" in asked or "layer" in asked:
        st.session_state[ALIGN] = asked.get("align") != "0"
    st.session_state[NOTES] = notes


def _read_number(asked: Mapping[str, str], name: str, least: int, most: int, notes: list[str]) -> float | None:
    """Return a number of the address, or None; one that is none or out of range is noted."""
    if name not in asked:
        return None
    try:
        value = float(asked[name])
    except ValueError:
        value = float("nan")
    if least <= value <= most:
        return value
    notes.append(f"{name}: expected a number from {least} to {most}")
    return None


def _confirm_origin(study: Study, run: RecordedRun, setting: MaskSetting, asked: Mapping[str, str]) -> MaskSetting:
    """Believe an address that a setting is the paper's or the table's only when it is."""
    chosen = asked.get("chosen")
    if chosen == "paper":
        found = [one for one in list_paper_settings(run.n_blocks).values() if is_same_mask(one, setting)]
        return found[0] if found else setting
    if chosen == "tuning":
        table = find_tuning_table(study, run.run_id, method=setting.method)
        if table is not None and table.holds(setting):
            return MaskSetting(setting.layer, setting.method, setting.low, None, chosen_on="tuning")
    return setting


def show_link_notes() -> None:
    """Say once what of an address could not be shown."""
    notes = st.session_state.pop(NOTES, [])
    if notes:
        st.warning(
            "Part of the link could not be shown and was left as it is: " + "; ".join(notes) + ".",
            icon=":material/link_off:",
        )
