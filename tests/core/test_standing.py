"""Facts about where a study stands, and what comes next."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from small_studies import make_small_study, propose, record_plain_features, record_small_run

from medxai_core.commands import prepare
from medxai_core.records.labellings import find_labelling
from medxai_core.records.masks import record_unlock
from medxai_core.records.pictures import list_items
from medxai_core.stages.labels import decide, get_label_states, undo
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study, open_study
from medxai_core.views.standing import (
    Foundation,
    LabelCounts,
    MaskStanding,
    Standing,
    count_foundation,
    count_label_states,
    find_mask_standing,
)

EMPTY = Standing(
    Foundation(0, 0, False, False, False, 0, {}, None, 0, 5), LabelCounts(0, 0, 0, frozenset()), MaskStanding(0)
)


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study that was just imported, as 2x2 tiles."""
    return make_small_study(tmp_path / "standing", phantom_folder)


@pytest.fixture
def proposed(study: Study) -> Study:
    """Return it with features of a known shape, clusters and proposals."""
    record_plain_features(study)
    propose(study)
    return study


def find_standing(study: Study) -> Standing:
    """Count all anew."""
    base = count_foundation(study)
    return Standing(base, count_label_states(study, base), find_mask_standing(study))


def change(standing: Standing, part: str, **values) -> Standing:
    """Return the standing with some numbers changed."""
    return dataclasses.replace(standing, **{part: dataclasses.replace(getattr(standing, part), **values)})


def test_the_steps_come_in_the_order_of_the_method() -> None:
    both = frozenset({"polyp", "non_polyp"})
    growing = [
        ("pictures", "foundation", {"n_images": 9}),
        ("features", "foundation", {"has_features": True}),
        ("clusters", "foundation", {"n_clusters": 3}),
        ("seeds", "labels", {"classes": both}),
        ("labels", "foundation", {"labelling_id": "l", "n_proposals": 4}),
        ("decisions", "labels", {"n_reviewed": 1}),
        ("runs", "masks", {"n_trained": 1, "labellings": frozenset({"l"})}),
        ("setting", "masks", {"setting": object()}),
        ("scores", "masks", {"is_scored": True}),
    ]
    standing = EMPTY
    for step, part, values in growing:
        assert standing.next_step == step
        standing = change(standing, part, **values)
    assert standing.next_step == "finished"


def test_after_training_no_one_is_asked_to_review(proposed: Study) -> None:
    assert find_standing(proposed).next_step == "decisions"
    record_small_run(proposed)
    assert find_standing(proposed).next_step == "setting"


def test_proposals_that_are_newer_than_the_training_are_to_be_reviewed_and_learned_from(proposed: Study) -> None:
    record_small_run(proposed)
    propose(proposed)
    assert find_standing(proposed).next_step == "decisions"
    decide(proposed, next(iter(find_labelling(proposed).proposals)), "accept", reader="a")
    assert find_standing(proposed).next_step == "runs"
    record_small_run(proposed, "quick-lite1-second")
    assert find_standing(proposed).next_step == "setting"


def test_without_experts_masks_no_score_is_asked_for() -> None:
    done = change(change(EMPTY, "foundation", n_images=9, has_features=True, n_clusters=3, labelling_id="l"), "masks")
    locked = change(done, "masks", n_trained=1, labellings=frozenset({"l"}), setting=object())
    locked = change(locked, "labels", classes=frozenset({"polyp", "non_polyp"}))
    assert locked.next_step == "scores"
    assert change(locked, "foundation", n_test_masks=0).next_step == "finished"


def test_the_labels_are_counted_as_the_review_counts_them(proposed: Study) -> None:
    ids = list(find_labelling(proposed).proposals)
    decide(proposed, ids[0], "accept", reader="a")
    decide(proposed, ids[1], "reject", reader="a")
    decide(proposed, ids[2], "unsure", reader="b")
    decide(proposed, ids[3], "reject", reader="a")
    undo(proposed, reader="a")
    decide(proposed, ids[4], "skip", reader="a")  # no answer
    seed = next(str(i) for i, is_seed in zip(list_items(proposed).item_ids, list_items(proposed).is_seed) if is_seed)
    decide(proposed, seed, "flag", reader="a")
    found = find_standing(proposed).labels
    states = get_label_states(proposed).values()
    assert found.n_labelled == sum(state.label is not None for state in states)
    assert (found.n_by_readers, found.n_reviewed) == (1, 3)


def test_a_label_from_zero_counts_and_gives_its_class(study: Study) -> None:
    items = list_items(study)
    [free, *_] = [row for row in items.positions_in("train") if not items.is_seed[row]]
    before = find_standing(study).labels
    decide(study, str(items.item_ids[free]), "label", label="polyp", reader="a")
    after = find_standing(study).labels
    assert after.n_labelled == before.n_labelled + 1
    assert after.n_labelled == sum(state.label is not None for state in get_label_states(study).values())


def test_a_removed_picture_is_counted_nowhere(proposed: Study) -> None:
    item_id = next(iter(find_labelling(proposed).proposals))
    decide(proposed, item_id, "accept", reader="a")
    before = find_standing(proposed)
    remove_image(proposed, item_id.partition("-")[0])
    after = find_standing(proposed)
    assert after.foundation.n_images == before.foundation.n_images - 1
    assert after.labels.n_labelled == sum(state.label is not None for state in get_label_states(proposed).values())


def test_test_scores_stand_there_while_the_setting_is_locked_only(scored_once: Path, tmp_path: Path) -> None:
    study = open_study(shutil.copytree(scored_once, tmp_path / "scored"))
    found = find_standing(study)
    assert found.next_step == "finished"
    assert found.masks.dice is not None
    assert found.masks.disk_dice is not None
    record_unlock(study, str(found.masks.run_id), reader="a")
    opened = find_standing(study).masks
    assert (opened.dice, opened.disk_dice, opened.setting, opened.is_scored) == (None, None, None, False)


def test_one_command_prepares_a_study_for_the_review(study: Study) -> None:
    prepare.prepare(str(study.folder), k=4)
    found = find_standing(study).foundation
    assert found.has_features
    assert found.has_map
    assert found.n_clusters == 4
    assert found.labelling_id is not None, "seeds of both classes are known, so labels are proposed"
