"""Feature sets: names and order of the columns, and extraction from many pictures."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import numpy as np
import pytest

from medxai_core.errors import StopRequested
from medxai_core.features import extract_features, extract_lire, get_feature_set

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "lire"


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in rng.integers(1, 90, (11, 2))]


def test_columns_are_named_as_lire_names_them() -> None:
    with open(GOLDEN / "synthetic.csv", newline="") as file:
        header = next(csv.reader(file))
    assert list(get_feature_set("lire").column_names) == header[1:]


def test_every_descriptor_has_a_meaning_of_one_line() -> None:
    for descriptor in get_feature_set("lire").descriptors:
        assert descriptor.meaning.endswith(".") and "\n" not in descriptor.meaning


def test_unknown_set_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'lire'"):
        get_feature_set("sift")


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1])
def test_rows_are_in_the_order_of_the_pictures_whatever_the_threads(images: list[np.ndarray], n_jobs: int) -> None:
    features = extract_features((image for image in images), n_jobs=n_jobs)
    for row, image in enumerate(images):
        for name, numbers in extract_lire(image).items():
            np.testing.assert_array_equal(features[name][row], numbers)


def test_stack_puts_the_descriptors_side_by_side(images: list[np.ndarray]) -> None:
    features = extract_features(images[:2])
    backwards = dict(reversed(features.items()))
    stacked = get_feature_set("lire").stack(backwards)
    assert stacked.shape == (2, 226)
    np.testing.assert_array_equal(stacked[1], np.concatenate(list(extract_lire(images[1]).values())))


def test_stack_refuses_what_is_missing_or_of_another_size(images: list[np.ndarray]) -> None:
    features = extract_features(images[:2])
    with pytest.raises(ValueError, match="'tamura'"):
        get_feature_set("lire").stack({name: features[name] for name in features if name != "tamura"})
    with pytest.raises(ValueError, match=r"\(n, 18\)"):
        get_feature_set("lire").stack(features | {"tamura": features["edge_histogram"]})


def test_no_picture_gives_no_row() -> None:
    assert {name: array.shape for name, array in extract_features([]).items()} == {
        "edge_histogram": (0, 80),
        "tamura": (0, 18),
        "luminance_layout": (0, 64),
        "simple_color_histogram": (0, 64),
    }


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_counts_every_picture_once(images: list[np.ndarray], n_jobs: int) -> None:
    seen: list[tuple[int, int]] = []
    extract_features(iter(images), n_jobs=n_jobs, n_images=len(images), on_progress=lambda *now: seen.append(now))
    assert seen == [(done, len(images)) for done in range(1, len(images) + 1)]


def test_progress_needs_to_know_how_many(images: list[np.ndarray]) -> None:
    with pytest.raises(TypeError, match="n_images"):
        extract_features(iter(images), on_progress=lambda done, total: None)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_stopping_leaves_no_thread_and_draws_no_more(images: list[np.ndarray], n_jobs: int) -> None:
    drawn: list[int] = []

    def draw():
        for position, image in enumerate(images):
            drawn.append(position)
            yield image

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise StopRequested

    before = threading.active_count()
    with pytest.raises(StopRequested):
        extract_features(draw(), n_jobs=n_jobs, n_images=len(images), on_progress=stop)
    assert threading.active_count() == before
    assert len(drawn) <= 2 + 2 * n_jobs < len(images)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_names_the_picture(images: list[np.ndarray], n_jobs: int) -> None:
    with pytest.raises(ValueError, match="image 3: "):
        extract_features([*images[:3], np.zeros((4, 4), np.uint8)], n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_while_loading_passes_through(images: list[np.ndarray], n_jobs: int) -> None:
    def load():
        yield images[0]
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        extract_features(load(), n_jobs=n_jobs)


def test_zero_jobs_are_refused() -> None:
    with pytest.raises(ValueError, match="n_jobs"):
        extract_features([], n_jobs=0)
