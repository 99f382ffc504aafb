"""Stage 3, the other way: labels that the class map proposes, with calibrated probabilities."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medxai_core.config import CLASS_NAMES, MOST_PICTURES
from medxai_core.datasets import delete_cache
from medxai_core.errors import NoSeedsError
from medxai_core.features.registry import CLASS_MAP, CLASS_MAP_PLACES
from medxai_core.memory import keep_freed_memory
from medxai_core.progress import OnProgress, Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.pseudo_labels import (
    Calibration,
    PseudoLabelling,
    adjust_to_share,
    cut_bands,
    fit_calibration,
    propose_by_bands,
)
from medxai_core.pseudo_labels.bands import N_BANDS
from medxai_core.records.clusterings import RecordedClustering, record_clustering, record_features
from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import BANDS_PREFIX, RecordedLabelling
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.review import Decision, list_not_again
from medxai_core.stages.clusters import record_rounds
from medxai_core.stages.labels import get_starting_labels
from medxai_core.stages.whole_pictures import (
    choose_pictures,
    list_labelled_tiles,
    place_items,
    read_pictures,
)
from medxai_core.students.class_map import ClassMap, cut_boxes, fit_class_map, score_boxes
from medxai_core.study import Study

_READ_AT_ONCE = 256


def propose_by_class_map(
    study: Study,
    *,
    target: int = 1000,
    max_rounds: int | None = None,
    n_pictures: int = MOST_PICTURES,
    seed: int = 0,
    stage: Stage = silent_stage,
) -> RecordedLabelling:
    """Learn from the labels in force which places look like polyp, and propose labels for what is not labelled.

    Parameters
    ----------
    target, max_rounds
        As of `pseudo_labels.propose_by_bands`.
    n_pictures : int, default 1000
        So many pictures of the training split are looked at: the labelled ones, and others by chance. About 0.3 s
        each on two cores.
    seed : int, default 0

    Returns
    -------
    RecordedLabelling
        Its clustering holds the bands of probability; the scores are recorded as features "class_map".

    Raises
    ------
    NoSeedsError
        No labelled items, or of one class only, in the training split.
    """
    keep_freed_memory()
    items, images, decisions = list_items(study), list_images(study), list_decisions(study)
    starting = get_starting_labels(study, items, decisions=decisions)
    scores, places, n_seen = score_by_class_map(
        study, items, images, starting, n_pictures=n_pictures, seed=seed, stage=stage
    )
    calibration, parameters = calibrate_scores(scores, items, starting)
    parameters["n_pictures"] = n_seen
    versions = get_versions("torch", "scikit-learn", "numpy")
    manifest = {"parameters": parameters, "versions": versions, "n_threads": torch.get_num_threads()}
    record_features(study, CLASS_MAP.name, {CLASS_MAP.descriptors[0].name: scores[:, None]}, manifest=manifest)
    record_features(study, CLASS_MAP_PLACES.name, {CLASS_MAP_PLACES.descriptors[0].name: places}, manifest=manifest)
    clustering = _record_bands(study, items, scores, seed=seed, manifest=manifest)
    found, item_ids = run_band_rounds(
        items,
        clustering,
        calibration.apply(scores),
        starting=starting,
        decisions=list_decisions(study),  # looking took minutes: what was rejected since is not proposed again
        target=target,
        max_rounds=max_rounds,
    )
    return record_rounds(study, clustering, found, item_ids, target=target, max_rounds=max_rounds, decisions=decisions)


def score_by_class_map(
    study: Study,
    items: Items,
    images: Images,
    starting: np.ndarray,
    *,
    n_pictures: int,
    seed: int,
    stage: Stage = silent_stage,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Learn a class map from labels and look at pictures with it; record nothing.

    Parameters
    ----------
    starting : (n_items,) object of str or None
        The labels to learn from.

    Returns
    -------
    scores : (n_items,) float64
        NaN where not looked at.
    places : (n_items, d) float16
        Scores of the places of each item.
    n_seen : int
        Pictures that were looked at.

    Raises
    ------
    NoSeedsError
        No labelled items, or of one class only, in the training split.
    """
    train = items.positions_in("train")
    labelled = train[starting[train] != None]  # noqa: E711 - by element
    missing = [name for name in CLASS_NAMES if not (starting[labelled] == name).any()]
    if missing:
        raise NoSeedsError(
            f"the class map learns from labelled pictures of both classes; there is none of {' and '.join(missing)}.",
            "Label some pictures of each class first.",
        )
    chosen = choose_pictures(images.positions_in("train"), items.image_positions[labelled], seed=seed, most=n_pictures)
    is_polyp = starting[labelled] == CLASS_NAMES[1]
    with tempfile.TemporaryDirectory(dir=study.folder, prefix="reading-") as folder:
        class_map = _learn(study, items, images, labelled, is_polyp, Path(folder), seed=seed, stage=stage)
        looking = stage("Looking at pictures")
        scores, places = _score_items(study, items, images, chosen, class_map, Path(folder), looking)
    return scores, places, len(chosen)


def run_band_rounds(
    items: Items,
    clustering: RecordedClustering,
    chances: np.ndarray,
    *,
    starting: np.ndarray,
    decisions: Sequence[Decision],
    target: int,
    max_rounds: int | None,
) -> tuple[PseudoLabelling, np.ndarray]:
    """Let the bands propose, and record nothing.

    Parameters
    ----------
    chances : (n_items,) float64
        Probability of polyp.
    starting : (n_items,) object of str or None
    decisions : sequence of Decision
        The log as far as it counts: what was rejected in it is not proposed again.

    Returns
    -------
    found : PseudoLabelling
    item_ids : (n,) object of str
        What its rows are.
    """
    positions = np.flatnonzero(clustering.cluster_ids >= 0)
    row_of = {item_id: row for row, item_id in enumerate(items.item_ids[positions])}
    not_again = {
        (row_of[item_id], label)
        for item_id, label, where in list_not_again(decisions)
        if where is not None and where.startswith(BANDS_PREFIX) and item_id in row_of
    }
    found = propose_by_bands(
        clustering.cluster_ids[positions],
        chances[positions],
        starting[positions],
        target=target,
        max_rounds=max_rounds,
        not_again=not_again,
    )
    return found, items.item_ids[positions]


def _learn(
    study: Study,
    items: Items,
    images: Images,
    labelled: np.ndarray,
    is_polyp: np.ndarray,
    folder: Path,
    *,
    seed: int,
    stage: Stage,
) -> ClassMap:
    """Fit a class map on the labelled items."""
    chosen = np.unique(items.image_positions[labelled])
    reading = stage("Reading labelled pictures")
    pictures, read = read_pictures(study, images, chosen, folder / "labelled.npy", on_progress=reading)
    tiles = list_labelled_tiles(items, images, labelled, is_polyp, positions=read)
    missing = [name for name, wanted in zip(CLASS_NAMES, (False, True), strict=True) if not _holds(tiles, wanted)]
    if missing:
        raise NoSeedsError(
            f"no labelled picture of {' and '.join(missing)} could be read.", "See the picture's file, or label others."
        )
    return fit_class_map(pictures, tiles, seed=seed, stage=stage)


def _holds(tiles: list[Any], is_polyp: bool) -> bool:
    """Say whether a class is among the tiles."""
    return any(tile.is_polyp == is_polyp for tile in tiles)


def _score_items(
    study: Study,
    items: Items,
    images: Images,
    chosen: np.ndarray,
    class_map: ClassMap,
    folder: Path,
    on_progress: OnProgress,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of each item of some pictures, (n_items,) float64, and of its places; NaN for all others."""
    scores = np.full(len(items), np.nan)
    places = np.full((len(items), CLASS_MAP_PLACES.n_features), np.nan, np.float16)
    side = round(CLASS_MAP_PLACES.n_features**0.5)
    train = items.positions_in("train")
    for start in range(0, len(chosen), _READ_AT_ONCE):
        file = folder / f"{start}.npy"
        pictures, read = read_pictures(study, images, chosen[start : start + _READ_AT_ONCE], file)
        maps = class_map.score(pictures, stage=_tell_from(start, len(chosen), on_progress))
        row_of = {int(position): row for row, position in enumerate(read)}
        rows = train[np.isin(items.image_positions[train], read)]
        boxes = [(row_of[one], box) for one, box in place_items(items, images, rows)]
        scores[rows] = score_boxes(maps, boxes)
        places[rows] = cut_boxes(class_map.scale(maps), boxes, side).reshape(len(rows), -1)
        del pictures
        delete_cache(file)
    return scores, places


def _tell_from(start: int, total: int, on_progress: OnProgress) -> Stage:
    """Return a stage whose counts go on from a start."""
    return lambda _title: lambda done, _total: on_progress(start + done, total)


def calibrate_scores(scores: np.ndarray, items: Items, starting: np.ndarray) -> tuple[Calibration, dict[str, Any]]:
    """Return how scores go over into chances among the unlabelled items, and what is recorded of it.

    Parameters
    ----------
    scores : (n_items,) float64
        NaN where not looked at.
    starting : (n_items,) object of str or None
        The labels in force.
    """
    train = items.positions_in("train")
    seen = train[(starting[train] != None) & np.isfinite(scores[train])]  # noqa: E711 - by element
    is_polyp = starting[seen] == CLASS_NAMES[1]
    others = np.setdiff1d(np.flatnonzero(np.isfinite(scores)), seen)
    labelled_share = float(np.mean(is_polyp))
    of_labelled = fit_calibration(scores[seen], is_polyp)
    calibration, share = adjust_to_share(of_labelled, scores[others], labelled_share=labelled_share)
    return calibration, {
        "method": "class map",
        "n_labelled": len(seen),
        "slope": calibration.slope,
        "offset": calibration.offset,
        "polyp_share_labelled": labelled_share,
        "polyp_share_estimated": share,
    }


def name_bands(scores: np.ndarray, created_at: str) -> str:
    """Return the id of the bands that were cut from scores, (n_items,) float64, at a moment."""
    token = hashlib.sha256(scores.tobytes() + created_at.encode()).hexdigest()[:8]
    return f"{BANDS_PREFIX}{N_BANDS}-{token}"


def _record_bands(
    study: Study, items: Items, scores: np.ndarray, *, seed: int, manifest: dict[str, Any]
) -> RecordedClustering:
    """Record the bands of the training items as a clustering; distances are those to the mean score of the band."""
    bands = cut_bands(scores)
    distances = np.full(len(scores), np.nan)
    for band in range(bands.max() + 1):
        distances[bands == band] = np.abs(scores[bands == band] - scores[bands == band].mean())
    created_at = now_text()
    clustering = RecordedClustering(
        clustering_id=name_bands(scores, created_at),
        feature_set=CLASS_MAP.name,
        scaling="none",
        k=int(bands.max()) + 1,
        seed=seed,
        inertia=float(np.nansum(distances**2)),
        cluster_ids=bands,
        distances=distances,
        manifest=manifest,
        created_at=created_at,
    )
    record_clustering(study, clustering)
    return clustering
