"""Facts about the summary of a set: means, pooled scores, polyps, frames without polyp."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medxai_core.config import MASK_USES
from medxai_core.evaluation.intervals import wilson_interval
from medxai_core.evaluation.polyps import PolypCounts
from medxai_core.evaluation.scores import PixelCounts, score_counts, score_mask
from medxai_core.evaluation.summary import summarize

GOOD = score_counts(PixelCounts(tp=8, fp=2, fn=2, tn=88), item="good", polyps=PolypCounts(2, 1, 0, 2))
MISSED = score_counts(PixelCounts(tp=0, fp=0, fn=30, tn=70), item="missed", polyps=PolypCounts(1, 0, 0, 0))
FALSE = score_counts(PixelCounts(tp=0, fp=25, fn=0, tn=75), item="false", polyps=PolypCounts(0, 0, 3, 0))
EMPTY = score_counts(PixelCounts(tp=0, fp=0, fn=0, tn=100), item="empty", polyps=PolypCounts(0, 0, 0, 0))
ALL = [GOOD, MISSED, FALSE, EMPTY]


@pytest.fixture(scope="module")
def table():
    return summarize(ALL, name="four pictures", masks_used_for="nothing")


def test_means_are_over_the_pictures_that_define_them(table):
    dice = table.get("mean", "dice")
    assert dice.value == pytest.approx((0.8 + 0.0) / 2)
    assert (dice.n_defined, dice.n) == (2, 4)
    precision = table.get("mean", "precision")
    assert precision.value == pytest.approx(0.8) and precision.n_defined == 1
    accuracy = table.get("mean", "accuracy")
    assert accuracy.value == pytest.approx((0.96 + 0.7 + 0.75 + 1) / 4) and accuracy.n_defined == 4


def test_pooled_scores_are_those_of_all_pixels_together(table):
    # tp 8, fp 27, fn 32, of 400
    assert table.get("pooled", "dice").value == pytest.approx(16 / (16 + 27 + 32))
    assert table.get("pooled", "jaccard").value == pytest.approx(8 / 67)
    assert table.get("pooled", "recall").value == pytest.approx(8 / 40)
    assert table.get("pooled", "precision").value == pytest.approx(8 / 35)
    assert table.get("pooled", "accuracy").value == pytest.approx(341 / 400)


def test_pooling_equals_one_long_picture():
    masks, truths = np.random.default_rng(0).random((2, 5, 8, 8)) < 0.4
    table = summarize([score_mask(m, t) for m, t in zip(masks, truths)], name="x", masks_used_for="nothing")
    long = score_mask(masks.reshape(40, 8), truths.reshape(40, 8))
    for metric in ("accuracy", "jaccard", "dice", "f1", "recall", "precision"):
        assert table.get("pooled", metric).value == pytest.approx(long.value(metric))


def test_polyps_and_frames_are_counted(table):
    found = table.get("polyps", "polyps_found")
    assert (found.total, found.out_of, found.value) == (1, 3, pytest.approx(1 / 3))
    touched = table.get("polyps", "polyps_touched")
    assert (touched.total, touched.out_of) == (2, 3)
    assert table.get("polyps", "false_positives_per_frame").value == 3 / 4
    false = table.get("frames", "false_positive_frames")
    assert (false.total, false.out_of) == (1, 2)
    assert false.interval == wilson_interval(1, 2)
    assert table.get("frames", "correctly_empty_frames").value == 0.5
    assert table.get("frames", "false_positive_area").value == 0.25


def test_the_organisers_averages_count_undefined_scores_as_zero_and_dice_as_nan(table):
    assert math.isnan(table.organisers.dice)
    assert table.organisers.jaccard == pytest.approx((8 / 12) / 4)
    assert table.organisers.f1 == pytest.approx(0.8 / 4)


def test_every_row_says_what_masks_were_used_for():
    for use in MASK_USES:
        rows = summarize(ALL, name="x", masks_used_for=use, n_resamples=10).rows
        assert {row.masks_used_for for row in rows} == {use}
    with pytest.raises(ValueError, match="masks_used_for"):
        summarize(ALL, name="x", masks_used_for="training")


def test_a_figure_that_no_picture_defines_is_none_with_a_reason():
    table = summarize([FALSE, EMPTY], name="x", masks_used_for="nothing")
    row = table.get("mean", "dice")
    assert row.value is None and row.n_defined == 0 and row.reason == "no picture has a polyp"
    assert row.interval.low is None and row.interval.reason
    assert table.get("mean", "accuracy").value == pytest.approx(0.875)
    polyps_only = summarize([GOOD, MISSED], name="x", masks_used_for="nothing")
    assert polyps_only.get("frames", "false_positive_frames").reason == "every picture has a polyp"


def test_polyps_that_were_not_counted_have_no_row():
    table = summarize([score_counts(GOOD.counts), MISSED], name="x", masks_used_for="nothing")
    with pytest.raises(ValueError, match="no row"):
        table.get("polyps", "polyps_found")


def test_pictures_of_one_patient_widen_the_interval():
    generator = np.random.default_rng(1)
    scores, patients = [], []
    for patient in range(20):
        tp = int(generator.integers(10, 90))
        scores += [score_counts(PixelCounts(tp=tp, fp=10, fn=100 - tp, tn=100))] * 5
        patients += [f"p{patient}"] * 5
    alone = summarize(scores, name="x", masks_used_for="nothing").get("mean", "dice")
    grouped = summarize(scores, patients, name="x", masks_used_for="nothing").get("mean", "dice")
    assert grouped.value == alone.value and (grouped.n_groups, alone.n_groups) == (20, 100)
    width = [row.interval.high - row.interval.low for row in (grouped, alone)]
    assert width[0] > 1.7 * width[1]
    assert grouped.interval.low < grouped.value < grouped.interval.high


def test_the_mean_lies_in_its_interval_and_the_seed_fixes_it():
    scores = [score_counts(PixelCounts(tp=i, fp=5, fn=50 - i, tn=50)) for i in range(1, 50)]
    one, again = (summarize(scores, name="x", masks_used_for="tuning", seed=3) for _ in range(2))
    assert one == again
    for row in one.rows:
        if row.statistic == "mean" and row.interval.low is not None:
            assert row.interval.low <= row.value <= row.interval.high


def test_nothing_to_summarise_is_an_error():
    with pytest.raises(ValueError, match="no scored picture"):
        summarize([], name="x", masks_used_for="nothing")
