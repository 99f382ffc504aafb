"""Heat maps: raw maps of all chosen blocks in one pass, then enlarge, then normalise."""

from __future__ import annotations

from medxai_core.heatmaps.alignment import normalize_heatmap, upsample_heatmap
from medxai_core.heatmaps.engine import GradCAM, HeatmapBatch, compute_heatmaps
from medxai_core.heatmaps.methods import CAM_METHODS
from medxai_core.heatmaps.shifts import measure_shifts
from medxai_core.heatmaps.storage import pack_heatmap, unpack_heatmap

__all__ = [
    "CAM_METHODS",
    "GradCAM",
    "HeatmapBatch",
    "compute_heatmaps",
    "measure_shifts",
    "normalize_heatmap",
    "pack_heatmap",
    "unpack_heatmap",
    "upsample_heatmap",
]
