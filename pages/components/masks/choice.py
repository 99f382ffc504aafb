"""Choose the run, the split and the picture: a strip of small pictures, keys, a jump by id."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.config import CLASS_NAMES, SPLITS
from medxai_core.errors import ImageNotFoundError, RunNotFoundError
from medxai_core.records.pictures import Images, find_image, get_thumbnail_path
from medxai_core.records.runs import RecordedRun, list_trained_runs
from medxai_core.study import Study
from pages.components.frame import show_empty
from pages.components.masks.subject import OWN, forget_own

RUN, SPLIT, IMAGE, JUMP, JUMP_NOTE = (
    "masks_run",
    "masks_split",
    "masks_image",
    "masks_jump",
    "masks_jump_note",
)
STRIP_LENGTH = 8
THUMBNAIL_WIDTH = 64  # pixels


def require_run(study: Study) -> list[RecordedRun]:
    """Return the trained runs; without one say what to do and end the page."""
    runs = list_trained_runs(study)
    if not runs:
        show_empty(
            "No classifier is trained yet.",
            "Heat maps show what a trained classifier looks at: train one first.",
            "training",
            "Go to Training",
        )
        st.stop()
    return runs


def choose_run(runs: list[RecordedRun]) -> RecordedRun:
    """Let the user choose a run; the newest is the default."""
    by_id = {run.run_id: run for run in runs}
    asked = st.query_params.get("run") if st.session_state.get(RUN) not in by_id else None
    if st.session_state.get(RUN) not in by_id:
        st.session_state[RUN] = asked if asked in by_id else runs[0].run_id
    chosen = st.selectbox(
        "Classifier (training run)",
        list(by_id),
        key=RUN,
        persist_state="session",
        format_func=lambda run_id: describe_run(by_id[run_id]),
    )
    if chosen not in by_id:
        raise RunNotFoundError("this run has no trained epoch.", "Choose another one.")
    return by_id[chosen]


def describe_run(run: RecordedRun) -> str:
    """Return a run as a reader tells it from others."""
    day, minute = run.created_at[:10], run.created_at[11:16]
    return f"{run.preset} recipe, {run.network}, best epoch {run.best_epoch} of {run.epochs} ({day} {minute})"


def follow_link(study: Study, images: Images) -> None:
    """Take run, split and picture of an address that this page has not written itself."""
    from pages.components.masks.setting import LINK_NAMES, WRITTEN

    asked = {name: st.query_params[name] for name in LINK_NAMES if name in st.query_params}
    if not asked or asked == st.session_state.get(WRITTEN):
        return
    if "run" in asked and asked["run"] in {run.run_id for run in list_trained_runs(study)}:
        st.session_state[RUN] = asked["run"]
    if asked.get("split") in (*SPLITS, OWN):
        st.session_state[SPLIT] = asked["split"]
    if "image" in asked:
        _go_to(study, images, asked["image"])


def choose_split(images: Images) -> str:
    """Let the user choose whose pictures to look at, or a picture of their own."""
    counts = {split: len(images.positions_in(split)) for split in SPLITS}
    options = [split for split in SPLITS if counts[split]] + [OWN]
    if st.session_state.get(SPLIT) not in options:
        st.session_state[SPLIT] = "tuning" if "tuning" in options else options[0]

    def name(option: str) -> str:
        return "My own picture" if option == OWN else f"{option.capitalize()} ({counts[option]})"

    st.segmented_control(
        "Pictures",
        options,
        key=SPLIT,
        required=True,
        persist_state="session",
        format_func=name,
        label_visibility="collapsed",
        on_change=forget_own,
    )
    return st.session_state[SPLIT]


def choose_picture(study: Study, images: Images, split: str) -> int:
    """Show the strip with its buttons and return the row of the chosen picture."""
    positions = images.positions_in(split)
    ids = images.image_ids[positions]
    found = np.flatnonzero(ids == st.session_state.get(IMAGE))
    current = int(found[0]) if len(found) else _find_first(images, positions, split)
    st.session_state[IMAGE] = str(ids[current])
    first = max(0, min(current - STRIP_LENGTH // 2, len(ids) - STRIP_LENGTH))
    with st.container(horizontal=True, wrap=False, gap="xsmall", vertical_alignment="bottom"):
        _step_button("Previous", "P", str(ids[max(0, current - 1)]), is_end=current == 0)
        for number in range(first, min(len(ids), first + STRIP_LENGTH)):
            _show_thumbnail(study, str(ids[number]), number, is_current=number == current)
        is_last = current == len(ids) - 1
        _step_button("Next", "N", str(ids[min(len(ids) - 1, current + 1)]), is_end=is_last)
    return int(positions[current])


def _find_first(images: Images, positions: np.ndarray, split: str) -> int:
    """Return the place of the picture to begin with: one that shows a polyp, where that is no secret."""
    if split == "test":
        return 0
    polyps = np.flatnonzero(images.reference_labels[positions] == CLASS_NAMES[1])
    return int(polyps[0]) if len(polyps) else 0


def _step_button(label: str, key: str, image_id: str, *, is_end: bool) -> None:
    """Draw the button to the neighbouring picture."""
    icon = ":material/chevron_left:" if label == "Previous" else ":material/chevron_right:"
    st.button(
        label,
        key=f"masks_{label.lower()}",
        icon=icon,
        shortcut=key,
        disabled=is_end,
        help=f"{label} picture: key {key}",
        on_click=_choose_image,
        args=(image_id,),
    )


def _show_thumbnail(study: Study, image_id: str, number: int, *, is_current: bool) -> None:
    """Show one small picture above the button that opens it."""
    path = get_thumbnail_path(study, image_id)
    with st.container(width=THUMBNAIL_WIDTH, gap=None, vertical_alignment="bottom"):
        if path.is_file():
            st.image(path.read_bytes(), alt=f"Small view of picture {number + 1}", width="stretch")
        st.button(
            str(number + 1),
            key=f"masks_open_{image_id}",
            type="primary" if is_current else "tertiary",
            width="stretch",
            help=f"Open picture {image_id[:8]}",
            on_click=_choose_image,
            args=(image_id,),
        )


def _choose_image(image_id: str) -> None:
    """Make a picture the current one; a callback."""
    st.session_state[IMAGE] = image_id


def ask_jump(study: Study, images: Images) -> None:
    """Let the user go to a picture by the beginning of its id."""
    st.text_input(
        "Go to picture",
        key=JUMP,
        max_chars=64,
        placeholder="id, first 8 signs",
        on_change=_jump,
        args=(study, images),
    )
    note = st.session_state.pop(JUMP_NOTE, None)
    if note:
        st.caption(":material/error: No single picture has this id.")


def _jump(study: Study, images: Images) -> None:
    """Go to the typed id; a callback."""
    typed = st.session_state[JUMP].strip().lower()
    st.session_state[JUMP] = ""
    if typed:
        st.session_state[JUMP_NOTE] = not _go_to(study, images, typed)


def _go_to(study: Study, images: Images, image_id: str) -> bool:
    """Make a picture and its split the current ones; return False when there is no single one."""
    try:
        position = int(find_image(study, image_id)["position"])  # type: ignore[call-overload]
    except ImageNotFoundError:
        return False
    if not images.is_present[position]:
        return False
    st.session_state[IMAGE] = str(images.image_ids[position])
    st.session_state[SPLIT] = str(images.splits[position])
    return True
