"""Live scores of the mask in view, beside masks that no method made."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.evaluation.baselines import ALL_POLYP, CENTRED_DISK
from medxai_core.evaluation.scores import ImageScores
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.masks import make_band
from medxai_core.views.mask_view import LayerMap, TruthCounts, cut_layer_mask
from pages.components.masks.subject import Subject, get_trivial_scores

ROWS = {
    "dice": "Overlap (Dice)",
    "jaccard": "Overlap, stricter (Jaccard, IoU)",
    "recall": "Polyp that is covered (recall)",
    "precision": "Mask that is polyp (precision)",
    "accuracy": "Pixels that are right (accuracy)",
}
AREA = "Share of the picture in the mask"


def show_scores(subject: Subject, setting: MaskSetting, truth: np.ndarray, counts: TruthCounts) -> None:
    """Show the scores of the mask beside those of a disk and of everything."""
    mine = counts.score(make_band(setting))
    trivial = get_trivial_scores(subject, truth)
    st.markdown(_compare(mine, trivial[CENTRED_DISK]))
    columns = {
        "This mask": mine,
        "A disk in the middle": trivial[CENTRED_DISK],
        "Everything": trivial[ALL_POLYP],
    }
    table = {"": [*ROWS.values(), AREA]}
    for name, scores in columns.items():
        table[name] = [format_score(scores, metric) for metric in ROWS] + [f"{_area(scores):.1%}"]
    st.table(table, border="horizontal", hide_index=True, alt="Scores of this mask beside two trivial masks")
    height, width = subject.size
    flatters = (
        " A training picture: it taught the classifier, so its scores flatter." if subject.split == "train" else ""
    )
    st.caption(f"From 0 (worst) to 1 (best), on this one picture, all {height * width:,} pixels.{flatters}")


def _compare(mine: ImageScores, disk: ImageScores) -> str:
    """Say whether the mask beats a disk that has never seen the picture."""
    if mine.dice is None or disk.dice is None:
        return f":material/info: Overlap (Dice) is undefined here: {mine.reason('dice')}."
    if mine.dice > disk.dice:
        return (
            f":material/check_circle: **Dice {mine.dice:.3f}**: better than a disk drawn in the middle of "
            f"every picture ({disk.dice:.3f})."
        )
    return (
        f":material/warning: **Dice {mine.dice:.3f}**: not better than a disk drawn in the middle of "
        f"every picture ({disk.dice:.3f})."
    )


def format_score(scores: ImageScores, metric: str) -> str:
    """Return a score as text, or why it is undefined."""
    value = scores.value(metric)
    return f"undefined: {scores.reason(metric)}" if value is None else f"{value:.3f}"


def _area(scores: ImageScores) -> float:
    """Return the share of the picture that the mask takes."""
    return (scores.counts.tp + scores.counts.fp) / scores.counts.n_pixels


def show_hidden_scores(layer_map: LayerMap, setting: MaskSetting, reason: str) -> None:
    """Say why there are no scores; the area needs no truth."""
    share = cut_layer_mask(layer_map, make_band(setting)).mean()
    st.markdown(f"The mask takes **{share:.1%}** of the picture.")
    st.caption(f":material/visibility_off: {reason}")
