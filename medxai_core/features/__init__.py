"""Global features: numbers that describe a whole picture, for clustering."""

from medxai_core.features.lire import extract_lire
from medxai_core.features.registry import Descriptor, FeatureSet, extract_features, get_feature_set

__all__ = ["Descriptor", "FeatureSet", "extract_features", "extract_lire", "get_feature_set"]
