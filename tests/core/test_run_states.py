"""What a training run is doing is read from its record and its job."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from small_studies import make_small_study, record_small_run
from sqlalchemy import update

from medxai_core import store
from medxai_core.errors import RunNotFoundError, StopRequested
from medxai_core.jobs import get_log_path, record_job, request_stop, running_job
from medxai_core.records.runs import update_run
from medxai_core.stages.runs import find_resumable
from medxai_core.study import Study
from medxai_core.views.run_states import estimate_seconds_left, list_run_states, read_log_tail
from medxai_core.views.training_cost import estimate_study_training, find_recorded_speed, make_config


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path) -> Study:
    return make_small_study(tmp_path / "small", phantom_folder)


def test_without_training_there_is_nothing(study: Study) -> None:
    assert list_run_states(study) == []


def test_a_run_at_work_tells_how_far_it_is_and_can_be_stopped(study: Study) -> None:
    run = record_small_run(study, n_epochs=1, status="training", epochs=4)
    with pytest.raises(StopRequested), running_job(study, "train", title="t", parameters={}) as job:
        job.set_run(run.run_id)
        report = job.stage("Training")
        time.sleep(0.6)
        report(2, 8)
        [state] = list_run_states(study)
        assert (state.state, state.is_open, state.can_resume) == ("running", True, False)
        assert estimate_seconds_left(state) == pytest.approx(30.0)  # 10 s a pass, 3 of 4 passes left
        request_stop(study, job.job_id)
        assert list_run_states(study)[0].state == "stopping"
        job.check_stop()
    update_run(study, run.run_id, status="stopped")
    [state] = list_run_states(study)
    assert (state.state, state.can_resume) == ("stopped", True)


def test_a_run_whose_process_is_gone_is_lost_and_can_go_on(study: Study) -> None:
    run = record_small_run(study, n_epochs=1, status="training")
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    job_id = record_job(study, "train", title="t", parameters={})
    values = {"status": "running", "pid": dead.pid, "host": os.uname().nodename, "run_id": run.run_id}
    with study.begin() as connection:
        connection.execute(update(store.jobs).where(store.jobs.c.job_id == job_id).values(**values))
    [state] = list_run_states(study)
    assert (state.state, state.can_resume) == ("lost", True)


def test_a_run_without_a_finished_epoch_cannot_go_on(study: Study) -> None:
    record_small_run(study, n_epochs=0, status="stopped")
    assert not list_run_states(study)[0].can_resume


@pytest.mark.parametrize("status", ["stopped", "failed"])
def test_a_segmenter_can_go_on_from_its_beginning_but_not_when_it_is_finished(study: Study, status: str) -> None:
    run = record_small_run(study, "recommended-a", n_epochs=0, status=status, epochs=4, network="lite1-fpn")
    assert list_run_states(study)[0].can_resume and find_resumable(study, run.run_id).run_id == run.run_id
    update_run(study, run.run_id, status="done")
    assert not list_run_states(study)[0].can_resume
    with pytest.raises(RunNotFoundError, match="it is finished"):
        find_resumable(study, run.run_id)


def test_a_training_that_failed_before_it_began_is_listed_with_its_reason(study: Study) -> None:
    with (
        pytest.raises(ValueError, match="nothing to learn from"),
        running_job(study, "train", title="t", parameters={}),
    ):
        raise ValueError("nothing to learn from")
    [state] = list_run_states(study)
    assert (state.run, state.state) == (None, "failed")
    assert state.job is not None and "nothing to learn from" in state.job["error"]
    get_log_path(study, state.job["job_id"]).write_text("\n".join(map(str, range(100))))
    assert read_log_tail(study, state.job["job_id"], n_lines=2) == "98\n99"


def test_the_cost_follows_from_an_earlier_run_of_the_same_kind(study: Study) -> None:
    config = make_config("quick", epochs=3)
    assert find_recorded_speed(study, config) is None
    record_small_run(study, config=asdict(make_config("quick")))
    speed = find_recorded_speed(study, config)
    assert speed is not None and speed.seconds_per_epoch == 10.0
    cost = estimate_study_training(config, n_items=32, n_validation=8, seconds_per_batch=speed.seconds_per_batch)
    assert cost.seconds == pytest.approx(30.0)  # as many pictures as in that run, 10 s a pass, 3 passes
    assert find_recorded_speed(study, make_config("paper")) is None
