"""Facts about the error of proposed labels, round by round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features
from sqlalchemy import update

from medxai_core import store
from medxai_core.records.labellings import get_labelling
from medxai_core.records.pictures import list_items
from medxai_core.study import Study
from medxai_core.views.round_errors import score_study_rounds


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with proposals."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    return made


def set_reference(study: Study, labels: dict[str, str | None]) -> None:
    """Give items other reference labels."""
    with study.begin() as connection:
        for item_id, label in labels.items():
            c = store.items.c
            connection.execute(update(store.items).where(c.item_id == item_id).values(reference_label=label))


def test_errors_are_counted_by_hand(study: Study) -> None:
    items, labelling = list_items(study), get_labelling(study)
    truth = dict(zip(items.item_ids, items.reference_labels, strict=True))
    found = score_study_rounds(study)
    assert len(found) == len(labelling.rounds) > 0
    wrong = sum(truth[item_id] != one["label"] for item_id, one in labelling.proposals.items())
    assert found[-1].error_so_far == pytest.approx(wrong / len(labelling.proposals))
    assert sum(one.n_wrong for one in found) == wrong
    others = sum(truth[item_id] != "polyp" for item_id in labelling.proposals)
    assert found[-1].error_always_polyp == pytest.approx(others / len(labelling.proposals))


def test_references_that_equal_the_proposals_give_no_error(study: Study) -> None:
    labelling = get_labelling(study)
    set_reference(study, {item_id: one["label"] for item_id, one in labelling.proposals.items()})
    found = score_study_rounds(study)
    assert {one.error for one in found} == {0.0}
    assert found[-1].interval_so_far.low == 0 and found[-1].interval_so_far.high > 0


def test_items_without_a_reference_are_proposed_but_not_compared(study: Study) -> None:
    labelling = get_labelling(study)
    first = [item_id for item_id, one in labelling.proposals.items() if one["round"] == 1]
    set_reference(study, dict.fromkeys(first))
    found = score_study_rounds(study)[0]
    assert (found.n_proposed, found.n_compared, found.error) == (len(first), 0, None)
    assert found.interval_so_far.low is None


def test_without_any_reference_there_is_nothing_to_tell(study: Study) -> None:
    items = list_items(study)
    set_reference(study, dict.fromkeys(str(item_id) for item_id in items.item_ids[~items.is_seed]))
    assert score_study_rounds(study) == []


def test_the_interval_narrows_as_labels_add_up(study: Study) -> None:
    found = [one.interval_so_far for one in score_study_rounds(study)]
    widths = np.array([one.high - one.low for one in found if one.low is not None])
    assert len(widths) > 1 and widths[-1] < widths[0]
