"""Page: move layer and threshold until the mask fits, beside the truth, with honest scores."""

from __future__ import annotations

import streamlit as st

from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from pages.components.cached import get_images
from pages.components.frame import require_study, show_empty
from pages.components.masks.choice import (
    ask_jump,
    choose_run,
    choose_split,
    follow_link,
    require_run,
    show_unfinished,
)
from pages.components.masks.setting import prepare_setting, show_link_notes
from pages.components.masks.subject import OWN, ask_own_picture, open_own
from pages.components.masks.viewer import show_masks


def show_page() -> None:
    """Ask for run and split, then show the viewer on their pictures."""
    heading, choice, jump = st.columns([1, 1.9, 0.9], vertical_alignment="center")
    heading.title("Masks")
    study = require_study()
    runs = require_run(study)
    images = get_images(study)
    if not images.is_present.any():
        show_empty("The study holds no picture.", "Import pictures first.", "study", "Go to Study")
        return
    follow_link(study, images)
    with choice:
        run = choose_run(runs)
    with jump:
        ask_jump(study, images)
    split = choose_split(study, images)
    prepare_setting(study, run)
    notes, body = st.container(), st.container()  # places that never move, see app.py
    with notes:
        show_link_notes()
        show_unfinished(run)
    with body:
        _show_pictures(study, run, images, split)


def _show_pictures(study: Study, run: RecordedRun, images: Images, split: str) -> None:
    """Show the viewer on the pictures of a split, or on a picture of the reader's own."""
    if split != OWN:
        show_masks(study, run, images, split=split, own=None)
        return
    chosen = ask_own_picture()
    if chosen is not None:
        name, content = chosen
        show_masks(study, run, images, split=split, own=open_own(study, run, images, content, name=name))


show_page()
