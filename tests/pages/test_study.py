"""Facts about the Study page: what it counts, what it hides, what it starts, what it removes."""

from __future__ import annotations

import json
import time

import pytest

from medxai_core import making, store
from medxai_core.errors import Failure
from medxai_core.events import list_events
from medxai_core.jobs import list_jobs
from medxai_core.readers import get_default_reader
from medxai_core.records.pictures import get_thumbnail_path, list_images, list_items
from medxai_core.stages.labels import decide
from medxai_core.studies.drawing import UNLABELLED_NOTE
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.studies.likely_folders import LikelyFolder
from medxai_core.study import open_study
from pages.components.study.health import say_note


def find_button(app, label):
    """Return the one button with this label."""
    [found] = [button for button in app.button if button.label == label]
    return found


def wait_for_jobs(study):
    """Wait until no job is at work in a study."""
    for _ in range(600):
        if not list_jobs(study, only_open=True):
            return
        time.sleep(0.1)


def wait_until_made(name):
    """Wait until a study in the making has ended."""
    for _ in range(600):
        found = making.get_making(name)
        if found is None or not found.is_open:
            break
        time.sleep(0.1)
    for _, process in making._PROCESSES:
        process.wait()


def test_without_a_study_the_page_offers_the_demo_and_the_import(open_page, read_page):
    app = open_page("study")
    assert not app.exception
    assert app.title[0].value == "Welcome"
    assert {"Make the demo study", "Import"} <= {button.label for button in app.button}
    assert "No patient" in read_page(app)


def test_the_counts_are_those_of_the_study_and_test_labels_are_hidden(open_page, fresh_study, read_page):
    app = open_page("study")
    assert not app.exception
    metrics = {metric.label: metric.value for metric in app.metric}
    assert (metrics["Pictures"], metrics["Tiles"], metrics["Given masks"]) == ("24", "96", "24")
    splits = app.table[0].value.set_index("Split")
    assert splits["Pictures"].sum() == 24
    [test_row] = [row for name, row in splits.iterrows() if name.startswith("test")]
    assert (test_row["Import: polyp"], test_row["Import: non-polyp"]) == ("hidden", "hidden")
    assert "hidden until a mask setting is locked" in read_page(app)


def test_labels_of_readers_are_counted_beside_those_of_the_import(open_page, fresh_study):
    items = list_items(fresh_study)
    free = items.item_ids[(items.splits == "train") & ~items.is_seed][:3]
    for item_id in free:
        decide(fresh_study, str(item_id), "label", reader="r1", label="polyp")
    app = open_page("study")
    [decided] = [metric.value for metric in app.metric if metric.label == "By readers"]
    splits = app.table[0].value
    assert decided == "3"
    assert splits["Decided by readers"].tolist() == [3 if name.startswith("train") else 0 for name in splits["Split"]]
    assert splits["Given to the method"][0] == items.is_seed.sum()


def test_notes_of_the_import_are_told_as_past_and_no_command_is_asked_for(open_page, fresh_study, read_page):
    assert "Start by" not in say_note(UNLABELLED_NOTE)
    assert say_note("Seeds: 0 of class non_polyp instead of 50: none.").startswith("At import: Seeds: 0 of non-polyp")
    app = open_page("study", study_tab="Health check")
    assert "python -m" not in read_page(app) and not app.get("code")


def test_a_link_opens_its_picture_and_says_when_there_is_none(open_page, small_study, read_page):
    images = list_images(small_study)
    image_id = str(images.image_ids[3])
    app = open_page("study", image=image_id)
    assert f"Picture {image_id[:8]}" in read_page(app) and f"split {images.splits[3]}" in read_page(app)
    app.button(key="asked-picture-close").click().run()
    assert "asked-picture-close" not in [one.key for one in app.button]
    assert "is not known here" in read_page(open_page("study", image="f" * 16)).replace("which is not", "is not")


def test_no_file_name_is_shown(open_page, fresh_study, read_page):
    for tab in ("Counts and examples", "Health check"):
        app = open_page("study", study_tab=tab)
        shown = read_page(app) + json.dumps([str(image.proto) for image in app.get("imgs")])
        assert "smith" not in shown


def test_a_healthy_study_is_said_to_be_so(open_page, small_study, read_page):
    assert "Something is wrong" not in read_page(open_page("study", study_tab="Health check"))


def test_moved_pictures_are_found_missing_and_can_be_found_again(open_page, small_study, read_page, tmp_path):
    root = small_study.image_root
    small_study.set_fact("image_root", str(tmp_path / "gone"))
    app = open_page("study", study_tab="Health check")
    assert "Something is wrong" in read_page(app)
    assert any("24 pictures are not where they were" in one.label for one in app.expander)
    app.text_input(key="relocate-images").set_value(str(tmp_path))
    app.button(key="relocate").click().run()
    assert "does not hold the study" in app.error[-1].value
    app.text_input(key="relocate-images").set_value(str(root))
    app.button(key="relocate").click().run()
    assert small_study.image_root == root
    assert "Something is wrong" not in read_page(app)


def test_removing_a_picture_needs_a_confirmation_and_leaves_no_thumbnail(open_page, small_study):
    image_id = str(list_images(small_study).image_ids[0])
    app = open_page("study", study_tab="Look after it")
    app.text_input(key="remove-id").set_value(image_id[:8])
    app.button(key="remove-ask").click().run()
    assert get_thumbnail_path(small_study, image_id).is_file()
    app.button(key="remove-confirm").click().run()
    assert not app.exception
    assert not get_thumbnail_path(small_study, image_id).exists()
    assert not list_images(small_study).is_present[0]
    assert "was removed" in app.success[0].value


def test_an_import_without_a_name_is_refused_with_the_remedy(open_page):
    app = open_page("study")
    app.text_input(key="import-name").set_value("")
    app.button(key="import-start").click().run()
    assert "name of a study" in app.error[0].value
    assert making.list_makings() == []


def test_a_neutral_name_is_offered_so_that_none_must_be_typed(open_page, fresh_study):
    app = open_page("study", new="1")
    assert app.text_input(key="import-name").value == "study-1"


def test_a_folder_found_on_this_computer_is_taken_by_one_click(open_page, imported_study, monkeypatch):
    folder = open_study(imported_study, read_only=True).image_root
    found = [LikelyFolder(folder, 24)]
    monkeypatch.setattr("pages.components.study.likely_places.list_likely_folders", lambda: found)
    app = open_page("study")
    app.button(key="likely-0").click().run()
    assert app.text_input(key="import-images-folder").value == str(folder)


def test_a_damaged_upload_is_named_without_the_words_of_a_decoder(open_page, home, read_page):
    app = open_page("study")
    reason = "'/x/uploads/m/images/a.png' is damaged, cut short or not readable (OSError: broken (7)). Copy it again."
    app.session_state["uploads_left_out"] = [Failure("a.png", reason)]
    app.run()
    [table] = [frame.value for frame in app.dataframe]
    assert table.iloc[0].tolist() == ["a.png", "The file is damaged, cut short or not readable. Copy it again."]


def test_a_folder_that_is_not_there_is_said_so_before_anything_starts(open_page, tmp_path):
    app = open_page("study")
    app.text_input(key="import-name").set_value("mine")
    app.text_input(key="import-images-folder").set_value(str(tmp_path / "nowhere"))
    app.button(key="import-start").click().run()
    assert "does not exist" in app.error[0].value
    assert making.list_makings() == []


def test_an_import_runs_and_the_new_study_is_opened(open_page, imported_study, home):
    source = open_study(imported_study, read_only=True)
    app = open_page("study")
    app.text_input(key="import-name").set_value("mine")
    app.text_input(key="import-images-folder").set_value(str(source.image_root))
    app.text_input(key="import-masks-folder").set_value(str(source.mask_root))
    app.button(key="import-start").click().run()
    assert not app.error
    wait_until_made("mine")
    app.run()
    assert not app.exception
    assert app.title[0].value == "Study mine"
    assert making.list_makings() == []


def test_an_import_that_failed_shows_why_until_it_is_dismissed(open_page, home):
    (home / "making").mkdir()
    values = {"name": "mine", "title": "Importing into mine", "folder": "x", "status": "failed"}
    values |= {"error": "no pictures_here.", "remedy": "Name another folder.", "started_at": 1.0}
    (home / "making" / "mine.json").write_text(json.dumps(values))
    app = open_page("study")
    assert "Name another folder" in app.error[0].value.replace("\\", "")
    find_button(app, "Dismiss").click().run()
    assert not app.error
    assert making.list_makings() == []


def test_a_demo_in_the_making_shows_its_stage_and_can_be_stopped(open_page, home):
    (home / "making").mkdir()
    values = {"name": "demo", "title": "Making the demo study", "folder": "x", "status": "starting"}
    values |= {"stage": "Drawing frames", "done": 30, "total": 240, "started_at": time.time()}
    (home / "making" / "demo.json").write_text(json.dumps(values))
    app = open_page("study")
    assert "Drawing frames: 30 of 240" in app.get("progress")[0].proto.text
    assert find_button(app, "Make the demo study").disabled
    find_button(app, "Stop").click().run()
    assert making.is_stop_requested("demo")


def test_text_in_pictures_is_warned_of_with_the_pictures_and_no_green_line_stands_above_it(
    open_page, small_study, read_page
):
    image_id = str(list_images(small_study).image_ids[0])
    small_study.set_fact("burned_in_text", [image_id])
    app = open_page("study")
    assert "Text may be burned into 1 picture" in app.warning[0].value and "Health check" in app.warning[0].value
    app = open_page("study", study_tab="Health check")
    assert "Text may be burned into 1 picture" in app.warning[0].value
    page = read_page(app)
    assert "1 picture may hold burned-in text" in [one.label for one in app.expander]
    assert "blacked out" in page and "no proof" in page and "Nothing" not in page


def test_files_that_were_left_out_are_said_before_anything_good(open_page, small_study, read_page):
    with small_study.begin() as connection:
        rows = [{"item": f"{name}.jpg", "reason": "it is damaged."} for name in "abc"]
        connection.execute(store.import_failures.insert(), rows)
    page = read_page(open_page("study", study_tab="Health check"))
    assert "3 files were left out" in page and ":green[" not in page


def test_the_safe_answer_is_the_one_that_stands_out(open_page, small_study):
    app = open_page("study", study_tab="Look after it")
    app.text_input(key="remove-id").set_value(str(list_images(small_study).image_ids[0])[:8])
    app = app.button(key="remove-ask").click().run()
    kinds = {button.key: button.proto.type for button in app.button if button.key and "remove-" in button.key}
    assert kinds["remove-keep"] == "primary" and kinds["remove-confirm"] == "secondary"


def test_a_study_that_was_being_made_opens_also_after_the_page_was_loaded_again(open_page, small_study):
    folder = small_study.folder
    (folder.parents[1] / "making").mkdir()
    values = {"name": folder.name, "title": "Importing", "folder": str(folder), "status": "done", "started_at": 1.0}
    (folder.parents[1] / "making" / f"{folder.name}.json").write_text(json.dumps(values))
    app = open_page("study", making=folder.name, new="1")  # as `remember_started` wrote it into the address
    assert app.title[0].value == f"Study {folder.name}"
    assert making.list_makings() == []
    assert app.query_params["study"] in (folder.name, [folder.name])
    assert "making" not in app.query_params and "new" not in app.query_params


def test_masks_are_added_after_the_import_and_the_log_says_by_whom(open_page, home, read_page, imported_study):
    root = open_study(imported_study, read_only=True).mask_root.parent
    study = create_study(home / "studies" / "small", ImportOptions(root / "images", layout="folders"))
    app = open_page("study", study_tab="Look after it")
    assert "24 pictures have no mask" in read_page(app)
    app = app.button(key="add-masks").click().run()
    assert "No folder was named" in app.error[0].value.replace("\\", "")
    app.text_input(key="add-masks-folder").set_value(str(root / "gone"))
    app = app.button(key="add-masks").click().run()
    assert "does not exist" in app.error[0].value
    app.text_input(key="add-masks-folder").set_value(str(root / "masks"))
    app = app.button(key="add-masks").click().run()
    wait_for_jobs(study)
    app = app.run()
    assert not app.exception
    assert list_images(study).mask_paths.tolist().count(None) == 0
    assert "Every picture has its mask" in read_page(app)
    [event] = list_events(study, kind="add-masks")
    assert event["actor"] == get_default_reader()


def test_counts_and_pictures_are_not_sought_again_at_each_drawing(open_page, small_study, monkeypatch):
    """At 110,000 pictures they took more than half of the time of a drawing."""
    app = open_page("study")
    monkeypatch.setattr("pages.components.study.overview.count_by_split", pytest.fail)
    app = app.run()
    assert not app.exception and not app.error
