"""One histogram counts the same pixels as one mask a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.scores import count_pixels, score_mask
from medxai_core.evaluation.sweeps import ThresholdSweep, count_by_threshold, count_levels
from medxai_core.masks import Band, make_mask, quantize_heatmap

BANDS = [
    *(Band(low=t / 20) for t in range(21)),
    *(Band(high=t / 20) for t in range(21)),
    *(Band(0.4, 0.7), Band(0.1, 0.9, inverted=True), Band(0.28, inverted=True)),
    Band(0.5, 0.500001),  # both limits on one level: an empty mask
]


def make_pair(seed: int, *, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    heatmap = generator.integers(0, 41, size=(23, 31)) / np.float32(40)  # many values fall on a threshold
    return heatmap.astype(np.float32), generator.random((23, 31)) < share


@pytest.mark.parametrize("band", BANDS, ids=Band.describe)
def test_histogram_counts_equal_direct_counts(band):
    heatmap, truth = make_pair(0)
    assert count_levels(heatmap, truth).count(band) == count_pixels(make_mask(heatmap, band), truth)


def test_all_thresholds_of_a_grid_at_once():
    heatmap, truth = make_pair(1)
    counts = count_by_threshold(heatmap, truth, n_bins=25)
    assert counts.thresholds.tolist() == [i / 25 for i in range(26)]
    for i, threshold in enumerate(counts.thresholds):
        direct = count_pixels(make_mask(heatmap, Band(low=float(threshold))), truth)
        assert (counts.tp[i], counts.fp[i], counts.fn[i], counts.tn[i]) == (
            direct.tp,
            direct.fp,
            direct.fn,
            direct.tn,
        )
    assert (np.diff(counts.tp + counts.fp) <= 0).all()


def test_levels_and_floats_give_the_same_counts():
    heatmap, truth = make_pair(2)
    by_float, by_level = (count_by_threshold(h, truth) for h in (heatmap, quantize_heatmap(heatmap)))
    assert np.array_equal(by_float.tp, by_level.tp) and np.array_equal(by_float.fp, by_level.fp)


def test_the_sweep_gives_the_means_over_pictures_with_a_polyp():
    pairs = [make_pair(3), make_pair(4, share=0.0), make_pair(5, share=0.5)]
    sweep = ThresholdSweep(BANDS)
    for heatmap, truth in pairs:
        sweep.add(heatmap, truth)
    for row in sweep.rows():
        scores = [score_mask(make_mask(heatmap, row.band), truth) for heatmap, truth in pairs]
        assert (row.n_defined, row.n) == (2, 3)
        assert row.dice == pytest.approx((scores[0].dice + scores[2].dice) / 2)
        assert row.jaccard == pytest.approx((scores[0].jaccard + scores[2].jaccard) / 2)
        areas = [(score.counts.tp + score.counts.fp) / score.counts.n_pixels for score in scores]
        assert row.mean_area == pytest.approx(np.mean(areas))


def test_without_a_polyp_the_mean_is_undefined_with_a_reason():
    sweep = ThresholdSweep([Band(0.5)])
    sweep.add(*make_pair(6, share=0.0))
    (row,) = sweep.rows()
    assert row.dice is None and row.jaccard is None and row.reason == "no picture has a polyp"
    with pytest.raises(ValueError, match="at least one picture"):
        ThresholdSweep([Band(0.5)]).rows()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1.5, -0.1])
def test_a_map_that_is_no_heat_map_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and in"):
        count_levels(np.array([[0.5, bad]], np.float32), np.zeros((1, 2), bool))
