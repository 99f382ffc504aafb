"""Facts about the Masks page: the browser gets what the core counts, test truth stays hidden, locks are recorded."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_studies import make_small_study
from sqlalchemy import update
from streamlit.testing.v1 import AppTest
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core import store
from medxai_core.checkpoints import load_checkpoint
from medxai_core.errors import ImageNotFoundError
from medxai_core.evaluation.baselines import CENTRED_DISK, score_trivial_masks
from medxai_core.events import list_events, record_event
from medxai_core.heatmaps import pack_heatmap
from medxai_core.records.masks import MaskSetting, get_heatmaps, get_locked_setting, is_tuned_on_test, record_unlock
from medxai_core.records.pictures import list_images, load_study_image, load_study_mask
from medxai_core.records.runs import get_run
from medxai_core.stages.heatmaps import compute_study_heatmaps, load_map_maker
from medxai_core.stages.masks import lock_setting
from medxai_core.stages.runs import BEST
from medxai_core.stages.tuning_table import record_tuning_table
from medxai_core.study import Study, open_study
from pages.components.masks.viewer import VIEWER, provide_picture

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
        if load_truth(study, position).any():
            return str(images.image_ids[position]), int(position)
    raise AssertionError(f"no {split} picture with a polyp")


def load_truth(study: Study, position: int) -> np.ndarray:
    """Return the truth of one picture."""
    images = list_images(study)
    size = (int(images.widths[position]), int(images.heights[position]))
    truth = load_study_mask(study, images.mask_paths[position], size=size)
    assert truth is not None
    return truth


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and parts of a packed message, as the browser reads them."""
    length = int.from_bytes(packed[4:8], "little")
    described = json.loads(packed[8 : 8 + length])
    parts: dict[str, Any] = {}
    for name, facts in described["parts"].items():
        start = 8 + length + facts["offset"]
        content = packed[start : start + facts["bytes"]]
        if facts["dtype"] == "files":
            ends = np.cumsum(facts["sizes"])
            parts[name] = [content[end - size : end] for end, size in zip(ends, facts["sizes"], strict=True)]
        else:
            parts[name] = content if facts["dtype"] == "file" else np.frombuffer(content, facts["dtype"])
    return described["header"], parts


def read_sent(app: AppTest, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was sent to a component."""
    [found] = [one.proto for one in app.get("bidi_component") if one.proto.component_name == f"medxai_{name}"]
    return unpack(found.bytes)


def read_told(app: AppTest) -> dict[str, Any]:
    """Return the setting that the viewer was told to show."""
    setting: dict[str, Any] = read_sent(app, "mask_viewer")[0]["command"]["setting"]
    return setting


def read_first_picture(app: AppTest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the message of the picture in view."""
    return unpack(read_sent(app, "mask_feed")[1]["files"][0])


def act(app: AppTest, *, picture: int | None = None, **patch: Any) -> AppTest:
    """Do what the browser does when the reader lets go of a control."""
    header, _ = read_sent(app, "mask_viewer")
    before = (app.session_state[VIEWER].get("view") or {}) if VIEWER in app.session_state else {}
    view = {
        "turn": before.get("turn", 0) + 1,
        "channel": header["channel"],
        "split": header["split"],
        "picture": header["command"]["picture"] if picture is None else picture,
        "setting": {**header["command"]["setting"], **(before.get("setting") or {}), "chosen": "eye"} | patch,
    }
    app.session_state[VIEWER] = {"view": view}
    return app.run()


def decode_runs(runs: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the mask that runs describe."""
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(size)


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of a name."""
    return next(button for button in app.button if button.label == label).click().run()


def test_without_a_trained_run_the_page_leads_to_training(open_page, fresh_study, read_page):
    app = open_page("masks")
    assert not app.exception
    assert "No classifier is trained yet" in read_page(app)
    assert "Go to Training" in [button.label for button in app.button]


def test_the_browser_gets_picture_maps_truth_and_trivial_scores_of_the_core(open_page, study):
    image_id, position = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="12", low="0.3")
    assert not app.exception
    header, parts = read_first_picture(app)
    images, maker, truth = list_images(study), load_map_maker(study, RUN), load_truth(study, position)
    image = load_study_image(study, images.relative_paths[position])
    assert header["id"] == image_id and tuple(header["size"]) == image.shape[:2]
    assert np.array_equal(decode_runs(parts["truth"], image.shape[:2]), truth)
    disk = score_trivial_masks(truth)[CENTRED_DISK]
    assert header["trivial"]["disk"]["dice"] == disk.dice and header["trivial"]["disk"]["recall"] == disk.recall
    raw, _ = maker.compute_raw([image], range(21))
    for one in header["maps"]:
        expected = pack_heatmap(raw[one["layer"]][0])[0]
        found = parts["maps"][one["start"] : one["start"] + expected.size].view(np.float16).reshape(expected.shape)
        assert np.allclose(found, expected, atol=2e-3), one["layer"]
    shown = np.asarray(Image.open(io.BytesIO(parts["picture"])))
    assert shown.shape == image.shape and np.abs(shown.astype(int) - image).mean() < 4


def test_recorded_maps_are_sent_as_they_are_so_that_page_and_scores_count_alike(open_page, study):
    compute_study_heatmaps(study, RUN, layers=[5, 14], splits=["tuning"])
    image_id, position = find_picture(study, "tuning")
    header, parts = read_first_picture(open_page("masks", image=image_id, layer="14", low="0.3"))
    starts = {one["layer"]: one["start"] for one in header["maps"]}
    for layer in (5, 14):
        recorded = np.asarray(get_heatmaps(study, RUN, layer)[position])
        sent = parts["maps"][starts[layer] : starts[layer] + recorded.size]
        assert np.array_equal(sent, recorded.view(np.uint16).ravel())


def test_a_picture_of_the_film_brings_one_recorded_layer_without_running_the_network(study, monkeypatch):
    compute_study_heatmaps(study, RUN, layers=[14], splits=["tuning"])
    images, run = list_images(study), get_run(study, RUN)

    def fail(*args: object, **options: object) -> None:
        raise AssertionError("the network was run")

    monkeypatch.setattr("pages.components.masks.subject._compute_raw", fail)
    header, parts = unpack(provide_picture(study, run, images, "tuning/0/gradcam/14", own=None))
    assert [one["layer"] for one in header["maps"]] == [14] and header["answer"] is None
    assert max(Image.open(io.BytesIO(parts["picture"])).size) <= 320


@pytest.mark.parametrize("key", ["tuning/99999/gradcam", "x/0/gradcam", "tuning/0/nosuch", "../../etc", "tuning/0", ""])
def test_a_wish_for_what_is_not_there_is_refused(study, key):
    with pytest.raises(ImageNotFoundError):
        provide_picture(study, get_run(study, RUN), list_images(study), key, own=None)


def test_what_the_reader_stopped_at_goes_into_the_address_and_is_not_sent_back(open_page, study):
    image_id, _ = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="12", low="0.3")
    before = read_sent(app, "mask_viewer")[0]["command"]["number"]
    app = act(app, layer=5, low=0.2, high=0.6, method="layercam", inverted=True, align=False)
    assert not app.exception
    asked = {name: app.query_params[name] for name in ("layer", "low", "high", "method", "invert", "align")}
    assert asked == {"layer": "5", "low": "0.2", "high": "0.6", "method": "layercam", "invert": "1", "align": "0"}
    assert read_sent(app, "mask_viewer")[0]["command"]["number"] == before
    second = str(list_images(study).image_ids[list_images(study).positions_in("tuning")[1]])
    app = act(app, picture=1)
    assert app.query_params["image"] == second


def test_what_the_page_changes_itself_is_told_to_the_viewer_as_a_new_command(open_page, study):
    app = open_page("masks", layer="12", low="0.3")
    app = act(app, low=0.5)
    before = read_sent(app, "mask_viewer")[0]["command"]
    app.session_state["masks_setting"] = MaskSetting(7, "gradcam", 0.15, None)  # as a click on the table does
    after = read_sent(app.run(), "mask_viewer")[0]["command"]
    assert after["number"] == before["number"] + 1
    assert (after["setting"]["layer"], after["setting"]["low"]) == (7, 0.15) and app.query_params["layer"] == "7"


@pytest.mark.parametrize(
    "patch",
    [{"layer": 99}, {"layer": True}, {"low": "x"}, {"low": float("nan")}, {"low": 0.8, "high": 0.3}, {"low": None},
     {"method": "<b>"}, {"low": -1}, {"layer": None}],
    ids=str,
)  # fmt: skip
def test_a_setting_that_cannot_be_is_not_taken_from_the_browser(open_page, study, patch):
    image_id, _ = find_picture(study, "tuning")
    app = act(open_page("masks", image=image_id, layer="12", low="0.3"), **patch)
    assert not app.exception
    assert (app.query_params["layer"], app.query_params["low"]) == ("12", "0.3") and "high" not in app.query_params


def test_a_link_opens_the_same_view_and_says_what_it_cannot_show(open_page, study):
    image_id, _ = find_picture(study, "train")
    app = open_page("masks", run=RUN, image=image_id, layer="5", low="0.2", high="0.6", method="layercam", invert="1")
    assert not app.exception and not app.warning
    told = read_told(app)
    assert (told["layer"], told["low"], told["high"], told["method"], told["inverted"]) == (
        5,
        0.2,
        0.6,
        "layercam",
        True,
    )
    assert app.segmented_control(key="masks_split").value == "train"
    assert read_first_picture(app)[0]["id"] == image_id == app.query_params["image"]
    app.query_params["layer"], app.query_params["low"] = "99", "nan"
    app.run()
    assert "layer: expected a whole number from 0 to 20" in app.warning[0].value
    assert read_told(app)["layer"] == 5
    broken = open_page("masks", run="nope", image="zzzz", layer="3.7", invert="yes")
    for words in ("picture is not in this study", "classifier is not", "whole number", "invert: expected 0 or 1"):
        assert words in broken.warning[0].value


def test_the_truth_of_test_pictures_is_not_sent_before_the_lock_nor_after_an_unlock(open_page, study, read_page):
    image_id, position = find_picture(study, "test")
    app = open_page("masks", image=image_id, layer="14", low="0.4")
    header, parts = read_first_picture(app)
    assert "truth" not in parts and header["trivial"] is None
    assert "stay hidden until a setting is locked" in header["reason"]
    viewer, _ = read_sent(app, "mask_viewer")
    assert viewer["locked"] is None and "stay hidden" in viewer["hidden"] and viewer["split"] == "test"
    app = press(app, "Lock this setting")
    header, parts = read_first_picture(app)
    assert np.array_equal(decode_runs(parts["truth"], tuple(header["size"])), load_truth(study, position))
    locked, _ = read_sent(app, "mask_viewer")
    assert locked["locked"]["low"] == 0.4 and "locked setting only" in locked["hidden"]
    assert locked["channel"] != viewer["channel"]  # the browser forgets what it held
    app = press(app, "Unlock")
    assert "tuned on test" in read_page(app)
    final, safe = app.button(key="masks_unlock_yes"), app.button(key="masks_unlock_no")
    assert (final.proto.type, safe.proto.type) == ("secondary", "primary")  # what cannot be taken back does not shine
    assert "counts as tuned on test" in final.label
    app = app.button(key="masks_unlock_yes").click().run()
    assert "truth" not in read_first_picture(app)[1]  # also what is in memory
    assert is_tuned_on_test(study, RUN) and get_locked_setting(study, RUN) is None


def test_another_readers_unlock_closes_the_truth_at_once(study):
    images, run = list_images(study), get_run(study, RUN)
    lock_setting(study, RUN, MaskSetting(14, "gradcam", 0.4, None), reader="a")
    assert "truth" in unpack(provide_picture(study, run, images, "test/0/gradcam", own=None))[1]
    record_unlock(study, RUN, reader="b")
    for key in ("test/0/gradcam", "test/0/gradcam/14"):
        assert "truth" not in unpack(provide_picture(study, run, images, key, own=None))[1]


@pytest.mark.parametrize("chosen_on", ["eye", "paper"])
def test_a_lock_says_who_locked_what_and_where_it_came_from(open_page, study, chosen_on):
    image_id, _ = find_picture(study, "tuning")
    app = open_page("masks", image=image_id, layer="9", low="0.25", reader="reader-anna")
    expected = MaskSetting(9, "gradcam", 0.25, None)
    if chosen_on == "paper":
        [paper] = [one for one in read_sent(app, "mask_viewer")[0]["presets"] if one["name"] == "paper-run-4"]
        app = act(app, **paper["setting"])
        expected = MaskSetting(20, "gradcam", 0.28, None, chosen_on="paper")
    else:
        app = act(app, chosen="paper")  # said, but not so
    press(app, "Lock this setting")
    assert get_locked_setting(study, RUN) == expected
    assert list_events(study, kind="lock")[-1]["actor"] == "reader-anna"
    point = load_checkpoint(study.run_folder(RUN) / BEST)[1].operating_point
    assert (point.layer, point.low, point.high) == (expected.layer, expected.low, expected.high)


def test_without_a_truth_of_test_pictures_nothing_is_offered_that_needs_one(open_page, study, read_page):
    with study.begin() as connection:
        connection.exec_driver_sql("UPDATE images SET mask_path = NULL")
    app = press(open_page("masks", layer="14", low="0.4"), "Lock this setting")
    assert next(button for button in app.button if button.label == "Score the test pictures").disabled
    assert "holds no masks for test pictures" in read_page(app)
    assert "truth of the test pictures is open" not in read_page(app)
    header, _ = read_sent(app, "mask_viewer")
    assert (header["hasTruth"], header["offersTable"]) == (False, False)


@pytest.mark.parametrize(
    ("learned", "said"), [(0, "seen drawn frames only (0 of 3 rounds"), (2, "learned 2 of 3 rounds"), (3, None)]
)
def test_a_network_that_is_not_finished_says_so_above_its_masks_and_beside_the_lock(
    open_page, study, read_page, learned, said
):
    run = record_untaught_segmenter(study)
    with study.begin() as connection:
        values = {"epochs": 4, "best_epoch": learned + 1}
        connection.execute(update(store.runs).where(store.runs.c.run_id == run.run_id).values(**values))
    app = open_page("masks", run=run.run_id)
    assert not app.exception
    warnings = [warning.value for warning in app.warning if "This training is not finished" in warning.value]
    assert ("Go to its training" in [button.label for button in app.button]) == (said is not None)
    if said is None:
        assert not warnings and any(one.endswith("last round") for one in app.selectbox(key="masks_run").options)
        return
    assert len(warnings) == 2 and all(said in one and "go on with it on the Training page" in one for one in warnings)
    assert f"unfinished: {learned} of 3 rounds" in " ".join(app.selectbox(key="masks_run").options)
    assert "Lock this setting" in [button.label for button in app.button]


def test_maps_that_are_not_aligned_cannot_be_locked(open_page, study):
    app = act(open_page("masks", layer="14", low="0.4"), align=False)
    assert next(button for button in app.button if button.label == "Lock this setting").disabled


def test_ones_own_picture_gets_maps_but_no_scores_and_is_kept_nowhere(open_page, study, read_page):
    before = sorted(path for path in study.folder.rglob("*") if path.is_file() and "study.db" not in path.name)
    app = open_page("masks", split="tuning")
    app = app.segmented_control(key="masks_split").set_value("own").run()
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 100, 3)).astype(np.uint8)).save(buffer, "PNG")
    app = app.file_uploader(key="masks_upload").upload("mr-smith.png", buffer.getvalue()).run()
    assert not app.exception
    header, parts = read_first_picture(app)
    assert header["answer"] is not None and "no truth for your own picture" in header["reason"]
    assert len(header["maps"]) == 21 and "truth" not in parts and header["trivial"] is None and header["id"] is None
    assert "smith" not in json.dumps([header, read_sent(app, "mask_viewer")[0]]) and "smith" not in read_page(app)
    assert "image" not in app.query_params
    after = sorted(path for path in study.folder.rglob("*") if path.is_file() and "study.db" not in path.name)
    assert after == before
    app = app.file_uploader(key="masks_upload").upload("x.png", b"no picture").run()
    assert "Your picture" in app.error[0].value and "tmp" not in app.error[0].value


def test_the_table_of_the_tuning_pictures_is_offered_then_sent_and_a_click_sets_the_viewer(open_page, study, read_page):
    app = open_page("masks", layer="9", low="0.2")
    assert "Compute the table" in [button.label for button in app.button]
    assert read_sent(app, "mask_viewer")[0]["table"] is None
    table = record_tuning_table(study, RUN)
    best = table.choose()
    app = app.run()
    header, _ = read_sent(app, "mask_viewer")
    assert f"Best: layer {best.layer}, heat above {best.low:g}" in read_page(app)
    assert header["table"]["dice"][str(best.layer)][table.sweep.thresholds.index(best.low)] == table.sweep.dice.max()
    [preset] = [one for one in header["presets"] if one["name"] == "tuning"]
    app = act(app, **preset["setting"])
    press(app, "Lock this setting")
    assert get_locked_setting(study, RUN) == best and best.chosen_on == "tuning"


def test_scores_that_were_made_before_masks_were_added_say_so(open_page, study):
    record_tuning_table(study, RUN)
    app = open_page("masks", layer="9", low="0.2")
    assert not [one for one in app.info if "were added" in one.value]
    with study.begin() as connection:
        record_event(connection, "add-masks", {"n_masks": 3})
    assert any("made before 3 masks were added, and without them" in one.value for one in app.run().info)
    record_tuning_table(study, RUN)
    assert not [one for one in app.run().info if "were added" in one.value]


def test_a_layer_whose_maps_are_the_same_for_every_picture_is_named(open_page, study):
    from medxai_core.records.masks import record_heatmaps

    maps = np.full((len(list_images(study)), 14, 14), np.nan, np.float16)
    maps[:] = np.linspace(0, 1, 196).reshape(14, 14)
    record_heatmaps(study, RUN, "gradcam", layer=12, maps=maps, seconds_per_image=1.0)
    app = open_page("masks", split="train", layer="12", low="0.3")
    same = read_sent(app, "mask_viewer")[0]["same"]
    assert "nearly the same for every picture" in same["layers"]["12"] and "0.95" in same["layers"]["12"]
    assert same["compared"] == [12]


def test_ids_lead_to_pictures_of_any_split(open_page, study, read_page):
    app = open_page("masks", layer="14", low="0.4")
    image_id, _ = find_picture(study, "test")
    app = app.text_input(key="masks_jump").set_value(image_id[:8].upper()).run()
    assert (app.query_params["image"], app.query_params["split"]) == (image_id, "test")
    header, _ = read_sent(app, "mask_viewer")
    assert header["split"] == "test"
    app = app.text_input(key="masks_jump").set_value("zzzz").run()
    assert "No single picture has this id" in read_page(app)
    assert app.query_params["image"] == image_id


def test_neither_file_names_nor_folders_reach_the_browser(open_page, study):
    app = open_page("masks", reader="<img src=x onerror=alert(1)>")
    images = list_images(study)
    told = json.dumps([read_sent(app, "mask_viewer")[0], read_sent(app, "mask_feed")[0], read_first_picture(app)[0]])
    assert "onerror" not in told and str(study.folder) not in told
    assert not any(Path(path).stem in told for path in images.relative_paths)
