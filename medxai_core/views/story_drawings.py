"""Heat and mask drawn on a small picture, for the story of one picture."""

from __future__ import annotations

import numpy as np

from medxai_core.masks import make_mask, overlay_heatmap, overlay_mask, overlay_truth
from medxai_core.records.masks import MaskSetting, make_band
from medxai_core.stages.evidence import Comparison, compare_with_evidence, mark_evidence
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
    mask = _cut(maker, raw, setting, size)
    shown = sample_nearest(mask, (small.shape[0], small.shape[1]))
    return overlay_mask(overlay_mask(small, shown, opacity=0.3), shown, contour=True), float(mask.mean())


def draw_what_was_added(
    small: np.ndarray, maker: MapMaker, raw: np.ndarray, located: np.ndarray, *, setting: MaskSetting
) -> tuple[np.ndarray, Comparison]:
    """Draw where a segmenter's mask and the evidence of the labels agree and differ.

    Parameters
    ----------
    small : (h, w, 3) uint8
    raw : (h, w) float
        The segmenter's own map.
    located : (H, W) float32
        Evidence of the labels, at the size of the picture.

    Returns
    -------
    drawing : (h, w, 3) uint8
        Both in the colour of a hit, what was added in that of a false pixel, what was left out in that of a miss.
    shares : Comparison
    """
    mask, marked = _cut(maker, raw, setting, (located.shape[0], located.shape[1])), mark_evidence(located)
    size = (small.shape[0], small.shape[1])
    drawing = overlay_truth(small, sample_nearest(mask, size), sample_nearest(marked, size))
    return drawing, compare_with_evidence(mask, located)


def _cut(maker: MapMaker, raw: np.ndarray, setting: MaskSetting, size: tuple[int, int]) -> np.ndarray:
    """Cut the mask of a setting at the size of its picture, (H, W) bool; a blank map gives an empty one."""
    heatmap, is_blank = maker.finish(raw, setting.layer, size)
    return np.zeros(size, bool) if is_blank else make_mask(heatmap, make_band(setting))
