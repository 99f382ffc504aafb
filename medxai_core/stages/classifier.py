"""Stage 5, second half: score the classifier on items that it did not learn from."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np

from medxai_core.checkpoints import load_checkpoint
from medxai_core.datasets import cache_inputs, delete_cache, encode_labels, iterate_inputs, list_readable_rows
from medxai_core.evaluation.classifier import score_classifier
from medxai_core.json_values import to_plain
from medxai_core.models import PolypClassifier, Preprocessing
from medxai_core.progress import OnProgress, Stage, silent_stage
from medxai_core.records.pictures import list_images, list_items
from medxai_core.records.runs import get_run, record_classifier_scores
from medxai_core.stages.runs import BEST
from medxai_core.stages.training_sets import find_validation_items, list_inputs
from medxai_core.study import Study
from medxai_core.training import predict


def evaluate_study_classifier(
    study: Study, run_id: str | None = None, *, stage: Stage = silent_stage
) -> dict[str, dict[str, Any]]:
    """Score the classifier on the labelled validation items and on the test items, and record it.

    Returns
    -------
    dict
        By split: the scores with intervals, n by class, and what the split was used for.

    Notes
    -----
    The best epoch was chosen on the validation items, so their scores flatter; test items took no part.
    """
    run = get_run(study, run_id)
    items, images = list_items(study), list_images(study)
    model, manifest = load_checkpoint(study.run_folder(run.run_id) / BEST)
    found: dict[str, dict[str, Any]] = {}
    test = items.positions_in("test")
    labelled = np.array([label is not None for label in items.reference_labels[test]], bool)
    for split, positions in (("validation", find_validation_items(items)), ("test", test[labelled])):
        if not len(positions):
            continue
        probabilities = np.full(len(items), np.nan)
        inputs = list_inputs(study, images, items, positions)
        readable, values = _predict_items(
            study, model, manifest.preprocessing, inputs, on_progress=stage(f"Classifying {split} items")
        )
        probabilities[positions[readable]] = values
        y_true = encode_labels(items.reference_labels[positions[readable]])
        groups = images.groups[items.image_positions[positions[readable]]].astype(str)
        scores = to_plain(score_classifier(y_true, values, groups=groups))
        record_classifier_scores(study, run.run_id, split, scores=scores, probabilities=probabilities)
        found[split] = scores
    return found


def _predict_items(
    study: Study,
    model: PolypClassifier,
    preprocessing: Preprocessing,
    inputs: list,
    *,
    on_progress: OnProgress,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that could be read, and their probability of polyp."""
    cache = study.folder / "runs" / f"inputs-{uuid.uuid4().hex[:8]}.npy"
    try:
        cached, failures = cache_inputs(inputs, preprocessing, cache, n_jobs=-1, on_progress=on_progress)
        rows = list_readable_rows(inputs, failures)
        return rows, predict(model, iterate_inputs(cached, rows, preprocessing))
    finally:
        delete_cache(cache)
