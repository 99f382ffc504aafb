"""Labels in force in a study: seeds, proposals, decisions, undo, and files of decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import exc, text

from medxai_core.errors import DecisionError, ImageNotFoundError
from medxai_core.records.decisions import list_decision_rows, list_decisions, new_event_id
from medxai_core.records.labellings import get_labelling
from medxai_core.records.pictures import list_items
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.stages.labels import (
    decide,
    decide_many,
    export_decisions,
    get_label_states,
    import_decisions,
    redo,
    undo,
)
from medxai_core.stages.training_sets import choose_training_items
from medxai_core.study import Study, open_study


@pytest.fixture
def study(proposed_once: Path, tmp_path: Path) -> Study:
    """Return a study with proposals of one's own."""
    return open_study(shutil.copytree(proposed_once, tmp_path / "labels"))


def first_proposals(study: Study, n: int) -> list[str]:
    """Return the first proposed items."""
    found = list(get_labelling(study).proposals)[:n]
    assert len(found) == n
    return found


def test_the_rounds_see_no_label_but_those_of_the_seeds(study: Study) -> None:
    items = list_items(study)
    labelling = get_labelling(study)
    assert labelling.n_seeds == items.is_seed.sum() == 12
    assert not set(labelling.proposals) & set(items.item_ids[items.is_seed])
    assert set(labelling.proposals) <= set(items.item_ids[items.splits == "train"])


def test_accept_trains_as_review_and_reject_unlabels(study: Study) -> None:
    accepted, rejected = first_proposals(study, 2)
    proposed = get_labelling(study).proposals[accepted]["label"]
    decide(study, accepted, "accept", reader="a")
    decide(study, rejected, "reject", reader="a")
    states = get_label_states(study)
    assert (states[accepted].label, states[accepted].source) == (proposed, "review")
    assert states[rejected].label is None
    items = list_items(study)
    chosen = choose_training_items(study, items, labels="reviewed")
    assert accepted in items.item_ids[chosen.positions]
    assert rejected not in items.item_ids[choose_training_items(study, items).positions]
    assert chosen.counts["cluster"] == {"non_polyp": 0, "polyp": 0}


def test_a_rejected_label_is_not_proposed_again_in_that_clustering(study: Study) -> None:
    [item] = first_proposals(study, 1)
    label = get_labelling(study).proposals[item]["label"]
    decide(study, item, "reject", reader="a")
    again = pseudo_label_study(study, k=12)
    assert again.proposals.get(item, {}).get("label") != label


def test_a_resent_decision_counts_once(study: Study) -> None:
    [item] = first_proposals(study, 1)
    event_id = new_event_id()
    first = decide(study, item, "accept", reader="a", event_id=event_id)
    again = decide(study, item, "accept", reader="a", event_id=event_id)
    assert first == again
    assert len(list_decisions(study)) == 1


def test_undo_and_redo_give_back_each_state_and_delete_nothing(study: Study) -> None:
    one, two = first_proposals(study, 2)
    before = get_label_states(study)
    decide(study, one, "reject", reader="a")
    decide(study, two, "accept", reader="a")
    after = get_label_states(study)
    undo(study, reader="a")
    undo(study, reader="a")
    assert {k: v.label for k, v in get_label_states(study).items()} == {k: v.label for k, v in before.items()}
    redo(study, reader="a")
    redo(study, reader="a")
    assert {k: v.label for k, v in get_label_states(study).items()} == {k: v.label for k, v in after.items()}
    rows = list_decision_rows(study)
    assert [row["action"] for row in rows] == ["reject", "accept", "undo", "undo", "redo", "redo"]
    assert rows[0]["label_after"] is None and rows[0]["label_before"] is not None
    with pytest.raises(DecisionError):
        redo(study, reader="a")
    with pytest.raises(DecisionError):
        undo(study, reader="another reader")


def test_the_log_cannot_be_changed(study: Study) -> None:
    [item] = first_proposals(study, 1)
    decide(study, item, "accept", reader="a")
    for statement in ("UPDATE decisions SET reader = 'b'", "DELETE FROM decisions", "DELETE FROM events"):
        with pytest.raises(exc.IntegrityError, match="append-only"), study.begin() as connection:
            connection.execute(text(statement))


def test_a_decision_that_does_not_fit_is_refused(study: Study) -> None:
    items = list_items(study)
    proposals = get_labelling(study).proposals
    plain = next(i for i in items.item_ids[items.splits == "train"] if i not in proposals and i not in seeds(items))
    with pytest.raises(DecisionError):
        decide(study, plain, "accept", reader="a")
    with pytest.raises(DecisionError):
        decide(study, plain, "label", reader="a", label="banana")
    with pytest.raises(ImageNotFoundError):
        decide(study, "no such item", "skip", reader="a")
    test_item = items.item_ids[items.splits == "test"][0]
    with pytest.raises(ImageNotFoundError):
        decide(study, test_item, "skip", reader="a")
    assert list_decisions(study) == []


def seeds(items) -> set[str]:
    """Return the ids of the seeds."""
    return set(items.item_ids[items.is_seed])


def test_decisions_go_to_a_file_and_come_back_once(study: Study, tmp_path: Path) -> None:
    chosen = first_proposals(study, 3)
    decide_many(study, chosen, "reject", reader="=HYPERLINK(1)", reason='-blurred, "very"')
    undo(study, reader="=HYPERLINK(1)")
    expected = {k: v.label for k, v in get_label_states(study).items()}
    for name in ("log.csv", "log.jsonl"):
        assert export_decisions(study, tmp_path / name) == 4
        n_new, n_known, failures = import_decisions(study, tmp_path / name)
        assert (n_new, n_known, failures) == (0, 4, [])
    assert {k: v.label for k, v in get_label_states(study).items()} == expected
