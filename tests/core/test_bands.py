"""Facts about scores by size and place of the polyp."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.bands import (
    AREA_EDGES,
    AREA_LABELS,
    DISTANCE_EDGES,
    DISTANCE_LABELS,
    compute_centre_distance,
    score_bands,
)


def test_every_picture_is_in_exactly_one_band() -> None:
    areas = np.array([0.0, 0.0299, 0.03, 0.0799, 0.08, 0.15, 0.2999, 0.30, 0.99, 1.0])
    assert [band.n for band in score_bands(np.ones(10), areas)] == [2, 2, 1, 2, 3]


def test_bands_weighted_by_their_size_give_the_mean_of_all() -> None:
    generator = np.random.default_rng(0)
    values, areas = generator.random(100), generator.random(100) ** 2
    bands = score_bands(values, areas)
    whole = sum(band.mean * band.n for band in bands if band.mean is not None) / 100
    assert whole == pytest.approx(values.mean())


def test_an_empty_band_has_no_score_and_says_why() -> None:
    large = score_bands(np.array([0.5]), np.array([0.5]))
    assert [band.mean for band in large] == [None, None, None, None, 0.5]
    assert all(band.reason for band in large[:-1])


def test_undefined_scores_and_pictures_without_polyp_are_left_out() -> None:
    found = score_bands(np.array([np.nan, 0.4, 0.6]), np.array([0.01, np.nan, 0.02]))
    assert (found[0].n, found[0].mean) == (1, 0.6)


def test_names_of_the_bands_fit_their_limits() -> None:
    assert len(AREA_LABELS) == len(AREA_EDGES) - 1 and len(DISTANCE_LABELS) == len(DISTANCE_EDGES) - 1
    with pytest.raises(ValueError, match="one more"):
        score_bands(np.ones(1), np.ones(1), edges=(0.0, 1.0), labels=("a", "b"))


def test_a_polyp_in_the_corner_is_as_far_as_can_be() -> None:
    truth = np.zeros((100, 200), dtype=bool)
    truth[0, 0] = True
    assert compute_centre_distance(truth) == pytest.approx(1.0, abs=0.01)


def test_two_equal_polyps_left_and_right_are_centred_together() -> None:
    truth = np.zeros((60, 90), dtype=bool)
    truth[25:35, 5:15] = truth[25:35, 75:85] = True
    assert compute_centre_distance(truth) == pytest.approx(0.0)


def test_distance_does_not_depend_on_the_size_of_the_picture() -> None:
    small = np.zeros((50, 80), dtype=bool)
    small[5:15, 10:20] = True
    assert compute_centre_distance(np.kron(small, np.ones((4, 4), dtype=bool))) == pytest.approx(
        compute_centre_distance(small)
    )
