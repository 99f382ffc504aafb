"""Heat and mask drawn on a small picture, for the story of one picture."""

from __future__ import annotations

import numpy as np

from medxai_core.masks import make_mask, overlay_heatmap, overlay_mask
from medxai_core.records.masks import MaskSetting, make_band
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.views.mask_view import sample_nearest


def draw_heat(small: np.ndarray, maker: MapMaker, raw: np.ndarray, layer: int, *, opacity: float = 0.5) -> np.ndarray:
    """Draw the heat map of one layer over a small picture.

    Parameters
    ----------
    small : (h, w, 3) uint8
    raw : (h, w) float
        Raw map of the layer.
    opacity : float in [0, 1]

    Returns
    -------
    (h, w, 3) uint8
        The picture alone where the map is blank.
    """
    heatmap, is_blank = maker.finish(raw, layer, (small.shape[0], small.shape[1]))
    return small if is_blank else overlay_heatmap(small, heatmap, opacity=opacity)


def draw_mask(
    small: np.ndarray, maker: MapMaker, raw: np.ndarray, *, setting: MaskSetting, size: tuple[int, int]
) -> tuple[np.ndarray, float]:
    """Draw the mask of one setting over a small picture.

    Parameters
    ----------
    small : (h, w, 3) uint8
    raw : (h, w) float
        Raw map of the setting's layer.
    size : (H, W)
        Of the picture itself: the mask is cut at this size, then made small.

    Returns
    -------
    drawing : (h, w, 3) uint8
    area : float in [0, 1]
        Share of the picture that the mask takes.
    """
    heatmap, is_blank = maker.finish(raw, setting.layer, size)
    mask = np.zeros(size, bool) if is_blank else make_mask(heatmap, make_band(setting))
    shown = sample_nearest(mask, (small.shape[0], small.shape[1]))
    return overlay_mask(overlay_mask(small, shown, opacity=0.3), shown, contour=True), float(mask.mean())
