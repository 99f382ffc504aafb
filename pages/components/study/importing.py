"""The form of the import: where the pictures are, and options with good defaults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from medxai_core import making
from medxai_core.errors import LayoutError, MedxaiError
from medxai_core.formats.layouts import LAYOUTS
from medxai_core.formats.listing import check_folder
from medxai_core.images import IMAGE_SUFFIXES
from medxai_core.studies.importing import ImportOptions
from medxai_core.studies.uploads import (
    UploadedFile,
    discard_uploads,
    save_table,
    save_uploads,
    start_upload,
)
from pages.components.frame import show_error
from pages.components.study.failures import show_failures
from pages.components.study.likely_places import FOLDER_KEY, show_likely_places
from pages.components.study.making import remember_started

SOURCES = {"folder": "A folder", "zip": "A zip file", "pictures": "Picture files"}
LAYOUT_WORDS = {
    "auto": "find out by the folder names",
    "kvasir-seg": "Kvasir-SEG (images and masks side by side)",
    "hyperkvasir": "HyperKvasir",
    "cvc-clinicdb": "CVC-ClinicDB (Original and Ground Truth)",
    "kvasir": "Kvasir (a folder for each class)",
    "folders": "plain folders (polyp, non_polyp, or any)",
}
TILES = {"1": "whole pictures", "2": "2 x 2 tiles", "3": "3 x 3", "4": "4 x 4"}
TILES_HELP = (
    "Where nearly every picture shows a polyp, tiles give both classes: some hold it, some do not. Run 1 of the paper "
    "cuts each picture into 2 x 2 tiles, runs 2 to 5 keep pictures whole."
)
LEFT_OUT_KEY = "uploads_left_out"
PICTURE_TYPES = [suffix.removeprefix(".") for suffix in IMAGE_SUFFIXES]


def show_import() -> None:
    """Ask what to import and start it."""
    st.markdown("#### :material/add_photo_alternate: Import your own pictures")
    source = st.segmented_control(
        "Where are the pictures?",
        list(SOURCES),
        format_func=SOURCES.get,
        default="folder",
        required=True,
        key="import-source",
    )
    pictures = _ask_pictures(source or "folder", "images", "Pictures")
    if source == "folder":
        show_likely_places()
    st.session_state.setdefault("import-name", making.suggest_name())
    name = st.text_input(
        "Name of the study",
        key="import-name",
        max_chars=40,
        help="Letters, digits, - and _. It stands in addresses: never a patient's name.",
    )
    n_tiles = st.segmented_control(
        "Take them as",
        list(TILES),
        format_func=TILES.get,
        default="1",
        required=True,
        key="import-tiles",
        help=TILES_HELP,
    )
    with st.expander("More options", icon=":material/tune:"):
        options = _ask_options(source or "folder") | {"tiles": (int(n_tiles), int(n_tiles))}
    st.caption(
        "The pictures stay on this computer. Remove names and numbers of patients that are burned into them first: "
        "the import warns of text that it sees, but it does not see all."
        if source == "folder"
        else "Uploads are kept on the computer that runs this page, readable by its owner only. At most 200 MB at "
        "once; for more, name a folder."
    )
    if st.button("Import", type="primary", icon=":material/download:", key="import-start"):
        _start(name.strip(), source or "folder", pictures, options)


def _ask_pictures(source: str, part: str, label: str) -> Any:
    """Ask for a folder, a zip or pictures; return what was given."""
    if source == "folder":
        example = "/data/kvasir-seg/images" if part == "images" else "/data/kvasir-seg/masks"
        words = "A folder on the computer on which this app runs. Folders in it are searched too; nothing is copied."
        key = FOLDER_KEY if part == "images" else f"import-{part}-folder"
        return st.text_input(f"{label}: folder", key=key, placeholder=example, help=words).strip()
    if source == "zip":
        return st.file_uploader(f"{label}: zip file", type="zip", key=f"import-{part}-zip")
    return st.file_uploader(
        f"{label}: files", type=PICTURE_TYPES, accept_multiple_files=True, key=f"import-{part}-files"
    )


def _ask_options(source: str) -> dict[str, Any]:
    """Ask for masks, labels, layout, tiles and the splits."""
    st.markdown("**What is known of the pictures**")
    masks = _ask_pictures(source, "masks", "Masks that experts drew (optional, used for scores only)")
    labels = (
        st.text_input("Table of labels (CSV): file", key="import-labels", placeholder="/data/labels.csv").strip()
        if source == "folder"
        else st.file_uploader("Table of labels (CSV)", type="csv", key="import-labels-file")
    )
    layout = st.selectbox("Folders are laid out as", LAYOUTS, format_func=LAYOUT_WORDS.get, key="import-layout")
    group = st.text_input(
        "Patient column (optional)",
        key="import-group",
        help="Column of the table that names the patient or procedure, by a pseudonym. Pictures of one patient then "
        "never lie in two splits.",
    )
    return {
        "masks": masks,
        "labels": labels,
        "group_column": group.strip() or None,
        "layout": layout,
        **_ask_splits(),
    }


def _ask_splits() -> dict[str, Any]:
    """Ask how the pictures are shared out."""
    st.markdown("**How the pictures are shared out** :small[:gray[the defaults are the paper's]]")
    first, second, third = st.columns(3)
    with first:
        seeds = st.number_input("Seeds a class", 0, value=100, help="Labelled pictures to start from.")
        validation = st.number_input("Validation", 0, value=60, help="Labelled pictures that judge the classifier.")
    with second:
        tuning = st.number_input("Tuning, %", 0, 45, value=10, help="Of the pictures with masks: to choose thresholds.")
        test = st.number_input("Test, %", 0, 45, value=20, help="Of the pictures with masks: scored at the end only.")
    with third:
        seed = st.number_input("Seed of chance", 0, value=0, help="The same seed shares out the same way.")
    return {
        "seeds": int(seeds),
        "validation": int(validation),
        "tuning_share": tuning / 100,
        "test_share": test / 100,
        "seed": int(seed),
    }


def _start(name: str, source: str, pictures: Any, options: dict[str, Any]) -> None:
    """Check what was given, keep uploads, start the import, and draw the page again."""
    st.session_state.pop(LEFT_OUT_KEY, None)
    try:
        making.check_is_free(name)
        if not pictures:
            raise LayoutError("No pictures were given.", "Name a folder, or choose files.")
        found = _find_folders(pictures, options) if source == "folder" else _keep_uploads(name, pictures, options)
        making.start_import(name, ImportOptions(**options | found))
    except MedxaiError as error:
        show_error(error)
        return
    remember_started(name)
    st.rerun()


def _find_folders(pictures: str, options: dict[str, Any]) -> dict[str, Path | None]:
    """Return the folders that were named, made absolute."""
    labels = Path(options["labels"]).expanduser() if options["labels"] else None
    if labels is not None and not labels.is_file():
        raise LayoutError(f"the table of labels, {labels}, does not exist.", "Check the path.")
    return {
        "images": check_folder(Path(pictures).expanduser(), "pictures"),
        "masks": check_folder(Path(options["masks"]).expanduser(), "masks") if options["masks"] else None,
        "labels": labels,
    }


def _keep_uploads(name: str, pictures: Any, options: dict[str, Any]) -> dict[str, Path | None]:
    """Unpack or copy what was uploaded, with a progress bar; return where it is kept."""
    folder = start_upload(name)
    bar = st.progress(0.0, "Unpacking the pictures")
    try:
        images, left_out = save_uploads(folder, "images", _list_files(pictures), on_progress=_tell(bar))
        masks = None
        if options["masks"]:
            masks, more = save_uploads(folder, "masks", _list_files(options["masks"]), on_progress=_tell(bar))
            left_out += more
        labels = save_table(folder, _list_files(options["labels"])[0]) if options["labels"] else None
    except MedxaiError:
        discard_uploads(name)
        raise
    finally:
        bar.empty()
    st.session_state[LEFT_OUT_KEY] = left_out
    return {"images": images, "masks": masks, "labels": labels}


def _list_files(uploaded: Any) -> list[UploadedFile]:
    """Return uploaded files with their names."""
    several: Sequence[Any] = uploaded if isinstance(uploaded, list) else [uploaded]
    return [UploadedFile(file.name, file) for file in several]


def _tell(bar: Any) -> Callable[[int, int], None]:
    """Return a callback that moves the bar."""
    return lambda done, total: bar.progress(min(done / total, 1.0) if total else 1.0, "Unpacking the pictures")


def show_left_out() -> None:
    """List what the last upload left out, until the next one."""
    failures = st.session_state.get(LEFT_OUT_KEY)
    if failures:
        words = "1 uploaded file was" if len(failures) == 1 else f"{len(failures)} uploaded files were"
        with st.expander(f"{words} left out", icon=":material/warning:"):
            show_failures(failures)
