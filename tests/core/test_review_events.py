"""Facts about events that browsers send: each counts once, in order, and only where it fits."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from medxai_core.errors import DecisionError, StudyBusyError
from medxai_core.records.decisions import list_decision_rows, list_decisions, new_event_id
from medxai_core.records.labellings import get_labelling
from medxai_core.review import list_in_force
from medxai_core.stages.labels import decide_many
from medxai_core.stages.review_batches import SEVERAL, WHOLE_CLUSTER, describe_batch
from medxai_core.stages.review_events import ReviewEvent, record_all, record_events
from medxai_core.stages.review_messages import read_acts
from medxai_core.study import Study, open_study

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def study(proposed_once: Path, tmp_path: Path) -> Study:
    """Return a study with proposals of one's own."""
    return open_study(shutil.copytree(proposed_once, tmp_path / "events"))


def first_proposals(study: Study, n: int) -> list[str]:
    """Return the first proposed items."""
    found = list(get_labelling(study).proposals)[:n]
    assert len(found) == n
    return found


def make_events(item_ids: list[str], action: str = "accept", **facts: str) -> list[ReviewEvent]:
    """Return one fresh event an item."""
    return [ReviewEvent(new_event_id(), item_id, action, **facts) for item_id in item_ids]


class TestRecording:
    def test_a_resent_batch_counts_once_also_from_two_connections(self, study: Study) -> None:
        events = make_events(first_proposals(study, 3))
        ids = [one.event_id for one in events]
        assert record_events(study, events[:2], reader="a") == (ids[:2], [])
        assert record_events(open_study(study.folder), events, reader="a") == (ids, [])
        assert record_events(study, [*events, *events], reader="a") == (ids, [])
        assert [one.event_id for one in list_decisions(study)] == ids

    def test_the_order_of_the_events_is_that_of_the_log(self, study: Study) -> None:
        items = first_proposals(study, 4)
        pairs = zip(make_events(items), make_events(items, "unsure"), strict=True)
        events = [one for pair in pairs for one in pair]
        record_events(study, events, reader="a")
        assert [(one.item_id, one.action) for one in list_decisions(study)] == [(e.item_id, e.action) for e in events]

    def test_labels_before_and_after_are_those_between_the_events_of_a_batch(self, study: Study) -> None:
        [item] = first_proposals(study, 1)
        label = get_labelling(study).proposals[item]["label"]
        accept, unsure = *make_events([item]), *make_events([item], "unsure")
        undo = ReviewEvent(new_event_id(), item, "undo", undoes=unsure.event_id)
        record_events(study, [accept, unsure, undo], reader="a")
        rows = [(row["label_before"], row["label_after"]) for row in list_decision_rows(study)]
        assert rows == [(label, label), (label, None), (None, label)]

    def test_what_does_not_fit_is_left_out_with_the_reason_and_the_rest_is_stored(self, study: Study) -> None:
        good = make_events(first_proposals(study, 2))
        bad = [*make_events(["no such item"]), *make_events([good[0].item_id], "label", label="banana")]
        stored, failures = record_events(study, [good[0], *bad, good[1]], reader="a")
        assert stored == [one.event_id for one in good] == [one.event_id for one in list_decisions(study)]
        assert [one.event_id for one in failures] == [one.event_id for one in bad]
        assert "no such item" in failures[0].reason and "banana" in failures[1].reason and failures[1].remedy

    def test_accepting_what_is_no_longer_proposed_is_refused(self, study: Study) -> None:
        [item] = first_proposals(study, 1)
        seen = {"polyp": "non_polyp", "non_polyp": "polyp"}[get_labelling(study).proposals[item]["label"]]
        stored, [failure] = record_events(study, make_events([item], label=seen), reader="a")
        assert stored == [] and "not what is proposed" in failure.reason

    def test_undo_and_redo_name_what_they_revert_and_only_what_is_ones_own(self, study: Study) -> None:
        one, two = make_events(first_proposals(study, 2))
        record_events(study, [one, two], reader="a")
        undo = ReviewEvent(new_event_id(), one.item_id, "undo", undoes=one.event_id)
        stored, failures = record_events(study, [undo], reader="b")
        assert stored == [] and "not yours" in failures[0].reason
        assert record_events(study, [undo], reader="a")[0] == [undo.event_id]
        again = ReviewEvent(new_event_id(), one.item_id, "undo", undoes=one.event_id)
        assert record_events(study, [again], reader="a")[0] == []
        redo = ReviewEvent(new_event_id(), one.item_id, "redo", undoes=one.event_id)
        record_events(study, [redo, redo], reader="a")
        assert len(list_in_force(list_decisions(study))) == 2

    def test_a_thousand_events_are_one_transaction(self, study: Study) -> None:
        items = first_proposals(study, 5)
        events = make_events([items[i % 5] for i in range(1000)], "unsure")
        commits = []
        event.listen(study.engine, "commit", commits.append)
        stored, failures = record_events(study, events, reader="a")
        assert len(commits) == 1
        assert len(stored) == len(list_decisions(study)) == 1000 and failures == []

    def test_all_or_none_where_all_are_asked_for(self, study: Study) -> None:
        good, bad = first_proposals(study, 1), "no such item"
        with pytest.raises(Exception, match="no such item"):
            decide_many(study, [*good, bad], "accept", reader="a")
        with pytest.raises(DecisionError):
            record_all(study, make_events(good, "label", label="banana"), reader="a")
        assert list_decisions(study) == []

    def test_moments_never_go_back_within_a_reader(self, study: Study) -> None:
        items = first_proposals(study, 2)
        late = ReviewEvent(new_event_id(), items[0], "skip", at="2024-05-01T10:00:05.000000+00:00")
        early = ReviewEvent(new_event_id(), items[1], "skip", at="2024-05-01T10:00:00.000000+00:00")
        record_events(study, [late], reader="a")
        record_events(study, [early], reader="a")
        assert [one.at for one in list_decisions(study)] == [late.at, late.at]

    def test_a_store_that_another_program_holds_is_busy_not_broken(self, study: Study) -> None:
        events = make_events(first_proposals(study, 1))
        other = open_study(study.folder)
        with study.engine.connect() as waiting:  # the pool hands this connection out again
            waiting.exec_driver_sql("PRAGMA busy_timeout = 10")
        with other.engine.connect() as holding:
            holding.exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(StudyBusyError, match="busy"):
                record_events(study, events, reader="a")
            holding.exec_driver_sql("ROLLBACK")
        assert record_events(study, events, reader="a")[1] == []


class TestMessages:
    def test_the_browsers_clock_only_says_how_long_ago(self) -> None:
        act = {"at": 5_000_000, "action": "skip", "kind": "one", "pairs": [["a" * 32, "item", None]]}
        [found], failures = read_acts({"sent": 5_090_000, "acts": [act]}, now=NOW)
        assert failures == [] and found.at == "2024-05-01T11:58:30.000000+00:00"
        [found], _ = read_acts({"sent": 4_000_000, "acts": [act]}, now=NOW)  # a clock that was set back
        assert found.at == NOW.isoformat(timespec="microseconds")

    @pytest.mark.parametrize(("kind", "reason"), [("several", SEVERAL), ("cluster", WHOLE_CLUSTER)])
    def test_decisions_of_one_batch_share_a_mark(self, kind: str, reason: str) -> None:
        pairs = [["a" * 32, "one", "polyp"], ["b" * 32, "two", "polyp"]]
        act = {"at": 1, "action": "accept", "kind": kind, "mark": "0123abcd", "pairs": pairs}
        events, _ = read_acts({"sent": 1, "acts": [act]}, now=NOW)
        assert {one.reason for one in events} == {f"{reason} #0123abcd"}
        assert [one.label for one in events] == ["polyp", "polyp"]

    def test_what_is_no_act_is_named_and_the_rest_is_read(self) -> None:
        good = {"at": 1, "action": "skip", "kind": "one", "pairs": [["a" * 32, "item", None]]}
        bad = good | {"pairs": [["b" * 32, "x" * 1000, None], ["B" * 32, "item", None], 7]}
        events, failures = read_acts({"sent": 1, "acts": [bad, good, None, 3]}, now=NOW)
        assert [one.event_id for one in events] == ["a" * 32]
        assert [one.event_id for one in failures] == ["b" * 32, "B" * 32, ""]
        assert read_acts({}, now=NOW) == ([], [])


def test_a_batch_is_described_by_its_reason(study: Study) -> None:
    act = {"at": 1, "action": "skip", "kind": "several", "mark": "0123abcd"}
    items = first_proposals(study, 2)
    events, _ = read_acts({"sent": 1, "acts": [act | {"pairs": [[new_event_id(), item, None] for item in items]}]})
    record_events(study, events, reader="a")
    assert {describe_batch(one) for one in list_decisions(study)} == {SEVERAL}
