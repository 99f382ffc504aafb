"""K-means clusters of pictures: fit, describe, and say in plain words what sets one apart.

Clusters are groups of pictures that look alike to the features. They are not classes.
"""

from __future__ import annotations

from medxai_core.clusters.description import (
    ClusterSummary,
    compute_margins,
    describe_clusters,
    rename_rows,
    summarize_clusters,
)
from medxai_core.clusters.explanation import (
    DescriptorShare,
    FeatureDifference,
    explain_cluster,
    explain_clustering,
)
from medxai_core.clusters.fitting import (
    Clustering,
    Matrix,
    compute_centers,
    compute_own_distances,
    fit_clusters,
    group_rows,
)
from medxai_core.clusters.scaling import SCALINGS, scale_descriptors, scale_features

__all__ = [
    "SCALINGS",
    "ClusterSummary",
    "Clustering",
    "DescriptorShare",
    "FeatureDifference",
    "Matrix",
    "compute_centers",
    "compute_margins",
    "compute_own_distances",
    "describe_clusters",
    "explain_cluster",
    "explain_clustering",
    "fit_clusters",
    "group_rows",
    "rename_rows",
    "scale_descriptors",
    "scale_features",
    "summarize_clusters",
]
