"""The picture in view with its heat maps: one of the study, or one's own, which is kept nowhere."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from medxai_core.errors import UnreadableImageError
from medxai_core.images import IMAGE_SUFFIXES, load_image
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.mask_maps import PictureMaps, join_maps, load_recorded_maps
from medxai_core.views.truth_access import explain_hidden_truth, load_open_truth
from pages.components import cached

OWN = "own"
OWN_MEMORY = "masks_own_memory"
MAX_OWN_PIXELS = 25_000_000
MAX_REMEMBERED = 8
NOT_LOCKED = MaskSetting(0, "gradcam", 0.5, None)


@dataclass(frozen=True)
class Subject:
    """Name the picture in view and the run that looks at it.

    Attributes
    ----------
    key : str
        Image id, or a hash of one's own picture.
    position : int or None
        Row in `Images`; None for one's own picture.
    image : (H, W, 3) uint8
    """

    study: Study
    run: RecordedRun
    images: Images
    key: str
    position: int | None
    image: np.ndarray

    @property
    def is_own(self) -> bool:
        """True for a picture that is not of the study."""
        return self.position is None

    @property
    def split(self) -> str:
        """Split of the picture; `OWN` for one's own."""
        return OWN if self.position is None else str(self.images.splits[self.position])

    @property
    def name(self) -> str:
        """Short name for captions: the beginning of the id."""
        return "your picture" if self.is_own else f"picture {self.key[:8]}"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def maker(self) -> Any:
        """The network with what is known of its layers."""
        return cached.get_model(self.study, self.run.run_id, self.run.best_epoch or 0).maker

    def remember(self, view: tuple, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, from memory when it was made: shared for the study, else this session's."""
        if not self.is_own:
            return cached.remember_layer(
                str(self.study.folder), self.run.run_id, self.run.best_epoch or 0, (self.key, *view), make
            )
        memory = st.session_state.setdefault(OWN_MEMORY, {})
        entry = (self.key, self.run.run_id, self.run.best_epoch, *view)
        value = memory.pop(entry) if entry in memory else make()
        while len(memory) >= MAX_REMEMBERED:
            memory.pop(next(iter(memory)))
        memory[entry] = value  # the last one used is the last one dropped
        return value


def open_subject(study: Study, run: RecordedRun, images: Images, position: int) -> Subject:
    """Open one picture of the study."""
    image = cached.get_picture(study, str(images.relative_paths[position]))
    return Subject(study, run, images, str(images.image_ids[position]), position, image)


def open_own(study: Study, run: RecordedRun, images: Images, content: bytes, *, name: str) -> Subject:
    """Decode one's own picture through a file that is deleted at once.

    Parameters
    ----------
    name : str
        What the reader calls the file; for errors only.

    Raises
    ------
    UnreadableImageError
        It is no picture, damaged or too large.
    """
    key = "own-" + hashlib.sha256(content).hexdigest()[:16]
    held = st.session_state.get(OWN_MEMORY, {})
    if held and not any(entry[0] == key for entry in held):
        held.clear()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        path.write_bytes(content)
        try:
            image = load_image(path, max_pixels=MAX_OWN_PIXELS)
        except UnreadableImageError as error:
            message = error.message.replace(f"'{path}'", f"your picture “{name}”").replace(str(path), name)
            raise UnreadableImageError(message[:1].upper() + message[1:], error.remedy) from None
    return Subject(study, run, images, key, None, image)


def forget_own() -> None:
    """Drop all that was computed of one's own picture."""
    st.session_state.pop(OWN_MEMORY, None)


def ask_own_picture() -> tuple[str, bytes] | None:
    """Let the user choose a file; return its name and its bytes, which stay in this session only."""
    chosen = st.file_uploader(
        "Your own picture",
        type=[suffix[1:] for suffix in IMAGE_SUFFIXES],
        key="masks_upload",
        help="One colour frame, at most 25 million pixels.",
    )
    st.caption(
        "Your picture is not added to the study and not kept on disk: it is gone when you choose another one "
        "or close this page. There is no truth for it, so there are no scores. Leave out frames that show a name."
    )
    return None if chosen is None else (chosen.name, chosen.getvalue())


def load_maps(subject: Subject, method: str, *, layer: int | None = None) -> tuple[PictureMaps, float | None]:
    """Return the raw maps of every layer, and the logit for polyp.

    Recorded maps are used where there are some, so that the page counts what the scores count.

    Parameters
    ----------
    layer : int, optional
        Only this layer is needed: when it is recorded the network is not run, and the logit is None.
    """
    layers = range(subject.run.n_blocks) if layer is None else [layer]
    recorded = {}
    if subject.position is not None:
        study, run_id = subject.study, subject.run.run_id
        recorded = load_recorded_maps(study, run_id, subject.position, layers=layers, method=method)
    if layer is not None and recorded:
        return join_maps(recorded, {}), None
    raw, logit = subject.remember(("raw", method), lambda: _compute_raw(subject, method))
    return join_maps(recorded, raw, mask_head=subject.run.mask_head), logit


def _compute_raw(subject: Subject, method: str) -> tuple[dict[int, np.ndarray], float]:
    """Compute the maps of all layers in one pass, (h, w) float32 each, and the logit."""
    shared = cached.get_model(subject.study, subject.run.run_id, subject.run.best_epoch or 0)
    with shared.lock:
        raw, logits = shared.maker.compute_raw([subject.image], range(len(shared.maker.blocks)), method=method)
    return {layer: maps[0] for layer, maps in raw.items()}, float(logits[0])


def find_truth(subject: Subject) -> tuple[np.ndarray | None, str | None]:
    """Return the truth of the picture, (H, W) bool, or None with the reason why it is not shown.

    Notes
    -----
    The truth of a test picture opens with the lock. The browser shows it beside the locked setting only.
    """
    if subject.position is None:
        return None, "There is no truth for your own picture, so there are no scores."
    study, run_id, images, position = subject.study, subject.run.run_id, subject.images, subject.position
    setting = get_locked_setting(study, run_id) or NOT_LOCKED
    hidden = explain_hidden_truth(study, run_id, split=subject.split, setting=setting)  # asked anew every time
    if hidden is not None:
        return None, hidden
    load = partial(load_open_truth, study, run_id, images, position, setting=setting)
    truth = cached.get_truth(study, subject.key, load)
    return truth, None if truth is not None else "The study holds no truth for this picture, so there are no scores."
