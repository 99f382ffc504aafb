"""Replay, the beginning: the files of the pictures, and the features that were computed of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medxai_core.errors import MedxaiError
from medxai_core.images import compute_file_hash
from medxai_core.parallel import map_parallel
from medxai_core.progress import Stage
from medxai_core.provenance import get_versions
from medxai_core.records.clusterings import find_feature_arrays, get_feature_manifest, get_features
from medxai_core.records.pictures import count_removed_since, list_file_hashes
from medxai_core.stages.class_map_labels import score_by_class_map
from medxai_core.stages.features import compute_study_features
from medxai_core.stages.labels import get_starting_labels
from medxai_core.stages.replay.original import Original, find_damaged, number_of_threads
from medxai_core.stages.replay.steps import (
    MOST_NAMED,
    NO_ROUNDS,
    OF_CHANGED,
    SCORES_GONE,
    ReplayStep,
    compare_arrays,
    count,
    find_different_rows,
    say_cause,
)


def replay_pictures(original: Original, *, stage: Stage) -> ReplayStep:
    """Compare the SHA-256 of every picture's file with the one it had when it was imported."""
    study, recorded = original.study, list_file_hashes(original.study)
    rows = original.images.rows_by_id
    work = [(study.image_root / original.images.relative_paths[rows[image_id]],) for image_id in recorded]
    found = map_parallel(_hash_file, work, on_progress=stage("Checking the files of the pictures"))
    now = dict(zip(recorded, found, strict=True))
    gone = [image_id for image_id, digest in now.items() if digest is None]
    other = [image_id for image_id, digest in now.items() if digest not in (None, recorded[image_id])]
    removed = count_removed_since(study, original.run.created_at)
    numbers = {"n_pictures": len(recorded), "changed": other, "missing": gone, "n_removed_since": removed}
    left = f" Removed from the study after this run began: {count(removed, 'picture')}." if removed else ""
    if not gone and not other:
        return ReplayStep("pictures", "same", f"All {len(recorded)} files are those that were imported.{left}", numbers)
    parts = [f"{count(len(other), 'file', of=len(recorded))} changed since the import" if other else ""]
    parts += [f"{count(len(gone), 'file', of=len(recorded))} gone since the import" if gone else ""]
    named = (other + gone)[:MOST_NAMED]
    what = " and ".join(filter(None, parts))
    words = f"{what} (picture {', '.join(named)}). What was made of them cannot come out again."
    return ReplayStep("pictures", "differs", words + left, numbers)


def replay_features(original: Original, *, with_class_map: bool, stage: Stage) -> ReplayStep:
    """Extract the features that the run's labels stand on anew, and compare them array by array."""
    clustering = original.clustering
    if clustering is None:
        return ReplayStep("features", "not replayed", NO_ROUNDS)
    arrays = find_feature_arrays(original.study, clustering.feature_set)
    if damaged := find_damaged("features", original.study, arrays):
        return damaged
    if clustering.is_bands and (why := _say_why_no_class_map(original, with_class_map)):
        return ReplayStep("features", "not replayed", why)
    now = _score_anew(original, stage) if clustering.is_bands else _extract_anew(original, stage)
    recorded = get_features(original.study, clustering.feature_set)
    found = {name: compare_arrays(values, now[name]) for name, values in recorded.items()}
    numbers = {name: one.__dict__ for name, one in found.items()}
    n = int(np.isfinite(next(iter(recorded.values()))[:, 0]).sum())
    if all(one.is_same for one in found.values()):
        words = f"Computed anew for {count(n, 'item')}: {count(len(found), 'array')}, all the same bits."
        return ReplayStep("features", "same", words, numbers)
    manifest = get_feature_manifest(original.study, clustering.feature_set)
    now_versions = get_versions("torch", "scikit-learn", "numpy", "pillow")
    worst = max(found, key=lambda name: found[name].n_rows_different)
    rows = np.any([find_different_rows(values, now[name]) for name, values in recorded.items()], axis=0)
    is_explained = original.changed.issuperset(original.items.image_ids[rows])
    cause = OF_CHANGED if is_explained else say_cause(manifest.get("versions", {}), now_versions)
    words = (
        f"Other features for {count(int(rows.sum()), 'item', of=n)} ({worst}; greatest difference "
        f"{found[worst].greatest:.3g}). {cause}"
    )
    return ReplayStep("features", "differs", words, numbers)


def _hash_file(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where it is gone or cannot be read."""
    try:
        return compute_file_hash(path)
    except (OSError, MedxaiError):
        return None


def _extract_anew(original: Original, stage: Stage) -> dict[str, np.ndarray]:
    """Return the features of all items, computed now."""
    assert original.clustering is not None
    on_progress = stage("Extracting features")
    return compute_study_features(original.study, original.clustering.feature_set, on_progress=on_progress)[0]


def _say_why_no_class_map(original: Original, with_class_map: bool) -> str:
    """Say why the class map is not learned again; nothing when it can be."""
    assert original.clustering is not None
    if not with_class_map:
        return "The class map is a training of its own, which was left out."
    if removed := count_removed_since(original.study, original.clustering.created_at):
        return f"Removed from the study since: {count(removed, 'picture')}. It cannot be learned again as it was."
    return "" if original.has_scores_of_bands() else SCORES_GONE


def _score_anew(original: Original, stage: Stage) -> dict[str, np.ndarray]:
    """Return the scores of a class map that is learned now from the labels of then."""
    clustering = original.clustering
    assert clustering is not None
    starting = get_starting_labels(original.study, original.items, decisions=original.list_decisions_of_rounds())
    n_pictures = clustering.manifest["parameters"]["n_pictures"]
    with number_of_threads(clustering.manifest.get("n_threads", original.n_threads)):
        scores, _, _ = score_by_class_map(
            original.study, original.items, original.images, starting, n_pictures=n_pictures, seed=clustering.seed,
            stage=stage,
        )  # fmt: skip
    return {name: scores[:, None] for name in find_feature_arrays(original.study, clustering.feature_set)}
