"""Facts about the log as a file, batches, and the counts of a review."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.errors import DecisionError
from medxai_core.records.decisions import list_decisions
from medxai_core.review import Decision
from medxai_core.stages.decision_files import add_decisions, dump_decisions
from medxai_core.stages.labels import decide, decide_many, get_label_states, undo
from medxai_core.stages.review_batches import WHOLE_CLUSTER, name_batch, revert_batch
from medxai_core.views.review_progress import (
    count_log_lines,
    list_outcomes,
    list_own_decisions,
)

PROPOSALS = {name: ("polyp", "c1") for name in "abcd"}


def make_decision(number: int, item_id: str, action: str, *, reason: str = "", reader: str = "r1") -> Decision:
    label = "polyp" if action in ("accept", "reject") else None
    moment = f"2024-05-01T10:00:{number:02d}"
    return Decision(number, f"e{number}", reader, moment, item_id, action, label, reason, "c1")


def test_a_second_reader_sees_nothing_of_the_first() -> None:
    log = [make_decision(1, "a", "accept", reader="r1")]
    assert list_outcomes(PROPOSALS, log, reader="r2") == dict.fromkeys("abcd", "open")


def test_own_decisions_are_listed_newest_first_without_those_taken_back(tmp_path: Path, phantom_folder: Path) -> None:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(study)
    propose(study)
    proposed = [item_id for item_id, state in get_label_states(study).items() if state.source == "cluster"]
    assert count_log_lines(study) == 0
    for item_id in proposed[:2]:
        decide(study, item_id, "accept", reader="r1")
    undo(study, reader="r1")
    log = list_decisions(study)
    assert [one.item_id for one in list_own_decisions(log, "r1")] == proposed[:1]
    assert count_log_lines(study) == 3
    assert [state.source for state in get_label_states(study).values()].count("review") == 1

    content = dump_decisions(study)
    assert add_decisions(study, content) == (0, 3, [])
    twin = make_small_study(tmp_path / "twin", phantom_folder)
    assert add_decisions(twin, content)[:2] == (3, 0)
    assert dump_decisions(twin) == content


def test_a_batch_is_taken_back_and_brought_back_as_a_whole(tmp_path: Path, phantom_folder: Path) -> None:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(study)
    propose(study)
    before = get_label_states(study)
    proposed = [item_id for item_id, state in before.items() if state.source == "cluster"]
    decide(study, proposed[0], "accept", reader="r1")
    reason = name_batch(WHOLE_CLUSTER)
    decide_many(study, proposed[1:4], "reject", reader="r1", reason=reason)
    after = get_label_states(study)
    assert [after[item_id].label for item_id in proposed[1:4]] == [None] * 3

    assert len(revert_batch(study, "undo", reader="r1", reason=reason)) == 3
    states = get_label_states(study)
    assert [states[item_id].label for item_id in proposed[1:4]] == [before[one].label for one in proposed[1:4]]
    assert states[proposed[0]].source == "review"  # what was decided alone stays
    with pytest.raises(DecisionError):
        revert_batch(study, "undo", reader="r1", reason=reason)
    with pytest.raises(DecisionError):
        revert_batch(study, "redo", reader="r2", reason=reason)

    assert len(revert_batch(study, "redo", reader="r1", reason=reason)) == 3
    assert {item_id: state.label for item_id, state in get_label_states(study).items()} == {
        item_id: state.label for item_id, state in after.items()
    }
