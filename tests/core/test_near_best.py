"""Facts about the flat region of a table of settings, and about masks laid on other pictures."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.exchange import MaskExchange
from medxai_core.evaluation.near_best import find_near_best


def test_a_cell_that_is_worse_on_every_picture_is_not_near_and_an_equal_one_is() -> None:
    rng = np.random.default_rng(0)
    best = rng.uniform(0.4, 0.8, 40)
    values = np.stack([best, best.copy(), best - 0.1, best + rng.normal(-0.005, 0.2, 40)], axis=1)
    found = find_near_best(values)
    assert found is not None
    assert found.is_near.tolist() == [True, True, False, True]
    assert (found.low <= values.mean(axis=0)).all() and (values.mean(axis=0) <= found.high).all()


def test_pictures_of_one_group_count_as_one() -> None:
    values = np.tile([[0.6, 0.5], [0.5, 0.55]], (20, 1))  # one group likes the first cell, the other the second
    apart, together = find_near_best(values), find_near_best(values, ["a", "b"] * 20)
    assert apart is not None and together is not None
    assert together.high[0] - together.low[0] > apart.high[0] - apart.low[0]
    assert together.is_near.all()
    assert find_near_best(values, ["a"] * 40) is None


def test_masks_that_ignore_the_picture_score_as_much_on_others() -> None:
    rng, exchange = np.random.default_rng(1), MaskExchange()
    middle = np.zeros((64, 64), bool)
    middle[20:44, 20:44] = True
    for place in range(30):
        truth = np.zeros((64, 64), bool)
        down, right = rng.integers(10, 40, 2)
        truth[down : down + 16, right : right + 16] = True
        exchange.add(middle, truth, str(place))
    found = exchange.compare()
    assert found.own == pytest.approx(found.dice, abs=1e-6) and found.n == 30


def test_masks_that_are_right_lose_what_place_and_size_do_not_tell() -> None:
    exchange = MaskExchange()
    for place in range(4):
        truth = np.zeros((256, 128), bool)
        truth[64 * place : 64 * place + 64] = True
        exchange.add(truth, truth, str(place))
    found = exchange.compare()
    assert (found.own, found.dice) == (1.0, 0.0)


def test_one_group_alone_cannot_be_exchanged_and_empty_truths_do_not_count() -> None:
    exchange = MaskExchange()
    full = np.ones((8, 8), bool)
    for _ in range(3):
        exchange.add(full, full, "one")
    exchange.add(full, ~full, "two")
    found = exchange.compare()
    assert found.dice is None and found.interval.reason and found.n == 3
