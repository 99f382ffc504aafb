"""Jobs: long work in a process of its own, seen and stopped through the store."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from medxai_core import store
from medxai_core.errors import JobError, NotEnoughImagesError, StopRequested
from medxai_core.jobs import get_job, get_log_path, list_jobs, record_job, request_stop, running_job, start_job
from medxai_core.stages.clusters import cluster_study
from medxai_core.stages.features import extract_study_features
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study


@pytest.fixture(scope="module")
def study(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study with features."""
    options = ImportOptions(
        phantom_folder / "images", masks=phantom_folder / "masks", layout="folders", seeds=3, validation=4
    )
    made = create_study(tmp_path_factory.mktemp("studies") / "jobs", options)
    extract_study_features(made)
    return made


def wait_for_end(study: Study, job_id: str, *, seconds: float = 90) -> dict:
    """Return the job when it has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = get_job(study, job_id)
        if job["status"] not in ("queued", "running"):
            return job
        time.sleep(0.2)
    raise AssertionError(f"still at work: {job}, {get_log_path(study, job_id).read_text()}")


def test_a_job_runs_in_a_process_of_its_own_and_ends_as_done(study: Study) -> None:
    job = wait_for_end(study, start_job(study, "cluster", ["cluster", str(study.folder), "--k", "3"], title="Clusters"))
    assert job["status"] == "done", job["error"]
    assert job["pid"] != os.getpid()
    assert job["done"] == job["total"]


def test_a_job_that_fails_says_why_and_what_to_do(study: Study) -> None:
    arguments = ["cluster", str(study.folder), "--k", "900"]
    job = wait_for_end(study, start_job(study, "cluster", arguments, title="Clusters"))
    assert job["status"] == "failed"
    assert "900" in job["error"]
    with pytest.raises(NotEnoughImagesError):
        cluster_study(study, k=900)


def test_two_jobs_of_one_kind_are_refused(study: Study) -> None:
    waiting = record_job(study, "train", title="Training", parameters={})
    with pytest.raises(JobError, match="already"):
        start_job(study, "train", ["train", str(study.folder)], title="Training")
    with study.begin() as connection:
        connection.execute(update(store.jobs).where(store.jobs.c.job_id == waiting).values(status="stopped"))


def test_a_stop_reaches_the_running_stage(study: Study) -> None:
    with pytest.raises(StopRequested), running_job(study, "embed", title="Map", parameters={}) as job:
        report = job.stage("Drawing")
        report(1, 10)
        request_stop(study, job.job_id)
        report(10, 10)
    assert get_job(study, job.job_id)["status"] == "stopped"


def test_an_error_in_a_job_is_recorded_and_passed_on(study: Study) -> None:
    with pytest.raises(ZeroDivisionError), running_job(study, "embed", title="Map", parameters={}) as job:
        _ = 1 / 0
    ended = get_job(study, job.job_id)
    assert ended["status"] == "failed"
    assert "ZeroDivisionError" in ended["error"]


def test_a_job_whose_process_vanished_reads_lost(study: Study) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    job_id = record_job(study, "heatmaps", title="Maps", parameters={})
    with study.begin() as connection:
        values = {"status": "running", "pid": dead.pid, "host": __import__("socket").gethostname()}
        connection.execute(update(store.jobs).where(store.jobs.c.job_id == job_id).values(**values))
    assert get_job(study, job_id)["status"] == "lost"
    assert job_id not in {job["job_id"] for job in list_jobs(study, only_open=True)}


def test_the_time_left_follows_from_the_time_spent(study: Study) -> None:
    with running_job(study, "score", title="Scores", parameters={}) as job:
        report = job.stage("Scoring")
        with study.begin() as connection:
            started = time.time() - 10
            row = update(store.jobs).where(store.jobs.c.job_id == job.job_id)
            connection.execute(row.values(stage_started_at=started, done=25, total=100))
        assert get_job(study, job.job_id)["eta_seconds"] == pytest.approx(30, rel=0.1)
        report(100, 100)


def test_a_job_run_by_hand_is_refused_while_one_of_its_kind_is_at_work(study: Study) -> None:
    with (
        running_job(study, "evaluate-classifier", title="Scores", parameters={}),
        pytest.raises(JobError, match="already"),
        running_job(study, "evaluate-classifier", title="Scores", parameters={}),
    ):
        raise AssertionError("two jobs of one kind are at work")


def test_a_resumed_stage_counts_its_own_time_only(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_job(study, "train", title="Training", parameters={}) as job:
        report = job.stage("Training")
        now = time.time()
        for seconds, done in ((0, 51), (10, 52), (20, 53)):  # 50 steps were done before; 10 s a step
            monkeypatch.setattr("medxai_core.jobs.time.time", lambda at=now + seconds: at)
            job._written_at = 0.0
            report(done, 100)
        assert get_job(study, job.job_id)["eta_seconds"] == pytest.approx(10 * 47, rel=0.01)
        monkeypatch.undo()
        report(100, 100)
