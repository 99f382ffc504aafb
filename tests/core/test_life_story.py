"""Facts about the life story of a picture: every step told, nothing told that must stay hidden."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from scored_study import RUN
from small_studies import make_small_study

from medxai_core import __main__
from medxai_core.errors import ImageNotFoundError, RunNotFoundError
from medxai_core.json_values import to_plain
from medxai_core.life_story import LifeStory, tell_life_story
from medxai_core.records.labellings import get_labelling
from medxai_core.records.masks import get_pixel_counts, record_unlock
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.labels import decide
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study, open_study
from medxai_core.views.recorded_scores import find_current_row

KEYS = ["file", "features", "cluster", "proposal", "decisions", "split", "prediction", "heatmap", "mask", "scores"]


@pytest.fixture
def study(scored_once: Path, tmp_path: Path) -> Study:
    """Return a scored study of one's own."""
    return open_study(shutil.copytree(scored_once, tmp_path / "small"))


def find_first(study: Study, split: str, *, with_polyp: bool = False) -> str:
    """Return the id of the first picture of a split."""
    images, items = list_images(study), list_items(study)
    for position in images.positions_in(split):
        has_polyp = np.nansum(items.polyp_shares[items.image_positions == position]) > 0
        if has_polyp or not with_polyp:
            return str(images.image_ids[position])
    raise AssertionError(f"no {split} picture")


def write_out(story: LifeStory) -> str:
    """Return all that a story says, words and facts."""
    return json.dumps(to_plain(story)) + story.to_text()


def test_all_ten_steps_are_told_and_each_says_what_it_does_not_prove(study: Study) -> None:
    for split in ("train", "validation", "tuning", "test"):
        story = tell_life_story(study, find_first(study, split))
        assert [step.key for step in story.steps] == KEYS
        assert all(step.not_proof.endswith(".") and step.parts for step in story.steps)
        assert story.run_id == RUN


def test_an_untouched_study_tells_what_is_missing(phantom_folder: Path, tmp_path: Path) -> None:
    study = make_small_study(tmp_path / "new", phantom_folder)
    story = tell_life_story(study, find_first(study, "train"))
    assert story.run_id is None
    assert [step.key for step in story.steps if step.is_known] == ["file", "split"]
    assert all(part.words for step in story.steps for part in step.parts)


def test_no_file_name_is_told(study: Study) -> None:
    images = list_images(study)
    for split in ("train", "test"):
        text = write_out(tell_life_story(study, find_first(study, split)))
        assert all(Path(str(path)).stem not in text for path in images.relative_paths)


def test_the_reference_label_of_a_picture_that_may_be_reviewed_changes_nothing_that_is_told(study: Study) -> None:
    from sqlalchemy import update

    from medxai_core import store

    items = list_items(study)
    row = next(int(row) for row in items.positions_in("train") if not items.is_seed[row])
    before = write_out(tell_life_story(study, str(items.item_ids[row])))
    other = "polyp" if items.reference_labels[row] == "non_polyp" else "non_polyp"
    with study.begin() as connection:
        c = store.items.c
        connection.execute(
            update(store.items).where(c.item_id == items.item_ids[row]).values(reference_label=other, polyp_share=0.9)
        )
    assert write_out(tell_life_story(study, str(items.item_ids[row]))) == before


def test_test_scores_are_those_recorded_and_hide_when_the_setting_is_unlocked(study: Study) -> None:
    image_id = find_first(study, "test", with_polyp=True)
    row = find_current_row(study, RUN, "test")
    position = list_images(study).image_ids.tolist().index(image_id)
    tp, fp, fn, _ = get_pixel_counts(study, row.evaluation_id)[position]
    facts = tell_life_story(study, image_id).get("scores").parts[0].facts
    assert facts["dice"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    mask = tell_life_story(study, image_id).get("mask").parts[0].facts
    size = list_images(study).widths[position] * list_images(study).heights[position]
    assert mask["area"] == pytest.approx((tp + fp) / size)
    record_unlock(study, RUN, reader="reader-1")
    hidden = tell_life_story(study, image_id)
    assert not hidden.get("scores").is_known and not hidden.get("scores").parts[0].facts
    assert "Dice" not in hidden.get("scores").parts[0].words


def test_what_is_not_recorded_of_a_tuning_picture_names_the_page_that_shows_it(study: Study) -> None:
    story = tell_life_story(study, find_first(study, "tuning"))
    for key in ("prediction", "scores"):
        assert "the Masks page computes" in story.get(key).parts[0].words
    with study.begin() as connection:
        connection.exec_driver_sql("UPDATE images SET mask_path = NULL")
    told = tell_life_story(study, find_first(study, "tuning")).get("scores").parts[0].words
    assert told == "The study holds no mask for this picture, so nothing can be scored."


def test_train_pictures_are_never_scored(study: Study) -> None:
    assert not tell_life_story(study, find_first(study, "train")).get("scores").is_known


def test_a_proposal_is_told_with_its_round_and_a_decision_with_before_and_after(study: Study) -> None:
    item_id, proposal = next(iter(get_labelling(study).proposals.items()))
    decide(study, item_id, "reject", reader="reader-7", reason="blurred")
    story = tell_life_story(study, item_id)
    assert story.item_ids == (item_id,)
    told = story.get("proposal").part_of(item_id)
    assert (told.facts["round"], told.facts["label"]) == (proposal["round"], proposal["label"])
    [decision] = story.get("decisions").part_of(item_id).facts["decisions"]
    assert (decision["reader"], decision["label_before"], decision["label_after"]) == (
        "reader-7",
        proposal["label"],
        None,
    )
    assert "blurred" not in story.to_text(), "what a reader typed is a fact, not part of the words"


def test_the_text_holds_what_the_page_shows_in_tables_and_pictures(study: Study) -> None:
    items, proposals = list_items(study), get_labelling(study).proposals
    row = next(row for row, item_id in enumerate(items.item_ids) if proposals.get(str(item_id)))
    story = tell_life_story(study, str(items.item_ids[row]))
    facts, text = story.get("proposal").part_of(str(items.item_ids[row])).facts, story.to_text()
    assert story.get("file").parts[0].facts["sha256"] in text
    assert all(f"It would be otherwise if {change}" in text for change in facts["would_change_if"])
    assert all(one["item_id"] in text for one in facts["nearest_labelled"])
    recorded = next(one for one in get_labelling(study).rounds if one["round"] == facts["round"])
    assert facts["runners_up"] == recorded["runners_up"]
    assert all(f"cluster {one['cluster_id']} would propose {one['label']}" in text for one in recorded["runners_up"])


def test_a_map_of_a_layer_that_is_not_there_is_refused(study: Study, capsys, monkeypatch) -> None:
    image_id = str(list_images(study).image_ids[list_images(study).positions_in("tuning")[0]])
    monkeypatch.setattr(sys, "argv", ["medxai_core", "story", str(study.folder), image_id, "--layer", "99"])
    assert __main__.main() == 1
    assert "no map of layer 99 is recorded" in capsys.readouterr().err


def test_a_seed_says_that_its_label_was_given(study: Study) -> None:
    items = list_items(study)
    row = int(np.flatnonzero(items.is_seed)[0])
    told = tell_life_story(study, str(items.item_ids[row])).get("proposal").parts[0]
    assert told.facts["seed_label"] == items.reference_labels[row]


def test_a_picture_that_taught_the_run_says_so(study: Study) -> None:
    item_id = str(list_items(study).item_ids[0])  # the run's manifest names items 0 to 31
    runs = tell_life_story(study, item_id).get("prediction").parts[0].facts["runs"]
    assert runs[0]["taught_as"] == "non_polyp"


def test_a_classifier_learns_from_labelled_items_only(study: Study) -> None:
    items = list_items(study)
    row = next(int(row) for row in items.positions_in("train") if row >= 32)
    [part] = tell_life_story(study, str(items.item_ids[row])).get("prediction").parts
    assert part.facts["runs"][0]["learned_from"] == "nothing" and "did not learn from it." in part.words


def test_a_tile_is_found_by_its_id_and_a_picture_by_its_beginning(study: Study) -> None:
    image_id = find_first(study, "test")
    assert len(tell_life_story(study, image_id[:8]).item_ids) == 4
    assert tell_life_story(study, f"{image_id}-r1c0").item_ids == (f"{image_id}-r1c0",)
    for wrong in (f"{image_id}-r9c9", "zzzz"):
        with pytest.raises(ImageNotFoundError):
            tell_life_story(study, wrong)
    with pytest.raises(RunNotFoundError):
        tell_life_story(study, image_id, "no-such-run")


def test_a_removed_picture_keeps_its_tombstone_only(study: Study) -> None:
    image_id = find_first(study, "train")
    remove_image(study, image_id)
    story = tell_life_story(study, image_id)
    assert [step.key for step in story.steps] == ["file", "decisions"]
    assert "removed" in story.get("file").parts[0].words
