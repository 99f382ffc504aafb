"""Facts about what the cluster map is sent, what it may ask for, and how the rest of the page follows it."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from medxai_core.records.clusterings import get_clustering, get_embedding, get_features
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.labels import decide, get_label_states
from medxai_core.study import Study, to_objects
from medxai_core.views.map_points import LABEL_CODES, OUTCOME_CODES, SOURCE_CODES, SPLIT_CODES, get_map_points
from medxai_core.views.map_selection import encode_selection, get_review_selection
from pages.components.cluster_map import REVIEW_KEY, provide_thumbnails
from pages.components.clusters.map_answers import MapContext, answer_wishes
from pages.components.clusters.map_message import encode_names, make_map_message
from pages.components.clusters.orders import KEY


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and arrays of a packed message."""
    length = int.from_bytes(packed[4:8], "little")
    described, start = json.loads(packed[8 : 8 + length]), 8 + length
    parts: dict[str, Any] = {}
    for name, facts in described["parts"].items():
        content = packed[start + facts["offset"] : start + facts["offset"] + facts["bytes"]]
        parts[name] = content if facts["dtype"] == "file" else np.frombuffer(content, facts["dtype"])
    return described["header"], parts


def read_sent(app: AppTest, name: str = "cluster_map") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was sent to a component."""
    assert not app.exception
    [found] = [one.proto for one in app.get("bidi_component") if one.proto.component_name == f"medxai_{name}"]
    return unpack(found.bytes)


def decode(codes: np.ndarray, table: tuple) -> list[str | None]:
    """Return what codes stand for."""
    return [table[code] for code in codes]


def ask(app: AppTest, *wishes: dict[str, Any], rows: Any = (), **facts: Any) -> AppTest:
    """Send what the map would send, with some items selected."""
    header, _ = read_sent(app)
    bits = base64.b64encode(encode_selection(np.array(rows, int), header["n"]).tobytes()).decode()
    numbered = [{"number": 100 + i, **wish} for i, wish in enumerate(wishes)]
    asked = {"turn": facts.pop("turn", 1), "selection": bits, "wishes": numbered, **facts}
    app.session_state[f"map-feed-{header['key']}"] = {"asked": asked}
    return app.run()


def get_answer(app: AppTest) -> tuple[dict[str, Any], Any]:
    """Return the answer to the one wish, and what came with it."""
    header, parts = read_sent(app, "cluster_map_feed")
    [answer] = header["answers"]
    return answer, parts.get(f"answer-{answer['number']}")


def test_every_item_is_a_point_in_its_place(open_page, small_study):
    header, parts = read_sent(open_page("clusters"))
    items, points = list_items(small_study), get_embedding(small_study).points
    assert header["n"] == len(items) and np.array_equal(parts["places"].reshape(-1, 2), points)
    names = parts["name"].reshape(-1, 8)
    assert [bytes(name).decode() for name in names] == [item_id[:8] for item_id in items.item_ids]
    assert (parts["tile"] >> 8).tolist() == items.tile_rows.tolist()
    assert (parts["tile"] & 255).tolist() == items.tile_columns.tolist()
    assert parts["cluster"].tolist() == get_clustering(small_study).cluster_ids.tolist()
    assert decode(parts["split"], SPLIT_CODES) == items.splits.tolist()


def test_the_browser_gets_the_labels_in_force_and_no_other_truth(open_page, small_study):
    _, parts = read_sent(open_page("clusters"))
    items = list_items(small_study)
    states = get_label_states(small_study, items)
    labels, sources = decode(parts["label"], LABEL_CODES), decode(parts["source"], SOURCE_CODES)
    for row, item_id in enumerate(items.item_ids):
        state = states.get(item_id)
        assert (labels[row], sources[row]) == ((state.label, state.source) if state else (None, None))
    outside = items.splits != "train"
    assert outside.any() and (items.reference_labels[outside] != None).any()  # noqa: E711
    for name in ("label", "source", "review", "round"):
        assert not parts[name][outside].any()
    assert (parts["cluster"][outside] == -1).all()


def test_truth_that_changes_outside_the_seeds_changes_no_byte(open_page, small_study):
    from sqlalchemy import update

    from medxai_core import store

    items = list_items(small_study)
    before = read_sent(open_page("clusters"))
    secret = items.item_ids[~items.is_seed].tolist()
    with small_study.begin() as connection:
        hidden = store.items.c.item_id.in_(secret)
        connection.execute(update(store.items).where(hidden).values(reference_label="polyp"))
    message = make(small_study, reader="reader-x")
    header, parts = unpack(message)
    assert header["version"] == before[0]["version"]
    assert all(np.array_equal(parts[name], before[1][name], equal_nan=name == "places") for name in parts)


def make(study: Study, *, reader: str | None) -> bytes:
    """Return the message as it is packed for a reader."""
    items, embedding = list_items(study), get_embedding(study)
    clustering, labelling = get_clustering(study), find_labelling(study)
    points = get_map_points(study, items, embedding, clustering=clustering, labelling=labelling, reader=reader)
    return make_map_message(study, items, points, embedding, mode="", feature="").packed


def test_readers_are_blind_to_each_other(small_study):
    items, labelling = list_items(small_study), find_labelling(small_study)
    first, second, third, fourth = list(labelling.proposals)[:4]
    place = {item_id: row for row, item_id in enumerate(items.item_ids)}
    decide(small_study, first, "reject", reader="anna")
    decide(small_study, second, "accept", reader="anna")
    decide(small_study, third, "flag", reader="anna")
    decide(small_study, second, "skip", reader="ben")

    _, anna = unpack(make(small_study, reader="anna"))
    assert OUTCOME_CODES[anna["review"][place[first]]] == "rejected"
    assert OUTCOME_CODES[anna["review"][place[second]]] == "accepted"
    assert SOURCE_CODES[anna["source"][place[second]]] == "review"

    _, ben = unpack(make(small_study, reader="ben"))
    for item_id in (first, second):  # whether anna accepted or rejected looks the same to ben
        assert LABEL_CODES[ben["label"][place[item_id]]] is None
        assert SOURCE_CODES[ben["source"][place[item_id]]] == "hidden"
    assert OUTCOME_CODES[ben["review"][place[first]]] == "open"
    assert OUTCOME_CODES[ben["review"][place[second]]] == "skipped"
    assert SOURCE_CODES[ben["source"][place[third]]] == "cluster"
    assert SOURCE_CODES[ben["source"][place[fourth]]] == "cluster"

    decide(small_study, second, "accept", reader="ben")
    _, ben = unpack(make(small_study, reader="ben"))
    assert SOURCE_CODES[ben["source"][place[second]]] == "review"


def test_hostile_ids_and_labels_stay_text():
    ids = np.array(["<img src=x onerror=alert(1)>", "'\"><b>", "\u202e\x00 a", "71179abc4b011cc9", ""], object)
    names = [bytes(name).rstrip(b"\0").decode("ascii") for name in encode_names(ids)]
    assert names == ["_img_src", "____b_", "___a", "71179abc", ""]


def test_a_hostile_label_has_no_code_and_so_never_leaves(small_study):
    import dataclasses

    labelling = find_labelling(small_study)
    hostile = "</script><b>polyp"
    proposals = dataclasses.replace(labelling.proposals, labels=to_objects([hostile] * len(labelling.proposals)))
    items, embedding = list_items(small_study), get_embedding(small_study)
    with pytest.raises(ValueError, match="not in tuple"):
        get_map_points(
            small_study,
            items,
            embedding,
            clustering=None,
            labelling=dataclasses.replace(labelling, proposals=proposals),
        )
    assert hostile.encode() not in make(small_study, reader=None)


def test_no_file_name_and_no_folder_is_in_the_message(open_page, small_study):
    app = open_page("clusters")
    [sent] = [one.proto.bytes for one in app.get("bidi_component") if one.proto.component_name == "medxai_cluster_map"]
    assert b"smith" not in sent and str(small_study.folder).encode() not in sent


def test_the_map_warns_of_itself(open_page, small_study):
    words = " ".join(text for text, _ in read_sent(open_page("clusters"))[0]["trust"])
    assert "Trustworthiness 0.91" in words and "mislead" in words
    assert "tiles" in words and "pictures" not in words


def test_values_of_a_feature_come_when_they_are_asked_for(open_page, small_study):
    answer, values = get_answer(ask(open_page("clusters"), {"kind": "column", "key": "tamura-0"}))
    assert answer["ok"]
    wanted = np.asarray(get_features(small_study)["tamura"])[:, 0].astype(np.float32)
    assert np.array_equal(np.frombuffer(values, np.float32), wanted)


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "column", "key": "../../study.db-0"},
        {"kind": "column", "key": None},
        {"kind": "find", "text": "<script>"},
        {"kind": "export", "what": "csv"},
        {"kind": "export", "what": "__class__"},
        {"kind": "nothing"},
        {},
    ],
)
def test_a_wish_that_makes_no_sense_is_answered_with_no(open_page, small_study, wish):
    answer, part = get_answer(ask(open_page("clusters"), wish))
    assert not answer["ok"] and part is None


def test_what_is_no_message_at_all_breaks_nothing(small_study):
    items, embedding = list_items(small_study), get_embedding(small_study)
    points = get_map_points(small_study, items, embedding, clustering=None, labelling=None)
    context = MapContext(small_study, "lire", points)
    for asked in ({}, {"wishes": "x"}, {"wishes": [1, None, {"number": "1"}]}, {"wishes": [], "selection": 5}):
        assert answer_wishes(context, asked) == ([], {})
    answers, _ = answer_wishes(context, {"wishes": [{"number": 1, "kind": "export", "what": "ids"}], "selection": "%"})
    assert answers == [{"number": 1, "ok": False, "words": "Nothing is selected."}]


def test_an_export_holds_exactly_the_selection(open_page, small_study):
    items, rows = list_items(small_study), [0, 3, 17, 64]
    app = open_page("clusters")
    answer, table = get_answer(ask(app, {"kind": "export", "what": "csv"}, rows=rows))
    read = list(csv.reader(io.StringIO(table.decode())))
    assert [row[0] for row in read[2:]] == items.item_ids[rows].tolist()
    assert answer["words"] == "4 tiles saved as selection.csv."
    _, ids = get_answer(ask(app, {"kind": "export", "what": "ids"}, rows=rows, turn=2))
    assert ids.decode().split() == items.item_ids[rows].tolist()
    _, files = get_answer(ask(app, {"kind": "export", "what": "files"}, rows=rows, turn=3))
    paths = list_images(small_study).relative_paths[items.image_positions[rows]]
    assert files.decode().splitlines() == list(dict.fromkeys(paths))


def test_items_are_found_by_the_beginning_of_their_id_and_by_their_tile(open_page, small_study):
    items = list_items(small_study)
    app = open_page("clusters")
    for turn, text in enumerate((items.item_ids[9], items.item_ids[9][:8] + " r0c1", items.item_ids[9][:8].upper())):
        answer, found = get_answer(ask(app, {"kind": "find", "text": text}, turn=turn))
        found = np.frombuffer(found, np.int32)
        assert answer["ok"] and 9 in found
        assert all(items.image_ids[row] == items.image_ids[9] for row in found)


def test_a_cluster_selected_on_the_map_is_shown_in_the_tab(open_page, small_study):
    app = open_page("clusters")
    ask(app, cluster=4)
    assert app.selectbox(key="cluster").value == "4"
    app.selectbox(key="cluster").select("2").run()
    assert app.selectbox(key="cluster").value == "2"  # the older choice of the map does not come back


def test_a_cluster_chosen_in_the_tab_stands_out_on_the_map(open_page, small_study):
    app = open_page("clusters")
    app.selectbox(key="cluster").select("5").run()
    order = read_sent(app, "cluster_map_feed")[0]["order"]
    assert (order["kind"], order["cluster"]) == ("cluster", 5)


def test_a_cluster_of_the_tab_can_be_selected_on_the_map(open_page, small_study):
    app = open_page("clusters", cluster="3")
    [button] = [button for button in app.button if button.label == "Select on the map"]
    button.click().run()
    header, parts = read_sent(app, "cluster_map_feed")
    flags = np.unpackbits(
        np.frombuffer(parts["order"], np.uint8), bitorder="little", count=len(list_items(small_study))
    )
    assert np.array_equal(flags == 1, get_clustering(small_study).cluster_ids == 3)
    assert header["order"]["words"] == "Cluster 3" and KEY in app.session_state


def test_the_selection_becomes_the_queue_of_the_review_and_outlives_the_session(open_page, small_study):
    rows = [2, 40, 7]
    app = open_page("clusters")
    ask(app, {"kind": "review"}, rows=rows)
    chosen = list_items(small_study).item_ids[sorted(rows)].tolist()
    assert app.session_state[REVIEW_KEY] == chosen
    assert app.query_params["queue"] == "selection"
    assert get_review_selection(small_study, app.session_state["reader"]) == chosen
    assert get_review_selection(small_study, "someone-else") == []


def test_the_address_says_what_is_coloured_by(open_page, small_study):
    header, _ = read_sent(open_page("clusters", colour="split"))
    assert header["colour"]["mode"] == "split" and header["colour"]["isAsked"]
    app = ask(open_page("clusters"), colour="label")
    assert app.query_params["colour"] == "label"
    ask(app, colour="<b>", turn=2)
    assert app.query_params["colour"] == "label"


def test_thumbnails_come_for_positions_of_items_only(small_study):
    n = len(list_items(small_study))
    found = provide_thumbnails(small_study, ["0", str(n - 1), str(n), "-1", "../x", "1e3", "\u0663"])
    assert sorted(found) == sorted(["0", str(n - 1)])
    assert all(content.startswith(b"\xff\xd8") for content in found.values())
