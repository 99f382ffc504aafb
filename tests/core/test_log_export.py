"""An exported log can be checked by itself, and held against the study and against a head from elsewhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from small_studies import make_small_study, propose, record_plain_features, record_small_run
from test_log_check import tamper

from medxai_core import store
from medxai_core.errors import SettingError
from medxai_core.records.labellings import get_labelling
from medxai_core.records.log_check import check_log
from medxai_core.records.masks import MaskSetting, record_lock
from medxai_core.stages.labels import decide
from medxai_core.study import Study
from medxai_core.views.activity_log import format_csv, format_jsonl, list_activity
from medxai_core.views.log_export_check import check_export


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with events, two decisions and a locked setting."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    for item_id in list(get_labelling(made).proposals)[:2]:
        decide(made, item_id, "reject", reader="reader-1", reason="blurred\u2028twice")
    record_lock(made, record_small_run(made).run_id, MaskSetting(14, "gradcam", 0.4, 0.7), reader="reader-1")
    return made


@pytest.fixture
def rows(study: Study) -> list[dict[str, Any]]:
    """Return the rows of the export; the first says what it is."""
    return [json.loads(line) for line in format_jsonl(list_activity(study)).decode().split("\n") if line]


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as an exported file."""
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_list_holds_every_line_of_the_chain(study: Study) -> None:
    lines = list_activity(study)
    assert [line.number for line in lines] == list(range(1, check_log(study).n_lines + 1))
    assert {line.log for line in lines} == set(store.LOGS)


def test_an_exported_log_is_whole_and_ends_with_the_head_of_the_study(
    study: Study, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = check_export(write(tmp_path, rows), head=check_log(study).head)
    assert found.is_whole and found.head == check_log(study).head and found.n_lines == len(rows) - 1


def test_every_field_of_every_line_is_covered(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    for number, row in enumerate(rows[1:], 1):
        more = {"details": row["details"] | {"new": 1}, "row_key": 99}
        for name in ("at", "actor", "details", "software", "digest", "previous", "row_key"):
            changed = row | {name: more.get(name, "1" * 64)}
            found = check_export(write(tmp_path, [*rows[:number], changed, *rows[number + 1 :]]))
            assert any(one.startswith(f"Line {number} (") for one in found.problems), (number, name)


def test_lines_that_are_missing_or_moved_are_named(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    found = check_export(write(tmp_path, [*rows[:3], *rows[5:]]))
    assert "Lines 3 to 4 are not in the file: they were taken out, or left out by a filter." in found.problems
    assert "ends with" in check_export(write(tmp_path, rows[:-1])).problems[0]
    moved = [*rows[:2], rows[3], rows[2], *rows[4:]]
    assert any("the order was changed" in one for one in check_export(write(tmp_path, moved)).problems)


def test_a_head_from_elsewhere_is_looked_for_in_the_file(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    found = check_export(write(tmp_path, rows), head=store.Head(3, "0" * 64))
    assert found.problems == ("The head that was given is line 3; the file does not hold it.",)


@pytest.mark.parametrize("text", ["", "hello", '{"a": 1}\n', "[1]\n", '{"notice": ""}\n{"at": ""}\n'])
def test_what_is_no_export_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(SettingError):
        check_export(tmp_path / "log.jsonl")


def test_the_table_holds_number_and_digest_of_each_line(study: Study) -> None:
    lines = list_activity(study)
    read = list(csv.DictReader(format_csv(lines).decode("utf-8-sig").split("\r\n", 1)[1].splitlines(keepends=True)))
    assert {row["digest"] for row in read} >= {line.digest for line in lines}


def test_the_command_checks_a_file_alone_and_with_its_study_and_an_export_of_a_broken_log_warns(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from medxai_core.__main__ import main

    def call(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["medxai_core", "log", *arguments])
        return main()

    out = str(tmp_path / "log.jsonl")
    assert call("export", str(study.folder), "--out", out) == 0
    assert "WARNING" not in capsys.readouterr().out
    assert call("verify", "--export", out) == 0 and call("verify", str(study.folder), "--export", out) == 0
    assert "The exported log is whole: 11 lines" in capsys.readouterr().out
    assert call("verify") == 1
    tamper(study, "UPDATE events SET details = '{' WHERE event_number = 2")
    assert call("verify", str(study.folder), "--export", out) == 1
    assert call("export", str(study.folder), "--out", out) == 0
    assert "WARNING: The log is NOT whole" in capsys.readouterr().out
    assert call("verify", "--export", out) == 1
