"""What the labels alone say of one picture, and what a segmenter added to it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.life_story import Part, Step
from medxai_core.masks import overlay_heatmap
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.evidence import locate_evidence
from medxai_core.views.mask_view import sample_nearest
from medxai_core.views.story_drawings import draw_what_was_added
from pages.components.cached import get_model, get_picture, get_shown_picture, remember_layer
from pages.components.class_words import shorten
from pages.components.evaluation.pictures import show_legend
from pages.components.transparency.cards import LONGEST, Telling

AGAINST_LABELS = ("labels and mask", "labels alone: left out", "mask alone: added")


def show_evidence(telling: Telling, step: Step, part: Part) -> None:
    """Show picture and evidence side by side."""
    if not step.is_known:
        return
    found = _open(telling)
    if found is None:
        return
    small, located = found
    drawing = overlay_heatmap(small, sample_nearest(located, (small.shape[0], small.shape[1])), opacity=0.5)
    name = shorten(telling.story.image_id)
    left, right = st.columns(2)
    left.image(small, width="stretch", caption="the picture", alt=f"Picture {name}")
    right.image(
        drawing, width="stretch", caption="light: like labelled polyp", alt=f"Evidence of the labels in picture {name}"
    )


def show_what_was_added(telling: Telling, raw: np.ndarray, setting: MaskSetting) -> None:
    """Show where the mask of a segmenter and the evidence of the labels agree and differ."""
    found = _open(telling)
    if found is None or telling.run is None:
        return
    small, located = found
    maker = get_model(telling.study, telling.run.run_id, telling.run.best_epoch or 0).maker
    drawing, shares = draw_what_was_added(small, maker, raw, located, setting=setting)
    words = f"{shares.agreed:.1%} in both, {shares.added:.1%} added, {shares.left_out:.1%} left out"
    st.image(drawing, width="stretch", alt=f"Mask beside the evidence of the labels: {words} of the picture")
    show_legend(AGAINST_LABELS)


def _open(telling: Telling) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the picture small, and its evidence (H, W) at full size; None where it cannot be known."""
    run, path = telling.run, telling.images.relative_paths[telling.position]
    if run is None:
        return None
    view = (telling.story.image_id, "evidence")
    try:
        small = get_shown_picture(telling.study, path, longest=LONGEST)
        located = remember_layer(
            str(telling.study.folder),
            run.run_id,
            run.best_epoch or 0,
            view,
            lambda: locate_evidence(telling.study, run, get_picture(telling.study, path)),
        )
    except MedxaiError:  # the words of the step say so
        return None
    return small, located
