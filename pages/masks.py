"""Page: move layer and threshold until the mask fits, beside the truth, with honest scores."""

from __future__ import annotations

import streamlit as st

from medxai_core.study import Study
from pages.components.cached import get_images
from pages.components.frame import require_study, show_empty
from pages.components.masks.choice import (
    ask_jump,
    choose_picture,
    choose_run,
    choose_split,
    follow_link,
    require_run,
)
from pages.components.masks.setting import prepare_setting, show_link_notes
from pages.components.masks.subject import OWN, Subject, ask_own_picture, open_own, open_subject
from pages.components.masks.viewer import show_viewer


def show_page() -> None:
    """Ask for run, split and picture, then show the viewer."""
    heading, choice, jump = st.columns([1, 1.9, 0.9], vertical_alignment="bottom")
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
    split = choose_split(images)
    prepare_setting(study, run)
    show_link_notes()
    subject = _open(study, run, images, split)
    if subject is not None:
        show_viewer(subject)


def _open(study: Study, run, images, split: str) -> Subject | None:
    """Open the chosen picture, or one's own once it is uploaded."""
    if split != OWN:
        return open_subject(study, run, images, choose_picture(study, images, split))
    content = ask_own_picture()
    return None if content is None else open_own(study, run, images, content)


show_page()
