"""What a large study is read by: features by rows, proposals by columns, a log that grows, texts that are shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.records.clusterings import get_features, record_features
from medxai_core.records.decisions import GrowingLog, list_decisions
from medxai_core.records.feature_rows import FeatureRows
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.review import compute_labels
from medxai_core.stages.clusters import get_matrix
from medxai_core.stages.labels import decide, get_reference_seeds, get_starting_labels
from medxai_core.study import Study
from medxai_core.views.proposal_queue import compute_certainties
from medxai_core.views.review_basis import load_review_basis
from medxai_core.views.standing import count_foundation, count_label_states

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path) -> Study:
    """Return a study whose features are missing for two items and have a column that does not vary."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    descriptors = {name: np.array(values) for name, values in get_features(made).items()}
    for values in descriptors.values():
        values[:, 0] = 7.0
        values[[3, 10]] = np.nan
    record_features(made, "lire", descriptors, manifest={"made": "for a test"})
    return made


@pytest.mark.parametrize("scaling", ["none", "standard", "descriptor"])
def test_features_read_by_rows_are_those_of_the_whole_matrix(study: Study, scaling: str) -> None:
    matrix, rows = get_matrix(study, scaling=scaling), FeatureRows(study, scaling=scaling)
    assert rows.shape == matrix.shape and len(rows) == len(matrix)
    assert np.flatnonzero(~rows.known).tolist() == [3, 10]
    for asked in (4, slice(2, 9), [10, 3, 0], np.array([], np.int64)):
        assert np.array_equal(rows[asked], matrix[asked], equal_nan=True)
    chosen = np.array([8, 3, 20, 1])
    assert np.array_equal(rows.at(chosen)[1:3], matrix[chosen][1:3], equal_nan=True)
    assert np.array_equal(rows.at(chosen).read(), matrix[chosen], equal_nan=True)


def test_items_that_are_kept_are_the_same_and_need_no_file(study: Study) -> None:
    matrix, kept = get_matrix(study), FeatureRows(study).keep(np.array([5, 2])).keep([9])
    for path in study.arrays_folder.iterdir():
        path.unlink()
    assert np.array_equal(kept[[2, 9, 5]], matrix[[2, 9, 5]])
    assert np.array_equal(kept[9], matrix[9])


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists the files that are mapped")
def test_no_file_of_features_stays_mapped(study: Study) -> None:
    rows = FeatureRows(study, scaling="standard")
    rows[:], rows.keep([1, 2])
    assert str(study.arrays_folder) not in Path("/proc/self/maps").read_text(encoding="utf-8")


def test_equal_texts_of_a_study_are_one_text(study: Study) -> None:
    images, items = list_images(study), list_items(study)
    assert len({id(text) for text in (*images.splits, *items.splits)}) == len(set(images.splits))
    assert all(items.image_ids[row] is images.image_ids[items.image_positions[row]] for row in range(len(items)))
    assert [items.rows_by_id[item_id] for item_id in items.item_ids] == list(range(len(items)))


def test_proposals_read_as_rows_or_as_columns_are_the_same(study: Study) -> None:
    record_plain_features(study)
    propose(study)
    found = find_labelling(study).proposals
    assert len(found) and [one["position"] for one in found.values()] == list(range(len(found)))
    assert [one["label"] for one in found.values()] == found.labels.tolist()
    assert [one["round"] for one in found.values()] == found.rounds.tolist()
    assert list(found) == found.item_ids.tolist() and "nothing" not in found


def test_a_log_read_on_is_the_log(study: Study) -> None:
    items, log = list_items(study), GrowingLog(study)
    free = items.item_ids[items.positions_in("train")][~items.is_seed[items.positions_in("train")]]
    assert log.read_on() == []
    for n, item_id in enumerate(free[:3], start=1):
        before = log.read_on()
        decide(study, item_id, "label", label="polyp", reader="r1")
        assert log.read_on() == list_decisions(study) and len(log.read_on()) == n
        assert len(before) == n - 1  # who holds it is not surprised


def test_labels_that_follow_the_log_are_those_of_every_item_looked_at(study: Study) -> None:
    record_plain_features(study)
    propose(study)
    items, (first, second, third, *_) = list_items(study), list(find_labelling(study).proposals)
    seed = items.item_ids[np.flatnonzero(items.is_seed & (items.splits == "train"))[0]]
    for item_id, action in ((first, "accept"), (second, "unsure"), (third, "reject"), (seed, "flag")):
        decide(study, item_id, action, reader="r1")
    log = list_decisions(study)
    every = compute_labels(list(items.item_ids), get_reference_seeds(items), {}, log)
    assert get_starting_labels(study, items).tolist() == [state.label for state in every.values()]
    base, basis = count_foundation(study), load_review_basis(study)
    assert count_label_states(study, base, decisions=log, basis=basis) == count_label_states(study, base)


def test_certainties_are_shares_of_the_plain_distances() -> None:
    rng = np.random.default_rng(0)
    points, seeds = rng.normal(50, 9, (40, 7)), rng.normal(50, 9, (12, 7))
    points[0] = seeds[4]  # alike to the last digit
    labels, given = (np.array(["polyp", "non_polyp"] * n, object) for n in (20, 6))
    found = compute_certainties(points, labels, seeds=seeds, seed_labels=given)
    for point, label, certainty in zip(points, labels, found, strict=True):
        distances = np.sqrt(((seeds - point) ** 2).sum(axis=1))
        same, other = distances[given == label].min(), distances[given != label].min()
        assert certainty == pytest.approx(other / (same + other), rel=1e-12)
    assert found[0] == 1.0 and labels[0] == given[4]
    assert np.isnan(compute_certainties(points, labels, seeds=seeds[:1], seed_labels=given[:1])).all()


def test_looking_and_reviewing_load_no_learning_libraries() -> None:
    pages = ("frame_bar", "job_strip", "review.queues", "review.progress", "cluster_map", "clusters.panel")
    code = (
        f"import sys, importlib; [importlib.import_module('pages.components.' + name) for name in {pages}]; "
        "print([m for m in ('torch', 'torchvision', 'sklearn', 'umap', 'numba', 'skimage') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
