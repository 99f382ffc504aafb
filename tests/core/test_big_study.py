"""Facts about the study that speed is measured on: it is whole, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.big_study import make_big_study
from medxai_core.records.clusterings import get_clustering, get_embedding, get_features
from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import get_thumbnail_path, list_images, list_items, load_study_image
from medxai_core.study import Study

N = 4000


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a small one."""
    return make_big_study(tmp_path_factory.mktemp("big") / "a", n_images=N, n_drawn=8)


def test_every_stage_up_to_the_decisions_is_there(study: Study) -> None:
    items, clustering = list_items(study), get_clustering(study)
    assert len(items) == len(list_images(study)) == len(set(items.item_ids)) == N
    assert set(items.splits) == {"train", "validation", "tuning", "test"}
    assert sum(values.shape[1] for values in get_features(study).values()) == 226
    assert np.array_equal(clustering.cluster_ids >= 0, items.splits == "train")
    assert np.isfinite(get_embedding(study).points).all()
    labelling = find_labelling(study)
    assert labelling is not None and labelling.rounds and labelling.clustering_id == clustering.clustering_id
    assert {one.reader for one in list_decisions(study)} == {"reader-1", "reader-2"}


def test_every_picture_has_a_file_and_a_thumbnail(study: Study) -> None:
    images = list_images(study)
    for row in range(0, N, 100):
        height, width = load_study_image(study, images.relative_paths[row]).shape[:2]
        assert (width, height) == (images.widths[row], images.heights[row])
        assert get_thumbnail_path(study, images.image_ids[row]).is_file()


def test_the_same_seed_makes_the_same_study(study: Study, tmp_path: Path) -> None:
    again = make_big_study(tmp_path / "b", n_images=N, n_drawn=8)
    assert np.array_equal(list_items(again).item_ids, list_items(study).item_ids)
    assert np.array_equal(get_embedding(again).points, get_embedding(study).points)
    assert find_labelling(again).proposals == find_labelling(study).proposals
