"""What the viewer must know before any picture comes: layers, presets, colours, the table, what may be seen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from medxai_core.config import SEGMENTATION, SPLITS
from medxai_core.heatmaps import CAM_METHODS
from medxai_core.masks import FALSE_COLOR, HIT_COLOR, MASK_COLOR, MISSED_COLOR, OKABE_ITO, make_color_table
from medxai_core.records.masks import MaskSetting, get_locked_setting, list_heatmaps
from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.sanity import LEAST_PICTURES
from medxai_core.stages.tuning_table import find_tuning_table
from medxai_core.study import Study
from medxai_core.views.mask_maps import list_axes
from medxai_core.views.mask_sameness import describe_sameness, measure_sameness
from medxai_core.views.mask_view import describe_plainly
from medxai_core.views.truth_access import explain_hidden_truth
from pages.components import cached
from pages.components.masks import setting as keys
from pages.components.masks.choice import find_positions
from pages.components.packing import pack

METHOD_NAMES = {
    "gradcam": "Grad-CAM (the paper's)",
    "gradcam++": "Grad-CAM++",
    "layercam": "LayerCAM",
    "hirescam": "HiResCAM",
    "xgradcam": "XGrad-CAM",
    "eigencam": "Eigen-CAM (knows no class)",
}


def make_header(
    study: Study,
    run: RecordedRun,
    images: Images,
    *,
    split: str,
    channel: str,
    thumbnails: str,
    command: dict[str, Any],
) -> bytes:
    """Pack what the viewer must know before any picture comes; it is small and changes seldom."""
    setting, method = keys.get_setting(), keys.get_block_method()
    maker = cached.get_model(study, run.run_id, run.best_epoch or 0).maker
    locked = get_locked_setting(study, run.run_id)
    header = {
        "channel": channel,
        "thumbnails": thumbnails,
        "memory": f"{thumbnails}-{run.run_id}",  # this study and run
        "command": command,
        "run": {"network": run.network, "inputSize": maker.input_size, "layers": list_axes(maker)},
        "split": split,
        "nPictures": max(1, len(find_positions(study, images, split))),
        "methods": {name: METHOD_NAMES.get(name, name) for name in CAM_METHODS},
        "blockMethod": keys.BLOCK_METHOD,
        "presets": _list_presets(study, run, method),
        "locked": None if locked is None else describe_setting(locked),
        "hidden": _explain_hidden(study, run, split, setting, locked),
        "same": _list_same(study, run, images, split, method),
        "table": _list_table(study, run, method),
        "experience": _list_experience(study, run, method),
        "offersTable": _offers_table(study, run, images, method),
        "hasTruth": split in SPLITS and len(images.positions_in(split, with_truth=True)) > 0,
        "colors": _list_colors(),
        "tiles": list(study.get_fact("tiles") or (1, 1)),
    }
    return pack(header, {"heat": make_color_table()})


def describe_setting(setting: MaskSetting) -> dict[str, Any]:
    """Return a setting as the viewer has it: a layer that is a segmentation head says so by itself."""
    values = asdict(setting)
    if setting.method == SEGMENTATION:
        values["method"] = keys.BLOCK_METHOD
    return values | {"chosen": values.pop("chosen_on")}


def _list_presets(study: Study, run: RecordedRun, method: str) -> list[dict[str, Any]]:
    """Return the settings that one click brings, with their words."""
    presets = []
    for name, setting in keys.list_presets(study, run, method).items():
        words = describe_plainly(setting)
        if name.startswith("paper") and run.network != "b1":
            words += f" (layers of EfficientNet-b1 with 23 layers; this network is {run.network})"
        presets.append({"name": name, "words": words, "setting": describe_setting(setting)})
    return presets


def _explain_hidden(
    study: Study, run: RecordedRun, split: str, setting: MaskSetting, locked: MaskSetting | None
) -> str | None:
    """Return what is said where truth and scores of a test picture are hidden; None when they never are."""
    return explain_hidden_truth(study, run.run_id, split=split, setting=locked or setting, align=False)


def _list_same(study: Study, run: RecordedRun, images: Images, split: str, method: str) -> dict[str, Any]:
    """Return the warning of each layer whose map is the same for every picture, and which layers were compared."""
    if split not in SPLITS:
        return {"layers": {}, "compared": [], "least": LEAST_PICTURES}
    state = (run.best_epoch, split, method, tuple(list_heatmaps(study, run.run_id, method).items()))
    found = cached.remember(
        str(study.folder),
        "sameness",
        (run.run_id, *state),
        lambda: measure_sameness(study, run.run_id, images, split=split, method=method),
    )
    words = {str(layer): describe_sameness(one) for layer, one in found.items()}
    compared = [layer for layer, one in found.items() if one.correlation is not None]
    return {
        "layers": {layer: text for layer, text in words.items() if text},
        "compared": compared,
        "least": LEAST_PICTURES,
    }


def _list_table(study: Study, run: RecordedRun, method: str) -> dict[str, Any] | None:
    """Return mean Dice of the tuning pictures by layer and threshold, when it is recorded."""
    table = find_tuning_table(study, run.run_id, method=method)
    if table is None or not table.has_polyps:
        return None
    return {
        "method": method,
        "thresholds": table.sweep.thresholds,
        "dice": {
            str(layer): [float(one) if np.isfinite(one) else None for one in row]
            for layer, row in zip(table.sweep.layers, table.sweep.dice, strict=True)
        },
        "disk": table.disk_dice,
        "nPolyp": table.n_polyp,
    }


def _list_experience(study: Study, run: RecordedRun, method: str) -> dict[str, Any] | None:
    """Return how far promises of a segmenter were kept on the tuning pictures, when that is recorded."""
    table = find_tuning_table(study, run.run_id, method=method)
    if table is None or table.sweep.reliability is None:
        return None
    known = table.sweep.reliability
    pairs = {"expected": known.expected.tolist(), "reached": known.reached.tolist()}
    return pairs | {"nEmpty": known.n_empty, "nMissed": known.n_missed}


def _offers_table(study: Study, run: RecordedRun, images: Images, method: str) -> bool:
    """Return True where the page offers to compute the table of the tuning pictures."""
    n_pictures = len(images.positions_in("tuning", with_truth=True))
    return n_pictures > 0 and find_tuning_table(study, run.run_id, method=method) is None


def _list_colors() -> dict[str, list[int]]:
    """Return the colours by what they mean."""
    colors = {"mask": MASK_COLOR, "hit": HIT_COLOR, "missed": MISSED_COLOR, "false": FALSE_COLOR}
    return {name: list(color) for name, color in (colors | {"warn": OKABE_ITO["vermillion"]}).items()}


def start_command(number: int, picture: int) -> dict[str, Any]:
    """Return what the viewer is to show: the setting in view, and a picture by its place in the split."""
    setting = describe_setting(keys.get_setting()) | {"align": keys.is_aligned()}
    return {"number": number, "picture": picture, "setting": setting, "session": _name_session()}


def _name_session() -> str:
    """Return a text that differs from session to session: numbers of commands begin anew in each."""
    name: str = st.session_state.setdefault("masks_session", np.random.default_rng().bytes(6).hex())
    return name
