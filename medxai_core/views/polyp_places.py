"""Where the polyps of scored pictures lie: read from the truth masks of an open split."""

from __future__ import annotations

import numpy as np

from medxai_core.evaluation.bands import compute_centre_distance
from medxai_core.progress import OnProgress
from medxai_core.records.pictures import Images, list_images, load_study_mask
from medxai_core.study import Study
from medxai_core.views.recorded_scores import PictureScores


def measure_centre_distances(
    study: Study,
    pictures: PictureScores,
    *,
    images: Images | None = None,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """Return how far each scored picture's polyp lies from the centre of the picture.

    Parameters
    ----------
    pictures : PictureScores
        From `get_picture_scores`, which gives only pictures whose truth is open.

    Returns
    -------
    (n,) float64 in [0, 1]
        0 is the centre, 1 a corner; NaN for a picture without polyp.
    """
    images = images or list_images(study)
    found = np.full(len(pictures), np.nan)
    for row, position in enumerate(pictures.positions):
        size = (int(images.widths[position]), int(images.heights[position]))
        truth = load_study_mask(study, images.mask_paths[position], size=size)
        distance = None if truth is None else compute_centre_distance(truth)
        if distance is not None:
            found[row] = distance
        if on_progress is not None:
            on_progress(row + 1, len(pictures))
    return found
