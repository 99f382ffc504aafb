"""Facts about the log of a study as one list."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.config import RESEARCH_USE
from medxai_core.records.labellings import get_labelling
from medxai_core.records.pictures import list_images
from medxai_core.stages.labels import decide
from medxai_core.study import Study
from medxai_core.views.activity_log import COLUMNS, format_csv, format_jsonl, list_activity


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with one decision."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    item_id = next(iter(get_labelling(made).proposals))
    decide(made, item_id, "reject", reader="reader-1", reason="=1+1 blurred")
    return made


def test_events_and_decisions_are_in_one_line_of_time(study: Study) -> None:
    found = list_activity(study)
    assert [line.at for line in found] == sorted(line.at for line in found)
    assert [line.kind for line in found] == ["import", "features", "cluster", "pseudo-label", "decision"]
    assert "Imported 24 pictures (96 items)." in found[0].what
    assert found[-1].actor == "reader-1" and "reject" in found[-1].what and "-> unlabelled" in found[-1].what


def test_the_words_of_a_line_hold_nothing_that_was_typed(study: Study) -> None:
    assert all("blurred" not in line.what for line in list_activity(study))


def test_no_line_names_a_file(study: Study) -> None:
    text = format_jsonl(list_activity(study)).decode()
    assert all(Path(str(path)).stem not in text for path in list_images(study).relative_paths)


def test_both_files_state_the_intended_use_and_hold_every_line(study: Study) -> None:
    lines = list_activity(study)
    rows = [json.loads(row) for row in format_jsonl(lines).decode().splitlines()]
    assert rows[0] == {"notice": RESEARCH_USE, "n_lines": 5, "head": f"5:{lines[-1].digest}"}
    assert [row["at"] for row in rows[1:]] == [line.at for line in lines]
    head, *table = format_csv(lines).decode("utf-8-sig").splitlines()
    assert head == f"# {RESEARCH_USE}"
    read = list(csv.DictReader(table))
    assert tuple(read[0]) == COLUMNS and len(read) == len(lines)


def test_no_cell_of_the_table_starts_a_formula(study: Study) -> None:
    for line in list(csv.reader(format_csv(list_activity(study)).decode("utf-8-sig").splitlines()))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)
