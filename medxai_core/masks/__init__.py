"""From a heat map to a mask, the pictures that show both over the frame, and one digest over all masks."""

from __future__ import annotations

from medxai_core.masks.bands import (
    MAX_LEVEL,
    RANGE_TOLERANCE,
    ROUND_UP,
    Band,
    clean_mask,
    describe_heatmap,
    level_of,
    make_mask,
    quantize_heatmap,
)
from medxai_core.masks.digest import compute_masks_digest
from medxai_core.masks.overlays import (
    FALSE_COLOR,
    HEAT_ANCHORS,
    HIT_COLOR,
    MASK_COLOR,
    MISSED_COLOR,
    OKABE_ITO,
    color_heatmap,
    make_color_table,
    overlay_heatmap,
    overlay_mask,
    overlay_truth,
)

__all__ = [
    "FALSE_COLOR",
    "HEAT_ANCHORS",
    "HIT_COLOR",
    "MASK_COLOR",
    "MAX_LEVEL",
    "MISSED_COLOR",
    "OKABE_ITO",
    "RANGE_TOLERANCE",
    "ROUND_UP",
    "Band",
    "clean_mask",
    "color_heatmap",
    "compute_masks_digest",
    "describe_heatmap",
    "level_of",
    "make_color_table",
    "make_mask",
    "overlay_heatmap",
    "overlay_mask",
    "overlay_truth",
    "quantize_heatmap",
]
