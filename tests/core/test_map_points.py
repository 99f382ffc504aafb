"""Facts about the points of the map: whose labels they carry, and what a selection of them becomes."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.errors import DecisionError
from medxai_core.records.clusterings import get_clustering, get_embedding, record_embedding
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.labels import decide, get_label_states, get_starting_labels, undo
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study
from medxai_core.views.cluster_view import count_cluster_labels, describe_study_clusters
from medxai_core.views.map_points import LABEL_CODES, OUTCOME_CODES, SOURCE_CODES, MapPoints, find_items, get_map_points
from medxai_core.views.map_selection import (
    decode_selection,
    encode_selection,
    get_review_selection,
    list_files,
    list_ids,
    record_review_selection,
    tabulate_selection,
)

READERS = ("anna", "ben")


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with proposals and a map."""
    study = make_small_study(tmp_path / "study", phantom_folder)
    record_plain_features(study)
    propose(study)
    points = np.random.default_rng(0).normal(size=(len(list_items(study)), 2)).astype(np.float32)
    record_embedding(study, points, feature_set="lire", trustworthiness=None, manifest={})
    return study


def get_points(study: Study, reader: str | None = None) -> MapPoints:
    """Return the points as they are now."""
    return get_map_points(
        study,
        list_items(study),
        get_embedding(study),
        clustering=get_clustering(study),
        labelling=find_labelling(study),
        reader=reader,
    )


def decide_at_random(study: Study, n: int) -> None:
    """Let two readers decide, flag, skip and undo at random."""
    rng = np.random.default_rng(1)
    item_ids = list_items(study).item_ids[list_items(study).positions_in("train")]
    actions = ("accept", "reject", "other", "label", "unsure", "skip", "flag", "undo")
    for _ in range(n):
        reader, action = READERS[rng.integers(2)], actions[rng.integers(len(actions))]
        label = ("polyp", "non_polyp")[rng.integers(2)] if action in ("other", "label") else None
        try:
            if action == "undo":
                undo(study, reader=reader)
            else:
                decide(study, str(rng.choice(item_ids)), action, reader=reader, label=label)
        except DecisionError:
            continue


def test_the_labels_are_those_in_force_after_any_review(study: Study) -> None:
    items = list_items(study)
    for n in (0, 150):
        decide_at_random(study, n)
        states, points = get_label_states(study, items), get_points(study)
        for row, item_id in enumerate(items.item_ids):
            state = states.get(item_id)
            wanted = (state.label, state.source) if state else (None, None)
            assert (LABEL_CODES[points.labels[row]], SOURCE_CODES[points.sources[row]]) == wanted
    assert {SOURCE_CODES[code] for code in np.unique(points.sources)} == {None, "reference", "review", "cluster"}


def test_no_item_outside_train_has_a_label_on_the_map(study: Study) -> None:
    points, outside = get_points(study, "anna"), list_items(study).splits != "train"
    assert outside.any()
    for codes in (points.labels, points.sources, points.outcomes, points.rounds):
        assert not codes[outside].any()
    assert (points.cluster_ids[outside] == -1).all()


def test_what_a_reader_sees_does_not_depend_on_what_another_answered(study: Study) -> None:
    first, second = list(find_labelling(study).proposals)[:2]
    decide(study, first, "accept", reader="anna")
    decide(study, second, "reject", reader="anna")
    ben = get_points(study, "ben")
    rows = find_items(list_items(study), first)[0], find_items(list_items(study), second)[0]
    seen = [(int(ben.labels[row]), int(ben.sources[row]), int(ben.outcomes[row])) for row in rows]
    assert seen[0] == seen[1] == (0, SOURCE_CODES.index("hidden"), OUTCOME_CODES.index("open"))


def test_a_reader_with_own_answers_sees_the_labels_in_force(study: Study) -> None:
    decide_at_random(study, 60)
    alone = get_points(study, "anna")
    open_to_all = get_points(study)
    shown = alone.sources != SOURCE_CODES.index("hidden")
    assert np.array_equal(alone.labels[shown], open_to_all.labels[shown])
    assert np.array_equal(alone.sources[shown], open_to_all.sources[shown])


def test_a_removed_picture_has_no_place_and_no_label(study: Study) -> None:
    items = list_items(study)
    row = int(items.positions_in("train")[0])
    remove_image(study, str(items.image_ids[row]))
    points = get_points(study)
    gone = items.image_ids == items.image_ids[row]
    assert not points.is_on_map[gone].any() and not points.labels[gone].any()
    assert len(find_items(list_items(study), str(items.image_ids[row]))) == 0
    bits = base64.b64encode(encode_selection(np.arange(len(items)), len(items)).tobytes()).decode()
    assert np.array_equal(decode_selection(bits, points), np.flatnonzero(~gone))


def test_items_are_found_by_what_the_page_shows_of_their_id(study: Study) -> None:
    items = list_items(study)
    assert find_items(items, items.item_ids[5]).tolist() == [5]
    begin, tile = items.item_ids[5][:8], items.item_ids[5].partition("-")[2]
    assert find_items(items, f" {begin.upper()} {tile} ").tolist() == [5]
    assert {items.image_ids[row] for row in find_items(items, begin)} == {items.image_ids[5]}
    assert find_items(items, "").size == find_items(items, "nowhere").size == 0
    assert len(find_items(items, items.item_ids[0][0], most=1)) == 1


@pytest.mark.parametrize("text", [None, 7, "", "%%%", "AAAA", "\u00e4"])
def test_what_is_no_selection_selects_nothing(study: Study, text: object) -> None:
    assert decode_selection(text, get_points(study)).size == 0


def test_lists_hold_exactly_the_selection(study: Study) -> None:
    items, images, rows = list_items(study), list_images(study), np.array([1, 2, 30])
    assert list_ids(items, rows).split() == items.item_ids[rows].tolist()
    assert [line.split(",")[0] for line in tabulate_selection(items, get_points(study), rows).split()[-3:]] == (
        items.item_ids[rows].tolist()
    )
    paths = images.relative_paths[items.image_positions[rows]]
    assert list_files(items, images, rows).splitlines() == list(dict.fromkeys(paths))


def test_the_items_to_review_are_kept_for_each_reader(study: Study) -> None:
    assert get_review_selection(study, "anna") == []
    record_review_selection(study, "anna", ["b", "a"])
    record_review_selection(study, "anna'; --", ["x"])
    assert get_review_selection(study, "anna") == ["b", "a"]
    assert get_review_selection(study, "ben") == []
    assert get_review_selection(study, "anna'; --") == ["x"]


def test_counting_labels_anew_is_the_same_as_describing_the_clusters_anew(study: Study) -> None:
    items, clustering = list_items(study), get_clustering(study)
    before = describe_study_clusters(study, items, clustering)
    decide_at_random(study, 80)
    assert count_cluster_labels(study, items, clustering, before) == describe_study_clusters(study, items, clustering)
    n_labelled = sum(sum(one.n_labelled.values()) for one in count_cluster_labels(study, items, clustering, before))
    clustered = clustering.cluster_ids >= 0
    assert n_labelled == sum(label is not None for label in get_starting_labels(study, items)[clustered])
