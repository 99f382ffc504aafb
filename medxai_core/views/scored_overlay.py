"""A scored picture with its mask and its truth drawn in, small enough to show."""

from __future__ import annotations

import numpy as np

from medxai_core.errors import StageMissingError
from medxai_core.masks import overlay_truth
from medxai_core.records.masks import MaskSetting, get_heatmaps
from medxai_core.records.pictures import Images, load_study_image
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.stages.masks import make_study_mask
from medxai_core.study import Study
from medxai_core.views.mask_view import sample_nearest, shrink_picture
from medxai_core.views.truth_access import load_open_truth

LONGEST = 520
OPACITY = 0.45


def draw_scored_picture(
    study: Study,
    maker: MapMaker,
    run_id: str,
    images: Images,
    position: int,
    *,
    setting: MaskSetting,
    longest: int = LONGEST,
) -> np.ndarray:
    """Draw what mask and truth of one picture share, what the mask misses, and what it adds.

    Parameters
    ----------
    longest : int, pixels, default 520
        Longer side of the drawing.

    Returns
    -------
    (h, w, 3) uint8
        In the colours of `masks.overlay_truth`.

    Raises
    ------
    TestSplitLockedError
        It is a test picture, and this setting is not the locked one.
    StageMissingError
        It has no truth, or its map was not computed.
    """
    truth = load_open_truth(study, run_id, images, position, setting=setting)
    maps = get_heatmaps(study, run_id, setting.layer, method=setting.method)
    if truth is None or not np.isfinite(maps[position, 0, 0]):
        raise StageMissingError("this picture has no truth, or no heat map yet.", "Score the masks again.")
    _, mask, _ = make_study_mask(maker, maps, images, position, setting=setting)
    small = shrink_picture(load_study_image(study, images.relative_paths[position]), longest)
    size = (small.shape[0], small.shape[1])
    return overlay_truth(small, sample_nearest(mask, size), sample_nearest(truth, size), opacity=OPACITY)
