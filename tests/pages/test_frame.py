"""Facts about the frame: what the stages say, unknown addresses, failed jobs, studies without pictures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from medxai_core.jobs import list_jobs, record_job, running_job
from medxai_core.readers import get_default_reader
from medxai_core.records.masks import MaskSetting
from medxai_core.records.pictures import list_images
from medxai_core.studies.removal import remove_image
from medxai_core.study import open_study
from medxai_core.views.failed_jobs import find_failure
from medxai_core.views.standing import Foundation, LabelCounts, MaskStanding, Standing
from pages.components import reader
from pages.components.job_strip import describe_progress
from pages.components.links import PAGES
from pages.components.stepper import NEXT, STAGES, WATCH, describe_stages, find_next, is_here

ROOT = Path(__file__).resolve().parents[2]
BOTH = frozenset({"polyp", "non_polyp"})
PROPOSED = Standing(
    Foundation(480, 229, False, True, True, 40, {"polyp": 40, "non_polyp": 36}, "l", 53, 91),
    LabelCounts(129, 0, 0, BOTH),
    MaskStanding(0),
)
SETTING = MaskSetting(20, "gradcam", 0.65, None, chosen_on="tuning")
SCORED = dataclasses.replace(
    PROPOSED,
    masks=MaskStanding(1, "r", SETTING, dice=0.4389, disk_dice=0.2954, is_scored=True, labellings=frozenset({"l"})),
)


def say(standing: Standing, *at_work: str) -> dict[str, tuple[str, str]]:
    """Return number and state of every stage by its page."""
    return {one["page"]: (one["number"], one["state"]) for one in describe_stages(standing, at_work)}


def test_each_stage_says_its_state_and_the_number_that_matters() -> None:
    assert say(PROPOSED) == {
        "study": ("480", "done"),
        "clusters": ("40 clusters", "done"),
        "review": ("0 of 53 reviewed", "next"),
        "training": ("-", "open"),
        "masks": ("-", "open"),
        "evaluation": ("-", "open"),
    }
    assert say(SCORED)["evaluation"] == ("Dice 0.439 (disk 0.295)", "done")
    assert say(SCORED)["masks"] == ("layer 20", "done")


def test_proposals_that_no_reader_has_seen_are_never_called_reviewed() -> None:
    assert say(SCORED)["review"][1] == "open"
    some = dataclasses.replace(SCORED, labels=LabelCounts(129, 5, 7, BOTH))
    assert say(some)["review"][1] == "work"
    every = dataclasses.replace(SCORED, labels=LabelCounts(129, 50, 53, BOTH))
    assert say(every)["review"] == ("53 of 53 reviewed", "done")
    none = dataclasses.replace(SCORED.foundation, n_proposals=0)
    seeded = dataclasses.replace(SCORED, foundation=none, labels=LabelCounts(129, 5, 0, BOTH))
    assert say(seeded)["review"] == ("129 of 229 labelled", "work")  # labels of readers, but no proposal to review


def test_the_next_step_is_no_button_where_it_is_done() -> None:
    assert is_here(NEXT["seeds"], "review", {"review_view": "Seeds"})
    assert not is_here(NEXT["seeds"], "review", {"review_view": "Proposals"})
    assert is_here(NEXT["runs"], "training", {"training_view": "New training"})
    assert not is_here(NEXT["runs"], "review", {})
    assert not is_here(NEXT["features"], "clusters", {})  # a job is started by its button everywhere


def test_a_job_without_a_total_says_how_long_it_has_been_at_work(monkeypatch) -> None:
    monkeypatch.setattr("pages.components.job_strip.time.time", lambda: 112.0)
    job = {"stop_requested": False, "total": 0, "done": 0, "eta_seconds": None}
    assert describe_progress(job | {"started_at": 100.0}) == "at work, 12 s so far"
    assert describe_progress(job | {"started_at": None}) == "starting"


def test_a_score_that_was_tuned_on_test_is_said_to_be_so() -> None:
    tuned = dataclasses.replace(SCORED, masks=dataclasses.replace(SCORED.masks, is_tuned_on_test=True))
    [scored] = [one for one in describe_stages(tuned, ()) if one["page"] == "evaluation"]
    assert "tuned on test" in scored["explained"]


def test_what_is_at_work_is_not_offered_again() -> None:
    fresh = dataclasses.replace(PROPOSED, foundation=Foundation(9, 5, False, False, False, 0, {}, None, 0, 0))
    assert find_next(fresh, ()) is NEXT["features"]
    assert find_next(fresh, ("features",)) is None
    assert say(fresh, "features")["clusters"][1] == "work"
    trained = dataclasses.replace(PROPOSED, masks=MaskStanding(1, labellings=frozenset({"l"})))
    assert find_next(trained, ("train",)) is WATCH
    assert find_next(trained, ()) is NEXT["setting"]


def test_every_stage_and_every_next_step_leads_to_a_page_or_a_job() -> None:
    pages = {one.name for one in PAGES}
    assert {stage.page for stage in STAGES} <= pages
    assert all((step.page in pages) != bool(step.job) for step in NEXT.values())
    assert {step for stage in STAGES for step in stage.steps} | {"finished"} == set(NEXT)


def test_an_unknown_study_in_the_address_shows_no_other_one(open_page, small_study, read_page) -> None:
    app = open_page("clusters", study="nowhere")
    assert app.title[0].value == "Which study?"
    assert "not known on this computer" in app.warning[0].value
    [known] = [button for button in app.button if button.label == "Open small"]
    known.click().run()
    assert app.title[0].value == "Clusters"
    assert not app.warning


def test_the_sentence_on_research_use_stands_on_every_page(open_page, fresh_study, read_page) -> None:
    app = open_page("transparency")
    for page in PAGES:  # from one to the next, as a reader goes
        app.switch_page(f"pages/{page.name}.py").run()
        assert not app.exception, page.name
        assert app.title[0].value.startswith(page.title), page.name
        assert "Not a medical device" in read_page(app), page.name


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_a_study_without_pictures_asks_for_an_import_on_every_page(
    open_page, fresh_study, read_page, page: str
) -> None:
    for image_id in list_images(fresh_study).image_ids:
        remove_image(fresh_study, str(image_id))
    app = open_page(page)
    assert not app.exception
    assert "holds no picture" in read_page(app)
    assert app.button(key="import-instead")


@pytest.mark.parametrize("page", [page.name for page in PAGES if page.name != "study"])
def test_without_a_study_every_page_leads_to_the_first(open_page, home, read_page, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert "There is no study yet." in read_page(app)


def fail(study, kind: str, error: Exception) -> str:
    """Record a job that failed; return its id."""
    with pytest.raises(type(error)), running_job(study, kind, title="Features", parameters={}):
        raise error
    return list_jobs(study)[0]["job_id"]


def test_a_fault_of_the_program_is_told_apart_and_dismissed_for_good(open_page, fresh_study) -> None:
    fail(fresh_study, "features", ZeroDivisionError("division by zero"))
    app = open_page("study")
    assert "ZeroDivisionError" not in str([one.value for one in app.markdown])
    assert any("a fault of the program, not yours" in one.value for one in app.markdown)
    [dismiss] = [button for button in app.button if button.label == "Dismiss"]
    dismiss.click().run()
    again = open_page("study")
    assert not [button for button in again.button if button.label == "Dismiss"]
    assert find_failure(fresh_study, ("features",)) is None


def test_a_newer_failure_is_told_although_an_older_one_was_dismissed(open_page, fresh_study) -> None:
    fail(fresh_study, "features", ZeroDivisionError("first"))
    app = open_page("study")
    next(button for button in app.button if button.label == "Dismiss").click().run()
    newer = fail(fresh_study, "features", ZeroDivisionError("second"))
    found = find_failure(open_study(fresh_study.folder), ("features",))
    assert found is not None
    assert found.job["job_id"] == newer


def test_a_job_at_work_has_one_stop_button(open_page, fresh_study) -> None:
    record_job(fresh_study, "train", title="Training, quick", parameters={"arguments": []})
    app: AppTest = open_page("training")
    assert [button.label for button in app.button].count("Stop") == 1


def test_an_empty_study_in_the_address_asks_for_nothing_and_the_name_is_written(open_page, small_study) -> None:
    for asked in ("", "  "):
        app = open_page("clusters", study=asked)
        assert app.title[0].value == "Clusters"
        assert app.query_params["study"] in ("small", ["small"])


def test_the_reader_field_shows_what_is_recorded(open_page, small_study) -> None:
    app = open_page("review", reader="anna")
    field = app.text_input(key="reader_typed")
    assert field.value == "anna" == app.session_state["reader"]
    field.set_value("  ben\u202e   two ").run()
    assert app.text_input(key="reader_typed").value == "ben two" == app.session_state["reader"]
    assert any("Recorded as “ben two”" in one.value for one in app.sidebar.caption)
    app.text_input(key="reader_typed").set_value("ben").run()
    assert not app.sidebar.caption
    app.text_input(key="reader_typed").set_value("b\u0435n").run()
    assert any("mixes alphabets" in one.value for one in app.sidebar.caption)
    app.text_input(key="reader_typed").set_value("").run()
    assert app.text_input(key="reader_typed").value == "b\u0435n" == app.session_state["reader"]  # someone was said
    assert "reader" not in app.query_params


def test_an_address_never_says_who_reads(open_page, small_study) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["reader"] = "the-sender"
    app.run()
    assert app.session_state["reader"] != "the-sender" and not app.session_state["reader_said"]
    assert "reader" not in app.query_params
    app.switch_page("pages/review.py")
    app.query_params["reader"] = "the-sender"
    app.run()
    assert app.session_state["reader"] != "the-sender" and "reader" not in app.query_params


def test_two_browsers_where_no_one_has_said_who_reads_are_two_readers(open_page, small_study, monkeypatch) -> None:
    monkeypatch.setattr(reader, "_said_here", set())
    monkeypatch.setattr(reader, "_is_on_this_computer", lambda: True)
    one, two = (AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run() for _ in range(2))
    assert one.session_state["reader"] != two.session_state["reader"]
    assert reader_proposed(one) == reader_proposed(two) == get_default_reader()
    one.text_input(key="reader_typed").set_value(get_default_reader()).run()
    assert reader_proposed(two.run()) == two.session_state["reader"] != get_default_reader()


def reader_proposed(app: AppTest) -> str:
    """Return the name that the review would fill in for a session."""
    app.switch_page("pages/review.py").run()
    found = [one.proto.bytes for one in app.get("bidi_component") if one.proto.component_name == "medxai_review_grid"]
    length = int.from_bytes(found[0][4:8], "little")
    return json.loads(found[0][8 : 8 + length])["header"]["proposal"]["name"]


@pytest.mark.parametrize(
    ("page", "name", "words"),
    [
        ("review", "review_view", "view"),
        ("review", "review_order", "order of the queue"),
        ("review", "review_show", "choice of pictures"),
        ("review", "queue", "queue"),
        ("clusters", "clusters_tab", "tab"),
        ("clusters", "colour", "colouring of the map"),
        ("study", "study_tab", "tab"),
        ("training", "training_view", "view"),
        ("evaluation", "evaluation_part", "tab"),
        ("transparency", "transparency_part", "tab"),
    ],
)
def test_nonsense_in_the_address_is_said(open_page, small_study, page: str, name: str, words: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params[name] = "nonsense"
    app.run().switch_page(f"pages/{page}.py")
    app.query_params[name] = "nonsense"
    app.run()
    assert not app.exception
    assert f"asks for the {words} “nonsense”" in app.warning[0].value


def list_places(app: AppTest) -> list[str]:
    """Return the kinds of what the page draws, in the order of their places; each inner one is named by its own."""
    [body] = [block for block in app.main.children.values() if "frame_body_place" in str(getattr(block, "proto", ""))]
    return [child.type for child in body.children.values()]


@pytest.mark.parametrize(("page", "unknown"), [("clusters", "colour"), ("review", "review_order")])
def test_what_is_said_above_a_component_does_not_move_it(open_page, small_study, page: str, unknown: str) -> None:
    usual = list_places(open_page(page))
    assert len(usual) > 2
    fail(small_study, "features", ZeroDivisionError("a message on the page"))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run().switch_page(f"pages/{page}.py")
    app.query_params[unknown] = "nonsense"
    app.run()
    assert app.warning
    assert list_places(app) == usual
