"""How the scores spread over pictures, and the worst and the best pictures with mask and truth."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.evaluation.scores import ImageScores
from medxai_core.masks import FALSE_COLOR, HIT_COLOR, MISSED_COLOR
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.failures import name_failure
from medxai_core.views.recorded_scores import PictureScores, find_trivial_row
from medxai_core.views.score_words import format_score
from pages.components.chart_style import to_hex
from pages.components.evaluation.charts import show_distribution
from pages.components.evaluation.data import get_circumstances, get_scored_drawing, get_scores_by_picture
from pages.components.page_links import open_page

ORDER = "evaluation_order"
ORDERS = {"worst": "Worst first", "best": "Best first", "middle": "In the middle"}
SHOWN = 8


def show_pictures(study: Study, run: RecordedRun, row: RecordedEvaluation) -> None:
    """Show the spread of Dice, then single pictures."""
    pictures = get_scores_by_picture(study, row)
    dice = pictures.values("dice")
    disk = find_trivial_row(study, row.split)
    st.subheader("How Dice spreads over the pictures")
    show_distribution(dice, get_scores_by_picture(study, disk).values("dice") if disk else None)
    _show_counts(pictures, dice)
    st.subheader("Single pictures")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        order = st.segmented_control(
            "Order",
            list(ORDERS),
            key=ORDER,
            default="worst",
            required=True,
            format_func=ORDERS.get,
            label_visibility="collapsed",
        )
        show_legend()
    notes = get_circumstances(study, row)
    with st.spinner("Drawing mask and truth on the pictures"), st.grid(4, min_column_width=200):
        for place in choose_pictures(dice, order or "worst"):
            _show_one(study, run, row, pictures, int(place), notes=notes)


def choose_pictures(dice: np.ndarray, order: str, n: int = SHOWN) -> np.ndarray:
    """Return the places of a few pictures whose Dice is defined, (m,) int.

    >>> choose_pictures(np.array([0.5, np.nan, 0.1, 0.9]), "best", 2).tolist()
    [3, 0]
    >>> choose_pictures(np.array([0.5, np.nan, 0.1, 0.9]), "middle", 1).tolist()
    [0]
    """
    rising = np.argsort(dice, kind="stable")[: int(np.isfinite(dice).sum())]
    if order == "best":
        return rising[::-1][:n]
    start = max(0, (len(rising) - n) // 2) if order == "middle" else 0
    return rising[start : start + n]


def _show_counts(pictures: PictureScores, dice: np.ndarray) -> None:
    """Say what the chart rests on."""
    defined = dice[np.isfinite(dice)]
    if not len(defined):
        st.caption("Dice is undefined on every picture: none shows a polyp.")
        return
    missed = int((defined == 0).sum())
    st.caption(
        f"{len(defined)} of {len(pictures)} pictures, where a polyp is. Half of them have Dice below "
        f"{np.median(defined):.3f}; on {missed} the mask misses the polyp altogether."
    )


AGAINST_TRUTH = ("polyp and mask", "polyp, missed", "mask, no polyp")


def show_legend(both_first_second: tuple[str, str, str] = AGAINST_TRUTH) -> None:
    """Say what the colours of two masks above each other mean: in both, in the first alone, in the second alone."""
    with st.container(horizontal=True, gap="small", width="content"):
        for color, words in zip((HIT_COLOR, MISSED_COLOR, FALSE_COLOR), both_first_second, strict=True):
            st.html(
                f'<span style="display:inline-flex;align-items:center;gap:.4em;font-size:.875rem">'
                f'<span style="width:.9em;height:.9em;border-radius:2px;background:{to_hex(color)}"></span>'
                f"{words}</span>",
                width="content",
            )


def _say_cause(score: ImageScores, notes: list[str], setting: MaskSetting | None) -> str:
    """Say what is to be seen, and what about the picture may have to do with it."""
    may_matter = f" May matter: {', '.join(notes)}." if notes else ""
    return name_failure(score, setting).words + may_matter


def _show_one(
    study: Study,
    run: RecordedRun,
    row: RecordedEvaluation,
    pictures: PictureScores,
    place: int,
    *,
    notes: dict[str, list[str]],
) -> None:
    """Show one picture with its scores, what went wrong, and the way to its story."""
    score, image_id = pictures.scores[place], pictures.scores[place].item
    with st.container(border=True, gap="xsmall"):
        try:
            drawing = get_scored_drawing(study, run, row, int(pictures.positions[place]))
        except MedxaiError:  # its words may name the file
            st.caption("This picture cannot be drawn now.")
        else:
            words = f"Picture {image_id[:8]}: Dice {format_score(score.dice)}; where mask and truth agree and differ"
            st.image(drawing, width="stretch", alt=words)
        st.markdown(f"**Dice {format_score(score.dice)}**")
        st.caption(f"polyp {pictures.polyp_shares[place]:.1%}, mask {pictures.mask_shares[place]:.1%} of the picture")
        st.caption(_say_cause(score, notes[image_id], MaskSetting(**row.setting) if row.setting else None))
        open_page("transparency", f"Story of {image_id[:8]}", key=f"story-{image_id}", image=image_id, run=run.run_id)
