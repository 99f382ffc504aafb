"""Facts about what the mask viewer shows: scores without a mask equal scores of the mask; what a band leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.baselines import ALL_POLYP, score_trivial_masks
from medxai_core.evaluation.scores import count_pixels
from medxai_core.heatmaps import upsample_heatmap
from medxai_core.masks import Band
from medxai_core.models import BlockFacts
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.views.mask_view import (
    CURVE_THRESHOLDS,
    compute_published_shift,
    compute_share_above,
    count_truth,
    cut_layer_mask,
    list_paper_settings,
    make_layer_map,
    sample_nearest,
    shrink_picture,
)

FACTS = BlockFacts(8, 4, (14, 14), 80, 16, 15.0, 300)
BANDS = (Band(0.4, 0.7), Band(0.28), Band(0.5, inverted=True), Band(high=0.3), Band(0.999))


class Maker(MapMaker):
    """Make maps of one block without a network; the input side is 224."""

    def __init__(self) -> None:
        object.__setattr__(self, "blocks", [FACTS])

    @property
    def input_size(self) -> int:
        return 224


@pytest.fixture(scope="module")
def layer_map():
    raw = np.random.default_rng(4).random((14, 14)).astype(np.float32) ** 3
    return make_layer_map(Maker(), raw, 0, size=(120, 150))


@pytest.fixture(scope="module")
def truth():
    rows, columns = np.mgrid[:120, :150]
    return (rows - 50) ** 2 + (columns - 90) ** 2 < 30**2


@pytest.mark.parametrize("band", BANDS, ids=Band.describe)
def test_scores_from_counts_are_those_of_the_masks_own_pixels(layer_map, truth, band):
    counts = count_truth(layer_map, truth).score(band).counts
    assert counts == count_pixels(cut_layer_mask(layer_map, band), truth)


def test_the_curve_holds_the_dice_of_every_threshold(layer_map, truth):
    counts = count_truth(layer_map, truth)
    curve = counts.dice_by_threshold()
    for index in (0, 28, 40, 100):
        assert curve[index] == pytest.approx(counts.score(Band(CURVE_THRESHOLDS[index])).dice)
    assert count_truth(layer_map, np.zeros_like(truth)).dice_by_threshold() is None


@pytest.mark.parametrize("band", BANDS, ids=Band.describe)
def test_a_blank_map_gives_an_empty_mask_whatever_the_band(truth, band):
    blank = make_layer_map(Maker(), np.full((14, 14), 7, np.float32), 0, size=truth.shape)
    assert blank.is_blank and "blank" in blank.warnings[0]
    assert not cut_layer_mask(blank, band).any()
    assert count_truth(blank, truth).score(band).counts == count_pixels(np.zeros_like(truth), truth)


def test_what_an_upper_limit_leaves_out_is_all_that_is_hotter(layer_map):
    left_out = compute_share_above(layer_map, 0.7)
    assert left_out > 0
    ring = cut_layer_mask(layer_map, Band(0.4, 0.7)).mean()
    assert ring + left_out == pytest.approx(cut_layer_mask(layer_map, Band(0.4)).mean())


def test_everything_is_polyp_covers_all_of_it(truth):
    everything = score_trivial_masks(truth)[ALL_POLYP]
    assert everything.recall == 1
    assert everything.precision == pytest.approx(truth.mean())


def test_the_published_shift_is_how_far_a_single_hot_cell_is_drawn_off():
    raw = np.zeros((14, 14), np.float32)
    raw[6, 9] = 1
    size = (448, 672)
    centres = []
    for align in (True, False):
        drawn = upsample_heatmap(raw, size, facts=FACTS, input_size=224, align=align)
        centres.append(np.array([(place * drawn).sum() / drawn.sum() for place in np.indices(size)]))
    assert centres[1] - centres[0] == pytest.approx(compute_published_shift(FACTS, size, 224), abs=0.01)


def test_a_network_is_offered_only_the_papers_layers_that_it_has():
    assert {setting.layer for setting in list_paper_settings(23).values()} == {13, 14, 20, 22}
    assert all(setting.layer < 21 and setting.chosen_on == "paper" for setting in list_paper_settings(21).values())


def test_a_shrunk_mask_is_still_a_mask_and_keeps_its_place(truth):
    small = sample_nearest(truth, (60, 75))
    assert small.dtype == bool
    assert small.mean() == pytest.approx(truth.mean(), abs=0.01)
    assert np.argwhere(small).mean(axis=0) * 2 == pytest.approx(np.argwhere(truth).mean(axis=0), abs=1)


def test_a_picture_is_made_smaller_but_never_larger():
    image = np.full((300, 600, 3), 80, np.uint8)
    assert shrink_picture(image, 200).shape == (100, 200, 3)
    assert shrink_picture(image, 900) is image
