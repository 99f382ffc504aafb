"""Facts about what is unusual in one picture."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.views.unusual_features import find_unusual_features


def make_descriptors(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {"tamura": generator.normal(size=(60, 18)), "simple_color_histogram": generator.random((60, 64))}


def test_the_extreme_picture_is_named_first_with_its_rank() -> None:
    descriptors = make_descriptors()
    descriptors["tamura"][7, 1] = 50.0
    first = find_unusual_features(descriptors, 7)[0]
    assert first.words == "stronger light-dark contrast"
    assert (first.percentile, first.n, first.aspect) == (100.0, 59, "texture")


def test_the_words_turn_with_the_sign() -> None:
    descriptors = make_descriptors()
    descriptors["tamura"][7, 0] = -50.0
    first = find_unusual_features(descriptors, 7)[0]
    assert (first.words, first.percentile) == ("finer texture", 0.0)


def test_a_picture_like_all_others_has_nothing_unusual() -> None:
    same = {"tamura": np.tile(np.arange(18.0), (10, 1))}
    assert find_unusual_features(same, 3) == []


def test_pictures_without_features_are_neither_compared_nor_described() -> None:
    descriptors = make_descriptors()
    before = find_unusual_features(descriptors, 0)
    more = {name: np.vstack([values, np.full((5, values.shape[1]), np.nan)]) for name, values in descriptors.items()}
    assert find_unusual_features(more, 0) == before
    assert find_unusual_features(more, 62) == []


def test_deviation_is_in_standard_deviations_over_all() -> None:
    descriptors = {"tamura": np.zeros((4, 18))}
    descriptors["tamura"][:, 0] = [0.0, 0.0, 0.0, 4.0]
    [found] = find_unusual_features(descriptors, 3)
    assert found.deviation == pytest.approx((4 - 1) / np.sqrt(3))
