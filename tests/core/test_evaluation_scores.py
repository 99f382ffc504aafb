"""Facts about the scores of one picture: a worked example, the table of empty cases, polyps."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score

from medxai_core.evaluation.polyps import PolypCounts, count_polyps
from medxai_core.evaluation.scores import EMPTY_MASK, NO_POLYP, PixelCounts, count_pixels, score_mask

OVERLAP = ("jaccard", "dice", "f1", "recall", "precision")


def block(top: int, left: int, *, size: int = 3, shape: tuple[int, int] = (5, 5)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[top : top + size, left : left + size] = True
    return mask


EMPTY = np.zeros((5, 5), dtype=bool)
TRUTH, MASK = block(1, 1), block(2, 2)


def test_worked_example():
    # 9 pixels of polyp, 9 of mask, 4 in both, 25 in all
    scores = score_mask(MASK, TRUTH, item="a")
    assert scores.counts == PixelCounts(tp=4, fp=5, fn=5, tn=11)
    assert scores.accuracy == pytest.approx(15 / 25)
    assert scores.jaccard == pytest.approx(4 / 14)
    assert scores.dice == pytest.approx(8 / 18)
    assert scores.f1 == pytest.approx(8 / 18)
    assert scores.recall == scores.precision == pytest.approx(4 / 9)
    assert scores.outcome == "polyp_with_mask"


def test_truth_and_mask():
    """Row 1 of the table: as defined, in both."""
    scores = score_mask(MASK, TRUTH)
    assert astuple(scores.organisers) == pytest.approx([scores.value(m) for m in ("accuracy", *OVERLAP)])


def test_truth_and_empty_mask():
    """Row 2: 0 for the organisers; the app says the same but leaves precision undefined."""
    scores = score_mask(EMPTY, TRUTH)
    assert astuple(scores.organisers) == (16 / 25, 0, 0, 0, 0, 0)
    assert (scores.jaccard, scores.dice, scores.f1, scores.recall) == (0, 0, 0, 0)
    assert scores.precision is None and scores.reason("precision") == EMPTY_MASK
    assert scores.outcome == "polyp_without_mask"


def test_empty_truth_and_mask():
    """Row 3: 0 for the organisers; undefined in the app, a false-positive frame with its area."""
    scores = score_mask(MASK, EMPTY)
    assert astuple(scores.organisers) == (16 / 25, 0, 0, 0, 0, 0)
    assert [scores.value(metric) for metric in OVERLAP] == [None] * 5
    assert {scores.reason(metric) for metric in OVERLAP} == {NO_POLYP}
    assert scores.outcome == "false_positive_frame" and scores.counts.fp == 9


def test_empty_truth_and_empty_mask():
    """Row 4: the organisers' Dice is NaN, the others 0, accuracy 1; undefined in the app."""
    scores = score_mask(EMPTY, EMPTY)
    organisers = scores.organisers
    assert math.isnan(organisers.dice) and organisers.accuracy == scores.accuracy == 1.0
    assert (organisers.jaccard, organisers.f1, organisers.recall, organisers.precision) == (0, 0, 0, 0)
    assert [scores.value(metric) for metric in OVERLAP] == [None] * 5
    assert scores.outcome == "correctly_empty_frame"


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_those_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    mask, truth = generator.random((2, 12, 9)) < generator.random((2, 1, 1))
    ours = score_mask(mask, truth).organisers
    pair = (truth.ravel(), mask.ravel())
    assert ours.accuracy == pytest.approx(accuracy_score(*pair))
    assert ours.jaccard == pytest.approx(jaccard_score(*pair, zero_division=0))
    assert ours.f1 == pytest.approx(f1_score(*pair, zero_division=0))
    assert ours.f1 == pytest.approx(ours.dice)
    assert ours.recall == pytest.approx(recall_score(*pair, zero_division=0))
    assert ours.precision == pytest.approx(precision_score(*pair, zero_division=0))


@pytest.mark.parametrize("flip", [np.flipud, np.fliplr, np.transpose, np.rot90])
def test_scores_do_not_change_when_both_pictures_are_turned(flip):
    generator = np.random.default_rng(7)
    mask, truth = generator.random((2, 30, 30)) < 0.3
    assert score_mask(flip(mask), flip(truth)) == score_mask(mask, truth)


def test_swapping_mask_and_truth_swaps_recall_and_precision():
    mask, truth = np.random.default_rng(8).random((2, 20, 20)) < 0.4
    one, other = score_mask(mask, truth), score_mask(truth, mask)
    assert (one.recall, one.precision, one.dice) == (other.precision, other.recall, other.dice)


def test_a_perfect_mask_scores_one_everywhere():
    assert astuple(score_mask(TRUTH, TRUTH).organisers) == (1, 1, 1, 1, 1, 1)


def test_counts_add_up_over_pictures():
    assert PixelCounts(1, 2, 3, 4) + PixelCounts(10, 20, 30, 40) == PixelCounts(11, 22, 33, 44)
    assert PixelCounts(1, 2, 3, 4).n_pixels == 10


def test_masks_that_cannot_be_compared_are_refused():
    with pytest.raises(TypeError, match="bool"):
        count_pixels(MASK.astype(np.uint8), TRUTH)
    with pytest.raises(ValueError, match="one size"):
        count_pixels(MASK, TRUTH[:4])
    with pytest.raises(ValueError, match="metric must be one of"):
        score_mask(MASK, TRUTH).value("kappa")


def test_each_polyp_is_found_or_not():
    truth = block(0, 0, shape=(20, 20)) | block(10, 10, size=4, shape=(20, 20))
    mask = block(10, 10, size=4, shape=(20, 20)) | block(0, 15, shape=(20, 20))
    assert count_polyps(mask, truth) == PolypCounts(n_polyps=2, n_found=1, n_false=1, n_touched=1)


def test_a_polyp_is_found_from_half_of_its_pixels():
    truth = np.zeros((10, 10), dtype=bool)
    truth[4, 2:6] = True
    half, less = truth.copy(), truth.copy()
    half[4, 4:] = False
    less[4, 3:] = False
    assert count_polyps(half, truth).n_found == 1
    assert count_polyps(less, truth) == PolypCounts(1, 0, 0, 1)  # touched: not found, but not false either


def test_polyps_that_touch_at_a_corner_are_one():
    truth = np.zeros((10, 10), dtype=bool)
    truth[2, 2] = truth[3, 3] = True
    assert count_polyps(truth, truth).n_polyps == 1


def test_specks_of_a_jpeg_mask_are_no_polyps():
    truth = block(10, 10, size=40, shape=(200, 200))
    truth[150, 150] = True  # one pixel of 40,000
    assert count_polyps(truth, truth) == PolypCounts(1, 1, 0, 1)
    assert count_polyps(truth, truth, speck_share=0).n_polyps == 2


def test_a_frame_without_polyp_and_mask_has_nothing_to_count():
    assert count_polyps(EMPTY, EMPTY) == PolypCounts(0, 0, 0, 0)
    assert count_polyps(MASK, EMPTY) == PolypCounts(0, 0, 1, 0)
