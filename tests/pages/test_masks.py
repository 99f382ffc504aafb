"""Facts about the Masks page: live scores are the core's, test truth stays hidden, what is locked is recorded."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_studies import make_small_study
from trained_study import record_untrained_run

from medxai_core.checkpoints import load_checkpoint
from medxai_core.evaluation.scores import score_mask
from medxai_core.events import list_events
from medxai_core.masks import Band, make_mask
from medxai_core.records.masks import MaskSetting, get_locked_setting, is_tuned_on_test
from medxai_core.records.pictures import list_images, load_study_image, load_study_mask
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.stages.masks import lock_setting
from medxai_core.stages.training import BEST
from medxai_core.study import Study, open_study

RUN = "quick-lite1-abc123"


@pytest.fixture(scope="session")
def mapped_study(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study of drawn frames with a run whose maps can be made."""
    root = tmp_path_factory.mktemp("mapped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDXAI_HOME", str(root))
        study = make_small_study(root / "studies" / "small", phantom_folder)
        record_untrained_run(study, RUN)
        study.engine.dispose()
    return study.folder


@pytest.fixture
def study(home: Path, mapped_study: Path) -> Study:
    """Return a study of one's own with a run."""
    return open_study(shutil.copytree(mapped_study, home / "studies" / "small"))


def find_picture(study: Study, split: str) -> tuple[str, int]:
    """Return id and row of the first picture of a split that shows a polyp."""
    images = list_images(study)
    for position in images.positions_in(split, with_truth=True):
        size = (int(images.widths[position]), int(images.heights[position]))
        if load_study_mask(study, images.mask_paths[position], size=size).any():
            return str(images.image_ids[position]), int(position)
    raise AssertionError(f"no {split} picture with a polyp")


def read_scores(app) -> dict[str, str]:
    """Return the column of the mask in view from the table of scores."""
    table = app.table[0].value
    return dict(zip(table[""], table["This mask"], strict=True))


def shows_truth(app, read_page) -> bool:
    """Return True when anything on the page was made with the truth."""
    return bool(len(app.table)) or "Dice 0" in read_page(app) or "missed" in "".join(h.value for h in app.html)


def test_without_a_trained_run_the_page_leads_to_training(open_page, fresh_study, read_page):
    app = open_page("masks")
    assert not app.exception
    assert "No classifier is trained yet" in read_page(app)
    assert "Go to Training" in [button.label for button in app.button]


def test_live_scores_are_those_of_the_mask_that_the_core_makes(open_page, study):
    image_id, position = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="12", low="0.3")
    images, maker = list_images(study), load_map_maker(study, RUN)
    image = load_study_image(study, images.relative_paths[position])
    raw, _ = maker.compute_raw([image], [12])
    truth = load_study_mask(study, images.mask_paths[position], size=(image.shape[1], image.shape[0]))
    heatmap, _ = maker.finish(raw[12][0], 12, image.shape[:2])
    for low in (0.3, 0.62):
        app = app.slider(key="masks_low").set_value(low).run()
        expected = score_mask(make_mask(heatmap, Band(low)), truth)
        shown = read_scores(app)
        assert shown["Overlap (Dice)"] == f"{expected.dice:.3f}"
        assert shown["Polyp that is covered (recall)"] == f"{expected.recall:.3f}"
    assert app.query_params["low"] == "0.62" and app.query_params["image"] == image_id


def test_a_link_opens_the_same_view_and_says_what_it_cannot_show(open_page, study, read_page):
    image_id, _ = find_picture(study, "train")
    app = open_page("masks", run=RUN, image=image_id, layer="5", low="0.2", high="0.6", method="layercam", invert="1")
    assert not app.exception and not app.warning
    assert app.slider(key="masks_layer").value == 5
    assert app.slider(key="masks_band").value == (0.2, 0.6)
    assert app.selectbox(key="masks_method").value == "layercam"
    assert app.toggle(key="masks_inverted").value
    assert app.segmented_control(key="masks_split").value == "train"
    assert image_id[:8] in " ".join(read_page(app).split()) or app.query_params["image"] == image_id
    app.query_params["layer"], app.query_params["low"] = "99", "nan"
    app.run()
    assert "layer: expected a number from 0 to 20" in app.warning[0].value
    assert app.slider(key="masks_layer").value == 5


def test_an_upper_limit_is_said_to_cut_out_the_core_and_the_published_shift_is_said(open_page, study, read_page):
    image_id, _ = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="14", low="0.4")
    assert "left out" not in read_page(app)
    app = app.segmented_control(key="masks_paper").set_value("paper-run-1").run()
    assert app.slider(key="masks_band").value == (0.4, 0.7)
    assert "the mask is a ring" in read_page(app)
    app = app.toggle(key="masks_align").set_value(False).run()
    assert "too far left" in read_page(app)  # 7.5 pixels of the input, see METHOD: cells look at 16 i + 15


def test_the_truth_of_test_pictures_shows_only_for_the_locked_setting(open_page, study, read_page):
    image_id, _ = find_picture(study, "test")
    app = open_page("masks", image=image_id, layer="14", low="0.4")
    assert not app.exception and not shows_truth(app, read_page)
    assert "stay hidden until a setting is locked" in read_page(app)
    [lock] = [button for button in app.button if button.label == "Lock this setting"]
    app = lock.click().run()
    assert shows_truth(app, read_page)
    app = app.slider(key="masks_low").set_value(0.5).run()
    assert not shows_truth(app, read_page)
    app = app.slider(key="masks_low").set_value(0.4).run()
    assert shows_truth(app, read_page)
    [unlock] = [button for button in app.button if button.label == "Unlock"]
    app = unlock.click().run()
    assert "tuned on test" in read_page(app)
    app = app.button(key="masks_unlock_yes").click().run()
    assert not shows_truth(app, read_page)  # also what is in memory
    assert is_tuned_on_test(study, RUN) and get_locked_setting(study, RUN) is None


@pytest.mark.parametrize("chosen_on", ["eye", "paper"])
def test_a_lock_says_who_locked_what_and_where_it_came_from(open_page, study, chosen_on):
    image_id, _ = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="9", low="0.25", reader="reader-anna")
    expected = MaskSetting(9, "gradcam", 0.25, None)
    if chosen_on == "paper":
        app = app.segmented_control(key="masks_paper").set_value("paper-run-4").run()
        expected = MaskSetting(20, "gradcam", 0.28, None, chosen_on="paper")
    next(button for button in app.button if button.label == "Lock this setting").click().run()
    assert get_locked_setting(study, RUN) == expected
    assert list_events(study, kind="lock")[-1]["actor"] == "reader-anna"
    point = load_checkpoint(study.run_folder(RUN) / BEST)[1].operating_point
    assert (point.layer, point.low, point.high) == (expected.layer, expected.low, expected.high)


def test_ones_own_picture_gets_a_mask_but_no_scores_and_is_kept_nowhere(open_page, study, read_page):
    before = sorted(path for path in study.folder.rglob("*") if path.is_file() and "study.db" not in path.name)
    app = open_page("masks", split="tuning")
    app = app.segmented_control(key="masks_split").set_value("own").run()
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 100, 3)).astype(np.uint8)).save(buffer, "PNG")
    app = app.file_uploader(key="masks_upload").upload("mr-smith.png", buffer.getvalue()).run()
    assert not app.exception
    text = read_page(app)
    assert "The classifier **" in text and "no truth for your own picture" in text
    assert not shows_truth(app, read_page) and "smith" not in text
    assert "image" not in app.query_params
    after = sorted(path for path in study.folder.rglob("*") if path.is_file() and "study.db" not in path.name)
    assert after == before
    app = app.file_uploader(key="masks_upload").upload("x.png", b"no picture").run()
    assert "your picture" in app.error[0].value and "tmp" not in app.error[0].value


def test_a_blank_map_is_said_in_words_and_its_mask_is_empty(open_page, study):
    record_untrained_run(study, "blank", is_blank=True)
    image_id, _ = find_picture(study, "tuning")
    app = open_page("masks", run="blank", image=image_id, layer="14", low="0.1")
    assert "blank" in app.warning[0].value
    assert read_scores(app)["Share of the picture in the mask"] == "0.0%"
    assert read_scores(app)["Mask that is polyp (precision)"] == "undefined: the mask is empty"


def test_the_table_of_the_tuning_pictures_is_offered_and_then_read(open_page, study, read_page):
    from medxai_core.stages.tuning_table import record_tuning_table

    app = open_page("masks")
    app.session_state["masks_tabs"] = "Best on tuning pictures"
    app = app.run()
    assert "Compute the table" in [button.label for button in app.button]
    best = record_tuning_table(study, RUN).choose()
    app = app.run()
    assert f"Best: layer {best.layer}, heat above {best.low:g}" in read_page(app)
    app = app.button(key="masks_preset_Best on tuning").click().run()
    next(button for button in app.button if button.label == "Lock this setting").click().run()
    assert get_locked_setting(study, RUN) == best and best.chosen_on == "tuning"


def test_a_study_of_test_pictures_shows_no_dice_in_the_film_until_it_is_locked(open_page, study, read_page):
    image_id, _ = find_picture(study, "test")
    app = open_page("masks", image=image_id, layer="14", low="0.4")
    app.session_state["masks_tabs"] = "Many pictures"
    app = app.run()
    label = "under this setting"
    app = next(button for button in app.button if label in button.label).click().run()
    assert not app.exception and "Mean Dice" not in read_page(app)
    lock_setting(study, RUN, MaskSetting(14, "gradcam", 0.4, None), reader="a")
    app = app.run()
    app = next(button for button in app.button if label in button.label).click().run()
    assert "Mean Dice" in read_page(app)


def test_keys_and_ids_lead_to_pictures_of_any_split(open_page, study, read_page):
    images = list_images(study)
    first, second = images.image_ids[images.positions_in("train")[:2]]
    app = open_page("masks", image=first, layer="14", low="0.4")
    app = app.button(key="masks_next").click().run()
    assert app.query_params["image"] == second
    image_id, _ = find_picture(study, "test")
    app = app.text_input(key="masks_jump").set_value(image_id[:8].upper()).run()
    assert (app.query_params["image"], app.query_params["split"]) == (image_id, "test")
    app = app.text_input(key="masks_jump").set_value("zzzz").run()
    assert "No single picture has this id" in read_page(app)
    assert app.query_params["image"] == image_id
