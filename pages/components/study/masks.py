"""Masks that come after the import: a form for their folder, and what was made without them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from medxai_core.errors import LayoutError
from medxai_core.formats.listing import check_folder
from medxai_core.studies.adding_masks import EVENT, find_last_addition
from medxai_core.study import Study
from pages.components.cached import get_images
from pages.components.class_words import escape, plural
from pages.components.frame import get_reader, show_error
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show


def show_adding_masks(study: Study) -> None:
    """Ask for the folder of the masks, and add them as a job."""
    images = get_images(study)
    n_without = int((images.is_present & (images.mask_paths == None)).sum())  # noqa: E711 - by element
    if not n_without:
        st.caption("Every picture has its mask.")
        return
    st.markdown(
        f"{plural(n_without, 'picture')} {'has' if n_without == 1 else 'have'} no mask that an expert drew. Masks are "
        "matched by name and used for scores only. **Splits, known labels and recorded scores stay as they are.**"
    )
    root = study.mask_root
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Folder of the masks",
            value=str(root) if root else "",
            key="add-masks-folder",
            placeholder="/data/kvasir-seg/masks",
            help="On the computer on which this app runs. Mask and picture have the same name; nothing is copied.",
            width=480,
        )
        is_off = study.read_only or is_at_work(study, EVENT)
        if st.button("Add masks", icon=":material/add_photo_alternate:", key="add-masks", disabled=is_off):
            _start(study, typed.strip())
    show_last_failure(study, EVENT)
    last = find_last_addition(study)
    if last is not None:
        st.caption(f"Last: {plural(int(last['n_masks']), 'mask')} added on {escape(last['at'][:10])}.")


def _start(study: Study, typed: str) -> None:
    """Check the folder, and start the job."""
    try:
        if not typed:
            raise LayoutError("No folder was named.", "Name the folder of the masks.")
        folder = check_folder(Path(typed).expanduser(), "masks")
    except LayoutError as error:
        show_error(error)
        return
    arguments = ["study", "add-masks", str(study.folder), f"--masks={folder}", f"--reader={get_reader()}"]
    start_and_show(study, EVENT, arguments, title="Adding masks")


def tell_made_without_masks(study: Study, created_at: str) -> None:
    """Say that scores were recorded before masks were added, where they were."""
    last = find_last_addition(study)
    if last is not None and created_at < last["at"]:
        n = int(last["n_masks"])
        st.info(
            f"These scores were made before {plural(n, 'mask')} {'was' if n == 1 else 'were'} added, and without "
            f"{'it' if n == 1 else 'them'}. Score again to use all masks.",
            icon=":material/history:",
        )
