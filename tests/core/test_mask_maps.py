"""Facts about what a viewer gets of a picture: recorded maps win, faults are named, runs are the mask."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.heatmaps import pack_heatmap
from medxai_core.models import BlockFacts
from medxai_core.sanity import LEAST_PICTURES, SAME_LIMIT, compute_sameness
from medxai_core.views.mask_maps import describe_axes, encode_runs, join_maps
from medxai_core.views.mask_sameness import describe_sameness


def decode(runs: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the mask that runs describe."""
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(size)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (60, 75)], ids=str)
def test_runs_describe_every_pixel_of_a_mask(size):
    rng = np.random.default_rng(size)
    for mask in (rng.random(size) < 0.5, np.zeros(size, bool), np.ones(size, bool)):
        runs = encode_runs(mask)
        assert runs.sum() == mask.size and np.array_equal(decode(runs, size), mask)


def test_recorded_maps_win_over_computed_ones_and_these_are_packed_as_the_store_packs():
    raw = {layer: np.random.default_rng(layer).random((4, 4)).astype(np.float32) for layer in (0, 1, 2)}
    recorded = {1: np.eye(4, dtype=np.float16)}
    maps = join_maps(recorded, raw)
    assert list(maps.shares) == [0, 1, 2] and maps.recorded == {1} and not maps.faults
    assert np.array_equal(maps.shares[1], recorded[1])
    assert np.array_equal(maps.shares[2], pack_heatmap(raw[2])[0])


def test_a_map_that_is_not_finite_is_a_fault_in_words_and_has_no_heat():
    raw = np.ones((4, 4), np.float32)
    raw[0, :2] = np.nan, np.inf
    maps = join_maps({}, {3: raw})
    assert "12.5% of the heat map is not a finite number" in maps.faults[3]
    assert not maps.shares[3].any()


def test_the_learned_shift_moves_where_the_first_cell_looks():
    axes = describe_axes(BlockFacts(8, 4, (14, 10), 80, 16, 15.0, 300, (-5.25, 2.5)))
    assert axes == {"rows": 14, "columns": 10, "stride": 16, "top": 9.75, "left": 17.5, "is_head": False}


def test_equal_maps_agree_fully_and_random_ones_do_not():
    rng = np.random.default_rng(0)
    one = rng.random((7, 7))
    same = compute_sameness(np.stack([one * rng.uniform(1, 9) + rng.uniform(0, 3) for _ in range(20)]))
    assert same.correlation == pytest.approx(1) and same.is_same and same.n_pictures == 20
    assert f"{SAME_LIMIT:g}" in describe_sameness(same)
    other = compute_sameness(rng.random((200, 14, 14)))
    assert abs(other.correlation) < 0.2 and not other.is_same and describe_sameness(other) is None


def test_maps_that_point_nowhere_or_are_missing_are_not_compared():
    rng = np.random.default_rng(1)
    maps = rng.random((LEAST_PICTURES + 4, 7, 7)).astype(np.float16)
    maps[0], maps[1], maps[2] = np.nan, 0, 0.5
    assert compute_sameness(maps).n_pictures == LEAST_PICTURES + 1
    few = compute_sameness(maps[: LEAST_PICTURES + 2])
    assert few.correlation is None and few.n_pictures == LEAST_PICTURES - 1 and not few.is_same
    assert compute_sameness(maps[:0]).correlation is None


def test_a_map_that_is_the_same_but_for_noise_is_still_the_same():
    rng = np.random.default_rng(2)
    one = rng.random((14, 14))
    assert compute_sameness(np.stack([one + rng.normal(0, 0.03, one.shape) for _ in range(30)])).is_same
