"""Facts about how far a training of the recommended mode is as a whole."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from small_studies import make_small_study, record_small_run

from medxai_core.records.pictures import list_images, list_items
from medxai_core.records.runs import RecordedRun
from medxai_core.students.curriculum import Curriculum
from medxai_core.study import Study
from medxai_core.views.training_course import (
    Amounts,
    CourseProgress,
    count_amounts,
    estimate_course_seconds,
    list_parts,
    measure_course_progress,
)

AMOUNTS = Amounts(n_pictures=600, n_labelled=300, n_items=500)


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path) -> Study:
    return make_small_study(tmp_path / "small", phantom_folder)


@pytest.fixture
def run(study: Study) -> RecordedRun:
    """Return a run of the recommended recipe."""
    return record_small_run(study, network="lite1-fpn", epochs=4, n_epochs=0, status="training")


def job_at(title: str, done: int, total: int, *, spent: float = 0.0, before: float = 0.0) -> dict[str, Any]:
    """Return a job that has worked on a stage for some seconds, and on others before it."""
    now = time.time()
    return {"stage": title, "done": done, "total": total, "stage_started_at": now - spent,
            "started_at": now - spent - before, "created_at": "2029-01-01T00:00:00+00:00"}  # fmt: skip


def test_the_time_left_is_right_on_a_computer_of_even_speed(run: RecordedRun) -> None:
    speed = 0.01
    finished: list[dict[str, Any]] = []
    shares: list[float] = []
    parts = list_parts(run.manifest["config"], AMOUNTS)
    whole = speed * sum(part.cost for part in parts)
    for number, part in enumerate(parts):
        before, spent = speed * sum(one.cost for one in parts[:number]), speed * part.cost
        job = job_at(part.title, 5, 10, spent=spent / 2, before=before)
        found = measure_course_progress(run, finished, job, AMOUNTS)
        assert found is not None
        shares.append(found.share)
        if part.epoch == 0:
            assert found.seconds_left is None  # nothing is known before a step was measured
        else:
            assert found.seconds_left == pytest.approx(whole - before - spent / 2, rel=0.01)
        if part.title.startswith(("Learning outlines", "Learning masks")):
            seconds = speed * sum(one.cost for one in parts if one.epoch == part.epoch)
            finished.append({"epoch": part.epoch, "seconds": seconds})
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1


def test_a_training_that_goes_on_with_its_class_map_promises_nothing_too_early(run: RecordedRun) -> None:
    later = {"created_at": "2031-01-01T00:00:00+00:00"}  # than the run: an earlier job did what is done
    early = job_at("Class maps", 1, 100, spent=5, before=5) | later
    assert measure_course_progress(run, [], early, AMOUNTS) == CourseProgress(pytest.approx(0.06, abs=0.03), None)
    found = measure_course_progress(run, [], job_at("Class maps", 50, 100, spent=60, before=5) | later, AMOUNTS)
    assert found is not None and found.seconds_left is not None
    parts = list_parts(run.manifest["config"], AMOUNTS)
    cost = next(part.cost for part in parts if part.title == "Class maps")
    left = (1 - found.share) * sum(part.cost for part in parts)
    assert found.seconds_left == pytest.approx(60 / (cost / 2) * left, rel=0.01)


def test_a_training_that_goes_on_counts_its_finished_rounds(run: RecordedRun) -> None:
    parts = list_parts(run.manifest["config"], AMOUNTS)
    total = sum(part.cost for part in parts)
    finished = [{"epoch": number, "seconds": 60.0} for number in (1, 2, 3)]
    found = measure_course_progress(run, finished, job_at("Looking again", 0, 10, spent=100), AMOUNTS)
    assert found is not None
    left = sum(part.cost for part in parts if part.epoch == 4)
    assert found.share == pytest.approx(1 - left / total)
    assert found.seconds_left == pytest.approx(60.0 * left / sum(part.cost for part in parts if part.epoch == 3))
    again = measure_course_progress(run, finished, job_at("Looking again", 5, 10), AMOUNTS)
    assert again is not None and again.share > found.share  # the second one of this name


def test_what_a_training_that_goes_on_does_again_counts_when_it_is_done(run: RecordedRun) -> None:
    later = {"created_at": "2031-01-01T00:00:00+00:00"}  # than the run
    finished = [{"epoch": 1, "seconds": 60.0}]
    parts = list_parts(run.manifest["config"], AMOUNTS)
    repeated = ["Reading pictures", "Reading whole pictures", "Drawing frames to learn outlines from", "Class maps"]
    titles = [*repeated, "Outlines in real pictures", "Learning masks, round 1 of 3"]
    shares = []
    for title in titles:
        for done in (1, 9):
            found = measure_course_progress(run, finished, job_at(title, done, 10) | later, AMOUNTS)
            assert found is not None
            shares.append(found.share)
    assert len(set(shares)) == len(shares) and shares == sorted(shares)  # it moves at each step
    total, kept = sum(part.cost for part in parts), sum(part.cost for part in parts if part.epoch <= 1)
    again = sum(part.cost for part in parts if part.title in repeated)
    begun = measure_course_progress(run, finished, job_at("Reading pictures", 0, 0) | later, AMOUNTS)
    assert begun is not None and begun.share == pytest.approx((kept - again) / total)
    outlined = measure_course_progress(run, finished, job_at("Outlines in real pictures", 0, 9) | later, AMOUNTS)
    assert outlined is not None and outlined.share == pytest.approx(kept / total)  # all of it is done again


def test_nothing_is_said_of_a_classifier(study: Study) -> None:
    assert measure_course_progress(record_small_run(study), [], job_at("Training", 1, 2), AMOUNTS) is None


def test_tiles_of_one_picture_are_one_picture(study: Study) -> None:
    items, images = list_items(study), list_images(study)
    tiles = items.positions_in("train")
    found = count_amounts(images, items, tiles, n_validation=7)
    n_train = len(images.positions_in("train"))
    assert found == Amounts(n_pictures=n_train, n_labelled=n_train, n_items=4 * n_train + 7)
    assert count_amounts(images, items, tiles[:4], n_validation=0) == Amounts(n_train, 1, 4)


def test_a_larger_study_takes_longer() -> None:
    few, many = (estimate_course_seconds(asdict(Curriculum()), Amounts(n, n, n)) for n in (100, 1000))
    assert few < many < 3 * few  # most of the work are steps, of which there are as many
