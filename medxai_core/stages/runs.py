"""The course of a training run: it begins, is at work, and ends as done, stopped or failed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from medxai_core.config import SEGMENTER, SHUFFLED
from medxai_core.datasets import delete_cache
from medxai_core.errors import MedxaiError, RunNotFoundError, StopRequested
from medxai_core.jobs import Job
from medxai_core.memory import keep_freed_memory
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import Items
from medxai_core.records.result_digests import WEIGHTS_FILE
from medxai_core.records.runs import RecordedRun, list_runs, record_run, update_run
from medxai_core.stages.training_sets import INPUTS, choose_training_items, find_validation_items
from medxai_core.study import Study

LAST, BEST = "last.safetensors", WEIGHTS_FILE


def begin_run(
    study: Study,
    items: Items,
    *,
    preset: str,
    network: str,
    n_blocks: int,
    labels: str,
    epochs: int,
    config: dict[str, Any],
    shuffle_seed: int | None = None,
) -> RecordedRun:
    """Record a new run with all that decides its outcome, and make its folder.

    Parameters
    ----------
    network, n_blocks : str, int
        What is trained, and how many layers a map can be made of.
    labels : {"all", "reviewed"}
    epochs : int
        Passes, or rounds.
    config : dict
        Settings as plain values.
    shuffle_seed : int, optional
        Give the labels out in random order; the run is marked as a control.
    """
    chosen = choose_training_items(study, items, labels=labels)
    labelling = find_labelling(study)
    run_id = f"{preset}-{network}-{uuid.uuid4().hex[:6]}"
    study.run_folder(run_id).mkdir(parents=True, mode=0o700)
    given = chosen.labels if shuffle_seed is None else np.random.default_rng(shuffle_seed).permutation(chosen.labels)
    manifest = {
        "config": config,
        "item_positions": chosen.positions.tolist(),
        "labels": given.tolist(),
        "label_counts": chosen.counts,
        "n_validation": len(find_validation_items(items)),
        "versions": describe_software(),
        "n_threads": torch.get_num_threads(),
    }
    run = RecordedRun(
        run_id=run_id,
        preset=preset,
        network=network,
        n_blocks=n_blocks,
        labelling_id=labelling.labelling_id if labelling else None,
        labels=labels if shuffle_seed is None else SHUFFLED,
        status="training",
        epochs=epochs,
        best_epoch=None,
        manifest=manifest,
        created_at=now_text(),
    )
    record_run(study, run)
    return run


def describe_software() -> dict[str, Any]:
    """Return what the bits of a training and its maps depend on, besides the pictures, the settings and the threads."""
    versions = get_versions("torch", "numpy", "pillow")
    return versions | {"cpu_instructions": torch.backends.cpu.get_cpu_capability()}


def find_resumable(study: Study, run_id: str) -> RecordedRun:
    """Return a run that can go on, or raise.

    A segmenter always can until it is finished: where nothing is kept yet it begins again with its own labels and
    seed. A classifier needs a finished epoch.
    """
    found = [run for run in list_runs(study) if run.run_id == run_id]
    if not found or not _can_go_on(study, found[0]):
        state = "is finished" if found and found[0].status == "done" else "has no finished epoch"
        raise RunNotFoundError(
            f"run {run_id!r} cannot go on: it {state if found else 'does not exist'}.",
            "Start a new training.",
        )
    return found[0]


def _can_go_on(study: Study, run: RecordedRun) -> bool:
    """Say whether a run can go on where it stopped, or from its beginning."""
    is_kept = run.network == SEGMENTER or (study.run_folder(run.run_id) / LAST).is_file()
    return run.status != "done" and is_kept


@contextmanager
def run_at_work(study: Study, run: RecordedRun, job: Job | None = None) -> Iterator[None]:
    """Record that a run is at work, and how it ends; its decoded pictures go when it is done."""
    if job is not None:
        job.set_run(run.run_id)
    update_run(study, run.run_id, status="training")
    keep_freed_memory()
    try:
        yield
    except StopRequested as stop:
        update_run(study, run.run_id, status="stopped")
        if _can_go_on(study, run):
            stop.remedy = f"Go on with `train {study.name} --resume {run.run_id}`."
        raise
    except (MedxaiError, KeyboardInterrupt, OSError, RuntimeError, ValueError):
        update_run(study, run.run_id, status="failed")
        raise
    update_run(study, run.run_id, status="done")
    # pixels of patients, and can be made again
    delete_cache(study.run_folder(run.run_id) / INPUTS)
