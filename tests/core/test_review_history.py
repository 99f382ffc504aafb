"""Facts about earlier states of the labels: going back gives exactly those labels and deletes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features
from typer.testing import CliRunner

from medxai_core.__main__ import app
from medxai_core.errors import DecisionError, StudyNotWritableError
from medxai_core.events import list_events
from medxai_core.records.decisions import list_decision_rows, list_decisions
from medxai_core.review import (
    Decision,
    Switch,
    compute_labels,
    cut_log,
    find_redo_target,
    find_undo_target,
    import_decisions,
    list_in_force,
    list_moments,
    plan_restore,
    plan_take_back,
)
from medxai_core.stages.label_history import (
    list_changes,
    list_label_states_over_time,
    preview_restore,
    preview_take_back,
    restore_labels,
    take_back_restore,
)
from medxai_core.stages.labels import decide, decide_many, get_label_states, redo, undo
from medxai_core.stages.review_batches import WHOLE_CLUSTER, name_batch
from medxai_core.study import Study, open_study

CLASSES = ("non_polyp", "polyp")
START = datetime(2024, 5, 1, 10, tzinfo=UTC)
ITEMS = [f"i{n}" for n in range(12)]
SEEDS = {"i0": "polyp"}
PROPOSALS = {item: (CLASSES[n % 2], "c1") for n, item in enumerate(ITEMS[2:])}


def make_random_log(rng: np.random.Generator, n: int) -> list[Decision]:
    """Return a log of two readers with everything in it: undo, redo, named ones, restores, batches, repeats."""
    log: list[Decision] = []
    for number in range(1, n + 1):
        action = str(rng.choice(["label", "accept", "reject", "other", "unsure", "skip", "flag", "undo", "redo"]))
        item = str(rng.choice(ITEMS))
        label = str(rng.choice(CLASSES)) if action in ("label", "accept", "reject", "other") else None
        undoes = str(rng.choice([one.event_id for one in log])) if log and rng.random() < 0.3 else None
        if log and rng.random() < 0.1:
            action, label, undoes = str(rng.choice(["withdraw", "reinstate"])), None, str(rng.choice(log).event_id)
            item = next(one.item_id for one in log if one.event_id == undoes)
        at = (START + timedelta(minutes=7 * number)).isoformat()
        reader, reason = str(rng.choice(["r1", "r2"])), "whole cluster #0a1b2c3d" if rng.random() < 0.1 else ""
        log.append(Decision(number, f"e{number}", reader, at, item, action, label, reason, "c1", undoes))
    return log


def apply(log: list[Decision], plan: list[Switch], mark: str = "restored #00000000") -> list[Decision]:
    """Return the log with the lines of a plan."""
    last = log[-1].decision_id
    lines = [
        Decision(last + n, f"x{last + n}", "r3", log[-1].at, one.decision.item_id, one.action, None, mark,
                 undoes=one.decision.event_id)
        for n, one in enumerate(plan, start=1)
    ]  # fmt: skip
    return [*log, *lines]


@pytest.mark.parametrize("seed", range(12))
def test_going_back_to_any_line_gives_exactly_the_labels_of_that_line(seed: int) -> None:
    log = make_random_log(np.random.default_rng(seed), 60)
    for number in range(61):
        back = apply(log, plan_restore(log, number))
        then = compute_labels(ITEMS, SEEDS, PROPOSALS, cut_log(log, number))
        assert compute_labels(ITEMS, SEEDS, PROPOSALS, back) == then  # label, source, reason, flag
        assert list_in_force(back) == list_in_force(cut_log(log, number))  # the same decisions in the same order
        assert plan_restore(back, number) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_restore_taken_back_and_a_restore_of_the_state_before_it_are_the_same(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    log = make_random_log(rng, 50)
    now = compute_labels(ITEMS, SEEDS, PROPOSALS, log)
    for number in rng.integers(0, 50, 8):
        back = apply(log, plan_restore(log, int(number)))
        undone = apply(back, plan_take_back(back, "restored #00000000"), "restore taken back #00000001")
        assert compute_labels(ITEMS, SEEDS, PROPOSALS, undone) == now
        assert compute_labels(ITEMS, SEEDS, PROPOSALS, apply(back, plan_restore(back, 50))) == now
        again = apply(undone, plan_take_back(undone, "restore taken back #00000001"))
        assert compute_labels(ITEMS, SEEDS, PROPOSALS, again) == compute_labels(ITEMS, SEEDS, PROPOSALS, back)


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_of_every_moment_are_those_of_the_labels_then(seed: int) -> None:
    log = make_random_log(np.random.default_rng(200 + seed), 80)
    open_items = [item for item in ITEMS if item not in SEEDS]
    moments = list_moments(log, classes=CLASSES, among=open_items)
    assert [(moment.number, moment.n_lines) for moment in moments][0] == (0, 0)
    assert sum(moment.n_lines for moment in moments) == len(log)
    for moment in moments:
        states = compute_labels(open_items, {}, {}, cut_log(log, moment.number)).values()
        expected = {name: sum(one.label == name and one.source == "review" for one in states) for name in CLASSES}
        assert moment.n_labels == expected


def decide_at(number: int, minutes: int, *, reader: str = "r1", reason: str = "") -> Decision:
    at = (START + timedelta(minutes=minutes)).isoformat()
    return Decision(number, f"e{number}", reader, at, f"i{number}", "label", "polyp", reason)


def list_numbers(log: list[Decision]) -> list[int]:
    """Return the numbers of the moments of a log."""
    return [moment.number for moment in list_moments(log, classes=CLASSES)]


def test_a_moment_ends_with_a_pause_a_new_reader_a_batch_or_after_fifty_lines() -> None:
    log = [decide_at(1, 0), decide_at(2, 30), decide_at(3, 61), decide_at(4, 62, reader="r2")]
    assert list_numbers(log) == [0, 2, 3, 4]
    batch = name_batch(WHOLE_CLUSTER)
    log = [decide_at(1, 0), decide_at(2, 0, reason=batch), decide_at(3, 0, reason=batch), decide_at(4, 0)]
    assert list_numbers(log) == [0, 1, 3, 4]
    assert list_numbers([decide_at(n, 0) for n in range(1, 121)]) == [0, 50, 100, 120]


def test_readers_at_work_side_by_side_share_a_moment_that_names_both() -> None:
    log = [decide_at(n, n, reader=("r1", "r2")[n % 2]) for n in range(1, 21)]
    moments = list_moments(log, classes=CLASSES)
    assert [moment.number for moment in moments] == [0, 1, 20]  # the second one comes in, then both go on
    assert moments[-1].readers == {"r1": 10, "r2": 9}


def test_a_moment_in_time_is_the_log_before_the_first_line_taken_later() -> None:
    log = [decide_at(1, 0), decide_at(2, 10), decide_at(3, 20), decide_at(4, 5)]  # the last one was imported
    assert [line.decision_id for line in cut_log(log, START + timedelta(minutes=12))] == [1, 2]
    assert [line.decision_id for line in cut_log(log, datetime(2024, 5, 1, 10, 0))] == [1]  # without a zone: UTC
    assert cut_log(log, START - timedelta(days=1)) == []
    assert len(cut_log(log, START + timedelta(days=1))) == 4


def test_undo_after_a_restore_takes_back_the_readers_latest_decision_that_stands() -> None:
    log = [decide_at(1, 0), decide_at(2, 1), decide_at(3, 2)]
    back = apply(log, plan_restore(log, 2))
    assert find_undo_target(back, "r1").event_id == "e2"
    with pytest.raises(DecisionError):
        find_redo_target(back, "r1")  # what a restore took out comes back by undoing the restore
    again = apply(back, plan_restore(back, 3))
    assert find_undo_target(again, "r1").event_id == "e3"


def test_a_restore_may_switch_the_decisions_of_others_but_an_undo_may_not() -> None:
    log = [decide_at(1, 0)]
    foreign = {"decision_id": 2, "event_id": "e2", "reader": "r2", "at": log[0].at, "item_id": "i1", "undoes": "e1"}
    for action, stands in (("undo", True), ("withdraw", False)):
        [line], failures = import_decisions([foreign | {"action": action}])
        assert not failures
        assert bool(list_in_force([*log, line])) == stands
    _, [failure] = import_decisions([foreign | {"action": "withdraw", "undoes": ""}])
    assert "needs the event id" in failure.reason


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path) -> Study:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(study)
    propose(study)
    return study


def get_labels(study: Study) -> dict[str, tuple[str | None, str | None, bool]]:
    """Return label, source and flag of every training item."""
    return {item: (one.label, one.source, one.flagged) for item, one in get_label_states(study).items()}


def work(study: Study) -> list[dict[str, tuple[str | None, str | None, bool]]]:
    """Let two readers work; return the labels after each line, from before the first."""
    proposed = [item for item, one in get_label_states(study).items() if one.source == "cluster"]
    states = [get_labels(study)]
    for step in (
        lambda: decide(study, proposed[0], "accept", reader="a"),
        lambda: decide(study, proposed[1], "reject", reader="a"),
        lambda: decide(study, proposed[0], "unsure", reader="b"),
        lambda: undo(study, reader="a"),
        lambda: decide(study, proposed[2], "flag", reader="b"),
        lambda: redo(study, reader="a"),
        lambda: decide(study, proposed[1], "label", reader="b", label="polyp"),
    ):
        step()
        states.append(get_labels(study))
    return states


def test_every_state_of_a_study_comes_back_and_nothing_is_deleted(study: Study) -> None:
    states = work(study)
    for number in (3, 0, 6, 7, 1):
        before = list_decision_rows(study)
        preview = preview_restore(study, number)
        done = restore_labels(study, number, reader="c", expected_last=preview.last)
        assert get_labels(study) == states[number]
        after = list_decision_rows(study)
        assert after[: len(before)] == before
        added = after[len(before) :]
        assert done.preview == preview and len(added) == preview.n_withdrawn + preview.n_reinstated
        assert {row["reader"] for row in added} == {"c"} and {row["reason"] for row in added} == {done.mark}
        assert len({row["event_id"] for row in after}) == len(after)
        assert (done.first, done.last) == (added[0]["decision_id"], added[-1]["decision_id"])
        with pytest.raises(DecisionError, match="nothing would change"):
            restore_labels(study, number, reader="c")
    assert [event["details"]["mark"] for event in list_events(study, kind="restore-labels")][-1] == done.mark


def test_the_preview_counts_what_changes(study: Study) -> None:
    proposed = [(item, one.label) for item, one in get_label_states(study).items() if one.source == "cluster"]
    (kept, _), (rejected, lost), (turned, label) = proposed[:3]
    other = next(name for name in CLASSES if name != label)
    decide(study, kept, "accept", reader="a")
    decide(study, rejected, "reject", reader="a")
    decide(study, turned, "other", reader="b", label=other)
    preview = preview_restore(study, 0)
    assert (preview.gained, preview.lost, preview.turned, preview.n_source) == ({lost: 1}, {}, {(other, label): 1}, 1)
    assert preview.withdrawn_of == {"a": 2, "b": 1}
    assert len(list_changes(preview)) == 4
    restore_labels(study, 0, reader="c")
    forward = preview_restore(study, 3)
    assert (forward.gained, forward.lost, forward.turned) == ({}, {lost: 1}, {(label, other): 1})
    assert (forward.n_withdrawn, forward.n_reinstated) == (0, 3)


def test_a_restore_is_undone_by_its_mark_and_what_was_decided_since_stays(study: Study) -> None:
    states = work(study)
    done = restore_labels(study, 0, reader="c")
    proposed = [item for item, one in get_label_states(study).items() if one.source == "cluster"]
    decide(study, proposed[5], "reject", reader="a")
    assert preview_take_back(study, done.mark).n_reinstated == done.preview.n_withdrawn
    undone = take_back_restore(study, done.mark, reader="a")
    labels = get_labels(study)
    assert labels.pop(proposed[5])[0] is None
    assert labels == {item: state for item, state in states[-1].items() if item != proposed[5]}
    with pytest.raises(DecisionError):
        take_back_restore(study, done.mark, reader="a")
    take_back_restore(study, undone.mark, reader="a")
    assert get_labels(study)[proposed[0]] == states[0][proposed[0]]


def test_a_reader_whose_decisions_were_taken_out_has_nothing_to_undo(study: Study) -> None:
    work(study)
    restore_labels(study, 0, reader="c")
    with pytest.raises(DecisionError, match="nothing to undo"):
        undo(study, reader="a")
    with pytest.raises(DecisionError, match="nothing to undo"):
        undo(study, reader="b")


def test_a_log_that_grew_since_the_preview_is_not_restored_unseen(study: Study) -> None:
    work(study)
    preview = preview_restore(study, 2)
    item = next(item for item, one in get_label_states(study).items() if one.source == "cluster")
    decide(study, item, "accept", reader="b")
    n = len(list_decisions(study))
    with pytest.raises(DecisionError, match="someone has decided since"):
        restore_labels(study, 2, reader="a", expected_last=preview.last)
    assert len(list_decisions(study)) == n
    for number in (-1, n + 1):
        with pytest.raises(DecisionError, match=f"no line {number}"):
            preview_restore(study, number)


def test_a_study_that_cannot_be_written_is_not_restored(study: Study) -> None:
    work(study)
    with pytest.raises(StudyNotWritableError):
        restore_labels(open_study(study.folder, read_only=True), 0, reader="a")
    assert len(list_decisions(study)) == 7


def test_the_moments_of_a_study_name_batches_and_restores(study: Study) -> None:
    proposed = [item for item, one in get_label_states(study).items() if one.source == "cluster"]
    decide(study, proposed[0], "accept", reader="a")
    decide_many(study, proposed[1:4], "accept", reader="a", reason=name_batch(WHOLE_CLUSTER))
    done = restore_labels(study, 1, reader="a")
    moments = list_label_states_over_time(study)
    assert [(one.number, one.counts) for one in moments[1:]] == [
        (1, {"accept": 1}),
        (4, {"accept": 3}),
        (7, {"withdraw": 3}),
    ]
    assert moments[2].mark.startswith("whole cluster") and moments[3].mark == done.mark
    assert [sum(one.n_labels.values()) for one in moments] == [0, 1, 4, 1]


def test_the_command_line_previews_then_restores(study: Study) -> None:
    states = work(study)
    run, folder = CliRunner(), str(study.folder)
    shown = run.invoke(app, ["review", "history", folder])
    assert shown.exit_code == 0 and "before any decision" in shown.output
    first = run.invoke(app, ["review", "restore", folder, "--at", "2"])
    assert "Nothing was changed" in first.output and get_labels(study) == states[-1]
    done = json.loads(run.invoke(app, ["review", "restore", folder, "--at", "2", "--yes", "--json"]).output)
    assert done["done"] and get_labels(study) == states[2]
    moment = list_decisions(study)[2].at
    at_moment = json.loads(run.invoke(app, ["review", "restore", folder, "--at", moment, "--yes", "--json"]).output)
    assert at_moment["done"] and get_labels(study) == states[3]
    assert run.invoke(app, ["review", "restore", folder, "--at", "yesterday"]).exit_code == 2


def test_an_exported_log_with_restores_gives_the_same_labels_elsewhere(
    study: Study, tmp_path: Path, phantom_folder: Path
) -> None:
    from medxai_core.stages.decision_files import add_decisions, dump_decisions

    work(study)
    restore_labels(study, 3, reader="c")
    twin = make_small_study(tmp_path / "twin", phantom_folder)
    record_plain_features(twin)
    propose(twin)
    assert add_decisions(twin, dump_decisions(study))[1:] == (0, [])
    assert get_labels(twin) == get_labels(study)
    resent = [replace(line, decision_id=line.decision_id + 100) for line in list_decisions(study)]
    assert list_in_force([*list_decisions(study), *resent]) == list_in_force(list_decisions(study))
