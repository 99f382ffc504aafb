"""Scores by what pictures are like: size and place of the polyp, brightness, the cluster they would belong to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medxai_core.evaluation.bands import (
    AREA_EDGES,
    AREA_LABELS,
    DISTANCE_EDGES,
    DISTANCE_LABELS,
    BandScore,
    score_bands,
)
from medxai_core.evaluation.intervals import bootstrap_mean
from medxai_core.records.clusterings import RecordedClustering
from medxai_core.records.feature_rows import FeatureRows
from medxai_core.records.pictures import Items, read_looks
from medxai_core.study import Study
from medxai_core.views.recorded_scores import PictureScores

N_BANDS = 4
LEAST_IN_CLUSTER = 5


def score_by_size(pictures: PictureScores, *, metric: str = "dice") -> list[BandScore]:
    """Average a score over bands of the share of the picture that is polyp; pictures without polyp are left out."""
    shares = np.where(pictures.polyp_shares > 0, pictures.polyp_shares, np.nan)
    return score_bands(pictures.values(metric), shares, pictures.groups, edges=AREA_EDGES, labels=AREA_LABELS)


def score_by_place(pictures: PictureScores, distances: Mapping[int, float], *, metric: str = "dice") -> list[BandScore]:
    """Average a score over bands of how far the polyp lies from the centre of the picture.

    Parameters
    ----------
    distances : mapping of int to float
        0 centre, 1 corner, NaN without polyp, by position of the picture; see
        `polyp_places.measure_centre_distances`. Pictures that are not in it are left out.
    """
    measure = np.array([distances.get(int(position), np.nan) for position in pictures.positions])
    return score_bands(pictures.values(metric), measure, pictures.groups, edges=DISTANCE_EDGES, labels=DISTANCE_LABELS)


def score_by_brightness(study: Study, pictures: PictureScores, *, metric: str = "dice") -> list[BandScore]:
    """Average a score over four bands of brightness with about as many pictures each, darkest first.

    Returns
    -------
    list of BandScore
        `low` and `high` are mean grey values, 0 to 255, as measured on import; empty where too few are known.
    """
    values = pictures.values(metric)
    brightness = read_looks(study, [score.item for score in pictures.scores])[:, 0]
    known = np.isfinite(brightness) & np.isfinite(values)
    if known.sum() < N_BANDS or np.ptp(brightness[known]) == 0:
        return []
    edges = np.unique(np.quantile(brightness[known], np.linspace(0, 1, N_BANDS + 1)))
    names = [f"{low:.0f} to {high:.0f}" for low, high in zip(edges[:-1], edges[1:], strict=True)]
    return score_bands(values, brightness, pictures.groups, edges=edges.tolist(), labels=names)


def score_by_cluster(
    study: Study, pictures: PictureScores, items: Items, clustering: RecordedClustering, *, metric: str = "dice"
) -> list[BandScore]:
    """Average a score over the clusters that the scored pictures would belong to, worst first.

    Parameters
    ----------
    clustering : RecordedClustering
        Of training items; a scored picture belongs to the nearest centre. Of its tiles the one with most polyp counts.

    Returns
    -------
    list of BandScore
        Clusters with at least `LEAST_IN_CLUSTER` scored pictures, `low` = `high` = the cluster; empty for bands of a
        class map, which are not clusters of looks.
    """
    if clustering.is_bands:
        return []
    values = pictures.values(metric)
    rows = _find_items(items, pictures.positions)
    cluster_ids = assign_clusters(study, clustering, rows)
    found = []
    for cluster_id in np.unique(cluster_ids[cluster_ids >= 0]):
        members = np.flatnonzero((cluster_ids == cluster_id) & np.isfinite(values))
        if len(members) < LEAST_IN_CLUSTER:
            continue
        interval = bootstrap_mean(values[members], [pictures.groups[row] for row in members])
        mean, place = float(values[members].mean()), float(cluster_id)
        found.append(BandScore(f"cluster {cluster_id}", place, place, mean, interval, len(members)))
    return sorted(found, key=lambda one: one.mean or 0.0)


def say_no_clusters(
    study: Study, pictures: PictureScores, items: Items, clustering: RecordedClustering, *, metric: str = "dice"
) -> str:
    """Say why `score_by_cluster` returned nothing."""
    if clustering.is_bands:
        return "Scores by cluster: none, because the labels came from bands of a class map, not from clusters of looks."
    scored = np.isfinite(pictures.values(metric))
    cluster_ids = assign_clusters(study, clustering, _find_items(items, pictures.positions[scored]))
    sizes = np.unique(cluster_ids[cluster_ids >= 0], return_counts=True)[1]
    if not len(sizes):
        return "Scores by cluster: none, because the scored pictures have no features."
    return (
        f"Scores by cluster: none. The {sizes.sum()} pictures with a polyp lie nearest to {len(sizes)} of the "
        f"{clustering.k} clusters, at most {sizes.max()} to one; a mean of fewer than {LEAST_IN_CLUSTER} says nothing."
    )


def assign_clusters(study: Study, clustering: RecordedClustering, rows: np.ndarray) -> np.ndarray:
    """Return the nearest cluster of items that were not clustered, (n,) int; -1 for items without features.

    Parameters
    ----------
    rows : (n,) int64
        Positions of items; -1 for none.
    """
    features = FeatureRows(study, clustering.feature_set, clustering.scaling)
    ids = np.where(features.known, clustering.cluster_ids, -1)
    names = np.unique(ids[ids >= 0])
    centres = np.stack([features[np.flatnonzero(ids == name)].mean(axis=0) for name in names])
    found = np.full(len(rows), -1)
    known = np.flatnonzero((rows >= 0) & features.known[np.maximum(rows, 0)])
    if len(known):
        asked = features[rows[known]]
        distances = (asked**2).sum(axis=1)[:, None] - 2 * asked @ centres.T + (centres**2).sum(axis=1)[None, :]
        found[known] = names[np.argmin(distances, axis=1)]
    return found


def _find_items(items: Items, positions: np.ndarray) -> np.ndarray:
    """Return one item of each picture, the one with most polyp, (n,) int64; -1 for a picture without items."""
    shares = np.nan_to_num(items.polyp_shares.astype(float), nan=-1.0)
    order = np.argsort(shares, kind="stable")  # the largest share is written last, and stays
    best = dict(zip(items.image_positions[order].tolist(), order.tolist(), strict=True))
    return np.array([best.get(int(position), -1) for position in positions], dtype=np.int64)
