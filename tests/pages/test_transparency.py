"""Facts about the Transparency page: ten steps with what they do not prove, and nothing that must stay hidden."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scored_study import RUN
from small_studies import make_small_study

from medxai_core.json_values import to_plain
from medxai_core.life_story import tell_life_story
from medxai_core.records.clusterings import get_clustering
from medxai_core.records.labellings import get_labelling
from medxai_core.records.log_check import check_log
from medxai_core.records.masks import record_unlock
from medxai_core.records.pictures import list_images, list_items
from medxai_core.records.runs import get_run
from medxai_core.report import list_report_arguments, make_report, write_report_files
from medxai_core.sanity import Light
from medxai_core.stages.labels import decide
from medxai_core.stages.sanity import SanityRecord
from medxai_core.study import Study, open_study
from medxai_core.views.departures import DEPARTURES
from pages.components.transparency.cards import Telling, find_place


@pytest.fixture
def study(home: Path, scored_once: Path) -> Study:
    """Return a scored study of one's own."""
    return open_study(shutil.copytree(scored_once, home / "studies" / "small"))


def find_first(study: Study, split: str) -> str:
    """Return the id of the first picture of a split that shows a polyp."""
    images, items = list_images(study), list_items(study)
    shown = (p for p in images.positions_in(split) if np.nansum(items.polyp_shares[items.image_positions == p]) > 0)
    return str(images.image_ids[next(shown)])


def test_a_picture_opens_from_the_grid_and_stays_in_the_address(study: Study, open_page) -> None:
    app = open_page("transparency")
    image_id = str(list_images(study).image_ids[list_images(study).positions_in("test")[0]])
    app.button(key=f"story-open-{image_id}").click().run()
    assert not app.exception
    assert app.query_params["image"] in (image_id, [image_id])
    assert [one.value[:2].strip() for one in app.subheader] == [str(n) for n in range(1, 11)]


def test_every_card_says_what_it_does_not_prove(study: Study, open_page, read_page) -> None:
    for split in ("test", "train"):
        image_id = find_first(study, split)
        app = open_page("transparency", image=image_id)
        assert not app.exception, split
        text = read_page(app).replace("\\", "")
        for step in tell_life_story(study, image_id).steps:
            assert step.not_proof in text, step.key


def test_each_card_leads_to_the_very_thing_it_tells_of(study: Study) -> None:
    clustering, items = get_clustering(study), list_items(study)
    row = int(np.flatnonzero(clustering.cluster_ids > 0)[0])
    story = tell_life_story(study, str(items.item_ids[row]))
    telling = Telling(study, story, get_run(study, RUN), str(items.item_ids[row]))
    places = {step.key: find_place(telling, step) for step in story.steps}
    assert places["cluster"]["cluster"] == places["features"]["cluster"] == str(clustering.cluster_ids[row])
    assert places["cluster"]["clusters_tab"] == "One cluster"
    assert places["file"] == places["split"] == {"image": story.image_id}
    assert places["prediction"] == {"run": RUN}
    assert places["mask"] == {"run": RUN, "split": "train", "image": story.image_id}
    assert places["scores"]["run"] == RUN and places["decisions"] == {"review_item": str(items.item_ids[row])}


def test_no_file_name_is_on_the_page(study: Study, open_page, read_page) -> None:
    stems = [Path(str(path)).stem for path in list_images(study).relative_paths]
    text = read_page(open_page("transparency", image=find_first(study, "test")))
    assert not any(stem in text for stem in stems)


def test_the_score_of_a_test_picture_hides_when_the_setting_is_unlocked(study: Study, open_page, read_page) -> None:
    image_id = find_first(study, "test")
    dice = f"{tell_life_story(study, image_id).get('scores').parts[0].facts['dice']:.3f}"
    assert dice in str([table.value.to_dict() for table in open_page("transparency", image=image_id).table])
    record_unlock(study, RUN, reader="reader-1")
    app = open_page("transparency", image=image_id)
    assert "Hidden: truth and scores of test pictures" in read_page(app).replace("\\", "")
    assert dice not in str([table.value.to_dict() for table in app.table])


def test_a_decision_is_told_with_who_and_what_it_changed(study: Study, open_page) -> None:
    item_id, proposal = next(iter(get_labelling(study).proposals.items()))
    decide(study, item_id, "reject", reader="reader-7", reason="**blurred**")
    table = next(one.value for one in open_page("transparency", image=item_id).dataframe if "Reader" in one.value)
    assert (table["Reader"][0], table["After"][0], table["Reason"][0]) == ("reader-7", "no label", "**blurred**")


def test_an_unknown_id_in_the_address_leads_back_to_the_grid(study: Study, open_page, read_page) -> None:
    app = open_page("transparency", image="zzzzzzzz")
    assert not app.exception
    assert "No single picture" in read_page(app) and "Choose a picture" in read_page(app)


def test_the_other_tabs_tell_limits_departures_and_the_log(study: Study, open_page, read_page) -> None:
    limits = open_page("transparency", transparency_part="What the model cannot do")
    assert not limits.exception and "It learned from 36 labels" in read_page(limits).replace("\\", "")
    departures = read_page(open_page("transparency", transparency_part="Departures from the published code"))
    assert all(one.title in departures.replace("\\", "") for one in DEPARTURES)
    assert "not tested yet" in read_page(open_page("transparency", transparency_part="Tests of the maps"))
    log = open_page("transparency", transparency_part="Log")
    assert "Imported 24 pictures" in " ".join(log.dataframe[0].value["What"])
    log.selectbox(key="log_kind").select("lock").run()
    assert set(log.dataframe[0].value["Kind"]) == {"lock"}
    assert "The log is whole" in read_page(log)


def test_the_list_has_as_many_lines_as_the_check_of_the_log(study: Study, open_page, read_page) -> None:
    log = open_page("transparency", transparency_part="Log")
    n = check_log(study).n_lines
    assert len(log.dataframe[0].value["Kind"]) == n and "setting" in set(log.dataframe[0].value["Kind"])
    assert f"{n} of {n} lines." in read_page(log) and f"each of its {n} lines" in read_page(log)


def test_a_result_that_was_changed_by_hand_is_told_in_red(study: Study, open_page, read_page) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("UPDATE proposals SET label = 'x' WHERE position = 0")
    app = open_page("transparency", transparency_part="Log")
    told = " ".join(error.value for error in app.error)
    assert not app.exception and "Results are not as the log saw them" in told and "proposed labels of" in told


def test_details_that_are_no_json_do_not_keep_the_log_from_being_read(study: Study, open_page, read_page) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("DROP TRIGGER events_no_update")
        database.execute("UPDATE events SET details = '{' WHERE event_number = 2")
    app = open_page("transparency", transparency_part="Log")
    assert not app.exception and "Line 2 (event 2)" in " ".join(error.value for error in app.error)
    assert "changed by hand" in " ".join(app.dataframe[0].value["What"])


def test_a_log_that_was_changed_by_hand_is_told_in_red(study: Study, open_page, read_page) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("DROP TRIGGER events_no_update")
        database.execute("UPDATE events SET actor = 'nobody' WHERE event_number = 2")
    app = open_page("transparency", transparency_part="Log")
    assert not app.exception and "event 2" in " ".join(error.value for error in app.error)
    assert "The log is whole" not in read_page(app)


def test_the_lights_of_a_run_stand_with_what_failed_first(study: Study, open_page, read_page) -> None:
    colors = ("green", "red", "grey", "yellow")
    lights = [Light(color, f"Is it {color}?", color, 0.5, 0.4, 0.6, 0.3, "Words.", "A paper.", 20) for color in colors]
    rows = [{"stage": "head", "ssim": 0.4, "rank_correlation": 0.3, "n_blank": 1}]
    run = get_run(study)
    record = SanityRecord(run.run_id, 2, 14, "gradcam", 20, 3, lights, rows, rows, 0.3, run.created_at, {})
    text = json.dumps(to_plain(asdict(record)))
    (study.run_folder(run.run_id) / "sanity.json").write_text(text)
    shown = read_page(open_page("transparency", transparency_part="Tests of the maps")).replace("\\", "")
    places = [shown.index(f"Is it {color}?") for color in ("red", "yellow", "grey", "green")]
    assert places == sorted(places)
    assert "3 maps are blank" in shown and "does not say that a mask is right" in shown


def test_the_report_is_read_here_and_taken_along(study: Study, open_page, read_page) -> None:
    empty = open_page("transparency", transparency_part="Report")
    assert not empty.exception and "not written yet" in read_page(empty)
    paths = list_report_arguments(study, RUN, with_pictures=False)
    out, visitor, text = (Path(paths[paths.index(option) + 1]) for option in ("--out", "--visitor", "--text"))
    write_report_files(study, make_report(study, RUN, with_pictures=False), out, visitor=visitor, text=text)
    app = open_page("transparency", transparency_part="Report")
    assert not app.exception
    assert [button.label for button in app.get("download_button")][:2] == ["Report", "Page for a visitor"]
    assert "What was recorded since is not in it" in read_page(app)


def test_a_study_that_was_just_imported_tells_what_is_missing(
    home: Path, phantom_folder: Path, open_page, read_page
) -> None:
    study = make_small_study(home / "studies" / "new", phantom_folder)
    app = open_page("transparency", image=find_first(study, "train"))
    assert not app.exception
    assert "No features have been extracted yet" in read_page(app)
