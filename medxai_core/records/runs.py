"""Training runs of a study: what was trained, epoch by epoch, and how the classifier scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import insert, select, update

from medxai_core import store
from medxai_core.config import SEGMENTER, SHUFFLED, SPLITS
from medxai_core.errors import RunNotFoundError
from medxai_core.events import record_event
from medxai_core.provenance import now_text
from medxai_core.records.result_digests import digest_results, list_classifier_subjects, list_run_subjects
from medxai_core.study import Study

RUN_STATUSES = ("training", "done", "stopped", "failed")


@dataclass(frozen=True)
class RecordedRun:
    """Hold one training run.

    Attributes
    ----------
    n_blocks : int
        Layers that a map can be made of: blocks, and a segmentation head at the end when there is one.
    labels : {"all", "reviewed", "shuffled"}
        Which labels it learned from; shuffled: a control.
    status : str
        One of `RUN_STATUSES`.
    epochs : int
        Epochs asked for.
    best_epoch : int or None
        Epoch whose weights are kept, counted from 1.
    manifest : dict
        Training configuration, numbers of labels by source and class, versions.
    """

    run_id: str
    preset: str
    network: str
    n_blocks: int
    labelling_id: str | None
    labels: str
    status: str
    epochs: int
    best_epoch: int | None
    manifest: dict[str, Any]
    created_at: str

    @property
    def mask_head(self) -> int | None:
        """Layer of the segmentation head; None for a classifier."""
        return self.n_blocks - 1 if self.network == SEGMENTER else None

    @property
    def rounds(self) -> tuple[int, int] | None:
        """Rounds on real pictures that a segmenter has learned, and that are planned; None for a classifier.

        Its first epoch is what drawn frames taught.
        """
        return None if self.network != SEGMENTER else (max((self.best_epoch or 0) - 1, 0), self.epochs - 1)


def record_run(study: Study, run: RecordedRun) -> None:
    """Record a run that begins."""
    with study.begin() as connection:
        connection.execute(insert(store.runs), run.__dict__)
        details = {"run_id": run.run_id, "preset": run.preset, "labels": run.labels}
        record_event(connection, "train", details)


def update_run(study: Study, run_id: str, *, status: str | None = None, best_epoch: int | None = None) -> None:
    """Change what changes during a run: its status, its best epoch.

    A new best epoch makes the maps and classifier scores of the one before worthless: they are dropped.

    Notes
    -----
    The end of a training is an event with the digests of its weights and figures. When it goes on, an event says
    that those of before do not hold any more.
    """
    values = {"status": status, "best_epoch": best_epoch}
    values = {name: value for name, value in values.items() if value is not None}
    with study.begin() as connection:
        is_run = store.runs.c.run_id == run_id
        before = connection.execute(select(store.runs.c.status).where(is_run)).scalar()
        connection.execute(update(store.runs).where(is_run).values(**values))
        if best_epoch is not None:
            for table in (store.heatmaps, store.classifier_scores):
                connection.execute(table.delete().where(table.c.run_id == run_id))
        if status in ("done", "stopped", "failed"):
            digests = digest_results(connection, study.folder, list_run_subjects(run_id))
            record_event(connection, f"train-{status}", {"run_id": run_id, "digests": digests})
        elif status == "training" and before in ("stopped", "failed"):
            void = dict.fromkeys(list_run_subjects(run_id))
            for split in SPLITS:
                void |= dict.fromkeys(list_classifier_subjects(run_id, split))
            record_event(connection, "train-resumed", {"run_id": run_id, "digests": void})


def list_runs(study: Study) -> list[RecordedRun]:
    """Return all runs, newest first."""
    rows = study.read(select(store.runs).order_by(store.runs.c.created_at.desc()))
    return [RecordedRun(**row._mapping) for row in rows]


def list_trained_runs(study: Study) -> list[RecordedRun]:
    """Return the runs that have a trained epoch: finished ones first, controls last, the newest first among equals."""
    trained = [run for run in list_runs(study) if run.best_epoch is not None]
    return sorted(trained, key=lambda run: (run.labels == SHUFFLED, run.status != "done"))


def get_run(study: Study, run_id: str | None = None) -> RecordedRun:
    """Return one run, by default the newest finished one, or without any the newest that has a trained epoch.

    Raises
    ------
    RunNotFoundError
        No such run.
    """
    runs = list_runs(study)
    chosen = list_trained_runs(study) if run_id is None else [run for run in runs if run.run_id == run_id]
    if chosen:
        return chosen[0]
    if not runs:
        message = f"study {study.name!r} has no trained classifier yet."
        raise RunNotFoundError(message, f"Run `train {study.name}` first.")
    known = ", ".join(run.run_id for run in runs)
    what = "no run has a finished epoch" if run_id is None else f"no run {run_id!r}"
    raise RunNotFoundError(f"study {study.name!r}: {what} (runs: {known}).", "Name a trained run, or train one.")


def record_epoch(study: Study, run_id: str, epoch: dict[str, Any]) -> None:
    """Record the figures of one epoch; a resumed run writes over an epoch it repeats."""
    with study.begin() as connection:
        connection.execute(insert(store.epochs).prefix_with("OR REPLACE"), {"run_id": run_id} | epoch)


def list_epochs(study: Study, run_id: str) -> list[dict[str, Any]]:
    """Return the epochs of a run in order."""
    c = store.epochs.c
    rows = study.read(select(store.epochs).where(c.run_id == run_id).order_by(c.epoch))
    return [dict(row._mapping) for row in rows]


def record_classifier_scores(
    study: Study, run_id: str, split: str, *, scores: dict[str, Any], probabilities: np.ndarray
) -> None:
    """Record the classifier's scores on one split.

    Parameters
    ----------
    probabilities : (n_items,) float64
        Probability of polyp by item; NaN outside the split.
    """
    with study.begin() as connection:
        manifest = {"run_id": run_id, "split": split}
        array_id = study.save_array(connection, probabilities, rows="items", manifest=manifest)
        row = manifest | {"scores": scores, "scores_array": array_id, "created_at": now_text()}
        connection.execute(insert(store.classifier_scores).prefix_with("OR REPLACE"), row)
        digests = digest_results(connection, study.folder, list_classifier_subjects(run_id, split))
        record_event(connection, "evaluate-classifier", manifest | {"digests": digests})


def get_classifier_scores(study: Study, run_id: str) -> dict[str, dict[str, Any]]:
    """Return the classifier's scores by split."""
    c = store.classifier_scores.c
    rows = study.read(select(c.split, c.scores).where(c.run_id == run_id))
    return {row.split: row.scores for row in rows}


def get_probabilities(study: Study, run_id: str) -> np.ndarray | None:
    """Return the probability of polyp by item, (n_items,) float64, NaN where unknown; None if never computed."""
    c = store.classifier_scores.c
    rows = study.read(select(c.scores_array).where(c.run_id == run_id))
    if not rows:
        return None
    merged = np.array(study.load_array(rows[0][0]))
    for (array_id,) in rows[1:]:
        values = study.load_array(array_id)
        merged = np.where(np.isnan(merged), values, merged)
    return merged
