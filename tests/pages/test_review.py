"""Facts about the Review page: one decision a click, nothing of the truth, nothing lost by a reload."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_items
from medxai_core.review import list_in_force
from medxai_core.stages.decision_files import dump_decisions
from medxai_core.stages.labels import decide, get_label_states, get_starting_labels
from medxai_core.stages.review_batches import is_batch
from medxai_core.studies.removal import remove_image
from pages.components.review import decision_keys
from pages.components.review.decision_keys import EVENTS_KEY


@pytest.fixture(autouse=True)
def _click_at_once(monkeypatch, request):
    """Let tests click faster than people look."""
    if "held" not in request.node.name:
        monkeypatch.setattr(decision_keys, "LOOK_SECONDS", 0.0)


def find_key(app, action, label=""):
    """Return the button of a decision about the item that is shown."""
    return next(button for button in app.button if (button.key or "").startswith(f"{action}-{label}-"))


def get_item(app, action="accept"):
    """Return the id of the item that is shown: the buttons carry it."""
    key = next(button.key for button in app.button if (button.key or "").startswith(f"{action}-"))
    return key.split("-", 2)[2]


def press(app, name):
    """Press undo or redo."""
    return next(button for button in app.button if (button.key or "").startswith(f"{name}-")).click().run()


def test_accepting_writes_one_decision_and_shows_the_next_proposal(open_page, small_study):
    app = open_page("review")
    first = get_item(app)
    event_id = app.session_state[EVENTS_KEY][(first, False)].event_id
    app = app.run()
    assert app.session_state[EVENTS_KEY][(first, False)].event_id == event_id  # kept until it is recorded
    find_key(app, "accept").click()
    app = app.run()
    [decision] = list_decisions(small_study)
    assert (decision.item_id, decision.action, decision.event_id) == (first, "accept", event_id)
    assert decision.label == find_labelling(small_study).proposals[first]["label"]
    assert get_item(app) != first
    assert (first, False) not in app.session_state[EVENTS_KEY]


def test_a_held_key_decides_on_the_picture_that_was_looked_at_only(open_page, small_study, read_page, monkeypatch):
    app = open_page("review")
    monkeypatch.setattr(decision_keys, "LOOK_SECONDS", 0.0)
    find_key(app, "accept").click()
    app = app.run()
    monkeypatch.setattr(decision_keys, "LOOK_SECONDS", 3600.0)  # however slow this computer is: too quick
    find_key(app, "accept").click()
    app = app.run()
    assert len(list_decisions(small_study)) == 1
    assert "Not recorded" in read_page(app)


@pytest.mark.parametrize(
    ("action", "label", "after"),
    [("reject", None, None), ("other", "other", "other"), ("unsure", None, None), ("skip", None, None)],
)
def test_each_key_takes_its_decision(open_page, small_study, action, label, after):
    app = open_page("review")
    item_id = get_item(app)
    proposed = find_labelling(small_study).proposals[item_id]["label"]
    other = "polyp" if proposed == "non_polyp" else "non_polyp"
    find_key(app, action, other if label else "").click()
    app.run()
    [decision] = list_decisions(small_study)
    assert decision.action == action
    assert get_label_states(small_study)[item_id].label == (other if after else None)


def test_a_flag_stays_on_the_picture_and_changes_no_label(open_page, small_study):
    app = open_page("review")
    item_id, before = get_item(app), get_label_states(small_study)
    find_key(app, "flag").click()
    app = app.run()
    assert get_item(app) == item_id
    after = get_label_states(small_study)[item_id]
    assert after.flagged and after.label == before[item_id].label


def test_undo_and_redo_work_after_a_reload_and_show_the_picture_again(open_page, small_study):
    app = open_page("review")
    item_id = get_item(app)
    find_key(app, "accept").click()
    app.run()
    app = press(open_page("review"), "undo")
    assert get_item(app) == item_id
    assert list_in_force(list_decisions(small_study)) == []
    press(app, "redo")
    assert [one.item_id for one in list_in_force(list_decisions(small_study))] == [item_id]
    assert [one.action for one in list_decisions(small_study)] == ["accept", "undo", "redo"]


def test_a_failure_is_shown_nothing_is_recorded_and_no_file_is_named(open_page, small_study, read_page):
    app = open_page("review")
    item_id = get_item(app)
    remove_image(small_study, item_id.split("-")[0])
    find_key(app, "accept").click()
    app = app.run()
    assert not app.exception
    assert list_decisions(small_study) == []
    assert "Nothing was recorded" in read_page(app)
    assert "smith" not in read_page(app)


def list_shown(app):
    """Return all that the page says, words and pictures, element by element."""
    kinds = ("title", "markdown", "caption", "text", "info", "warning", "success", "button", "checkbox", "dataframe")
    shown = [str(element.proto) for kind in kinds for element in getattr(app, kind)]
    return shown + [str(image.proto) for image in app.get("imgs")]


@pytest.mark.parametrize("view", ["One by one", "Grid", "Seeds", "Progress"])
def test_the_page_is_the_same_whatever_the_hidden_truth_is(open_page, small_study, view):
    def show():
        app = open_page("review")
        app.segmented_control(key="review_view").set_value(view)
        return list_shown(app.run())

    before = show()
    with small_study.begin() as connection:
        flip = "CASE reference_label WHEN 'polyp' THEN 'non_polyp' ELSE 'polyp' END"
        connection.execute(text(f"UPDATE items SET reference_label = {flip}, polyp_share = 0.5 WHERE NOT is_seed"))
        connection.execute(text("UPDATE images SET reference_label = NULL, mask_path = NULL"))
        connection.execute(text("UPDATE study_facts SET value = '\"2030-01-01\"' WHERE key = 'created_at'"))
    assert show() == before
    assert "smith" not in "".join(before)


def test_several_ticked_pictures_get_the_same_decision(open_page, small_study):
    app = open_page("review")
    app = app.segmented_control(key="review_view").set_value("Grid").run()
    boxes = [box for box in app.checkbox if box.key.startswith("tick-")][:2]
    for box in boxes:
        box.check()
    app = app.button(key="many-accept").click().run()
    log = list_decisions(small_study)
    assert {one.item_id for one in log} == {box.key.removeprefix("tick-") for box in boxes}
    assert all(one.action == "accept" and is_batch(one) for one in log)
    assert not {box.key for box in boxes} & {box.key for box in app.checkbox}
    press(app, "undo")
    assert list_in_force(list_decisions(small_study)) == []  # both at once


def test_a_second_reader_is_shown_what_the_first_decided_on_but_not_how(open_page, small_study, read_page):
    app = open_page("review")
    item_id = get_item(app)
    decide(small_study, item_id, "accept", reader="reader-one")
    app = open_page("review", reader="reader-two")
    app = app.selectbox(key="review_show").set_value("mine").run()
    assert get_item(app) == item_id
    assert "reader-one" not in read_page(app)
    assert "you:" not in read_page(app)


def test_seeds_can_be_given_from_zero(open_page, small_study):
    app = open_page("review")
    app = app.segmented_control(key="review_view").set_value("Seeds").run()
    item_id = get_item(app, "label-polyp")
    find_key(app, "label", "polyp").click()
    app = app.run()
    items = list_items(small_study)
    labels = dict(zip(items.item_ids, get_starting_labels(small_study, items), strict=True))
    assert labels[item_id] == "polyp"
    assert get_item(app, "label-polyp") != item_id


def test_without_features_the_page_offers_to_measure_the_pictures(open_page, fresh_study, read_page):
    app = open_page("review")
    assert "No label is proposed yet" in read_page(app)
    app = app.segmented_control(key="review_view").set_value("Seeds").run()
    assert "not described yet" in read_page(app)
    assert "Measure the pictures" in [button.label for button in app.button]


def test_the_audit_counts_pictures_decided_in_the_random_order(open_page, small_study):
    app = open_page("review")
    app = app.selectbox(key="review_order").set_value("random").run()
    for action in ("accept", "accept", "reject"):
        find_key(app, action).click()
        app = app.run()
    app = app.segmented_control(key="review_view").set_value("Progress").run()
    [audit] = [table.value for table in app.dataframe if "95 % interval" in table.value.columns]
    assert audit[audit["Proposed"] == "all"]["Right"].tolist() == ["2 of 3"]


def test_decisions_of_a_file_are_added_once(open_page, small_study, read_page):
    item_id = next(iter(find_labelling(small_study).proposals))
    decide(small_study, item_id, "accept", reader="r1")
    content = dump_decisions(small_study).replace(list_decisions(small_study)[0].event_id.encode(), b"e-other")
    app = open_page("review")
    app = app.segmented_control(key="review_view").set_value("Progress").run()
    app = app.file_uploader[0].upload("decisions.csv", content).run()
    add = next(button for button in app.button if button.label == "Add these decisions")
    app = add.click().run()
    assert "Decisions added: 1." in read_page(app)
    assert [one.event_id for one in list_decisions(small_study)][1:] == ["e-other"]


def test_without_labels_of_both_classes_the_page_leads_to_the_seeds(open_page, fresh_study, read_page):
    with fresh_study.begin() as connection:
        connection.execute(text("UPDATE items SET is_seed = 0"))
    app = open_page("review")
    assert "0 of non-polyp and 0 of polyp" in read_page(app)
    app = next(button for button in app.button if "first pictures" in button.label).click().run()
    assert app.segmented_control(key="review_view").value == "Seeds"
