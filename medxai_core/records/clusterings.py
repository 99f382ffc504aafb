"""Feature sets, clusterings and embeddings of a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from medxai_core import store
from medxai_core.errors import StageMissingError
from medxai_core.events import record_event
from medxai_core.provenance import now_text
from medxai_core.records.result_digests import digest_results, list_clustering_subjects
from medxai_core.study import Study

BANDS_SET = "class_map"
"""Feature set of the clusterings that are bands of the class map's probability."""


@dataclass(frozen=True)
class RecordedClustering:
    """Hold one clustering of a study, or the bands that a class map sorts it into.

    Attributes
    ----------
    cluster_ids : (n_items,) int32
        -1 for items that were not clustered (not in the train split, removed, unreadable).
    distances : (n_items,) float64
        Euclidean distance to the own centre in the clustered space; NaN where not clustered.
    """

    clustering_id: str
    feature_set: str
    scaling: str
    k: int
    seed: int
    inertia: float
    cluster_ids: np.ndarray
    distances: np.ndarray
    manifest: dict[str, Any]
    created_at: str

    @property
    def is_bands(self) -> bool:
        """Whether these are bands of the class map's probability (`pseudo_labels.bands`), not clusters of looks."""
        return self.feature_set == BANDS_SET


@dataclass(frozen=True)
class RecordedEmbedding:
    """Hold a two-dimensional map of a study's items.

    Attributes
    ----------
    points : (n_items, 2) float32
        NaN for items without features.
    trustworthiness : float or None
        In [0, 1], 1 best; None when it is undefined.
    """

    embedding_id: str
    feature_set: str
    points: np.ndarray
    trustworthiness: float | None
    manifest: dict[str, Any]
    created_at: str


def record_features(
    study: Study, feature_set: str, descriptors: dict[str, np.ndarray], *, manifest: dict[str, Any]
) -> None:
    """Record one array a descriptor, (n_items, d) float64; NaN rows for items without features."""
    with study.begin() as connection:
        connection.execute(store.features.delete().where(store.features.c.feature_set == feature_set))
        for descriptor, values in descriptors.items():
            array_id = study.save_array(connection, values, rows="items", manifest=manifest)
            row = {"feature_set": feature_set, "descriptor": descriptor, "array_id": array_id}
            connection.execute(store.features.insert(), row)
        record_event(connection, "features", {"feature_set": feature_set, **manifest})


def find_feature_arrays(study: Study, feature_set: str = "lire") -> dict[str, str]:
    """Return the ids of the arrays of a feature set by descriptor, in their published order.

    Raises
    ------
    StageMissingError
        The features have not been extracted.
    """
    c = store.features.c
    rows = study.read(select(c.descriptor, c.array_id).where(c.feature_set == feature_set))
    if not rows:
        raise StageMissingError(
            f"study {study.name!r} has no {feature_set!r} features yet.",
            f"Run `features {study.name}` first.",
        )
    found = {row.descriptor: row.array_id for row in rows}
    from medxai_core.features.registry import get_feature_set

    return {one.name: found[one.name] for one in get_feature_set(feature_set).descriptors if one.name in found}


def get_features(study: Study, feature_set: str = "lire") -> dict[str, np.ndarray]:
    """Return the memory-mapped arrays of a feature set in their published order; raises as `find_feature_arrays`."""
    return {name: study.load_array(array_id) for name, array_id in find_feature_arrays(study, feature_set).items()}


def get_feature_manifest(study: Study, feature_set: str = "lire") -> dict[str, Any]:
    """Return how a feature set was made: its versions above all; raises as `find_feature_arrays`."""
    array_id = next(iter(find_feature_arrays(study, feature_set).values()))
    manifest: dict[str, Any] = study.read(select(store.arrays.c.manifest).where(store.arrays.c.array_id == array_id))[
        0
    ][0]
    return manifest


def record_clustering(study: Study, clustering: RecordedClustering) -> None:
    """Record one clustering; what was recorded under the same id, of the same features and parameters, stays."""
    with study.begin() as connection:
        ids = study.save_array(connection, clustering.cluster_ids, rows="items", manifest=clustering.manifest)
        distances = study.save_array(connection, clustering.distances, rows="items", manifest=clustering.manifest)
        row = {
            "clustering_id": clustering.clustering_id,
            "feature_set": clustering.feature_set,
            "scaling": clustering.scaling,
            "k": clustering.k,
            "seed": clustering.seed,
            "inertia": clustering.inertia,
            "ids_array": ids,
            "distances_array": distances,
            "manifest": clustering.manifest,
            "created_at": clustering.created_at,
        }
        done = connection.execute(store.clusterings.insert().prefix_with("OR IGNORE"), row)
        details: dict[str, Any] = {"clustering_id": clustering.clustering_id, "k": clustering.k}
        if done.rowcount:  # else what was recorded first stands, and so does its digest
            subjects = list_clustering_subjects(clustering.clustering_id)
            details["digests"] = digest_results(connection, study.folder, subjects)
        record_event(connection, "cluster", details)


def list_clusterings(study: Study) -> list[dict[str, Any]]:
    """Return the recorded clusterings, newest first, without their arrays."""
    rows = study.read(select(store.clusterings).order_by(store.clusterings.c.created_at.desc()))
    return [dict(row._mapping) for row in rows]


def get_clustering(study: Study, clustering_id: str | None = None) -> RecordedClustering:
    """Return one clustering, by default the newest.

    Raises
    ------
    StageMissingError
        Nothing has been clustered, or not under this id.
    """
    rows = [row for row in list_clusterings(study) if clustering_id is None or row["clustering_id"] == clustering_id]
    if not rows:
        what = "no clusters yet" if clustering_id is None else f"no clustering {clustering_id!r}"
        raise StageMissingError(f"study {study.name!r} has {what}.", f"Run `cluster {study.name}` first.")
    row = rows[0]
    ids, distances = row.pop("ids_array"), row.pop("distances_array")
    return RecordedClustering(cluster_ids=study.load_array(ids), distances=study.load_array(distances), **row)


def record_embedding(
    study: Study,
    points: np.ndarray,
    *,
    feature_set: str,
    trustworthiness: float | None,
    manifest: dict[str, Any],
) -> str:
    """Record a map of the items and return its id."""
    with study.begin() as connection:
        array_id = study.save_array(connection, points, rows="items", manifest=manifest)
        embedding_id = f"umap-{feature_set}-{array_id[:8]}"
        row = {
            "embedding_id": embedding_id,
            "feature_set": feature_set,
            "points_array": array_id,
            "trustworthiness": trustworthiness,
            "manifest": manifest,
            "created_at": now_text(),
        }
        connection.execute(store.embeddings.insert().prefix_with("OR REPLACE"), row)
        record_event(connection, "embed", {"embedding_id": embedding_id})
    return embedding_id


def get_embedding(study: Study, feature_set: str = "lire") -> RecordedEmbedding:
    """Return the newest map of a feature set.

    Raises
    ------
    StageMissingError
        There is none yet.
    """
    c = store.embeddings.c
    rows = study.read(
        select(store.embeddings).where(c.feature_set == feature_set).order_by(c.created_at.desc()).limit(1)
    )
    if not rows:
        raise StageMissingError(
            f"study {study.name!r} has no map of its {feature_set!r} features yet.",
            f"Run `embed {study.name}` first.",
        )
    row = dict(rows[0]._mapping)
    return RecordedEmbedding(points=study.load_array(row.pop("points_array")), **row)
