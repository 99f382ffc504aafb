"""What the health check found, in plain words with the pictures; what was not imported; moved pictures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.records.pictures import find_image, load_study_image
from medxai_core.studies.drawing import UNLABELLED_NOTE
from medxai_core.studies.health import Health
from medxai_core.studies.pictures_with_text import (
    TEXT_ADVICE,
    TEXT_FINDING,
    TEXT_NO_PROOF,
    TEXT_NOT_LOOKED_FOR,
    cut_out_text,
)
from medxai_core.study import Study, set_image_root
from medxai_core.views.overview import find_image_ids
from pages.components.cached import get_health, remember_drawing
from pages.components.class_words import escape, plural, say_plainly, shorten
from pages.components.frame import show_error
from pages.components.study.failures import show_failures
from pages.components.study.pictures import show_picture

MOST_SHOWN = 24
MISSING = "missing or changed since the import"


class Finding(NamedTuple):
    """Say a finding in words: what it is (of one, of several), what it means, how bad it is."""

    one: str
    many: str
    words: str
    is_bad: bool = False


FINDINGS = {
    MISSING: Finding(
        "picture is not where it was",
        "pictures are not where they were",
        "They can be seen here only as thumbnails. Say below where they are.",
        True,
    ),
    "groups in two splits (leak)": Finding(
        "patient or procedure lies in two splits",
        "patients or procedures lie in two splits",
        "Scores would be too good. Create the study again.",
        True,
    ),
    TEXT_FINDING: Finding(
        "picture may hold burned-in text",
        "pictures may hold burned-in text",
        f"{TEXT_ADVICE} {TEXT_NO_PROOF}",
        True,
    ),
    "near copies (kept in one split)": Finding(
        "pair looks almost the same",
        "pairs look almost the same",
        "They were kept in one split, so that no test picture is known from training.",
    ),
    "very dark": Finding(
        "picture is very dark",
        "pictures are very dark",
        "Mean brightness below 40 of 255. Features say little about them.",
    ),
    "blurred or flat": Finding(
        "picture is blurred or flat", "pictures are blurred or flat", "There is little in them to see."
    ),
    "without a mask": Finding(
        "picture has no expert's mask", "pictures have no expert's mask", "They take part, but cannot be scored."
    ),
}


def show_health(study: Study) -> None:
    """Show the findings, notes and failures of a study."""
    health = get_health(study)
    _show_verdict(health)
    for kind, entries in health.findings.items():
        _show_finding(study, kind, entries)
    if MISSING in health.findings:
        show_relocation(study)
    _show_notes(health)
    _show_failures(health)
    if TEXT_FINDING not in health.findings:
        st.caption(
            f"Burned-in text: none was found. {TEXT_NO_PROOF}" if health.text_was_looked_for else TEXT_NOT_LOOKED_FOR
        )
    st.caption("Here files are only looked for, not read again.")


def _show_verdict(health: Health) -> None:
    """Say in one line whether the study can be trusted."""
    if not health.is_healthy:
        st.error("**Something is wrong with this study.** See the first findings below.", icon=":material/error:")
    elif TEXT_FINDING in health.findings:
        warn_of_text(len(health.findings[TEXT_FINDING]), "See them below.")
    elif health.failures:
        n = len(health.failures)
        words = f"{plural(n, 'file')} {'was' if n == 1 else 'were'} left out or taken only in part: see the list below."
        st.markdown(f":material/info: {words} In the pictures that were taken nothing was found that spoils the study.")
    elif health.findings:
        st.markdown(":green[:material/check_circle:] Nothing spoils this study. Some pictures deserve a look.")
    else:
        st.markdown(":green[:material/check_circle:] Nothing was found that could spoil this study.")


def warn_of_text(n: int, what_to_do: str) -> None:
    """Warn that text may be burned into pictures."""
    st.warning(
        f"**Text may be burned into {plural(n, 'picture')}**: names, dates or numbers of patients may be legible. "
        f"{what_to_do}",
        icon=":material/badge:",
    )


def _show_finding(study: Study, kind: str, entries: list[str]) -> None:
    """Show one kind of finding; its pictures when it is opened."""
    found = FINDINGS.get(
        kind, Finding(f"picture: {kind}", f"pictures: {kind}", "They may be too small to show a polyp well.")
    )
    icon = ":material/error:" if found.is_bad else ":material/visibility:"
    title = found.one if len(entries) == 1 else found.many
    is_first = kind == TEXT_FINDING  # a name may be legible: the pictures are shown without being asked for
    body = st.expander(
        f"{len(entries):,} {title}", icon=icon, key=f"finding-{kind}", on_change="rerun", expanded=is_first
    )
    if not body.open:
        return
    with body:
        st.caption(found.words)
        image_ids = find_image_ids(entries)
        if not image_ids:
            st.dataframe({"Group and its splits": entries[:200]}, hide_index=True)
            return
        n_pages = -(-len(image_ids) // MOST_SHOWN)
        page = st.pagination(n_pages, key=f"finding-page-{kind}") if n_pages > 1 else 1
        show = _show_text if kind == TEXT_FINDING else show_picture
        with st.grid("auto", min_column_width=170 if kind == TEXT_FINDING else 110, gap="small"):
            for image_id in image_ids[(page - 1) * MOST_SHOWN : page * MOST_SHOWN]:
                show(study, image_id, caption=shorten(image_id))


def _show_text(study: Study, image_id: str, *, caption: str) -> None:
    """Show the part of a picture that looks like text, as large as it is: a thumbnail would not be legible."""
    try:
        part = remember_drawing(str(study.folder), "text", (image_id,), lambda: _cut_out(study, image_id))
    except MedxaiError:  # the file is gone, which is a finding of its own
        part = None
    if part is None:
        show_picture(study, image_id, caption=caption)
    else:
        st.image(part, caption=caption, alt=f"Part of picture {caption} that may be text")


def _cut_out(study: Study, image_id: str) -> np.ndarray | None:
    """Return the part of a picture that looks like text."""
    path = str(find_image(study, image_id)["relative_path"])
    return cut_out_text(load_study_image(study, path))


def _show_notes(health: Health) -> None:
    """List what the import decided: what stood then may have changed since."""
    if health.notes:
        st.markdown("**What the import decided**")
        st.markdown("\n".join(f"- {escape(say_note(note))}" for note in health.notes))


def say_note(note: str) -> str:
    """Return a note of the import as something past, with the classes in words.

    >>> say_note("Seeds: 0 of class non_polyp instead of 50: none in train has this label.")
    'At import: Seeds: 0 of non-polyp instead of 50: none in train has this label.'
    """
    if note == UNLABELLED_NOTE:
        note = "no picture had a label that proposals could start from; readers give the first ones (Review, Seeds)."
    return f"At import: {say_plainly(note).replace('of class ', 'of ')}"


def _show_failures(health: Health) -> None:
    """List what was not imported, and why."""
    if not health.failures:
        st.caption("Every picture could be imported.")
        return
    n = len(health.failures)
    st.markdown(f"**{plural(n, 'file')} {'was' if n == 1 else 'were'} left out or taken only in part**")
    show_failures(health.failures)


def show_relocation(study: Study) -> None:
    """Ask where the pictures are now, after they or the study were moved."""
    with st.container(border=True):
        st.markdown("**Were the pictures moved?** Name the folders that were imported, at their new place.")
        left, right = st.columns(2)
        images = left.text_input("Folder of the pictures", value=str(study.image_root), key="relocate-images")
        root = study.mask_root
        masks = right.text_input("Folder of the masks", value=str(root), key="relocate-masks") if root else ""
        if st.button("Use these folders", icon=":material/drive_file_move:", key="relocate"):
            _relocate(study, images.strip(), masks.strip())


def _relocate(study: Study, images: str, masks: str) -> None:
    """Record where the pictures are, when they are there; else say which is not."""
    try:
        set_image_root(study, Path(images).expanduser(), Path(masks).expanduser() if masks else None)
    except MedxaiError as error:
        show_error(error)
        return
    st.rerun()
