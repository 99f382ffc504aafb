"""The setting in view: kept in the session and in the address, so that a link opens the same mask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from medxai_core.config import SEGMENTATION
from medxai_core.heatmaps import CAM_METHODS
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.masks import recommended_setting
from medxai_core.stages.tuning_table import find_tuning_table
from medxai_core.study import Study
from medxai_core.views.mask_view import is_same_mask, list_paper_settings
from pages.components.address import change_address

BLOCK_METHOD = "gradcam"
"""CAM method of the other layers where a segmentation head is in view: the paper's."""

SETTING, ALIGN = "masks_setting", "masks_align"
WRITTEN, NOTES, PLACE_NOTES = "masks_written_params", "masks_notes", "masks_place_notes"
FOLLOWED = "masks_followed_params"
"""The address whose run, split and picture were taken, until this page writes its own: it asks once only."""

LINK_NAMES = ("run", "split", "image", "layer", "low", "high", "method", "invert", "align", "chosen")


def prepare_setting(study: Study, run: RecordedRun) -> None:
    """Make sure there is a setting that this run can show: of the address, the session, or a start value."""
    st.session_state.setdefault(ALIGN, True)
    if SETTING not in st.session_state:
        put_setting(get_locked_setting(study, run.run_id) or find_best_on_tuning(study, run) or _first(run))
    asked = {name: st.query_params[name] for name in LINK_NAMES if name in st.query_params}
    if asked and asked != st.session_state.get(WRITTEN):
        _apply_link(study, run, asked)
    setting = get_setting()
    if setting.layer >= run.n_blocks:
        put_setting(fit_method(replace(setting, layer=run.n_blocks - 1, chosen_on="eye"), run))
    elif fit_method(setting, run) != setting:  # of a run with a head, or without
        put_setting(fit_method(replace(setting, chosen_on="eye"), run))


def fit_method(setting: MaskSetting, run: RecordedRun) -> MaskSetting:
    """Return the setting with the method that its layer has."""
    if setting.layer == run.mask_head:
        return replace(setting, method=SEGMENTATION)
    return replace(setting, method=BLOCK_METHOD) if setting.method == SEGMENTATION else setting


def _first(run: RecordedRun) -> MaskSetting:
    """Return where to start when nothing is known: a segmenter's own mask, else the paper's depth, above 0.4."""
    if run.mask_head is not None:
        return recommended_setting(run)
    return MaskSetting(min(14, run.n_blocks - 1), "gradcam", 0.4, None)


def find_best_on_tuning(study: Study, run: RecordedRun, method: str = "gradcam") -> MaskSetting | None:
    """Return the best cell of the recorded table, or None without one."""
    table = find_tuning_table(study, run.run_id, method=method)
    return table.choose() if table is not None and table.has_polyps else None


def get_setting() -> MaskSetting:
    """Return the setting in view, with what it was chosen on."""
    setting: MaskSetting = st.session_state[SETTING]
    return setting


def get_block_method() -> str:
    """Return the CAM method of the layers in view; a segmentation head has none, and the paper's stands for it."""
    method = get_setting().method
    return BLOCK_METHOD if method == SEGMENTATION else method


def put_setting(setting: MaskSetting) -> None:
    """Set what is in view; may be a callback. What the setting was chosen on goes with it."""
    st.session_state[SETTING] = setting


def is_aligned() -> bool:
    """Return True when maps are put where their cells look."""
    return bool(st.session_state[ALIGN])


def list_presets(study: Study, run: RecordedRun, method: str) -> dict[str, MaskSetting]:
    """Return the settings that one click brings: a segmenter's own, the paper's, the best of the table, the locked."""
    found: dict[str, MaskSetting | None] = {}
    if run.mask_head is not None:
        found["recommended"] = recommended_setting(run)
    found |= list_paper_settings(run.n_blocks)
    found["tuning"] = find_best_on_tuning(study, run, method)
    found["locked"] = get_locked_setting(study, run.run_id)
    return {name: setting for name, setting in found.items() if setting is not None}


def read_setting(study: Study, run: RecordedRun, said: Mapping[str, Any]) -> MaskSetting | None:
    """Return the setting that the browser says, or None when it is none that this run can show.

    Where it came from is believed only when it is so, see `confirm_origin`.
    """
    layer, method, low, high = (said.get(name) for name in ("layer", "method", "low", "high"))
    is_layer = isinstance(layer, int) and not isinstance(layer, bool) and 0 <= layer < run.n_blocks
    if not is_layer or method not in CAM_METHODS or not (_is_limit(low) and _is_limit(high)):
        return None
    if (low is None and high is None) or (low is not None and high is not None and low >= high):
        return None
    limits = [None if limit is None else float(limit) for limit in (low, high)]
    setting = fit_method(MaskSetting(layer, method, limits[0], limits[1], said.get("inverted") is True), run)
    return confirm_origin(study, run, setting, str(said.get("chosen")))


def _is_limit(value: object) -> bool:
    """Return True for a limit of a band: a number from 0 to 1, or None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and math.isfinite(value) and 0 <= value <= 1)  # type: ignore[arg-type,operator]


def confirm_origin(study: Study, run: RecordedRun, setting: MaskSetting, chosen: str | None) -> MaskSetting:
    """Believe that a setting is the paper's, the table's or the locked one only when it is; else it is by eye."""
    if chosen == "recommended" and run.mask_head is not None and is_same_mask(recommended_setting(run), setting):
        return recommended_setting(run)
    if chosen == "paper":
        found = [one for one in list_paper_settings(run.n_blocks).values() if is_same_mask(one, setting)]
        return found[0] if found else setting
    if chosen == "tuning":
        method = BLOCK_METHOD if setting.method == SEGMENTATION else setting.method
        table = find_tuning_table(study, run.run_id, method=method)
        if table is not None and table.holds(setting):
            return replace(setting, chosen_on="tuning")
    locked = get_locked_setting(study, run.run_id)
    return locked if locked is not None and is_same_mask(locked, setting) else setting


def write_link(setting: MaskSetting, run_id: str, *, split: str, image_id: str | None) -> None:
    """Write what is in view into the address; a picture of one's own is never written there."""
    values = {
        "run": run_id, "split": split, "image": image_id, "layer": setting.layer, "low": setting.low,
        "high": setting.high, "method": setting.method, "invert": int(setting.inverted) or None,
        "align": None if is_aligned() else 0,
        "chosen": setting.chosen_on if setting.chosen_on in ("paper", "recommended", "tuning") else None,
    }  # fmt: skip
    texts = {name: str(value) for name, value in values.items() if value is not None}
    change_address({name: texts.get(name) for name in LINK_NAMES})
    st.session_state[WRITTEN] = texts
    st.session_state.pop(FOLLOWED, None)


def _apply_link(study: Study, run: RecordedRun, asked: Mapping[str, str]) -> None:
    """Take the setting from the address; what cannot be shown is left out and said."""
    notes: list[str] = []
    current = get_setting()
    has_band = "low" in asked or "high" in asked
    low = _read_number(asked, "low", 0, 1, notes) if has_band else current.low
    high = _read_number(asked, "high", 0, 1, notes) if has_band else current.high
    is_band = low < high if low is not None and high is not None else low is not None or high is not None
    if notes or not is_band:  # half a band is none; one complaint is enough
        notes = notes or ["threshold: the lower limit must be below the upper one"]
        low, high = current.low, current.high
    layer = _read_number(asked, "layer", 0, run.n_blocks - 1, notes)
    method = asked.get("method", current.method)
    if method not in (*CAM_METHODS, SEGMENTATION):
        notes.append("method: not known")
        method = current.method
    notes += [f"{name}: expected 0 or 1" for name in ("invert", "align") if asked.get(name, "0") not in ("0", "1")]
    inverted = asked["invert"] == "1" if "invert" in asked else (False if has_band else current.inverted)
    setting = fit_method(MaskSetting(current.layer if layer is None else int(layer), method, low, high, inverted), run)
    put_setting(current if is_same_mask(setting, current) else confirm_origin(study, run, setting, asked.get("chosen")))
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
    if least <= value <= most and (name != "layer" or value.is_integer()):
        return value
    notes.append(f"{name}: expected a {'whole ' if name == 'layer' else ''}number from {least} to {most}")
    return None


def show_link_notes() -> None:
    """Say once what of an address could not be shown."""
    notes = [*st.session_state.pop(PLACE_NOTES, []), *st.session_state.pop(NOTES, [])]
    if notes:
        st.warning(
            "Part of the link could not be shown: " + "; ".join(notes) + ".",
            icon=":material/link_off:",
        )
