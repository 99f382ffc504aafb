"""The map of a study with all that it can be coloured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.clusters.words import list_concepts
from medxai_core.config import CLASS_NAMES, SPLITS
from medxai_core.features.registry import get_feature_set
from medxai_core.records.clusterings import (
    RecordedClustering,
    RecordedEmbedding,
    get_features,
)
from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import RecordedLabelling
from medxai_core.records.pictures import Items
from medxai_core.review import Decision, compute_labels, list_in_force
from medxai_core.review.decisions import pick_last
from medxai_core.review.summary import name_outcome
from medxai_core.study import Study, to_objects

LABEL_CODES = (None, *CLASS_NAMES)
SOURCE_CODES = (None, "reference", "review", "cluster", "hidden")
"""Where a label comes from. "hidden": another reader has decided, and this one has not answered yet."""

SPLIT_CODES = (None, *SPLITS)
OUTCOME_CODES = (None, "open", "accepted", "rejected", "other", "unsure", "skipped", "labelled")
"""What one reader made of the proposal; "labelled": gave a label where nothing was proposed."""


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Hold the points of a map, one row an item of the study, on the map or not.

    Attributes
    ----------
    points : (n_items, 2) float32
        NaN: not on the map.
    cluster_ids : (n_items,) int32
        -1: not clustered, as all items outside the train split.
    labels, sources, splits, outcomes : (n_items,) uint8
        Places in `LABEL_CODES`, `SOURCE_CODES`, `SPLIT_CODES`, `OUTCOME_CODES`. The label is the one in
        force. Only training items have one: reference labels of other splits are never here.
    rounds : (n_items,) uint16
        Round that proposed a label; 0: none did.
    """

    points: np.ndarray
    cluster_ids: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    splits: np.ndarray
    outcomes: np.ndarray
    rounds: np.ndarray

    @property
    def is_on_map(self) -> np.ndarray:
        """Return which items have a place, (n_items,) bool."""
        return np.isfinite(self.points[:, 0])


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
    reader: str | None = None,
    decisions: Sequence[Decision] | None = None,
) -> MapPoints:
    """Return the points of a map with cluster, label in force, source, round and split of each.

    Parameters
    ----------
    clustering : RecordedClustering or None
        None: nothing is clustered yet.
    labelling : RecordedLabelling or None
        The rounds whose proposals count; None: nothing is proposed yet.
    reader : str, optional
        Who looks. Readers are blind to each other: what others decided on an item is hidden from this one
        until they have answered it themselves (a skip is no answer). None: nothing is hidden.
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.

    Notes
    -----
    The labels are those of `stages.labels.get_label_states`; only items with decisions go through the log.
    """
    points = np.array(embedding.points, np.float32)
    points[~items.is_present] = np.nan
    cluster_ids = np.full(len(items), -1, np.int32)
    if clustering is not None:
        cluster_ids[items.is_present] = np.asarray(clustering.cluster_ids)[items.is_present]
    found = MapPoints(
        points=points,
        cluster_ids=cluster_ids,
        labels=np.zeros(len(items), np.uint8),
        sources=np.zeros(len(items), np.uint8),
        splits=encode_values(items.splits, SPLIT_CODES),
        outcomes=np.zeros(len(items), np.uint8),
        rounds=np.zeros(len(items), np.uint16),
    )
    log = list_decisions(study) if decisions is None else decisions
    is_labelled = np.zeros(len(items), bool)  # what gets labels: the rest keeps its secrets
    is_labelled[items.positions_in("train")] = True
    _fill_proposed(found, items, labelling, is_labelled)
    _fill_seeds(found, items)
    _fill_decided(found, items, labelling, log, is_labelled=is_labelled, reader=reader)
    return found


def encode_values(values: Sequence[str | None] | np.ndarray, codes: Sequence[str | None]) -> np.ndarray:
    """Return the places of values in a table, (n,) uint8; 0 for what is not in it.

    >>> encode_values(["test", "nowhere"], SPLIT_CODES).tolist()
    [4, 0]
    """
    found, asked = np.zeros(len(values), np.uint8), to_objects(list(values))
    for code, value in enumerate(codes[1:], start=1):
        found[asked == value] = code
    return found


def _fill_proposed(
    found: MapPoints, items: Items, labelling: RecordedLabelling | None, is_labelled: np.ndarray
) -> None:
    """Fill in what the clusters propose, as far as no one has decided."""
    if labelling is None:
        return
    proposed = labelling.proposals
    rows = np.fromiter((items.rows_by_id.get(one, -1) for one in proposed.item_ids), np.int64, len(proposed))
    here = (rows >= 0) & is_labelled[rows]
    for label in set(proposed.labels[here]):
        found.labels[rows[here & (proposed.labels == label)]] = LABEL_CODES.index(label)
    found.rounds[rows[here]] = proposed.rounds[here]
    found.sources[rows[here]] = SOURCE_CODES.index("cluster")
    found.outcomes[rows[here]] = OUTCOME_CODES.index("open")


def _fill_seeds(found: MapPoints, items: Items) -> None:
    """Fill in the reference labels of the seeds, the only ones that are used."""
    rows = np.flatnonzero(items.is_seed & items.is_present & (items.splits == "train"))
    found.labels[rows] = encode_values(items.reference_labels[rows], LABEL_CODES)
    found.sources[rows] = SOURCE_CODES.index("reference")


def _fill_decided(
    found: MapPoints,
    items: Items,
    labelling: RecordedLabelling | None,
    decisions: Sequence[Decision],
    *,
    is_labelled: np.ndarray,
    reader: str | None,
) -> None:
    """Fill in what readers decided: the label that follows, and what this reader made of the proposals."""
    in_force = list_in_force(decisions)
    touched = {item_id: items.rows_by_id.get(item_id) for item_id in dict.fromkeys(one.item_id for one in in_force)}
    rows = {item_id: row for item_id, row in touched.items() if row is not None and is_labelled[row]}
    seeds = {item_id: items.reference_labels[row] for item_id, row in rows.items() if items.is_seed[row]}
    clustering_id = "" if labelling is None else labelling.clustering_id
    proposed = {} if labelling is None else labelling.proposals
    proposals = {item_id: (proposed[item_id]["label"], clustering_id) for item_id in rows if item_id in proposed}
    for item_id, state in compute_labels(list(rows), seeds, proposals, in_force).items():
        found.labels[rows[item_id]] = LABEL_CODES.index(state.label)
        found.sources[rows[item_id]] = SOURCE_CODES.index(state.source)
    own = pick_last(one for one in in_force if one.reader == reader)
    for item_id, last in own.items():
        if item_id in rows:
            answered = name_outcome(last, proposals[item_id]) if item_id in proposals else "labelled"
            given = item_id in proposals or last.label is not None
            found.outcomes[rows[item_id]] = OUTCOME_CODES.index(answered) if given else 0
    if reader is not None:
        _hide_others(found, in_force, rows, set(seeds), reader=reader)


def _hide_others(
    found: MapPoints, in_force: list[Decision], rows: Mapping[str, int], seeds: set[str], *, reader: str
) -> None:
    """Hide what others decided on items that this reader has not answered."""
    answers = [one for one in in_force if one.action not in ("flag", "skip")]
    own = {one.item_id for one in answers if one.reader == reader}
    others = {one.item_id for one in in_force if one.reader != reader and one.action != "flag"}
    for item_id in others - own - seeds:
        if item_id in rows:
            found.labels[rows[item_id]] = 0
            found.sources[rows[item_id]] = SOURCE_CODES.index("hidden")


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


def find_items(items: Items, text: str, *, most: int = 1000) -> np.ndarray:
    """Return the positions of present items whose id begins with a text, (m,) int32, at most `most`.

    Parameters
    ----------
    text : str
        As shown on the page: the beginning of an id, or its first eight signs and the tile ("71179abc r0c1").
    """
    begin, _, tile = text.strip().lower().replace("-", " ").partition(" ")
    found = [
        row
        for row, item_id in enumerate(items.item_ids)
        if begin and item_id.lower().startswith(begin) and items.is_present[row] and item_id.endswith(tile)
    ]
    return np.array(found[:most], np.int32)
