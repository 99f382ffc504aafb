"""Facts about studies in the making: what they are at can be read from outside, their end and their errors too."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medxai_core import making
from medxai_core.errors import LayoutError, StopRequested, StudyExistsError
from medxai_core.progress import silent_stage
from medxai_core.studies.importing import ImportOptions


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keep studies in a temporary home."""
    monkeypatch.setenv("MEDXAI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write_file(home: Path, name: str, **values) -> Path:
    """Write a progress file as the starter does."""
    file = home / "making" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    base = {"name": name, "title": "t", "folder": "f", "started_at": time.time()}
    file.write_text(json.dumps(base | values))
    return file


def wait_for_end(name: str) -> making.Making:
    """Return how a making ended."""
    for _ in range(600):
        found = making.get_making(name)
        if found is None or not found.is_open:
            break
        time.sleep(0.1)
    for _, process in making._PROCESSES:
        process.wait()
    return found


def test_stages_and_steps_can_be_read_while_they_go(home):
    file = write_file(home, "s")
    with making.telling(file, silent_stage) as stage:
        stage("Reading")(3, 3)
        stage("Writing")(1, 4)
        making_file = making.get_making("s")
        assert (making_file.status, making_file.stage, making_file.finished) == ("running", "Writing", ["Reading"])
    ended = making.get_making("s")
    assert (ended.status, ended.finished) == ("done", ["Reading", "Writing"])


def test_the_time_left_is_that_of_the_steps_left():
    half = making.Making("s", "t", "f", status="running", done=5, total=10, stage_started_at=time.time() - 20)
    assert half.eta_seconds == pytest.approx(20, abs=1)


def test_an_error_is_kept_with_its_remedy(home):
    file = write_file(home, "s")
    with pytest.raises(LayoutError), making.telling(file, silent_stage):
        raise LayoutError("no pictures.", "Name another folder.")
    ended = making.get_making("s")
    assert (ended.status, ended.error, ended.remedy) == ("failed", "no pictures.", "Name another folder.")


def test_a_stop_is_obeyed_at_the_next_step(home):
    file = write_file(home, "s")
    with pytest.raises(StopRequested), making.telling(file, silent_stage) as stage:
        making.request_stop("s")
        stage("Reading")(1, 1)
    assert making.get_making("s").status == "stopped"


def test_without_a_file_the_callback_is_passed_on_as_it_is():
    with making.telling(None, silent_stage) as stage:
        assert stage is silent_stage


def test_a_process_that_vanished_reads_lost(home):
    gone = 2**22 + 1  # above the largest process number of Linux
    write_file(home, "s", status="running", pid=gone, host=os.uname().nodename, pid_started_at=time.time())
    assert making.get_making("s").status == "lost"


def test_another_process_under_the_same_number_does_not_count(home):
    write_file(home, "s", status="running", pid=os.getpid(), host=os.uname().nodename, pid_started_at=1000.0)
    assert making.get_making("s").status == "lost"


def test_what_is_at_work_cannot_be_dismissed_and_what_ended_can(home):
    file = write_file(home, "s", status="starting")
    making.dismiss("s")
    assert file.exists()
    write_file(home, "s", status="failed")
    making.dismiss("s")
    assert making.list_makings() == []


def test_a_name_in_use_is_refused(home):
    write_file(home, "s", status="starting")
    with pytest.raises(StudyExistsError, match="being made"):
        making.start_import("s", ImportOptions(Path("x")))
    with pytest.raises(LayoutError, match="name of a study"):
        making.start_import("../s", ImportOptions(Path("x")))


def test_a_demo_at_work_is_joined_not_started_again(home):
    write_file(home, "demo", status="starting", stage="Drawing frames")
    assert making.start_demo().stage == "Drawing frames"


def test_a_file_that_is_cut_short_is_no_progress(home):
    write_file(home, "s").write_text('{"name": "s", "tit')
    assert making.get_making("s") is None


def test_an_import_runs_as_a_process_and_leaves_a_study(home, tmp_path):
    pictures = tmp_path / "pictures"
    for label in ("polyp", "non_polyp"):
        (pictures / label).mkdir(parents=True)
        for i in range(6):
            noise = np.random.default_rng(i + 10 * len(label)).integers(0, 255, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(noise).save(pictures / label / f"{i}.png")
    making.start_import("tiny", ImportOptions(pictures, seeds=1, validation=2))
    ended = wait_for_end("tiny")
    assert (ended.status, ended.error) == ("done", "")
    assert ended.finished[0] == "Reading pictures"
    assert (home / "studies" / "tiny" / "study.db").is_file()
    assert stat.S_IMODE((home / "making" / "tiny.json").stat().st_mode) == 0o600
    with pytest.raises(StudyExistsError):
        making.start_import("tiny", ImportOptions(pictures))


def test_an_import_that_fails_says_why_and_leaves_nothing(home, tmp_path):
    making.start_import("tiny", ImportOptions(tmp_path / "nowhere"))
    ended = wait_for_end("tiny")
    assert ended.status == "failed"
    assert "does not exist" in ended.error
    assert ended.remedy == "Check the path."
    assert not (home / "studies" / "tiny").exists()
