"""How far probabilities can be trusted, on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.expected import expect_dice
from medxai_core.evaluation.reliability import Reliability, combine_reliability, find_reached, measure_reliability
from medxai_core.evaluation.scores import score_mask


def draw_picture(seed: int, *, power: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw probabilities and a truth that follows them; with a power the truth follows p**power instead."""
    generator = np.random.default_rng(seed)
    probabilities = generator.random((200, 200)).astype(np.float32)
    return probabilities, generator.random((200, 200)) < probabilities**power


def test_probabilities_that_are_right_have_no_calibration_error():
    found = combine_reliability([measure_reliability(*draw_picture(seed)) for seed in range(5)])
    assert found.shares == pytest.approx(0.1, abs=0.005)
    assert found.said == pytest.approx(np.arange(10) / 10 + 0.05, abs=0.002)
    assert found.is_polyp == pytest.approx(found.said, abs=0.02)
    assert found.calibration_error < 0.01
    assert found.expected == pytest.approx(found.reached, abs=0.01)


def test_the_error_is_the_mean_gap_of_what_is_said_and_what_is_so():
    found = combine_reliability([measure_reliability(*draw_picture(seed, power=2)) for seed in range(5)])
    assert found.calibration_error == pytest.approx(1 / 2 - 1 / 3, abs=0.01)  # the mean of p less that of p squared
    assert found.expected == pytest.approx(3 / 4, abs=0.01)  # twice the integral of p above 1/2, over 1/2 + 1/2
    assert found.reached == pytest.approx(7 / 10, abs=0.01)  # twice that of p squared, over 1/2 + 1/3


def test_each_picture_counts_alike_whatever_its_size():
    small, large = np.full((2, 2), 0.95, np.float32), np.full((50, 50), 0.05, np.float32)
    found = combine_reliability(
        [measure_reliability(one, np.ones(one.shape, bool)) for one in (small, large)],
    )
    assert found.shares.tolist() == pytest.approx([0.5, *[0.0] * 8, 0.5])
    assert np.isnan(found.said[4]) and found.is_polyp[[0, 9]].tolist() == [1, 1]


def test_scores_are_those_of_the_mask():
    probabilities, truth = draw_picture(7)
    found = measure_reliability(probabilities, truth)
    assert found.reached == score_mask(probabilities > 0.5, truth).dice
    assert found.expected == expect_dice(probabilities, 0.5)


def test_only_masks_that_promised_about_as_much_say_what_is_reached():
    nothing, expected = np.full(10, np.nan), np.linspace(0.9, 0.96, 12)
    known = Reliability(nothing, nothing, nothing, expected, np.linspace(0.4, 0.95, 12), 0, 0)
    found = find_reached(0.93, known)
    assert found is not None and found.n == 10 and found.low < found.median < found.high
    assert find_reached(0.57, known) is None
    nearly = find_reached(0.85, known)  # of the ten nearest those within 0.1
    assert nearly is not None and nearly.n == 10 - int((np.sort(expected)[:10] > 0.95).sum())


def test_pictures_without_a_mask_are_counted_with_what_they_missed():
    nothing, polyp = np.full((4, 4), 0.1, np.float32), np.eye(4, dtype=bool)
    found = combine_reliability(
        [measure_reliability(nothing, polyp), measure_reliability(nothing, np.zeros((4, 4), bool))]
    )
    assert (found.n_empty, found.n_missed, len(found.expected)) == (2, 1, 0)
    assert find_reached(0.9, found) is None
    with pytest.raises(ValueError, match="at least one picture"):
        combine_reliability([])
