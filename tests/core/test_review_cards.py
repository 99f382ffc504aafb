"""Facts about what one reader is shown: cards that can be judged, where tiles lie, and no line of another reader."""

from __future__ import annotations

import numpy as np

from medxai_core.records.pictures import Items
from medxai_core.review import Decision
from medxai_core.views.proposal_queue import ProposalMeasures
from medxai_core.views.review_cards import (
    get_batch_mark,
    list_own_log,
    list_taken_by_others,
    locate_tiles,
    make_cards,
)

AT = "2024-05-01T10:00:00"


def make_items() -> Items:
    """Return six items: a seed, a removed one and a test one among them."""
    n = 6
    return Items(
        item_ids=np.array([f"i{row}" for row in range(n)], object),
        image_ids=np.array(["p0", "p0", "p1", "p1", "p2", "p2"], object),
        image_positions=np.array([0, 0, 1, 1, 2, 2]),
        boxes=np.array([[0, 0, 50, 40], [50, 0, 100, 40]] * 3),
        tile_rows=np.zeros(n, np.int64),
        tile_columns=np.array([0, 1] * 3),
        splits=np.array(["train", "train", "train", "train", "test", "train"], object),
        reference_labels=np.array(["polyp"] * n, object),
        polyp_shares=np.full(n, np.nan),
        is_seed=np.array([True, False, False, False, False, False]),
        is_labelled=np.ones(n, bool),
        is_present=np.array([True, True, True, False, True, True]),
    )


def test_only_present_training_items_without_a_given_label_are_judged_in_the_order_asked_for() -> None:
    cards = make_cards(make_items(), ["i5", "i4", "i3", "i2", "i0", "i1", "i5", "unknown"])
    assert cards.item_ids.tolist() == ["i5", "i2", "i1"]
    assert cards.positions.tolist() == [5, 2, 1]
    assert cards.labels.tolist() == [None] * 3 and cards.cluster_ids.tolist() == [-1] * 3


def test_proposals_stand_on_the_cards_they_are_for() -> None:
    nothing = np.zeros(2)
    measures = ProposalMeasures(
        item_ids=np.array(["i1", "i5"], object), labels=np.array(["polyp", "non_polyp"], object),
        rows=np.array([1, 5]), cluster_ids=np.array([7, 8]), rounds=np.array([1, 2]),
        certainties=nothing, margins=nothing, distances=nothing,
    )  # fmt: skip
    cards = make_cards(make_items(), ["i5", "i2", "i1"], measures)
    assert cards.labels.tolist() == ["non_polyp", None, "polyp"]
    assert cards.cluster_ids.tolist() == [8, -1, 7] and cards.rounds.tolist() == [2, -1, 1]


def test_a_tile_lies_in_its_frame_by_shares() -> None:
    sizes = np.array([100, 200, 100]), np.array([80, 40, 80])
    boxes = locate_tiles(make_items(), np.array([1, 2]), widths=sizes[0], heights=sizes[1])
    assert boxes.tolist() == [[0.5, 0.0, 1.0, 0.5], [0.0, 0.0, 0.25, 1.0]]


def test_a_reader_sees_own_lines_and_what_a_restore_did_to_them() -> None:
    log = [
        Decision(1, "e1", "r1", AT, "a", "skip"),
        Decision(2, "e2", "r2", AT, "b", "skip"),
        Decision(3, "e3", "r2", AT, "a", "withdraw", undoes="e1"),
        Decision(4, "e4", "r1", AT, "b", "withdraw", undoes="e2"),
    ]
    assert [line.event_id for line in list_own_log(log, "r1")] == ["e1", "e3"]
    assert [line.event_id for line in list_own_log(log, "r2")] == ["e2", "e4"]
    assert list_own_log(log, "r3") == []


def test_what_others_took_names_items_and_nothing_else() -> None:
    log = [
        Decision(1, "e1", "r1", AT, "a", "skip"),
        Decision(2, "e2", "r2", AT, "b", "reject", "polyp", clustering_id="c"),
        Decision(3, "e3", "r2", AT, "c", "flag"),
    ]
    assert list_taken_by_others(log, "r1") == {"b"}


def test_decisions_of_a_batch_share_a_mark() -> None:
    one = Decision(1, "e1", "r1", AT, "a", "skip", reason="several at once #0123abcd")
    assert get_batch_mark(one) == "0123abcd"
    assert get_batch_mark(Decision(2, "e2", "r1", AT, "a", "skip", reason="blurred #3")) is None
