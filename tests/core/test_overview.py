"""Facts about where a study stands, and about the map and the clusters as they are shown."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medxai_core.config import RESEARCH_USE
from medxai_core.formats.selection_csv import SELECTION_COLUMNS, format_selection_csv
from medxai_core.images.tile_view import mark_tile
from medxai_core.records.clusterings import get_clustering, get_features, record_embedding
from medxai_core.records.pictures import get_thumbnail_path, list_images, list_items
from medxai_core.stages.clusters import cluster_study, pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.stages.labels import decide
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study, open_study
from medxai_core.views.cluster_view import (
    describe_study_clusters,
    explain_study_cluster,
    explain_study_clustering,
    list_clusterings_shown,
)
from medxai_core.views.item_thumbnails import draw_item_thumbnail
from medxai_core.views.map_points import get_map_feature, list_map_features
from medxai_core.views.overview import count_by_split, get_last_numbers


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study that was just imported, as 2x2 tiles."""
    options = ImportOptions(
        phantom_folder / "images", masks=phantom_folder / "masks", tiles=(2, 2), seeds=6, validation=4
    )
    return create_study(tmp_path / "overview", options)


@pytest.fixture
def mapped(proposed_once: Path, tmp_path: Path) -> Study:
    """Return a study with features, proposals, and a map of two of its features."""
    study = open_study(shutil.copytree(proposed_once, tmp_path / "mapped"))
    points = np.asarray(get_features(study)["tamura"])[:, :2].astype(np.float32)
    record_embedding(study, points, feature_set="lire", trustworthiness=None, manifest={})
    return study


def test_counts_add_up_and_the_truth_of_test_pictures_is_hidden_until_it_is_open(study: Study) -> None:
    images, items = list_images(study), list_items(study)
    hidden = count_by_split(images, items, test_is_open=False)
    opened = count_by_split(images, items, test_is_open=True)
    assert sum(one.n_images for one in hidden) == len(images)
    assert sum(one.n_items for one in hidden) == len(items)
    assert [one.split for one in hidden if one.n_by_class is None] == ["test"]
    assert all(sum(one.n_by_class.values()) == one.n_items for one in opened)


def test_the_last_numbers_grow_with_all_that_is_recorded(study: Study) -> None:
    numbers = [get_last_numbers(study)]
    extract_study_features(study)
    numbers.append(get_last_numbers(study))
    labelling = pseudo_label_study(study, k=12)
    numbers.append(get_last_numbers(study))
    decide(study, next(iter(labelling.proposals)), "accept", reader="a")
    numbers.append(get_last_numbers(study))
    assert numbers == sorted(set(numbers))


def test_a_feature_of_the_map_is_the_mean_of_its_columns(mapped: Study) -> None:
    coarseness = get_map_feature(mapped, "tamura-0")
    assert np.array_equal(coarseness, np.asarray(get_features(mapped)["tamura"])[:, 0])
    assert len({feature.key for feature in list_map_features()}) == len(list_map_features())
    for key in ("tamura-99", "nothing-0", "tamura"):
        with pytest.raises(ValueError, match="list_map_features"):
            get_map_feature(mapped, key)


def test_clusters_are_described_by_seeds_not_by_proposals(mapped: Study) -> None:
    items, clustering = list_items(mapped), get_clustering(mapped)
    found = describe_study_clusters(mapped, items, clustering)
    assert sum(one.size for one in found) == (clustering.cluster_ids >= 0).sum()
    assert sum(sum(one.n_labelled.values()) for one in found) == items.is_seed.sum()


def test_shares_of_the_descriptors_sum_to_one_and_words_are_found(mapped: Study) -> None:
    clustering = get_clustering(mapped)
    assert sum(one.between_share for one in explain_study_clustering(mapped, clustering)) == pytest.approx(1)
    largest = int(np.bincount(clustering.cluster_ids[clustering.cluster_ids >= 0]).argmax())
    assert all(abs(one.difference) >= 0.2 for one in explain_study_cluster(mapped, clustering, largest))


def test_the_clustering_that_was_used_last_is_shown_first(mapped: Study) -> None:
    cluster_study(mapped, k=5)
    assert [row["k"] for row in list_clusterings_shown(mapped)] == [5, 12]
    pseudo_label_study(mapped, k=12)
    assert [row["k"] for row in list_clusterings_shown(mapped)] == [12, 5]


def test_a_selection_as_a_table_says_what_it_is_for_and_reads_back() -> None:
    text = format_selection_csv([("a-r0c0", "a", "train", 7, "polyp", "cluster"), ("b", "b", "test", -1, None, None)])
    assert text.startswith(f"# {RESEARCH_USE}")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert rows[0] == list(SELECTION_COLUMNS)
    assert rows[1:] == [["a-r0c0", "a", "train", "7", "polyp", "cluster"], ["b", "b", "test", "", "", ""]]


def test_a_tile_stands_out_of_its_picture_and_a_whole_picture_is_left_alone() -> None:
    thumbnail = np.full((40, 40, 3), 200, np.uint8)
    shown = mark_tile(thumbnail, (0, 50, 50, 100), picture_size=(100, 100))
    assert (shown[22:38, 2:18] == 200).all()
    assert (shown[:19] < 100).all()
    assert (shown[20, :20] == 255).all()
    assert mark_tile(thumbnail, (0, 0, 100, 100), picture_size=(100, 100)) is thumbnail


def test_an_item_is_drawn_from_the_thumbnail_and_is_none_without_it(study: Study) -> None:
    images, items = list_images(study), list_items(study)
    drawn = draw_item_thumbnail(study, images, items, 0)
    path = get_thumbnail_path(study, str(items.image_ids[0]))
    with Image.open(path) as thumbnail:
        assert Image.open(io.BytesIO(drawn)).size == thumbnail.size
    path.unlink()
    assert draw_item_thumbnail(study, images, items, 0) is None
