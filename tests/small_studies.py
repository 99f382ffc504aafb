"""A small study of drawn frames, cut in tiles, with features of a known shape: quick to make, for many tests."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medxai_core.config import SEGMENTER
from medxai_core.features.registry import get_feature_set
from medxai_core.records.clusterings import record_features
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import Items, list_items
from medxai_core.records.runs import RecordedRun, record_epoch, record_run, update_run
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.students.curriculum import Curriculum
from medxai_core.students.tile_probe import View
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study
from medxai_core.training import PRESETS

N_GROUPS = 6


def make_small_study(folder: Path, drawn: Path, *, seeds: int = 6, tuning_share: float = 0.1) -> Study:
    """Import 24 drawn frames as 2x2 tiles; `drawn` holds images/, masks/ and labels.csv."""
    options = ImportOptions(
        images=drawn / "images",
        masks=drawn / "masks",
        labels=drawn / "labels.csv",
        group_column="group",
        layout="folders",
        tiles=(2, 2),
        seeds=seeds,
        validation=4,
        tuning_share=tuning_share,
        test_share=0.2,
    )
    return create_study(folder, options)


def train_on_small_pictures(patch: pytest.MonkeyPatch) -> None:
    """Let the preset `quick` see pictures of 96 x 96: what is recorded of a training does not hang on their size."""
    quick = replace(PRESETS["quick"], input_size=96)
    patch.setattr("medxai_core.stages.training.PRESETS", dict(PRESETS) | {"quick": quick})


def learn_for_a_moment(patch: pytest.MonkeyPatch) -> None:
    """Learn from tiles for a moment and in one view, a small one, and get used to real pictures by two looks."""
    patch.setattr("medxai_core.students.class_map.VIEWS", (View(128),))
    patch.setattr("medxai_core.students.tile_probe._STEPS", 20)
    patch.setattr("medxai_core.students.curriculum._LOOKS", 2)


def record_plain_features(study: Study, *, seed: int = 0) -> np.ndarray:
    """Record features in which item i lies in group i % 6, far from the others; return the groups."""
    rng = np.random.default_rng(seed)
    n_items = len(list_items(study))
    groups = np.arange(n_items) % N_GROUPS
    descriptors = {
        one.name: 100.0 * groups[:, None] + rng.normal(size=(n_items, one.n_features))
        for one in get_feature_set("lire").descriptors
    }
    record_features(study, "lire", descriptors, manifest={"made": "for a test"})
    return groups


def propose(study: Study) -> None:
    """Cluster and run the rounds: pure groups propose their label."""
    pseudo_label_study(study, k=12, target=1000)


def record_small_run(
    study: Study,
    run_id: str = "quick-lite1-abc123",
    *,
    n_epochs: int = 2,
    status: str = "done",
    epochs: int = 2,
    config: dict[str, Any] | None = None,
    network: str = "lite1",
) -> RecordedRun:
    """Record a run with made-up figures, as a training would."""
    is_segmenter = network == SEGMENTER
    plain = {"network": "lite1", "weights": "pretrained", "batch_size": 16, "learning_rate": 0.001}
    plain |= {"frozen_blocks": 12, "input_size": 224, "augmentation": "flips", "seed": 0, "epochs": epochs}
    config = config or (asdict(Curriculum()) if is_segmenter else plain)
    labelling = find_labelling(study)
    counts = {source: {"non_polyp": 6, "polyp": 6} for source in ("reference", "review", "cluster")}
    run = RecordedRun(
        run_id=run_id,
        preset="recommended" if is_segmenter else "quick",
        network=network,
        n_blocks=22 if is_segmenter else 21,
        labelling_id=labelling.labelling_id if labelling else None,
        labels="all",
        status="training",
        epochs=epochs,
        best_epoch=n_epochs or None,
        manifest={"config": config, "item_positions": list(range(32)), "labels": [0, 1] * 16,
                  "label_counts": counts, "n_validation": 8, "versions": {}, "n_threads": 1},
        created_at=f"2030-01-01T00:00:0{len(run_id) % 10}+00:00",
    )  # fmt: skip
    record_run(study, run)
    for number in range(1, n_epochs + 1):
        figures = {"epoch": number, "train_loss": 0.6 / number, "train_accuracy": 0.7, "validation_loss": 0.6,
                   "validation_accuracy": 0.5 + 0.125 * number, "validation_balanced_accuracy": 0.5 + 0.1 * number,
                   "seconds": 10.0, "is_best": True}  # fmt: skip
        record_epoch(study, run_id, figures)
    update_run(study, run_id, status=status)
    return run


def list_open_truth(items: Items) -> np.ndarray:
    """Return the positions of training items whose reference label is hidden from the rounds."""
    return np.flatnonzero((items.splits == "train") & ~items.is_seed)
