"""The classifiers, what they see, and where their blocks look."""

from __future__ import annotations

from medxai_core.models.geometry import BlockFacts, describe_blocks
from medxai_core.models.networks import PolypClassifier, build_model, describe_mismatch, get_blocks
from medxai_core.models.preprocessing import (
    DEFAULT_INPUT_SIZE,
    NETWORKS,
    Preprocessing,
    default_preprocessing,
    normalize_inputs,
    preprocess,
    resize_for_network,
)
from medxai_core.models.segmentation import HEAD_STRIDE, PolypSegmenter, build_segmenter, hold_back_doubt, pool_places
from medxai_core.models.weights import describe_file, read_weights

__all__ = [
    "DEFAULT_INPUT_SIZE",
    "HEAD_STRIDE",
    "NETWORKS",
    "BlockFacts",
    "PolypClassifier",
    "PolypSegmenter",
    "Preprocessing",
    "build_model",
    "build_segmenter",
    "default_preprocessing",
    "describe_blocks",
    "describe_file",
    "describe_mismatch",
    "get_blocks",
    "hold_back_doubt",
    "normalize_inputs",
    "pool_places",
    "preprocess",
    "read_weights",
    "resize_for_network",
]
