"""Each cluster of a study: its size, its labels, its pictures, and what sets it apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from medxai_core.clusters import (
    ClusterSummary,
    DescriptorShare,
    FeatureDifference,
    explain_cluster,
    explain_clustering,
    rename_rows,
    summarize_clusters,
)
from medxai_core.errors import StageMissingError
from medxai_core.records.clusterings import BANDS_SET, RecordedClustering, list_clusterings
from medxai_core.records.feature_rows import FeatureFiles, FeatureRows
from medxai_core.records.labellings import list_labellings
from medxai_core.records.pictures import Items
from medxai_core.review import Decision
from medxai_core.stages.labels import get_starting_labels
from medxai_core.study import Study

FAIR_TRUST, GOOD_TRUST = 0.8, 0.9


def list_clusterings_shown(study: Study) -> list[dict[str, Any]]:
    """Return the clusterings of a study, that of the last action first, then newest first; no bands of a class map.

    Notes
    -----
    Labels may be proposed again from an older clustering: then it is that one which was used last.
    """
    clusterings = [row for row in list_clusterings(study) if row["feature_set"] != BANDS_SET]
    labellings = list_labellings(study)
    if not clusterings or not labellings or labellings[0]["created_at"] < clusterings[0]["created_at"]:
        return clusterings
    used = labellings[0]["clustering_id"]
    return sorted(clusterings, key=lambda row: row["clustering_id"] != used)


def describe_study_clusters(
    study: Study, items: Items, clustering: RecordedClustering, *, n_shown: int = 6
) -> list[ClusterSummary]:
    """Describe every cluster by the labels that the rounds start from: seeds and decisions of readers.

    Parameters
    ----------
    n_shown : int
        How many typical and border items to name.

    Returns
    -------
    list of ClusterSummary
        Rows are rows of `items`. Purity is None where no item is labelled.
    """
    features = FeatureRows(study, clustering.feature_set, clustering.scaling)
    cluster_ids = np.asarray(clustering.cluster_ids)
    rows = np.flatnonzero(features.known & (cluster_ids >= 0))
    labels = get_starting_labels(study, items)[rows].tolist()
    found = summarize_clusters(features.at(rows), cluster_ids[rows], labels, n_typical=n_shown, n_border=n_shown)
    return rename_rows(found, rows)


def count_cluster_labels(
    study: Study,
    items: Items,
    clustering: RecordedClustering,
    summaries: Sequence[ClusterSummary],
    *,
    decisions: Sequence[Decision] | None = None,
) -> list[ClusterSummary]:
    """Return the summaries with the labels of this moment: decisions change nothing else in them.

    Parameters
    ----------
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.
    """
    labels = get_starting_labels(study, items, decisions=decisions)
    labelled = np.flatnonzero((labels != None) & (clustering.cluster_ids >= 0))  # noqa: E711 - by element
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for row in labelled.tolist():
        counts[int(clustering.cluster_ids[row])][labels[row]] += 1
    return [
        replace(
            one,
            n_labelled=dict(sorted(counts[one.cluster_id].items())),
            purity=_divide(max(counts[one.cluster_id].values(), default=0), counts[one.cluster_id].total()),
            labelled_share=_divide(counts[one.cluster_id].total(), one.size),
        )
        for one in summaries
    ]


def _divide(part: int, whole: int) -> float | None:
    """Return part / whole, None where the whole is zero."""
    return part / whole if whole else None


def explain_study_clustering(study: Study, clustering: RecordedClustering) -> list[DescriptorShare]:
    """Return how much each descriptor had to say in a clustering."""
    descriptors = FeatureFiles(study, clustering.feature_set)
    return explain_clustering(descriptors, clustering.cluster_ids, scaling=clustering.scaling)


def find_study_shares(study: Study, clustering: RecordedClustering | None) -> list[DescriptorShare]:
    """Return how much each descriptor had to say; nothing without clusters of looks, or where features are gone."""
    if clustering is None or clustering.is_bands:
        return []
    try:
        return explain_study_clustering(study, clustering)
    except StageMissingError:
        return []


def explain_study_cluster(
    study: Study, clustering: RecordedClustering, cluster: int, *, n_features: int = 6
) -> list[FeatureDifference]:
    """Say in words what sets one cluster apart from all other clustered items, strongest first."""
    descriptors = FeatureFiles(study, clustering.feature_set)
    return explain_cluster(descriptors, clustering.cluster_ids, cluster, n_features=n_features)


def name_strength(difference: float) -> str:
    """Return a word for a standardised difference, by Cohen's rule of thumb.

    References
    ----------
    Cohen J. Statistical power analysis for the behavioral sciences, 2nd ed. 1988. doi:10.4324/9780203771587

    Examples
    --------
    >>> name_strength(-0.9), name_strength(0.6), name_strength(0.3), name_strength(0.1)
    ('strong', 'medium', 'weak', 'negligible')
    """
    size = abs(difference)
    return "strong" if size >= 0.8 else "medium" if size >= 0.5 else "weak" if size >= 0.2 else "negligible"


def name_trust(trustworthiness: float | None) -> str:
    """Return a word for how far neighbours on a map are neighbours in truth.

    Notes
    -----
    The limits are conventions of this program: the measure has none of its own. 1 is best, about 0.5 chance.

    Examples
    --------
    >>> name_trust(0.93), name_trust(0.85), name_trust(0.6), name_trust(None)
    ('good', 'fair', 'poor', 'unknown')
    """
    if trustworthiness is None:
        return "unknown"
    return "good" if trustworthiness >= GOOD_TRUST else "fair" if trustworthiness >= FAIR_TRUST else "poor"
