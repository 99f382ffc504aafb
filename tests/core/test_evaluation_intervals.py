"""Facts about intervals: published values of Wilson's, and what resampling by group does."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.intervals import (
    Interval,
    bootstrap_mean,
    encode_groups,
    percentile_interval,
    proportion_interval,
    wilson_interval,
)


# Newcombe, Stat. Med. 17 (1998) 857-872, table I, method 3 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857)
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_has_the_published_values(successes, n, low, high):
    interval = wilson_interval(successes, n)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_wilson_interval_is_symmetric_and_stays_in_range():
    for successes in range(11):
        one, other = wilson_interval(successes, 10), wilson_interval(10 - successes, 10)
        assert one.low == pytest.approx(1 - other.high)
        assert 0 <= one.low <= successes / 10 <= one.high <= 1


def test_no_trial_has_no_interval_but_a_reason():
    assert wilson_interval(0, 0) == Interval(None, None, 0.95, "none", "there is no trial")
    with pytest.raises(ValueError):
        wilson_interval(3, 2)


def test_bootstrap_of_a_mean_comes_near_the_normal_interval():
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    interval = bootstrap_mean(values, n_resamples=4000, seed=1)
    half = 1.96 * values.std() / np.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.001)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.001)


def test_copies_of_a_picture_in_one_group_do_not_narrow_the_interval():
    values = np.random.default_rng(1).random(30)
    groups = [f"patient {i}" for i in range(30)]
    alone = bootstrap_mean(values, groups, seed=2)
    grouped = bootstrap_mean(np.repeat(values, 4), np.repeat(groups, 4).tolist(), seed=2)
    ungrouped = bootstrap_mean(np.repeat(values, 4), seed=2)
    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high))
    assert ungrouped.high - ungrouped.low == pytest.approx((grouped.high - grouped.low) / 2, rel=0.15)


def test_the_order_of_items_and_the_names_of_groups_do_not_matter():
    values = np.arange(12.0)
    groups = [f"g{i // 3}" for i in range(12)]
    order = np.random.default_rng(3).permutation(12)
    one = bootstrap_mean(values, groups)
    other = bootstrap_mean(values[order], [groups[i] for i in order])
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_the_same_seed_gives_the_same_interval_and_leaves_the_global_state_alone():
    values = np.random.default_rng(4).random(50)
    state = np.random.get_state()[1].copy()
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5) != bootstrap_mean(values, seed=6)
    assert np.array_equal(np.random.get_state()[1], state)


def test_a_higher_level_gives_a_wider_interval():
    values = np.random.default_rng(5).random(50)
    narrow, wide = bootstrap_mean(values, level=0.8), bootstrap_mean(values, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(("values", "groups"), [([0.3], None), ([0.3, 0.4], ["a", "a"]), ([], None)])
def test_one_group_has_no_interval_but_a_reason(values, groups):
    interval = bootstrap_mean(values, groups)
    assert interval.low is None and "fewer than two groups" in interval.reason


def test_undefined_resamples_are_left_out_and_too_many_are_a_reason():
    samples = np.array([0.2] * 60 + [np.nan] * 40)
    assert percentile_interval(samples).low == 0.2
    assert "only 40 of 100" in percentile_interval(np.where(np.isnan(samples), 0.2, np.nan)).reason


def test_a_proportion_of_independent_items_has_wilsons_interval():
    ones, codes = np.ones(20), np.arange(20)
    resampled = Interval(0.1, 0.2)
    assert proportion_interval(0 * ones, ones, codes=codes, resampled=resampled) == wilson_interval(0, 20)
    grouped = codes // 2
    half = (codes % 2).astype(float)
    assert proportion_interval(half, ones, codes=grouped, resampled=resampled) is resampled
    # all succeed: ten groups count as ten trials, not as twenty
    assert proportion_interval(ones, ones, codes=grouped, resampled=resampled) == wilson_interval(10, 10)


def test_groups_must_be_known():
    with pytest.raises(ValueError, match="its own id"):
        encode_groups(["a", None], 2)
    with pytest.raises(ValueError, match="one entry an item"):
        encode_groups(["a"], 2)
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean([0.1, float("nan")])
