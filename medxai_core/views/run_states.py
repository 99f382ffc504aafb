"""What a training run is doing now: its record and its job read together."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medxai_core.config import SEGMENTER
from medxai_core.jobs import OPEN_STATUSES, get_log_path, list_jobs
from medxai_core.records.result_digests import CLASS_MAP_FILE
from medxai_core.records.runs import RecordedRun, list_epochs, list_runs
from medxai_core.study import Study

State = Literal["starting", "running", "stopping", "done", "stopped", "failed", "lost"]


@dataclass(frozen=True)
class RunState:
    """Hold one training run with what became of it.

    Attributes
    ----------
    run : RecordedRun or None
        None while the job has not yet said which run it works on.
    state : str
        "lost": the process ended without a word, as when the computer was switched off.
    job : dict or None
        The newest job of this run, as `jobs.list_jobs` returns it; None for runs from elsewhere.
    epochs : list of dict
        The finished epochs, in order.
    has_class_map : bool
        A segmenter has learned what its labels say of a place, which takes minutes; that is kept.
    """

    run: RecordedRun | None
    state: State
    job: dict[str, Any] | None
    epochs: list[dict[str, Any]]
    has_class_map: bool = False

    @property
    def is_open(self) -> bool:
        """True while a process works on it."""
        return self.state in ("starting", "running", "stopping")

    @property
    def can_resume(self) -> bool:
        """True when it can go on: a segmenter always, if need be from its beginning; others from a finished epoch."""
        if self.run is None or self.state not in ("stopped", "failed", "lost"):
            return False
        return bool(self.epochs) or self.run.network == SEGMENTER

    @property
    def best(self) -> dict[str, Any] | None:
        """The epoch whose weights are kept; None before the first."""
        return next((epoch for epoch in reversed(self.epochs) if epoch["is_best"]), None)


def list_run_states(study: Study) -> list[RunState]:
    """Return all runs, newest first; before them a training that has only been asked for.

    A training that ended before it became a run (nothing to learn from, say) is listed while it is the
    newest of all, so that its reason can be read.
    """
    jobs = list_jobs(study)
    runs = [find_run_state(study, run, jobs) for run in list_runs(study)]
    newest = next((job for job in jobs if job["kind"] == "train"), None)
    if newest is not None and newest["run_id"] is None and _is_newest(newest, runs):
        runs.insert(0, RunState(None, _name_state(newest, None), newest, []))
    return runs


def find_run_state(study: Study, run: RecordedRun, jobs: Sequence[dict[str, Any]] | None = None) -> RunState:
    """Return one run with its newest job.

    Parameters
    ----------
    jobs : sequence of dict, optional
        Of the study, newest first, when they are at hand.
    """
    jobs = list_jobs(study) if jobs is None else jobs
    working_for = [*(one for one in jobs if one["run_id"] == run.run_id), *_find_resuming(run, jobs)]
    job = max(working_for, key=lambda one: one["created_at"], default=None)
    has_class_map = (study.run_folder(run.run_id) / CLASS_MAP_FILE).is_file()
    return RunState(run, _name_state(job, run), job, list_epochs(study, run.run_id), has_class_map)


def read_log_tail(study: Study, job_id: str, *, n_lines: int = 30) -> str:
    """Return the last lines that a job's process printed; empty without a log."""
    path = get_log_path(study, job_id)
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-n_lines:])


def _find_resuming(run: RecordedRun, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return jobs that were asked to go on with a run and have not come so far as to say so."""
    return [job for job in jobs if job["run_id"] is None and run.run_id in (job["parameters"].get("arguments") or ())]


def _name_state(job: dict[str, Any] | None, run: RecordedRun | None) -> State:
    """Return what a run is doing, from its own status and that of its newest job."""
    if run is not None and run.status == "done":
        return "done"
    if job is not None and job["status"] in OPEN_STATUSES:
        if job["stop_requested"]:
            return "stopping"
        is_student = run is not None and run.network == SEGMENTER
        is_reading = str(job["stage"] or "").startswith(("Reading", "Drawing"))
        return "running" if job["stage"] == "Training" or (is_student and not is_reading) else "starting"
    if run is None:
        return job["status"] if job is not None and job["status"] in ("stopped", "failed", "lost") else "failed"
    if run.status == "training":
        return "lost"
    return "stopped" if run.status == "stopped" else "failed"


def _is_newest(job: dict[str, Any], runs: list[RunState]) -> bool:
    """Say whether a job without a run was asked for after all runs, and is not going on with one of them."""
    arguments = job["parameters"].get("arguments") or ()
    if any(one.run is not None and one.run.run_id in arguments for one in runs):
        return False
    return all(one.run is None or one.run.created_at < job["created_at"] for one in runs)


def estimate_seconds_left(state: RunState) -> float | None:
    """Return how long an open run will still take, from the time of its finished epochs; None when unknown.

    A run that goes on after a stop counts the steps of its earlier epochs as done but not their time, so
    the speed of the job alone would promise too much.
    """
    job = state.job
    if not state.is_open or job is None or not job["total"] or state.run is None or job["stage"] != "Training":
        return None
    if not state.epochs:
        return job["eta_seconds"]
    per_epoch = statistics.median(epoch["seconds"] for epoch in state.epochs)
    return per_epoch * state.run.epochs * (1 - job["done"] / job["total"])
