"""Choose the run, the split and the picture to begin with; a jump by id."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.config import CLASS_NAMES, SPLITS
from medxai_core.errors import ImageNotFoundError, RunNotFoundError
from medxai_core.records.pictures import Images, find_image
from medxai_core.records.runs import RecordedRun, list_trained_runs
from medxai_core.study import Study
from medxai_core.views.kept_pass import REMEDY, describe_unfinished
from pages.components import cached
from pages.components.frame import show_empty
from pages.components.links import link_to
from pages.components.masks.subject import OWN, forget_own
from pages.components.run_names import name_runs

RUN, SPLIT, IMAGE, JUMP, JUMP_NOTE = (
    "masks_run",
    "masks_split",
    "masks_image",
    "masks_jump",
    "masks_jump_note",
)


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
        format_func=name_runs(runs).get,
        label_visibility="collapsed",
    )
    if chosen not in by_id:
        raise RunNotFoundError("this run has no trained epoch.", "Choose another one.")
    return by_id[chosen]


def show_unfinished(run: RecordedRun) -> None:
    """Warn that the network in view is not finished, and lead to its training."""
    words = describe_unfinished(run)
    if words is None:
        return
    st.warning(f"**{words}** {REMEDY}", icon=":material/pending:")
    link_to("training", "Go to its training", run=run.run_id)


def follow_link(study: Study, images: Images) -> None:
    """Take run, split and picture of an address that this page has not written itself; what is not here is noted."""
    from pages.components.masks.setting import FOLLOWED, LINK_NAMES, PLACE_NOTES, WRITTEN

    asked = {name: st.query_params[name] for name in LINK_NAMES if name in st.query_params}
    if not asked or asked in (st.session_state.get(WRITTEN), st.session_state.get(FOLLOWED)):
        return
    notes = []
    if "run" in asked:
        if asked["run"] in {run.run_id for run in list_trained_runs(study)}:
            st.session_state[RUN] = asked["run"]
        else:
            notes.append("its classifier is not in this study, another one is shown")
    if asked.get("split") in (*SPLITS, OWN):
        st.session_state[SPLIT] = asked["split"]
    elif "split" in asked:
        notes.append("its split does not exist")
    if "image" in asked and not _go_to(study, images, asked["image"]):
        notes.append("**its picture is not in this study (any more): what you see is another picture**")
    st.session_state[PLACE_NOTES] = notes
    st.session_state[FOLLOWED] = asked


def choose_split(study: Study, images: Images) -> str:
    """Let the user choose whose pictures to look at, or a picture of their own."""
    counts = {split: len(find_positions(study, images, split)) for split in SPLITS}
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


def find_positions(study: Study, images: Images, split: str) -> np.ndarray:
    """Return the rows of the present pictures of a split, from memory; none when there is no such split."""
    if split not in SPLITS:
        return np.zeros(0, np.int64)
    key = (split, len(images), int(images.is_present.sum()), cached.get_version(study))
    positions: np.ndarray = cached.remember(str(study.folder), "positions", key, lambda: images.positions_in(split))
    return positions


def find_number(study: Study, images: Images, split: str) -> int:
    """Return the place of the picture in view among those of its split; the first one with a polyp to begin with."""
    positions = find_positions(study, images, split)
    found = np.flatnonzero(images.image_ids[positions] == st.session_state.get(IMAGE))
    number = int(found[0]) if len(found) else _find_first(images, positions, split)
    put_number(study, images, split, number)
    return number


def put_number(study: Study, images: Images, split: str, number: int) -> None:
    """Make a picture of a split the one in view, by its place."""
    st.session_state[IMAGE] = str(images.image_ids[find_positions(study, images, split)[number]])


def _find_first(images: Images, positions: np.ndarray, split: str) -> int:
    """Return the place of the picture to begin with: one that shows a polyp, where that is no secret."""
    if split == "test":
        return 0
    polyps = np.flatnonzero(images.reference_labels[positions] == CLASS_NAMES[1])
    return int(polyps[0]) if len(polyps) else 0


def ask_jump(study: Study, images: Images) -> None:
    """Let the user go to a picture by the beginning of its id."""
    st.text_input(
        "Go to picture",
        key=JUMP,
        max_chars=64,
        placeholder="Go to picture: id",
        label_visibility="collapsed",
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
