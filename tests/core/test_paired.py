"""Facts about comparing two sets of masks picture by picture."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.intervals import bootstrap_mean
from medxai_core.evaluation.paired import compare_paired


def test_difference_is_the_difference_of_the_means() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.random(50), generator.random(50)
    found = compare_paired(first, second)
    assert found.difference == pytest.approx(first.mean() - second.mean())
    assert (found.mean_first, found.mean_second) == (pytest.approx(first.mean()), pytest.approx(second.mean()))


def test_swapping_the_two_turns_the_sign_and_the_interval() -> None:
    generator = np.random.default_rng(4)
    first, second = generator.random(40), generator.random(40)
    one, other = compare_paired(first, second), compare_paired(second, first)
    assert one.difference == pytest.approx(-other.difference)
    assert one.interval.low == pytest.approx(-other.interval.high)
    assert (one.n_first_better, one.n_second_better) == (other.n_second_better, other.n_first_better)


def test_pairing_sees_what_two_single_intervals_hide() -> None:
    hard_or_easy = np.tile([0.1, 0.9], 30)
    small_gain = 0.02 + np.tile([0.0, 0.01], 30)
    found = compare_paired(hard_or_easy + small_gain, hard_or_easy)
    first, second = bootstrap_mean(hard_or_easy + small_gain), bootstrap_mean(hard_or_easy)
    assert first.low < second.high, "the single intervals overlap"
    assert found.verdict == "better"


def test_pictures_without_one_of_the_scores_are_left_out() -> None:
    found = compare_paired([0.5, np.nan, 0.9, 0.1], [0.4, 0.2, np.nan, 0.1])
    assert (found.n, found.n_first_better, found.n_second_better) == (2, 1, 0)
    assert found.difference == pytest.approx(0.05)


def test_without_a_pair_nothing_is_claimed() -> None:
    found = compare_paired([np.nan, 0.5], [0.5, np.nan])
    assert found.verdict == "undefined"
    assert found.difference is None and found.reason


def test_one_patient_is_not_enough_for_an_interval() -> None:
    found = compare_paired([0.9, 0.8, 0.7], [0.1, 0.2, 0.3], ["p1", "p1", "p1"])
    assert found.verdict == "unclear" and found.interval.low is None
    assert found.n_groups == 1


def test_many_pictures_of_few_patients_give_a_wider_interval() -> None:
    generator = np.random.default_rng(5)
    by_patient = np.repeat(generator.normal(0.1, 0.2, 8), 25)
    single = compare_paired(by_patient, np.zeros(200)).interval
    grouped = compare_paired(by_patient, np.zeros(200), [f"p{i // 25}" for i in range(200)]).interval
    assert grouped.high - grouped.low > 2 * (single.high - single.low)


def test_scores_of_different_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="one value a picture"):
        compare_paired([0.1, 0.2], [0.1])
