"""Facts about the recommended mode on a study: what is kept of a training, how it goes on, what its masks are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_studies import learn_for_a_moment, make_small_study

from medxai_core.checkpoints import load_checkpoint
from medxai_core.commands.training import say_what_is_kept
from medxai_core.config import SEGMENTATION
from medxai_core.errors import SettingError, StopRequested
from medxai_core.images import load_mask
from medxai_core.life_story import tell_life_story
from medxai_core.life_story.context import read_context
from medxai_core.life_story.lessons import find_lesson, say_lesson
from medxai_core.life_story.mask_steps import tell_prediction
from medxai_core.masks import Band, make_mask
from medxai_core.models import preprocess
from medxai_core.progress import OnProgress, Stage
from medxai_core.records.masks import MaskSetting, get_heatmaps, get_locked_setting, list_heatmaps
from medxai_core.records.pictures import list_images, list_items, load_study_image
from medxai_core.records.runs import RecordedRun, get_run, list_epochs, list_runs
from medxai_core.stages.evidence import locate_evidence
from medxai_core.stages.heatmaps import compute_study_heatmaps, load_map_maker
from medxai_core.stages.masks import (
    check_setting,
    lock_setting,
    make_setting,
    make_study_mask,
    recommended_setting,
)
from medxai_core.stages.runs import BEST
from medxai_core.stages.scores import score_study
from medxai_core.stages.segment import segment_pictures
from medxai_core.stages.students import CLASS_MAP, train_student
from medxai_core.stages.tuning_table import find_tuning_table, record_tuning_table
from medxai_core.stages.whole_pictures import choose_pictures
from medxai_core.students.class_map import load_class_map
from medxai_core.students.curriculum import Curriculum
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study, open_study
from medxai_core.views.run_states import list_run_states
from medxai_core.views.training_course import Amounts, list_parts

SMALL = Curriculum(side=64, use_side=96, n_drawn=(4, 2), shape_steps=2, rounds=(2, 2), batch=(2, 1, 1))


STAGES: list[str] = []
"""Titles of the stages of the training of `taught`."""


def note_stage(title: str) -> OnProgress:
    """Note that a stage has begun."""
    STAGES.append(title)
    return lambda done, total: None


@pytest.fixture(scope="module", autouse=True)
def quick_lessons() -> Iterator[None]:
    """Learn for a moment: what is kept of a training does not hang on it."""
    with pytest.MonkeyPatch.context() as patch:
        learn_for_a_moment(patch)
        yield


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, phantom_folder: Path) -> tuple[Study, RecordedRun]:
    """Return a small study with a segmenter that has learned for a moment."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("taught")
        patch.setenv("MEDXAI_HOME", str(folder))
        study = make_small_study(folder / "studies" / "small", phantom_folder)
        STAGES.clear()
        return study, train_student(study, curriculum=SMALL, stage=note_stage)


def stop_at(title: str) -> Stage:
    """Return stages of which one is stopped by the user at its first step."""

    def stage(name: str) -> OnProgress:
        def on_progress(done: int, total: int) -> None:
            if name == title:
                raise StopRequested

        return on_progress

    return stage


def lock_recommended(study: Study, run: RecordedRun) -> None:
    """Lock the operating point of the checkpoint; a test before may have done so."""
    if get_locked_setting(study, run.run_id) is None:
        lock_setting(study, run.run_id, recommended_setting(run), reader="a")


def test_every_round_is_kept_and_no_pixels_of_patients_stay(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    assert (run.status, run.network, run.n_blocks, run.mask_head) == ("done", "lite1-fpn", 22, 21)
    epochs = list_epochs(study, run.run_id)
    assert [row["epoch"] for row in epochs] == [1, 2, 3] == list(range(1, run.epochs + 1))
    assert all(0 <= row["train_accuracy"] <= 1 for row in epochs)
    left = sorted(path.name for path in study.run_folder(run.run_id).iterdir())
    assert left == ["best.json", "best.safetensors", "class_map.safetensors", "last.json", "last.safetensors"]
    assert (study.run_folder(run.run_id) / BEST).stat().st_size < 30e6


def test_the_story_leads_from_the_mask_back_to_the_labels(taught: tuple[Study, RecordedRun], tmp_path: Path) -> None:
    study, run = taught
    images, items = list_images(study), list_items(study)
    labelled = next(
        row for row, label in zip(run.manifest["item_positions"], run.manifest["labels"], strict=True) if label
    )
    position = int(items.image_positions[labelled])
    story = tell_life_story(study, str(images.image_ids[position]), run.run_id)
    assert [step.key for step in story.steps][6:9] == ["prediction", "evidence", "heatmap"]
    [step] = [step for step in story.steps if step.key == "evidence"]
    picture = load_study_image(study, images.relative_paths[position])
    located = locate_evidence(study, run, picture)
    assert located.shape == picture.shape[:2] and located.dtype == np.float32
    assert located.min() >= 0 and located.max() <= 1
    assert step.is_known and step.parts[0].facts["area"] == pytest.approx(float((located > 0.35).mean()))
    class_map = load_class_map(study.run_folder(run.run_id) / CLASS_MAP)
    class_map.save(tmp_path / "again.safetensors")
    square = np.asarray(Image.fromarray(picture).resize((448, 448), Image.Resampling.BILINEAR))[None]
    again = load_class_map(tmp_path / "again.safetensors")
    assert np.array_equal(again.locate(square), class_map.locate(square)) and again.least_peak == class_map.least_peak


def test_what_a_mask_added_to_the_evidence_adds_up(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    position = int(list_images(study).positions_in("tuning")[0])
    compute_study_heatmaps(study, run.run_id, layers=[21], splits=["tuning"])
    lock_recommended(study, run)
    story = tell_life_story(study, str(list_images(study).image_ids[position]), run.run_id)
    facts = {step.key: step.parts[0].facts for step in story.steps}
    shares = facts["mask"]["evidence"]
    assert shares["agreed"] + shares["added"] == pytest.approx(facts["mask"]["area"])
    assert shares["agreed"] + shares["left_out"] == pytest.approx(facts["evidence"]["area"])


def tell_prediction_of(study: Study, run: RecordedRun, row: int) -> tuple[str, str]:
    """Return the words about what an item taught a run, and the fact."""
    [part] = tell_prediction(read_context(study, str(list_items(study).item_ids[row]), run.run_id)).parts
    return part.words, next(one["learned_from"] for one in part.facts["runs"] if one["run_id"] == run.run_id)


def test_an_unlabelled_tile_of_a_train_picture_taught_by_its_pseudo_mask(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    items = list_items(study)
    labelled = run.manifest["item_positions"]
    for row in items.positions_in("train"):
        words, lesson = tell_prediction_of(study, run, int(row))
        assert lesson == ("label" if row in labelled else "picture")
        assert "did not learn" not in words
        assert ("without a label of the tile: a pseudo-mask" in words) == (row not in labelled)
    for split in ("validation", "tuning", "test"):
        words, lesson = tell_prediction_of(study, run, int(items.positions_in(split)[0]))
        assert lesson == "nothing" and "did not learn from it" in words


def test_pseudo_masks_are_told_as_they_were_made(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    told = say_lesson("picture", run, is_tile=True)
    assert "of its class map and of outlines of drawn frames, and after the first round of what it then said" in told
    config = run.manifest["config"] | {"shape_steps": 0}
    alone = replace(run, best_epoch=2, manifest=run.manifest | {"config": config})
    assert "made of its class map alone." in say_lesson("picture", alone, is_tile=False)
    items = list_items(study)
    unlabelled = next(row for row in items.positions_in("train") if row not in run.manifest["item_positions"])
    context = read_context(study, str(items.item_ids[unlabelled]), run.run_id)
    assert find_lesson(context, replace(run, best_epoch=1), unlabelled) == ("drawn frames", None)


def test_a_picture_that_was_left_out_is_told_from_one_that_was_learned(
    taught: tuple[Study, RecordedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_study(shutil.copytree(taught[0].folder, tmp_path / "many"))
    learned: list[int] = []

    def choose_few(candidates: np.ndarray, labelled: np.ndarray, *, seed: int) -> np.ndarray:
        learned.extend(choose_pictures(candidates, labelled, seed=seed, most=9))
        return np.array(learned)

    monkeypatch.setattr("medxai_core.stages.students.choose_pictures", choose_few)
    monkeypatch.setattr("medxai_core.life_story.lessons.MOST_PICTURES", 9)
    run = train_student(study, curriculum=SMALL, seed=3)
    items, images = list_items(study), list_images(study)
    rows = [row for row in items.positions_in("train") if row not in run.manifest["item_positions"]]
    found = {int(row): tell_prediction_of(study, run, int(row))[1] for row in rows}
    assert set(found.values()) == {"picture", "left out"}
    assert {row for row in found if found[row] == "picture"} == {
        row for row in found if items.image_positions[row] in learned
    }
    left_out = next(row for row in found if found[row] == "left out")
    assert "did not learn from it: a segmenter learns from at most" in tell_prediction_of(study, run, left_out)[0]
    gone = next(p for p in images.positions_in("train") if p not in learned and p != items.image_positions[left_out])
    remove_image(study, str(images.image_ids[gone]))
    words, lesson = tell_prediction_of(study, run, left_out)
    assert lesson == "unknown" and words.startswith("Whether run")


def test_a_segmenter_without_a_lock_is_told_in_its_own_way(
    taught: tuple[Study, RecordedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, run = taught
    monkeypatch.setattr("medxai_core.life_story.context.get_locked_setting", lambda study, run_id: None)
    story = tell_life_story(study, str(list_images(study).image_ids[0]), run.run_id)
    heatmap, mask = story.get("heatmap"), story.get("mask")
    assert "never stretched" in heatmap.not_proof and "hottest" not in heatmap.not_proof
    assert "4 x 4 pixels" in mask.not_proof and "coarse" not in mask.not_proof
    assert "segmentation head, h > 0.5" in mask.parts[0].words and "layer and threshold" not in mask.parts[0].words


def test_a_run_that_kept_no_class_map_says_so(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    kept = study.run_folder(run.run_id) / CLASS_MAP
    kept.rename(kept.with_suffix(".away"))
    try:
        story = tell_life_story(study, str(list_images(study).image_ids[0]), run.run_id)
        [step] = [step for step in story.steps if step.key == "evidence"]
        assert not step.is_known and "Train it again" in step.parts[0].words
    finally:
        kept.with_suffix(".away").rename(kept)


def test_the_story_of_a_picture_whose_file_is_gone_is_told_all_the_same(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    images = list_images(study)
    path = study.image_root / str(images.relative_paths[0])
    path.rename(path.with_suffix(".away"))
    try:
        story = tell_life_story(study, str(images.image_ids[0]), run.run_id)
        [step] = [step for step in story.steps if step.key == "evidence"]
        assert not step.is_known and "cannot be read" in step.parts[0].words
    finally:
        path.with_suffix(".away").rename(path)


def test_the_checkpoint_carries_its_operating_point(taught: tuple[Study, RecordedRun], tmp_path: Path) -> None:
    study, run = taught
    model, manifest = load_checkpoint(study.run_folder(run.run_id) / BEST)
    assert manifest.operating_point is not None
    assert (manifest.operating_point.layer, manifest.operating_point.low) == (21, 0.5)
    images = list_images(study)
    path = study.image_root / str(images.relative_paths[0])
    written = segment_pictures(study.run_folder(run.run_id) / BEST, [path], tmp_path)
    picture = load_study_image(study, images.relative_paths[0])
    with torch.no_grad():
        said = torch.sigmoid(model.segment(preprocess([picture], manifest.preprocessing)))[0].numpy()
    maker = load_map_maker(study, run.run_id)
    heatmap, is_blank = maker.finish(said, 21, picture.shape[:2])
    assert not is_blank and heatmap.max() <= 1
    assert np.array_equal(load_mask(tmp_path / written.names[0]), make_mask(heatmap, Band(0.5)))


def test_probabilities_are_kept_as_they_are(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    compute_study_heatmaps(study, run.run_id, layers=[14, 21], splits=["tuning"])
    images, maker = list_images(study), load_map_maker(study, run.run_id)
    position = int(images.positions_in("tuning")[0])
    picture = load_study_image(study, images.relative_paths[position])
    raw, logits = maker.compute_raw([picture], [14, 21])
    kept = get_heatmaps(study, run.run_id, 21)[position]
    assert np.abs(kept - raw[21][0]).max() < 0.0003
    assert kept.shape == (24, 24) and kept.min() > 0 and kept.max() < 1
    assert get_heatmaps(study, run.run_id, 14)[position].max() == 1  # a CAM is kept as shares of its maximum
    assert logits == pytest.approx(maker.compute_raw([picture], [21])[1], abs=1e-5)
    assert list(list_heatmaps(study, run.run_id, "layercam")) == [21]  # the head's is the same for every method
    heatmap, _, _ = make_study_mask(
        maker, get_heatmaps(study, run.run_id, 21), images, position, setting=recommended_setting(run)
    )
    assert heatmap.max() < 1  # not stretched


def test_the_head_has_its_own_method_and_no_other(taught: tuple[Study, RecordedRun], tmp_path: Path) -> None:
    study, run = taught
    assert make_setting(study, run.run_id, layer=21, low=0.4, high=None).method == SEGMENTATION
    assert make_setting(study, run.run_id, layer=None, low=None, high=None) == recommended_setting(run)
    with pytest.raises(SettingError, match="no method 'segmentation' at layer 14"):
        compute_study_heatmaps(study, run.run_id, layers=[14, 21], method=SEGMENTATION)
    picture = study.image_root / str(list_images(study).relative_paths[0])
    checkpoint = study.run_folder(run.run_id) / BEST
    with pytest.raises(SettingError, match="no method 'segmentation' at layer 14"):
        segment_pictures(checkpoint, [picture], tmp_path, layer=14, low=0.5, method=SEGMENTATION)
    assert segment_pictures(checkpoint, [picture], tmp_path, layer=21, low=0.4).setting.method == SEGMENTATION
    for layer, method in ((21, "gradcam"), (14, SEGMENTATION)):
        with pytest.raises(SettingError, match="no method"):
            check_setting(MaskSetting(layer, method, 0.5, None), run)
    with pytest.raises(SettingError, match="layers 0 to 21"):
        check_setting(MaskSetting(22, SEGMENTATION, 0.5, None), run)


def test_the_table_holds_the_head_and_the_score_says_what_masks_were_used_for(
    taught: tuple[Study, RecordedRun],
) -> None:
    study, run = taught
    table = record_tuning_table(study, run.run_id)
    assert table.sweep.layers == list(range(22))
    found = find_tuning_table(study, run.run_id)
    assert found is not None and found.holds(MaskSetting(21, SEGMENTATION, 0.5, None))
    assert not found.holds(MaskSetting(21, "gradcam", 0.5, None))
    lock_recommended(study, run)
    rows, failures = score_study(study, run.run_id)
    assert not failures and rows[0].name.endswith("segmentation head, h > 0.5")
    assert rows[0].masks_used_for in ("tile_labels", "nothing") and not rows[0].tuned_on_test


def test_a_stopped_training_goes_on_to_the_same_weights(
    taught: tuple[Study, RecordedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, run = taught

    with pytest.raises(StopRequested) as told:
        train_student(study, curriculum=SMALL, stage=stop_at("Learning masks, round 2 of 2"))
    stopped = next(one for one in list_runs(study) if one.status == "stopped")
    assert told.value.remedy == f"Go on with `train small --resume {stopped.run_id}`."
    assert len(list_epochs(study, stopped.run_id)) == 2
    assert train_student(study, resume=stopped.run_id).status == "done"
    same = [load_checkpoint(study.run_folder(one.run_id) / BEST)[1].sha256 for one in (run, stopped)]
    assert same[0] == same[1]
    assert get_run(study, stopped.run_id).epochs == 3


def test_the_course_of_a_training_names_its_stages_in_their_order(taught: tuple[Study, RecordedRun]) -> None:
    _, run = taught
    parts = list_parts(run.manifest["config"], Amounts(n_pictures=10, n_labelled=5, n_items=9))
    assert [part.title for part in parts] == STAGES


def test_the_class_map_outlives_a_stop_before_round_1(
    taught: tuple[Study, RecordedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, run = taught
    with pytest.raises(StopRequested):
        train_student(study, curriculum=SMALL, stage=stop_at("Class maps"))
    [stopped] = [one for one in list_run_states(study) if one.state == "stopped"]
    assert stopped.run is not None and not stopped.epochs and stopped.can_resume
    kept = (study.run_folder(stopped.run.run_id) / CLASS_MAP).read_bytes()
    monkeypatch.setattr("medxai_core.stages.students.fit_class_map", None)  # not fitted again, however often it stops
    with pytest.raises(StopRequested):
        train_student(study, resume=stopped.run.run_id, stage=stop_at("Learning masks, round 1 of 2"))
    assert len(list_epochs(study, stopped.run.run_id)) == 1
    STAGES.clear()
    assert train_student(study, resume=stopped.run.run_id, stage=note_stage).status == "done"
    assert "Learning outlines from drawn frames" not in STAGES and "Outlines in real pictures" in STAGES
    folders = [study.run_folder(one) for one in (run.run_id, stopped.run.run_id)]
    assert kept == (folders[0] / CLASS_MAP).read_bytes() == (folders[1] / CLASS_MAP).read_bytes()
    assert len({load_checkpoint(folder / BEST)[1].sha256 for folder in folders}) == 1


def test_a_run_that_kept_nothing_begins_again_with_its_own_seed(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    with pytest.raises(StopRequested) as told:
        train_student(study, curriculum=SMALL, stage=stop_at("Learning from labelled tiles"))
    [stopped] = [one for one in list_run_states(study) if one.state == "stopped"]
    assert stopped.run is not None and not stopped.has_class_map and stopped.can_resume
    assert stopped.run.run_id in told.value.remedy
    assert train_student(study, seed=7, resume=stopped.run.run_id).status == "done"
    both = [load_checkpoint(study.run_folder(one) / BEST)[1].sha256 for one in (run.run_id, stopped.run.run_id)]
    assert both[0] == both[1]


def test_a_round_that_was_saved_and_not_recorded_is_not_learned_again(taught: tuple[Study, RecordedRun]) -> None:
    study, run = taught
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("medxai_core.stages.students.record_epoch", fail_to_record)
        with pytest.raises(OSError, match="disk is full"):
            train_student(study, curriculum=SMALL)
    failed = next(one for one in list_runs(study) if one.status == "failed")
    assert failed.best_epoch is None and not list_epochs(study, failed.run_id)
    STAGES.clear()
    assert train_student(study, resume=failed.run_id, stage=note_stage).status == "done"
    assert "Learning outlines from drawn frames" not in STAGES
    assert [row["epoch"] for row in list_epochs(study, failed.run_id)] == [1, 2, 3]
    both = [load_checkpoint(study.run_folder(one.run_id) / BEST)[1].sha256 for one in (run, failed)]
    assert both[0] == both[1]


def fail_to_record(*_: object) -> None:
    """Stand in for a disk that is full."""
    raise OSError("disk is full")


def test_what_is_kept_of_a_training_is_said_as_it_is(taught: tuple[Study, RecordedRun]) -> None:
    _, run = taught
    assert say_what_is_kept(run) == (
        "drawn frames and 2 of 2 rounds on the pictures are learned; round 2, the last, is used"
    )
    early = say_what_is_kept(replace(run, best_epoch=1))
    assert early == "drawn frames and 0 of 2 rounds on the pictures are learned; what drawn frames taught is used"
    assert say_what_is_kept(replace(run, network="lite1", best_epoch=2)) == "best epoch 2 of 3"


def test_labelled_pictures_are_always_among_those_learned_from() -> None:
    chosen = choose_pictures(np.arange(100, 160), np.array([150, 103, 150]), seed=1, most=10)
    assert len(chosen) == 10 and {103, 150} <= set(chosen) <= set(range(100, 160))
    assert np.array_equal(chosen, choose_pictures(np.arange(100, 160), np.array([103, 150]), seed=1, most=10))
    assert list(choose_pictures(np.arange(9), np.arange(5), seed=0, most=2)) == [0, 1, 2, 3, 4]
