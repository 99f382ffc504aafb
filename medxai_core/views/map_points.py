"""The map of a study with all that it can be coloured by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.clusters.words import list_concepts
from medxai_core.features.registry import get_feature_set
from medxai_core.records.clusterings import (
    RecordedClustering,
    RecordedEmbedding,
    get_features,
)
from medxai_core.records.labellings import RecordedLabelling
from medxai_core.records.pictures import Items
from medxai_core.stages.labels import get_label_states
from medxai_core.study import Study


@dataclass(frozen=True)
class MapPoints:
    """Hold the points of a map, one row an item that is on it.

    Attributes
    ----------
    rows : (n,) int64
        Row of the item in `Items`.
    points : (n, 2) float32
    item_ids, image_ids, splits : (n,) object of str
    cluster_ids : (n,) int32
        -1: not clustered, as all items outside the train split.
    labels : (n,) object of str or None
        The label in force. Only training items have one: reference labels of other splits are never here.
    sources : (n,) object of {"reference", "review", "cluster"} or None
        Where the label in force comes from.
    rounds : (n,) int32
        Round that proposed a label; 0: none did.
    """

    rows: np.ndarray
    points: np.ndarray
    item_ids: np.ndarray
    image_ids: np.ndarray
    splits: np.ndarray
    cluster_ids: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    rounds: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class MapFeature:
    """Name something that the map can be coloured by.

    Attributes
    ----------
    key : str
        Descriptor and number of the concept: "tamura-0".
    words : str
        What a high value means to a clinician.
    aspect : str
        "edges", "texture", "brightness" or "colour".
    """

    key: str
    words: str
    aspect: str


def get_map_points(
    study: Study,
    items: Items,
    embedding: RecordedEmbedding,
    *,
    clustering: RecordedClustering | None,
    labelling: RecordedLabelling | None,
) -> MapPoints:
    """Return the points of a map with cluster, label in force, source, round and split of each.

    Parameters
    ----------
    clustering : RecordedClustering or None
        None: nothing is clustered yet.
    labelling : RecordedLabelling or None
        The rounds whose proposals count; None: nothing is proposed yet.
    """
    points = np.asarray(embedding.points)
    rows = np.flatnonzero(items.is_present & np.isfinite(points[:, 0]))
    states = get_label_states(study, items, labelling=labelling)
    found = [states.get(str(item_id)) for item_id in items.item_ids[rows]]
    proposals = {} if labelling is None else labelling.proposals
    rounds = [proposals[item_id]["round"] if item_id in proposals else 0 for item_id in items.item_ids[rows]]
    no_clusters = np.full(len(items), -1, np.int32)
    return MapPoints(
        rows=rows,
        points=points[rows],
        item_ids=items.item_ids[rows],
        image_ids=items.image_ids[rows],
        splits=items.splits[rows],
        cluster_ids=np.asarray(no_clusters if clustering is None else clustering.cluster_ids)[rows],
        labels=_to_objects([None if state is None else state.label for state in found]),
        sources=_to_objects([None if state is None else state.source for state in found]),
        rounds=np.array(rounds, np.int32),
    )


def list_map_features(feature_set: str = "lire") -> list[MapFeature]:
    """Return all that a feature set can colour the map by, in words.

    >>> list_map_features()[20]
    MapFeature(key='tamura-0', words='coarser texture', aspect='texture')
    """
    return [
        MapFeature(f"{descriptor.name}-{i}", concept.more, descriptor.aspect)
        for descriptor in get_feature_set(feature_set).descriptors
        for i, concept in enumerate(list_concepts(descriptor.name, descriptor.n_features))
    ]


def get_map_feature(study: Study, key: str, feature_set: str = "lire") -> np.ndarray:
    """Return the value of one feature of the map by item, (n_items,) float64; NaN without features.

    Columns that mean one thing are averaged, unscaled.

    Raises
    ------
    ValueError
        There is no such feature.
    StageMissingError
        The features have not been extracted.
    """
    name, _, number = key.rpartition("-")
    descriptors = {one.name: one for one in get_feature_set(feature_set).descriptors}
    if name not in descriptors or not number.isdigit():
        raise ValueError(f"key must be one of list_map_features; got {key!r}")
    concepts = list_concepts(name, descriptors[name].n_features)
    if int(number) >= len(concepts):
        raise ValueError(f"key must be one of list_map_features; got {key!r}")
    return np.asarray(get_features(study, feature_set)[name])[:, list(concepts[int(number)].columns)].mean(axis=1)


def find_rows(points: MapPoints, item_ids: list[str]) -> np.ndarray:
    """Return where some items are among the points, (m,) int64, in the order asked; others are left out."""
    place = {item_id: row for row, item_id in enumerate(points.item_ids)}
    return np.array([place[item_id] for item_id in item_ids if item_id in place], np.int64)


def _to_objects(values: list[str | None]) -> np.ndarray:
    """Return values as an object array."""
    array = np.empty(len(values), object)
    array[:] = values
    return array
