"""Phantom frames with their exact masks: lessons in what an outline is, which nobody had to draw."""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed

from medxai_core.phantom.frames import draw_frame
from medxai_core.progress import Stage, silent_stage
from medxai_core.students.lessons import PICTURE_SIDE, Lessons

FIRST_SEED = 900_000
"""Frames of these seeds and up are lessons only: a demo study holds none of them."""

_AT_ONCE = 16
_SMALLEST_VIEW = 0.3  # cut closely, so that drawn polyps are seen in all sizes


def draw_lessons(n_polyp: int, n_polyp_free: int, *, stage: Stage = silent_stage) -> Lessons:
    """Draw frames to learn outlines from.

    Parameters
    ----------
    n_polyp, n_polyp_free : int
        Frames with a polyp or two, and without.

    Returns
    -------
    Lessons
        Pictures (n, 448, 448, 3) uint8, masks as targets (n, 224, 224) float16, at an edge the share that is polyp;
        every place counts fully.
    """
    total, frames = n_polyp + n_polyp_free, []
    on_progress = stage("Drawing frames to learn outlines from")
    with Parallel(-1) as parallel:
        for start in range(0, total, _AT_ONCE):
            frames += parallel(
                delayed(draw_frame)(
                    FIRST_SEED + number, width=PICTURE_SIDE, height=PICTURE_SIDE, with_polyp=number < n_polyp
                )
                for number in range(start, min(start + _AT_ONCE, total))
            )
            on_progress(len(frames), total)
    masks = np.stack([_halve(frame.mask) for frame in frames])
    return Lessons(
        np.stack([frame.image for frame in frames]), masks, np.ones_like(masks), smallest_view=_SMALLEST_VIEW
    )


def _halve(mask: np.ndarray) -> np.ndarray:
    """Bring a mask (h, w) bool to half its sides, (h/2, w/2) float16: the mean of each four pixels.

    >>> _halve(np.array([[True, True, False, False], [True, False, False, False]])).tolist()
    [[0.75, 0.0]]
    """
    height, width = mask.shape
    shares: np.ndarray = mask.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).astype(np.float16)
    return shares
