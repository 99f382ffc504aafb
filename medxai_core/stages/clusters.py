"""Stages 2 and 3: clusters, proposed labels, and the map of a study."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from medxai_core.clusters import Clustering, explain_clustering, fit_clusters, scale_features
from medxai_core.config import CLASS_NAMES
from medxai_core.embedding import fit_embedding
from medxai_core.errors import NotEnoughImagesError
from medxai_core.progress import OnProgress, Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.pseudo_labels import PseudoLabelling, propose_labels
from medxai_core.records.clusterings import (
    RecordedClustering,
    RecordedEmbedding,
    get_clustering,
    get_embedding,
    get_features,
    list_clusterings,
    record_clustering,
    record_embedding,
)
from medxai_core.records.decisions import list_decisions
from medxai_core.records.feature_rows import FeatureFiles, FeatureRows
from medxai_core.records.labellings import RecordedLabelling, RecordedProposals, record_labelling
from medxai_core.records.pictures import Items, list_items
from medxai_core.review import Decision, list_not_again
from medxai_core.stages.labels import get_starting_labels
from medxai_core.study import Study


def get_matrix(study: Study, feature_set: str = "lire", scaling: str = "none") -> np.ndarray:
    """Return the features as one matrix, (n_items, d) float64; NaN rows for items without features."""
    descriptors = get_features(study, feature_set)
    known = np.isfinite(next(iter(descriptors.values()))[:, 0])
    if known.all():  # the usual case, without the copies that leaving rows out would cost
        return scale_features(descriptors, scaling)
    scaled = scale_features({name: np.asarray(values)[known] for name, values in descriptors.items()}, scaling)
    matrix = np.full((len(known), scaled.shape[1]), np.nan)
    matrix[known] = scaled
    return matrix


def cluster_study(
    study: Study,
    *,
    k: int,
    feature_set: str = "lire",
    scaling: str = "none",
    seed: int = 0,
    stage: Stage = silent_stage,
) -> RecordedClustering:
    """Cluster the items of the train split and record the result.

    Parameters
    ----------
    k : int
        Number of clusters.
    scaling : {"none", "standard", "descriptor"}
        "none" is the paper's way.

    Raises
    ------
    NotEnoughImagesError
        Fewer items than clusters.
    StageMissingError
        No features yet.
    """
    on_progress: OnProgress = stage(f"Clustering, k = {k}")
    key: dict[str, Any] = {"k": k, "feature_set": feature_set, "scaling": scaling, "seed": seed}
    clustering_id = name_clustering(study, **key)
    if any(row["clustering_id"] == clustering_id for row in list_clusterings(study)):
        on_progress(1, 1)
        return get_clustering(study, clustering_id)
    cluster_ids, distances, found = compute_clusters(study, **key, on_progress=on_progress)
    recorded = RecordedClustering(
        clustering_id=clustering_id,
        inertia=float(found.inertia),
        cluster_ids=cluster_ids,
        distances=distances,
        manifest={
            "parameters": dict(found.parameters),
            "versions": get_versions("scikit-learn", "numpy"),
            "drivers": _list_drivers(study, cluster_ids, feature_set=feature_set, scaling=scaling),
        },
        created_at=now_text(),
        **key,
    )
    record_clustering(study, recorded)
    on_progress(1, 1)
    return recorded


def _list_drivers(study: Study, cluster_ids: np.ndarray, *, feature_set: str, scaling: str) -> dict[str, float]:
    """Return the share of each aspect of the features in the variance between clusters, the largest first."""
    shares: dict[str, float] = {}
    for one in explain_clustering(FeatureFiles(study, feature_set), cluster_ids, scaling=scaling):
        if one.between_share is not None:
            shares[one.aspect] = shares.get(one.aspect, 0.0) + one.between_share
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def compute_clusters(
    study: Study, *, k: int, feature_set: str, scaling: str, seed: int, on_progress: OnProgress | None = None
) -> tuple[np.ndarray, np.ndarray, Clustering]:
    """Cluster the items of the train split by the recorded features, and record nothing.

    Returns
    -------
    cluster_ids : (n_items,) int32
        -1 for items that are not clustered.
    distances : (n_items,) float64
        To the own centre; NaN for items that are not clustered.
    found : Clustering
        Of the clustered items alone.
    """
    features = FeatureRows(study, feature_set, scaling)
    positions = list_items(study).positions_in("train")
    positions = positions[features.known[positions]]
    found = fit_clusters(features.at(positions), k, seed=seed, on_progress=on_progress)
    cluster_ids = np.full(len(features), -1, np.int32)
    distances = np.full(len(features), np.nan)
    cluster_ids[positions], distances[positions] = found.cluster_ids, found.distances
    return cluster_ids, distances, found


def name_clustering(study: Study, *, k: int, feature_set: str, scaling: str, seed: int) -> str:
    """Return an id that is the same for the same parameters on the same recorded features."""
    key = {"k": k, "feature_set": feature_set, "scaling": scaling, "seed": seed}
    descriptors = get_features(study, feature_set)
    files = [str(getattr(values, "filename", name)).rsplit("/", 1)[-1] for name, values in descriptors.items()]
    text = json.dumps([key, files], sort_keys=True)
    return f"k{key['k']}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def pseudo_label_study(
    study: Study,
    *,
    k: int,
    target: int = 1000,
    max_rounds: int | None = None,
    scaling: str = "none",
    seed: int = 0,
    stage: Stage = silent_stage,
) -> RecordedLabelling:
    """Run the pseudo-label rounds from the seeds and the reviewed labels, and record each round.

    Raises
    ------
    NoSeedsError
        No labelled items, or of one class only.
    """
    clustering = cluster_study(study, k=k, scaling=scaling, seed=seed, stage=stage)
    on_progress = stage("Proposing labels")
    items, decisions = list_items(study), list_decisions(study)
    found, item_ids = run_rounds(study, items, clustering, decisions=decisions, target=target, max_rounds=max_rounds)
    recorded = record_rounds(
        study, clustering, found, item_ids, target=target, max_rounds=max_rounds, decisions=decisions
    )
    on_progress(1, 1)
    return recorded


def run_rounds(
    study: Study,
    items: Items,
    clustering: RecordedClustering,
    *,
    decisions: Sequence[Decision],
    target: int,
    max_rounds: int | None,
) -> tuple[PseudoLabelling, np.ndarray]:
    """Run the rounds on a clustering, and record nothing.

    Parameters
    ----------
    decisions : sequence of Decision
        The log as far as it counts.

    Returns
    -------
    found : PseudoLabelling
    item_ids : (n,) object of str
        What its rows are.
    """
    positions = np.flatnonzero(clustering.cluster_ids >= 0)
    starting = get_starting_labels(study, items, decisions=decisions)
    row_of = {item_id: row for row, item_id in enumerate(items.item_ids[positions])}
    not_again = {
        (row_of[item_id], label)
        for item_id, label, where in list_not_again(decisions)
        if where == clustering.clustering_id and item_id in row_of
    }
    found = propose_labels(
        clustering.cluster_ids[positions],
        starting[positions],
        target=target,
        max_rounds=max_rounds,
        not_again=not_again,
    )
    return found, items.item_ids[positions]


def record_rounds(
    study: Study,
    clustering: RecordedClustering,
    found: PseudoLabelling,
    item_ids: np.ndarray,
    *,
    target: int,
    max_rounds: int | None,
    decisions: Sequence[Decision],
) -> RecordedLabelling:
    """Record rounds whose rows are those of some items, (n,) object of str, and how far the log counted for them."""
    created_at, last = now_text(), max((one.decision_id for one in decisions), default=0)
    token = hashlib.sha256(f"{clustering.clustering_id}{created_at}".encode()).hexdigest()[:6]
    rounds = [
        {
            "round": one.round,
            "cluster_id": int(one.cluster_id),
            "label": one.label,
            "n_labelled_members": int(one.n_labelled_members),
            "n_given": len(one.rows_given),
            "n_labelled_after": int(one.n_labelled_after),
            "why": one.why,
            "runners_up": [rival._asdict() for rival in one.runners_up],
        }
        for one in found.rounds
    ]
    labelling = RecordedLabelling(
        labelling_id=f"labels-{clustering.clustering_id.partition('-')[0]}-{token}",
        clustering_id=clustering.clustering_id,
        target=target,
        stop_reason=found.stop_reason,
        n_seeds=len(found.seed_rows),
        n_labelled=found.n_labelled,
        manifest={"classes": list(CLASS_NAMES), "target": target, "max_rounds": max_rounds, "last_decision": last},
        created_at=created_at,
        rounds=rounds,
        proposals=RecordedProposals.from_rows(list_proposals(found, item_ids)),
    )
    record_labelling(study, labelling)
    return labelling


def list_proposals(found: PseudoLabelling, item_ids: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return what rounds propose by item id, in the order of labelling: label, round, cluster_id, position."""
    proposals: dict[str, dict[str, Any]] = {}
    for one in found.rounds:
        for row in one.rows_given:
            proposals[str(item_ids[row])] = {
                "label": one.label,
                "round": one.round,
                "cluster_id": int(one.cluster_id),
                "position": len(proposals),
            }
    return proposals


def embed_study(
    study: Study,
    *,
    feature_set: str = "lire",
    scaling: str = "none",
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    stage: Stage = silent_stage,
) -> RecordedEmbedding:
    """Map all items that have features to two dimensions, and record the map."""
    on_progress: OnProgress = stage("Drawing the map (UMAP)")
    features = FeatureRows(study, feature_set, scaling)
    known = np.flatnonzero(features.known)
    if len(known) < 4:
        raise NotEnoughImagesError(
            f"a map needs at least 4 items with features; study {study.name!r} has {len(known)}.",
            "Import more pictures.",
        )
    matrix = features.at(known).read()
    found = fit_embedding(matrix, n_neighbors=n_neighbors, min_dist=min_dist, seed=seed, on_progress=on_progress)
    points = np.full((len(features), 2), np.nan, np.float32)
    points[known] = found.points
    manifest = {
        "parameters": dict(found.parameters) | {"scaling": scaling, "seed": seed},
        "versions": get_versions("umap-learn", "numba", "numpy"),
    }
    record_embedding(study, points, feature_set=feature_set, trustworthiness=found.trustworthiness, manifest=manifest)
    return get_embedding(study, feature_set)
