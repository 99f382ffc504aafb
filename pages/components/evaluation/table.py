"""The paper's first table beside the measured rows and the trivial masks."""

from __future__ import annotations

import streamlit as st

from medxai_core.config import PAPER_ROWS
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.views.mask_view import is_same_mask
from medxai_core.views.recorded_scores import MASK_USE_WORDS
from medxai_core.views.score_words import METRIC_WORDS, format_score, format_span
from pages.components.evaluation.words import (
    MASK_USE_BADGES,
    format_cell,
    get_figure,
    name_row,
)

PAPER_PICTURES = 200
MORE_FIGURES = {
    "pooled.dice": ("All pixels together: Dice", "Large polyps weigh more than in the mean."),
    "pooled.jaccard": ("All pixels together: Jaccard", ""),
    "polyps.polyps_found": ("Polyps found", "A polyp is found when half of its pixels are in the mask."),
    "polyps.polyps_touched": ("Polyps touched", "At least one pixel is in the mask; those found are among them."),
    "polyps.false_positives_per_frame": ("False parts a picture", "Parts of the mask that touch no polyp."),
    "frames.correctly_empty_frames": ("Frames without a polyp: left empty", "As it should be."),
    "frames.false_positive_frames": ("Frames without a polyp: a mask all the same", ""),
    "frames.false_positive_area": ("... and how much of the frame it takes", "Mean over those frames."),
}


def show_score_table(rows: list[RecordedEvaluation], locked: dict[str, MaskSetting]) -> None:
    """Show every open row of the split, then the paper's five runs."""
    table: dict[str, list[str]] = {name: [] for name in ("Masks", *METRIC_WORDS.values(), "Pictures", "Masks used for")}
    for row in rows:
        _add(table, _name_measured(row, locked), [format_cell(get_figure(row, f"mean.{m}")) for m in METRIC_WORDS])
        dice = get_figure(row, "mean.dice")
        table["Pictures"].append(f"{dice['n_defined']} of {dice['n']}")
        tuned = " :red-badge[tuned on test]" if row.tuned_on_test else ""
        table["Masks used for"].append(MASK_USE_BADGES.get(row.masks_used_for, row.masks_used_for) + tuned)
    for paper in PAPER_ROWS:
        _add(table, f":orange-badge[paper] Run {paper.run}", [format_score(getattr(paper, m)) for m in METRIC_WORDS])
        table["Pictures"].append(f"{PAPER_PICTURES} others")
        table["Masks used for"].append(":blue-badge[tile labels]" if paper.run == 1 else ":gray[none for training]")
    st.table(
        table,
        border="horizontal",
        hide_index=True,
        alt="Mean scores of this study's masks, of trivial masks, and of the paper's five runs",
    )
    st.caption(
        "Means over pictures, from 0 (worst) to 1 (best). Below each: 95 % interval (bootstrap over groups of "
        "pictures). "
        "Pictures: for how many Dice is defined, of how many; on a picture without a polyp it is undefined. The "
        "paper "
        "scored 200 other pictures and printed no intervals: its rows show the order of size, not a contest."
    )
    used = {row.masks_used_for for row in rows}
    for name in (name for name in MASK_USE_WORDS if name in used):
        st.caption(f"{MASK_USE_BADGES[name]} {MASK_USE_WORDS[name]}")


def _name_measured(row: RecordedEvaluation, locked: dict[str, MaskSetting]) -> str:
    """Return the first cell of a measured row."""
    if row.run_id is None:
        return f":gray-badge[trivial] {name_row(row)}"
    current = locked.get(row.run_id)
    is_current = current is not None and is_same_mask(MaskSetting(**row.setting), current)
    return f":primary-badge[run] {name_row(row, is_current=is_current)}"


def _add(table: dict[str, list[str]], name: str, cells: list[str]) -> None:
    """Add a name and the cells of the five scores."""
    table["Masks"].append(name)
    for metric, cell in zip(METRIC_WORDS.values(), cells, strict=True):
        table[metric].append(cell)


def show_more_figures(row: RecordedEvaluation, disk: RecordedEvaluation | None) -> None:
    """Show pooled scores, lesions, and frames without a polyp, beside the disk."""
    table: dict[str, list[str]] = {"": [], "This run": [], "Centred disk": []}
    has_empty_frames = get_figure(row, "frames.correctly_empty_frames")["value"] is not None
    for name, (words, note) in MORE_FIGURES.items():
        if name.startswith("frames.") and not has_empty_frames:
            continue
        mine = get_figure(row, name)
        table[""].append(words + (f"  \n:small[:gray[{note}]]" if note else ""))
        table["This run"].append(_format_figure(mine))
        table["Centred disk"].append(_format_figure(get_figure(disk, name)) if disk else "\u2013")
    st.subheader("More than the mean over pictures")
    st.table(table, border="horizontal", hide_index=True, alt="Pooled scores, polyps found and frames without a polyp")
    if not has_empty_frames:
        st.caption(
            "Every scored picture shows a polyp. How often a mask appears on a frame without one is therefore "
            "not known."
        )


def _format_figure(one: dict) -> str:
    """Return a figure with its interval and the pictures it rests on, or why it is undefined."""
    if one["value"] is None:
        return f":gray[undefined: {one['reason']}]"
    span = format_span(one["low"], one["high"])
    rests_on = f"  \n:small[:gray[on {one['n_defined']} of {one['n']} pictures]]"
    return f"**{one['value']:.3f}**" + (f" :small[:gray[({span})]]" if span else "") + rests_on
