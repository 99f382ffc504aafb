"""Files for the organisers of the Medico task, as downloads."""

from __future__ import annotations

import streamlit as st

from medxai_core.config import RESEARCH_USE
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.records.speeds import find_speed
from medxai_core.report.files import find_report
from medxai_core.report.hand_in import HandIn, find_masks_zip, get_masks_folder, make_hand_in
from medxai_core.study import Study
from pages.components.cached import get_images
from pages.components.downloads import offer_file
from pages.components.evaluation.data import get_scores_by_picture
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.page_links import open_page

NAMING = "evaluation_naming"
NAMINGS = {"file": "File names, as the organisers match them", "id": "Ids of the study"}
FILES = {
    "scores.csv": ("Scores by picture", "text/csv", ":material/table_rows:"),
    "averages.csv": ("Averages", "text/csv", ":material/functions:"),
    "times.csv": ("Task 2: times", "text/csv", ":material/timer:"),
    "masks.zip": ("Task 1: masks", "application/zip", ":material/texture:"),
    "transparency.txt": ("Task 3: transparency", "text/plain", ":material/notes:"),
}


def show_hand_in(study: Study, row: RecordedEvaluation) -> None:
    """Offer every file that can be made, and the buttons that make the others."""
    st.markdown("The organisers' own forms: six scores a picture by their rules, their averages, masks, times.")
    naming = st.radio(
        "Pictures are named by",
        list(NAMINGS),
        key=NAMING,
        format_func=NAMINGS.get,
        horizontal=True,
        help="The organisers match by file name. Make sure that your file names do not tell who a patient is; "
        "otherwise use the ids. The masks zip always carries file names.",
    )
    setting = MaskSetting(**row.setting)
    masks_zip = find_masks_zip(study, str(row.run_id), setting, split=row.split)
    report = find_report(study, str(row.run_id)) if row.split == "test" else None
    found = make_hand_in(
        study,
        get_images(study),
        get_scores_by_picture(study, row),
        naming=naming,
        speed=find_speed(study, str(row.run_id)),
        masks_zip=masks_zip,
        transparency=report.text.read_text(encoding="utf-8") if report else None,
    )
    _show_downloads(study, found, row)
    if "masks.zip" not in found.files:
        _offer_masks(study, row, setting)
    if "times.csv" not in found.files:
        st.caption(":material/timer: Times are made on the tab Speed, under the same setting.")
    if report is None and row.split == "test":
        open_page(
            "transparency",
            "Task 3: write the report first",
            key="to-report",
            transparency_part="Report",
            run=str(row.run_id),
        )
    st.caption(
        f"{RESEARCH_USE} The organisers' forms have no place for this sentence; the zip with everything carries "
        f"it in "
        "README.txt. Their averages count an undefined score as 0, and Dice on an empty picture as 'nan'."
    )


def _show_downloads(study: Study, found: HandIn, row: RecordedEvaluation) -> None:
    """Draw one button a file, and one for all."""
    stem = f"{row.run_id}-{row.split}"
    with st.container(horizontal=True):
        offer_file(
            study,
            f"hand-in of {stem}",
            "Everything, with README",
            found.to_zip,
            file_name=f"hand-in-{stem}.zip",
            mime="application/zip",
            type="primary",
            icon=":material/folder_zip:",
        )
        for name, content in found.files.items():
            label, mime, icon = FILES[name]
            file_name = f"{stem}-{name}"
            offer_file(
                study, file_name, label, content, file_name=file_name, mime=mime, icon=icon, key=f"download-{name}"
            )


def _offer_masks(study: Study, row: RecordedEvaluation, setting: MaskSetting) -> None:
    """Offer to write the masks of the split; `masks` takes the locked setting of the run."""
    show_last_failure(study, "masks")
    if st.button("Make the masks", icon=":material/texture:", disabled=is_at_work(study, "masks")):
        out = get_masks_folder(study, str(row.run_id), setting, split=row.split)
        arguments = ["masks", str(study.folder), "--run", str(row.run_id), "--split", row.split, "--out", str(out)]
        start_and_show(study, "masks", arguments, title=f"Masks of the {row.split} pictures")
