"""Facts about the Review page's server side: what is sent to the browser, and what becomes of what it sends."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from medxai_core.config import CLASS_NAMES
from medxai_core.readers import get_default_reader
from medxai_core.records.clusterings import get_clustering
from medxai_core.records.decisions import list_decisions, new_event_id
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.labels import decide, get_starting_labels
from medxai_core.studies.removal import remove_image
from medxai_core.views.map_selection import record_review_selection
from pages.components.frame import name_study
from pages.components.review.pictures import bring_frames, bring_items


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and parts of a packed message."""
    length = int.from_bytes(packed[4:8], "little")
    described, start = json.loads(packed[8 : 8 + length]), 8 + length
    parts: dict[str, Any] = {}
    for name, facts in described["parts"].items():
        content = packed[start + facts["offset"] : start + facts["offset"] + facts["bytes"]]
        parts[name] = json.loads(content) if facts["dtype"] == "file" else np.frombuffer(content, facts["dtype"])
    return described["header"], parts


def read_deck(app: AppTest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the deck that was sent."""
    assert not app.exception
    [found] = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "medxai_review_grid"]
    return unpack(found.bytes)


def read_link(app: AppTest, kind: str) -> dict[str, Any]:
    """Return what was sent over one of the links."""
    assert not app.exception
    links = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "medxai_review_link"]
    [found] = [header for header, _ in (unpack(one.bytes) for one in links) if header["kind"] == kind]
    return found


def send(app: AppTest, kind: str, message: dict[str, Any]) -> AppTest:
    """Send a message as the browser does."""
    app.session_state[f"{read_link(app, kind)['channel']}-{kind}"] = {"message": message}
    return app.run()


def make_message(app: AppTest, turn: str, *acts: tuple[str, list[list[str | None]]], reader: str | None = None) -> dict:
    """Return a message with acts: (action, pairs)."""
    header, _ = read_deck(app)
    plain = [{"at": 1000, "action": action, "kind": "one", "mark": None, "pairs": pairs} for action, pairs in acts]
    return {"turn": turn, "reader": reader or header["reader"], "sent": 2000, "acts": plain}


def test_a_message_is_stored_once_however_often_it_comes(open_page, small_study):
    app = open_page("review")
    header, parts = read_deck(app)
    first, second = parts["ids"][:2]
    pairs = [[new_event_id(), first, CLASS_NAMES[parts["labels"][0]]], [new_event_id(), second, None]]
    message = make_message(app, "t-1", ("accept", pairs[:1]), ("unsure", pairs[1:]))
    app = send(app, "outbox", message)
    answer = read_link(app, "outbox")
    assert answer["stored"] == [pair[0] for pair in pairs] and answer["failures"] == []
    assert (answer["turn"], answer["reader"]) == ("t-1", header["reader"])
    app = send(app, "outbox", message | {"turn": "t-2"})
    assert read_link(app, "outbox")["stored"] == [pair[0] for pair in pairs]
    log = list_decisions(small_study)
    assert [(one.event_id, one.item_id, one.action) for one in log] == [
        (pairs[0][0], first, "accept"), (pairs[1][0], second, "unsure"),
    ]  # fmt: skip
    again = open_page("review")  # another session
    send(again, "outbox", message)
    assert len(list_decisions(small_study)) == 2


def test_what_failed_is_told_and_not_tried_again_by_drawing_the_page(open_page, small_study):
    app = open_page("review")
    _, parts = read_deck(app)
    event_id, item_id = new_event_id(), parts["ids"][0]
    remove_image(small_study, item_id.split("-")[0])
    app = send(app, "outbox", make_message(app, "t-1", ("unsure", [[event_id, item_id, None]])))
    [failure] = read_link(app, "outbox")["failures"]
    assert failure["id"] == event_id and "no training item" in failure["reason"] and failure["remedy"]
    assert "smith" not in json.dumps(failure)
    with small_study.begin() as connection:
        connection.execute(text("UPDATE images SET removed_at = NULL"))
    app = app.run()
    assert list_decisions(small_study) == []


def test_decisions_of_another_reader_are_not_taken(open_page, small_study):
    app = open_page("review", reader="anna")
    _, parts = read_deck(app)
    message = make_message(app, "t-1", ("unsure", [[new_event_id(), parts["ids"][0], None]]), reader="ben")
    answer = read_link(send(app, "outbox", message), "outbox")
    assert list_decisions(small_study) == [] and answer["stored"] == [] and answer["turn"] is None


@pytest.mark.parametrize(
    "act",
    [
        "no act",
        {"action": "skip", "kind": "one", "pairs": [["x", "y", None]]},
        {"action": "drop table", "kind": "one", "pairs": [["0" * 32, "y", None]]},
        {"action": "withdraw", "kind": "one", "pairs": [["0" * 32, "y", "z"]]},
        {"action": "skip", "kind": "many", "pairs": [["0" * 32, "y", None]]},
        {"action": "skip", "kind": "several", "mark": "<b>", "pairs": [["0" * 32, "y", None]]},
        {"action": "undo", "kind": "one", "pairs": [["0" * 32, "y", None]]},
        {"action": "skip", "kind": "one", "pairs": {"a": 1}},
        {"action": "skip", "kind": "one", "at": {}, "pairs": [[["0"], "y", None], 5]},
    ],
)
def test_a_message_that_is_none_records_nothing_and_breaks_nothing(open_page, small_study, act):
    app = open_page("review")
    app = send(app, "outbox", make_message(app, "t-1") | {"acts": [act]})
    assert not app.exception and list_decisions(small_study) == []


def test_the_deck_is_sent_once_and_anew_when_another_window_decided(open_page, small_study):
    app = open_page("review")
    header, parts = read_deck(app)
    app = send(app, "outbox", make_message(app, "t-1", ("skip", [[new_event_id(), parts["ids"][0], None]])))
    assert read_deck(app)[0]["deck_id"] == header["deck_id"] and read_deck(app)[1]["history"] == []
    decide(small_study, parts["ids"][1], "unsure", reader=header["reader"])
    later, parts = read_deck(app.run())
    assert later["deck_id"] != header["deck_id"]
    assert [line[2] for line in parts["history"]] == ["skip", "unsure"]


def test_a_reader_is_sent_nothing_of_another(open_page, small_study):
    before = read_deck(open_page("review", reader="second"))
    item_id = before[1]["ids"][0]
    decide(small_study, item_id, "reject", reader="first")
    decide(small_study, before[1]["ids"][1], "flag", reader="first")
    header, parts = read_deck(open_page("review", reader="second"))
    assert parts["ids"] == before[1]["ids"] and parts["history"] == []
    assert header == before[0]
    _, own = read_deck(open_page("review", reader="first"))
    assert [line[2] for line in own["history"]] == ["reject", "flag"]


@pytest.mark.parametrize("view", ["Proposals", "Seeds"])
def test_what_is_sent_is_the_same_whatever_the_hidden_truth_is(open_page, small_study, view):
    def collect():
        app = open_page("review", reader="r1")
        app = app.segmented_control(key="review_view").set_value(view).run()
        assert not app.exception
        items = read_deck(app)[1]["ids"]
        if view == "Proposals":
            message = {"turn": 1, "labelling": find_labelling(small_study).labelling_id, "keys": items[:3]}
            app = send(app, "reasons", message)
            assert len(read_link(app, "reasons")["reasons"]) == 3
        return [one.proto.bytes for one in app.get("bidi_component") if "review" in one.proto.component_name]

    before = collect()
    with small_study.begin() as connection:
        flip = "CASE reference_label WHEN 'polyp' THEN 'non_polyp' ELSE 'polyp' END"
        connection.execute(text(f"UPDATE items SET reference_label = {flip}, polyp_share = 0.5 WHERE NOT is_seed"))
        connection.execute(text("UPDATE images SET reference_label = NULL, mask_path = NULL"))
    assert collect() == before
    assert b"smith" not in b"".join(before)


def test_only_training_pictures_are_brought_and_without_their_names(small_study, open_page):
    open_page("review")
    items, images = list_items(small_study), list_images(small_study)
    train, test = (items.item_ids[items.splits == split][0] for split in ("train", "test"))
    found = bring_items(small_study, [train, test, "no item"])
    assert list(found) == [train]
    [frame] = images.image_ids[images.splits == "train"][:1]
    brought = bring_frames(small_study, [frame, images.image_ids[images.splits == "test"][0], "../../etc"])
    assert list(brought) == [frame]
    with Image.open(io.BytesIO(brought[frame])) as picture:
        assert picture.size == (96, 96) and not picture.getexif()


def test_a_tile_lies_where_its_box_says(open_page, small_study):
    _, parts = read_deck(open_page("review"))
    items = list_items(small_study)
    row = int(np.flatnonzero(items.item_ids == parts["ids"][0])[0])
    assert (96 * parts["boxes"].reshape(-1, 4)[0]).tolist() == items.boxes[row].tolist()
    assert parts["images"][0] == items.image_ids[row]
    assert parts["tiles"].reshape(-1, 2)[0].tolist() == [items.tile_rows[row], items.tile_columns[row]]


def test_seeds_can_be_given_from_zero(open_page, small_study):
    app = open_page("review")
    app = app.segmented_control(key="review_view").set_value("Seeds").run()
    header, parts = read_deck(app)
    assert header["mode"] == "seeds" and set(parts["labels"]) == {255}
    app = send(app, "outbox", make_message(app, "t-1", ("label", [[new_event_id(), parts["ids"][0], "polyp"]])))
    assert read_link(app, "outbox")["failures"] == []
    items = list_items(small_study)
    labels = dict(zip(items.item_ids, get_starting_labels(small_study, items), strict=True))
    assert labels[parts["ids"][0]] == "polyp"


def test_every_order_shows_all_proposals_and_disagreement_only_those(open_page, small_study):
    app = open_page("review")
    header, parts = read_deck(app)
    orders = [order for order, _ in header["orders"]]
    assert {"uncertain", "border", "farthest", "newest", "random", "audit", "disagreement"} <= set(orders)
    of_others = ("disagreement", "second")
    for order in orders:
        found, cards = read_deck(open_page("review", review_order=order))
        assert found["order"] == order and found["one_by_one"] == (order == "audit")
        assert cards["ids"] == [] if order in of_others else sorted(cards["ids"]) == sorted(parts["ids"])
    disputed = parts["ids"][3]
    decide(small_study, disputed, "accept", reader="r1")
    decide(small_study, disputed, "other", reader="r2", label=CLASS_NAMES[1 - parts["labels"][3]])
    found, cards = read_deck(open_page("review", review_order="disagreement"))
    assert found["settles"] and cards["ids"] == [disputed]
    assert read_deck(open_page("review", review_order="second"))[1]["ids"] == [disputed]
    decide(small_study, disputed, "accept", reader=get_default_reader())
    assert read_deck(open_page("review", review_order="second"))[1]["ids"] == []


def test_a_selection_of_the_map_leaves_out_what_no_reader_judges(open_page, small_study, read_page):
    items = list_items(small_study)
    proposed = list(find_labelling(small_study).proposals)[:2]
    test_item = items.item_ids[items.splits == "test"][0]
    record_review_selection(small_study, "r1", [proposed[1], test_item, items.item_ids[items.is_seed][0], proposed[0]])
    app = open_page("review", reader="r1", queue="selection")
    assert read_deck(app)[1]["ids"] == [proposed[1], proposed[0]]
    assert "4 selected on the map. 2 left out" in read_page(app)


def test_without_features_the_page_offers_to_measure_the_pictures(open_page, fresh_study, read_page):
    app = open_page("review")
    assert "No label is proposed yet" in read_page(app)
    app = app.segmented_control(key="review_view").set_value("Seeds").run()
    assert "not described yet" in read_page(app)
    assert "Measure the pictures" in [button.label for button in app.button]


def test_rounds_that_proposed_nothing_say_why_and_offer_more_clusters(open_page, small_study, read_page, monkeypatch):
    k = get_clustering(small_study, find_labelling(small_study).clustering_id).k
    with small_study.begin() as connection:
        connection.execute(text("DELETE FROM proposals"))
        connection.execute(text("UPDATE labellings SET stop_reason = 'no_pure_cluster_left', n_labelled = n_seeds"))
    started = []
    monkeypatch.setattr("pages.components.review.start.start_job", lambda *given, **more: started.append(given))
    app = open_page("review")
    assert not app.exception
    assert "Proposed nothing: no pure cluster with anything unlabelled was left" in read_page(app)
    assert "No label is proposed yet" not in read_page(app)
    [more] = [button for button in app.button if button.label.startswith("Propose labels with ")]
    more.click().run()
    [(_, kind, arguments)] = started
    asked = int(arguments[arguments.index("--k") + 1])
    assert kind == "pseudo-label" and asked > k and more.label == f"Propose labels with {asked} clusters"


def test_without_labels_of_both_classes_the_page_leads_to_the_seeds(open_page, fresh_study, read_page):
    with fresh_study.begin() as connection:
        connection.execute(text("UPDATE items SET is_seed = 0"))
    app = open_page("review")
    assert "0 of non-polyp and 0 of polyp" in read_page(app)
    app = next(button for button in app.button if "first pictures" in button.label).click().run()
    assert app.segmented_control(key="review_view").value == "Seeds"


def test_the_name_of_a_study_holds_no_path(small_study):
    assert len(name_study(small_study)) == 16 and "small" not in name_study(small_study)


def test_an_order_chosen_by_hand_takes_no_picture_along_and_a_link_does(open_page, small_study):
    header, parts = read_deck(open_page("review"))
    item_id = parts["ids"][0]
    app = open_page("review", review_item=item_id)
    app.session_state[f"{header['channel']}-proposals"] = {"choice": {"order": "second", "shared": False}}
    assert read_deck(app.run())[1]["ids"] == []
    assert read_deck(open_page("review", review_item=item_id, review_order="second"))[1]["ids"] == [item_id]
