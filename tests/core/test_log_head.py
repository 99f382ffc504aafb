"""The head beside the database: what it says after a crash, and what it finds when someone cuts the log and it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from small_studies import make_small_study, record_plain_features
from test_log_check import tamper

from medxai_core import store
from medxai_core.events import list_events, log_export
from medxai_core.records.log_check import check_log
from medxai_core.study import Study


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with an import, features and two exports in its log."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    log_export(made, "masks")
    log_export(made, "masks")
    return made


def cut_last_line(study: Study) -> None:
    """Take the last event and its line out, past the application."""
    n = check_log(study).n_lines
    tamper(study, f"DELETE FROM events WHERE event_number = {n}", f"DELETE FROM chain WHERE number = {n}")


def test_a_log_cut_together_with_the_head_is_not_called_whole(study: Study) -> None:
    cut_last_line(study)
    (study.folder / store.HEAD_FILE).unlink()
    found = check_log(study)
    assert found.n_problems == 1 and not found.is_end_known
    assert "log_head.txt) is missing" in found.problems[0] and "kept elsewhere" in found.problems[0]


def test_a_head_that_cannot_be_read_is_a_problem(study: Study) -> None:
    (study.folder / store.HEAD_FILE).write_text("hello\n")
    assert "something else stands in it" in check_log(study).problems[0]


def test_a_head_set_back_to_an_older_line_is_a_problem(study: Study) -> None:
    digests = [row.digest for row in study.read(store.chain.select().order_by(store.chain.c.number))]
    (study.folder / store.HEAD_FILE).write_text(f"{store.Head(3, digests[2])}\n")
    [problem] = check_log(study).problems
    assert "is line 3, but the log goes on to line 4" in problem


def test_a_crash_just_after_a_record_leaves_the_head_one_record_behind_and_that_is_said(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store, "confirm_head", lambda folder, engine: None)
        log_export(study, "masks")
    found = check_log(study)
    assert found.is_whole and "one record behind" in found.notices[0]
    log_export(study, "masks")
    assert check_log(study).is_whole and check_log(study).notices == ()
    assert not list_events(study, kind=store.HEAD_EVENT)


def test_a_crash_just_before_a_record_leaves_a_whole_log(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    announce = store.announce_head

    def announce_and_stop(*given: object, **more: object) -> bool:
        announce(*given, **more)  # type: ignore[arg-type]
        raise RuntimeError

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(store, "announce_head", announce_and_stop)
        log_export(study, "masks")
    assert check_log(study).is_whole and check_log(study).n_lines == 4
    log_export(study, "masks")
    assert check_log(study).is_whole and check_log(study).n_lines == 5


def test_a_missing_head_stays_noted_in_the_log_after_the_next_record(study: Study) -> None:
    cut_last_line(study)
    (study.folder / store.HEAD_FILE).unlink()
    log_export(study, "masks")
    found = check_log(study)
    assert found.is_whole and "whether lines were cut off there cannot be told" in found.notices[0]


def test_a_cut_log_stays_found_after_the_next_record(study: Study) -> None:
    cut_last_line(study)
    log_export(study, "masks")
    log_export(study, "masks")
    [problem] = check_log(study).problems
    assert "knew a line 4 that this log does not hold" in problem


def test_a_study_whose_whole_log_was_taken_out_is_found(study: Study) -> None:
    tamper(study, *(f"DELETE FROM {name}" for name in ("events", "decisions", "operating_points", "chain")))
    (study.folder / store.HEAD_FILE).unlink()
    found = check_log(study)
    assert found.n_lines == 0 and not found.is_whole
    assert any("24 pictures, but the log has no event of their import" in one for one in found.problems)
    assert any("the features lire" in one for one in found.problems)


@pytest.mark.parametrize("text", ['{"n_images": ', "null", "5", "[1]"])
def test_details_that_are_no_json_are_named_and_not_raised(study: Study, text: str) -> None:
    found = tamper(study, f"UPDATE events SET details = '{text}' WHERE event_number = 2")
    assert any(one.startswith("Line 2 (event 2") for one in found.problems), found.problems


def test_values_of_another_kind_are_named_and_not_raised(study: Study) -> None:
    found = tamper(study, "UPDATE chain SET row_key = 'x' WHERE number = 2", "UPDATE events SET actor = x'00'")
    assert any("names no line of a log" in one for one in found.problems)


def test_two_programs_that_record_in_turn_leave_the_last_head(study: Study) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from medxai_core.study import open_study

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: log_export(open_study(study.folder), "masks"), range(24)))
    found = check_log(study)
    assert found.is_whole and found.n_lines == 28 and found.notices == ()
    with sqlite3.connect(study.folder / "study.db") as database:
        assert database.execute("SELECT count(*) FROM events WHERE kind = 'log-head'").fetchone() == (0,)
