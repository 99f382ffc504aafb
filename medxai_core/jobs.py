"""Long work as a process of its own: start, progress, heartbeat, stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from medxai_core import store
from medxai_core.errors import JobError, MedxaiError, StopRequested
from medxai_core.progress import OnProgress
from medxai_core.provenance import now_text
from medxai_core.study import Study

HEARTBEAT_SECONDS = 3.0
LOST_AFTER_SECONDS = 30.0
REPORT_EVERY_SECONDS = 0.5
OPEN_STATUSES = ("queued", "running")

_children: list[subprocess.Popen[bytes]] = []
"""Processes started here, kept until they have ended and were waited for (no zombies)."""


@dataclass
class Job:
    """Hold a job in progress: the one place where its state is written.

    Attributes
    ----------
    study : Study
    job_id : str
    """

    study: Study
    job_id: str
    _written_at: float = field(default=0.0, repr=False)

    def stage(self, title: str) -> OnProgress:
        """Begin a named stage and return its progress callback, which raises `StopRequested` on request."""
        self._write(stage=title, done=0, total=0, stage_started_at=time.time())
        pace = _Pace()

        def report(done: int, total: int) -> None:
            start = pace.tell_start(done)
            if done >= total or time.monotonic() - self._written_at >= REPORT_EVERY_SECONDS:
                self._write(done=done, total=total, **start)
                self.check_stop()

        return report

    def check_stop(self) -> None:
        """Raise `StopRequested` when the user asked this job to stop."""
        if _get_row(self.study, self.job_id)["stop_requested"]:
            raise StopRequested(self.job_id)

    def set_run(self, run_id: str) -> None:
        """Say which training run this job works on."""
        self._write(run_id=run_id)

    def _write(self, **values: Any) -> None:
        """Write some fields of the job's row, and the heartbeat."""
        self._written_at = time.monotonic()
        with self.study.begin() as connection:
            connection.execute(
                update(store.jobs).where(store.jobs.c.job_id == self.job_id).values(heartbeat_at=time.time(), **values)
            )


class _Pace:
    """Hold at which step a stage began to report, and when: a resumed one begins in the middle."""

    def __init__(self) -> None:
        self.first: tuple[int, float] | None = None

    def tell_start(self, done: int) -> dict[str, float | None]:
        """Return when a stage would have begun at the speed of the steps done here; nothing when that is known.

        What an earlier process did counts as done, but took none of the time of this one: counted with it, the
        time left would be far too short.
        """
        self.first = self.first or (done, time.time())
        first_done, began_at = self.first
        if first_done <= 1:
            return {}
        if done == first_done:
            return {"stage_started_at": None}
        return {"stage_started_at": time.time() - (time.time() - began_at) / (done - first_done) * done}


def record_job(study: Study, kind: str, *, title: str, parameters: dict[str, Any]) -> str:
    """Record a job that waits for its process, and return its id."""
    job_id = f"{kind}-{uuid.uuid4().hex[:8]}"
    row = {
        "job_id": job_id,
        "kind": kind,
        "title": title,
        "parameters": parameters,
        "status": "queued",
        "stage": "starting",
        "done": 0,
        "total": 0,
        "stop_requested": False,
        "heartbeat_at": time.time(),
        "created_at": now_text(),
    }
    with study.begin() as connection:
        connection.execute(store.jobs.insert(), row)
    return job_id


@contextmanager
def running_job(
    study: Study, kind: str, *, title: str, parameters: dict[str, Any], job_id: str | None = None
) -> Iterator[Job]:
    """Run the body as a job: its state, heartbeat, end and error are in the store.

    Parameters
    ----------
    job_id : str, optional
        A job that was queued by `start_job`; None records a new one.

    Raises
    ------
    JobError
        A job of this kind is already at work in this study.

    Notes
    -----
    `StopRequested` inside ends the job as "stopped" and is passed on, as is every error.
    """
    if job_id is None:
        _check_not_busy(study, kind)
        job_id = record_job(study, kind, title=title, parameters=parameters)
    job = Job(study, job_id)
    job._write(status="running", pid=os.getpid(), host=socket.gethostname(), started_at=time.time())
    finished = threading.Event()
    heart = threading.Thread(target=_beat, args=(job, finished), daemon=True)
    heart.start()
    status = "failed"
    error: str | None = "the process was interrupted"
    try:
        yield job
        status, error = "done", None
    except StopRequested:
        status, error = "stopped", None
        raise
    except KeyboardInterrupt:
        status, error = "stopped", None
        raise
    except MedxaiError as problem:
        error = str(problem)
        raise
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
        raise
    finally:
        finished.set()
        heart.join()
        job._write(status=status, error=error, ended_at=time.time())


def _beat(job: Job, finished: threading.Event) -> None:
    """Write the heartbeat until the job has finished."""
    while not finished.wait(HEARTBEAT_SECONDS):
        with job.study.begin() as connection:
            connection.execute(
                update(store.jobs).where(store.jobs.c.job_id == job.job_id).values(heartbeat_at=time.time())
            )


def start_job(study: Study, kind: str, arguments: Sequence[str], *, title: str) -> str:
    """Start a command of ``python -m medxai_core`` as a process of its own.

    Parameters
    ----------
    arguments : sequence of str
        The command line after ``python -m medxai_core``; ``--job ID`` is added.

    Returns
    -------
    str
        The job's id.

    Raises
    ------
    JobError
        A job of this kind is already at work in this study, or the process cannot be started.
    """
    _check_not_busy(study, kind)
    job_id = record_job(study, kind, title=title, parameters={"arguments": list(arguments)})
    log = get_log_path(study, job_id)
    command = [sys.executable, "-m", "medxai_core", *arguments, "--job", job_id]
    detached: dict[str, Any] = {"creationflags": 0x00000208} if os.name == "nt" else {"start_new_session": True}
    package_root = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
    }
    with store.translate_errors(f"study {study.name!r}"), open(log, "wb") as output:
        _children.append(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                **detached,
            )
        )
    return job_id


def _check_not_busy(study: Study, kind: str) -> None:
    """Raise when a job of this kind is at work in the study."""
    busy = [job for job in list_jobs(study, only_open=True) if job["kind"] == kind]
    if busy:
        raise JobError(
            f"a {kind} job is already at work in study {study.name!r} ({busy[0]['job_id']}).",
            "Wait for it or stop it first.",
        )


def get_log_path(study: Study, job_id: str) -> Path:
    """Return where a started job writes what it prints."""
    return study.folder / "runs" / f"{job_id}.log"


def request_stop(study: Study, job_id: str) -> None:
    """Ask a job to stop at its next safe point; it answers within seconds."""
    with study.begin() as connection:
        connection.execute(update(store.jobs).where(store.jobs.c.job_id == job_id).values(stop_requested=True))


def list_jobs(study: Study, *, only_open: bool = False) -> list[dict[str, Any]]:
    """Return the jobs, newest first; a job whose process has vanished reads "lost".

    Returns
    -------
    list of dict
        The recorded fields, and ``eta_seconds`` (float or None).
    """
    _children[:] = [child for child in _children if child.poll() is None]
    rows = study.read(select(store.jobs).order_by(store.jobs.c.created_at.desc()))
    jobs = [_with_state(dict(row._mapping)) for row in rows]
    return [job for job in jobs if job["status"] in OPEN_STATUSES] if only_open else jobs


def get_job(study: Study, job_id: str) -> dict[str, Any]:
    """Return one job as `list_jobs` does.

    Raises
    ------
    JobError
        There is no such job.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    return _with_state(_get_row(study, job_id))


def _get_row(study: Study, job_id: str) -> dict[str, Any]:
    """Return the recorded fields of one job."""
    rows = study.read(select(store.jobs).where(store.jobs.c.job_id == job_id))
    if not rows:
        raise JobError(f"no job {job_id!r} in study {study.name!r}.", "List the jobs on the Training page.")
    return dict(rows[0]._mapping)


def _with_state(job: dict[str, Any]) -> dict[str, Any]:
    """Add the time left, and say so when the process has vanished."""
    job["eta_seconds"] = None
    if job["status"] in OPEN_STATUSES:
        silent = time.time() - (job["heartbeat_at"] or 0)
        if silent > LOST_AFTER_SECONDS or not _is_alive(job):
            job["status"] = "lost"
            job["error"] = "the process ended without a word (machine restarted, or out of memory)"
        elif job["done"] and job["stage_started_at"]:
            spent = time.time() - job["stage_started_at"]
            job["eta_seconds"] = spent / job["done"] * (job["total"] - job["done"])
    return job


def _is_alive(job: dict[str, Any]) -> bool:
    """Return False only when the job ran on this machine and its process is gone."""
    if job["pid"] is None or job["host"] != socket.gethostname():
        return True
    import psutil

    try:
        return psutil.Process(job["pid"]).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
