"""What the labels of a segmenter's training say of one picture, and what its mask made of that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from medxai_core.config import SEGMENTER
from medxai_core.models import default_preprocessing, resize_for_network
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.students import CLASS_MAP
from medxai_core.students.class_map import load_class_map
from medxai_core.students.lessons import PICTURE_SIDE
from medxai_core.students.pseudo_masks import HALF_HEIGHT
from medxai_core.study import Study


class Comparison(NamedTuple):
    """Say how a mask and the evidence of the labels lie to each other, as shares of the picture, 0..1.

    Attributes
    ----------
    agreed : float
        In the mask, and the labels point there.
    added : float
        In the mask, though the labels alone do not point there.
    left_out : float
        Not in the mask, though the labels point there.
    """

    agreed: float
    added: float
    left_out: float


def locate_evidence(study: Study, run: RecordedRun, image: np.ndarray) -> np.ndarray:
    """Return how much each place of a picture looks like the labelled tiles with polyp.

    Parameters
    ----------
    run : RecordedRun
        Of the recommended mode.
    image : ndarray (H, W, 3) uint8

    Returns
    -------
    ndarray (H, W) float32
        0..1, by the highest of the picture; above `HALF_HEIGHT` the labels alone would draw a mask.

    Raises
    ------
    StageMissingError
        The run has kept no class map.

    Notes
    -----
    Takes about a third of a second: three passes of a frozen network.
    """
    class_map = load_class_map(study.run_folder(run.run_id) / CLASS_MAP)
    square = resize_for_network(image, default_preprocessing(SEGMENTER, PICTURE_SIDE))
    located = Image.fromarray(class_map.locate(square[None])[0])
    return np.asarray(located.resize((image.shape[1], image.shape[0]), Image.Resampling.BILINEAR))


def mark_evidence(located: np.ndarray) -> np.ndarray:
    """Return the mask that the labels alone would draw, (H, W) bool."""
    marked: np.ndarray = located > HALF_HEIGHT
    return marked


def compare_with_evidence(mask: np.ndarray, located: np.ndarray) -> Comparison:
    """Compare a mask (H, W) bool with the evidence of the labels (H, W) float.

    >>> compare_with_evidence(np.array([[True, True, False, False]]), np.array([[0.9, 0.1, 0.8, 0.0]]))
    Comparison(agreed=0.25, added=0.25, left_out=0.25)
    """
    marked = mark_evidence(located)
    return Comparison(float((mask & marked).mean()), float((mask & ~marked).mean()), float((marked & ~mask).mean()))
