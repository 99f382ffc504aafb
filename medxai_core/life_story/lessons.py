"""What a run learned from an item: its label, its picture without a label, or nothing."""

from __future__ import annotations

from typing import Literal

import numpy as np

from medxai_core.config import CLASS_NAMES, MOST_PICTURES
from medxai_core.life_story.context import StoryContext
from medxai_core.records.pictures import count_removed_since
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.whole_pictures import choose_pictures
from medxai_core.views.own_masks import count_rounds

Lesson = Literal["label", "picture", "drawn frames", "left out", "nothing", "unknown"]
"""What a run learned from an item.

"label": its label. "picture": a segmenter learned from its picture by a pseudo-mask, without a label of the item.
"drawn frames": nothing yet, a segmenter has learned from drawn frames only. "left out": the study has more train
pictures than a segmenter learns from. "unknown": whether it was left out cannot be told any more. "nothing": all other.
"""


def find_lesson(context: StoryContext, run: RecordedRun, row: int) -> tuple[Lesson, str | None]:
    """Find what a run learned from an item.

    Returns
    -------
    lesson : Lesson
    label : str or None
        The label that was learned, for a lesson "label".

    Notes
    -----
    A picture that could not be read when the run was trained counts as learned from: which ones is not recorded.
    """
    taught = dict(zip(run.manifest.get("item_positions", []), run.manifest.get("labels", []), strict=False))
    if row in taught:
        return "label", CLASS_NAMES[taught[row]]
    if run.mask_head is None:
        return "nothing", None
    labelled = context.items.image_positions[np.array(list(taught), np.int64)]
    is_labelled = context.position in labelled
    if not is_labelled and context.split != "train":
        return "nothing", None
    if not count_rounds(run):
        return "drawn frames", None
    return ("picture" if is_labelled else _find_chosen(context, run, labelled)), None


def _find_chosen(context: StoryContext, run: RecordedRun, labelled: np.ndarray) -> Lesson:
    """Say whether an unlabelled train picture was among those that a segmenter learned from."""
    candidates = context.images.positions_in("train")
    n_removed = count_removed_since(context.study, run.created_at)
    if len(np.union1d(candidates, labelled)) + n_removed <= MOST_PICTURES:
        return "picture"
    seed = run.manifest.get("config", {}).get("seed")
    if n_removed or seed is None:
        return "unknown"
    chosen = choose_pictures(candidates, labelled, seed=seed, most=MOST_PICTURES)
    return "picture" if context.position in chosen else "left out"


def say_lesson(lesson: Lesson, run: RecordedRun, *, is_tile: bool) -> str:
    """Say what a run learned from an item without a label of its own."""
    name = f"Run {run.run_id}"
    most = f"a segmenter learns from at most {MOST_PICTURES:,} pictures, beside the labelled ones drawn by chance"
    if lesson == "drawn frames":
        return f"{name} has not learned from it: so far it has learned outlines from drawn frames only."
    if lesson == "left out":
        return f"{name} did not learn from it: {most}, and this one was not drawn."
    if lesson == "unknown":
        return f"Whether run {run.run_id} learned from it is not known: {most}, and the study has changed since."
    if lesson == "picture":
        what = "the picture of this tile, without a label of the tile" if is_tile else "it without a label"
        return f"{name} learned from {what}: {_say_pseudo_mask(run)} So a prediction for it would prove little."
    return f"{name} did not learn from it."


def _say_pseudo_mask(run: RecordedRun) -> str:
    """Say what the pseudo-masks of a segmenter were made of."""
    draws = run.manifest.get("config", {}).get("shape_steps", 1)
    made = "of its class map and of outlines of drawn frames" if draws else "of its class map alone"
    later = ", and after the first round of what it then said itself" if count_rounds(run) > 1 else ""
    return f"a pseudo-mask stood for what is where, made {made}{later}."
