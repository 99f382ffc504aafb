"""A log that was changed, cut, reordered or added to by hand is found, and the line is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core import store
from medxai_core.errors import MedxaiError
from medxai_core.events import list_events, log_export
from medxai_core.records.labellings import get_labelling
from medxai_core.records.log_check import LogCheck, check_log
from medxai_core.stages.labels import decide
from medxai_core.study import Study, open_study


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with events and three decisions."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    for item_id in list(get_labelling(made).proposals)[:3]:
        decide(made, item_id, "reject", reader="reader-1", reason="blurred")
    return made


def tamper(study: Study, *statements: str) -> LogCheck:
    """Do by hand, past the application, what its triggers forbid; then check."""
    with sqlite3.connect(study.folder / "study.db") as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
    return check_log(study)


def test_every_line_of_all_logs_is_in_the_chain(study: Study) -> None:
    found = check_log(study)
    assert found.is_whole and found.is_end_known and found.problems == ()
    assert found.n_lines == len(list_events(study)) + 3
    assert found.head == store.read_kept_head(study.folder)


def test_what_leaves_the_study_is_in_the_log(study: Study) -> None:
    log_export(study, "masks", actor="reader-1", n_masks=3)
    last = list_events(study)[-1]
    assert (last["kind"], last["actor"], last["details"]) == ("export", "reader-1", {"what": "masks", "n_masks": 3})
    assert check_log(study).is_whole


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE decisions SET reader = 'reader-2' WHERE decision_id = 2", "decision 2, "),
        ("UPDATE decisions SET at = '2020-01-01T00:00:00+00:00' WHERE decision_id = 1", "was changed"),
        ("UPDATE events SET details = '{}' WHERE event_number = 1", "event 1, "),
        ("UPDATE chain SET software = 'another' WHERE number = 3", "Line 3 ("),
        ("DELETE FROM decisions WHERE decision_id = 2", "(decision 2) is missing from its log"),
        ("DELETE FROM chain WHERE number = 2", "Line 2 is missing"),
        (
            "INSERT INTO decisions (event_id, reader, at, item_id, action, reason) "
            "VALUES ('x', 'r', 't', 'i', 'skip', '')",
            "Decision 4 is in no line of the chain",
        ),
    ],
)
def test_what_was_done_by_hand_is_found_and_named(study: Study, statement: str, words: str) -> None:
    found = tamper(study, statement)
    assert not found.is_whole
    assert any(words in problem for problem in found.problems), found.problems


def test_two_lines_that_changed_places_are_found(study: Study) -> None:
    swap = [
        f"UPDATE decisions SET decision_id = {new} WHERE decision_id = {old}" for old, new in ((1, 99), (2, 1), (99, 2))
    ]
    assert tamper(study, *swap).n_problems >= 2
    n = check_log(study).n_lines
    moved = [
        f"UPDATE chain SET number = {new} WHERE number = {old}" for old, new in ((n, 999), (n - 1, n), (999, n - 1))
    ]
    assert any("the order was changed" in problem for problem in tamper(study, *moved).problems)


def test_a_log_that_was_cut_at_its_end_is_found(study: Study) -> None:
    n = check_log(study).n_lines
    found = tamper(study, "DELETE FROM decisions WHERE decision_id = 3", f"DELETE FROM chain WHERE number = {n}")
    assert found.problems == (
        f"The head beside the database is line {n}; that line is missing: the chain ends at {n - 1}. "
        "Restore the study from a copy.",
    )


def test_an_older_database_in_the_place_of_the_newer_is_found(study: Study, tmp_path: Path) -> None:
    study.engine.dispose()
    shutil.copyfile(study.folder / "study.db", tmp_path / "older.db")
    decide(study, next(iter(get_labelling(study).proposals)), "accept", reader="reader-1")
    study.engine.dispose()
    for leftover in study.folder.glob("study.db*"):
        leftover.unlink()
    shutil.copyfile(tmp_path / "older.db", study.folder / "study.db")
    assert not check_log(open_study(study.folder)).is_whole


def test_a_log_written_anew_as_a_whole_is_found_by_a_head_kept_elsewhere(study: Study) -> None:
    kept = check_log(study).head
    lines = [dict(row._mapping) for row in study.read(store.chain.select().order_by(store.chain.c.number))]
    forge = ["UPDATE decisions SET reader = 'someone-else'"]
    tamper(study, *forge)
    before = store.BEGINNING
    for line in lines:
        key = store.get_key(line["log"])
        row = study.read(store.LOGS[line["log"]].select().where(key == line["row_key"]))[0]
        before = store.compute_digest(before, line, dict(row._mapping))
        forge.append(f"UPDATE chain SET digest = '{before}' WHERE number = {line['number']}")
    (study.folder / store.HEAD_FILE).write_text(f"{store.Head(len(lines), before)}\n")
    assert tamper(study, *forge).is_whole
    assert check_log(study, head=kept).problems == (
        f"The head that was given is line {len(lines)}; that line has another digest. Restore the study from a copy.",
    )


def test_a_decision_that_is_sent_twice_is_one_line(study: Study) -> None:
    from medxai_core.records.decisions import append_decisions, list_decisions

    known = list_decisions(study)[0]
    before = check_log(study).n_lines
    append_decisions(study, [(known, None, None)])
    assert check_log(study).n_lines == before and check_log(study).is_whole


def test_a_transaction_that_fails_leaves_no_line(study: Study) -> None:
    from medxai_core.events import record_event

    before = store.read_kept_head(study.folder)
    with pytest.raises(RuntimeError), study.begin() as connection:
        record_event(connection, "export", {"what": "nothing"})
        raise RuntimeError
    log_export(study, "something")
    found = check_log(study)
    assert found.is_whole and before is not None and found.head is not None and found.head.number == before.number + 1


@pytest.mark.parametrize("text", ["", "3", "3:ab", f"x:{'0' * 64}", f"3:{'g' * 64}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NUMBER:DIGEST"):
        store.Head.parse(text)


def test_the_command_says_what_is_wrong_and_returns_1(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    from medxai_core.__main__ import main

    def call(*arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["medxai_core", "log", *arguments])
            return main()

    assert call("verify", str(study.folder)) == 0
    head = capsys.readouterr().out.splitlines()[1].removeprefix("Head: ")
    assert call("export", str(study.folder), "--out", str(study.folder / "log.jsonl")) == 0
    assert "8 lines" in capsys.readouterr().out
    assert call("verify", str(study.folder), "--head", head, "--json") == 0
    assert json.loads(capsys.readouterr().out)["whole"] is True
    tamper(study, "DELETE FROM decisions WHERE decision_id = 2")
    assert call("verify", str(study.folder)) == 1
    assert "The log is NOT whole" in capsys.readouterr().out
    assert call("verify", str(study.folder), "--head", "nonsense") == 1


def test_an_unknown_kind_of_file_is_refused(study: Study, tmp_path: Path) -> None:
    from medxai_core.commands.log import export

    with pytest.raises(MedxaiError, match="jsonl or .csv"):
        export(str(study.folder), tmp_path / "log.txt")
