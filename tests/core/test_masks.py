"""Facts about masks cut out of heat maps, and about the pictures that show them."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from medxai_core.masks import (
    FALSE_COLOR,
    HIT_COLOR,
    MAX_LEVEL,
    MISSED_COLOR,
    Band,
    clean_mask,
    describe_heatmap,
    level_of,
    make_color_table,
    make_mask,
    overlay_heatmap,
    overlay_mask,
    overlay_truth,
    quantize_heatmap,
)

HEAT = np.array(
    [
        [0.0, 0.1, 0.2, 0.1, 0.0],
        [0.1, 0.4, 0.5, 0.4, 0.1],
        [0.2, 0.5, 1.0, 0.7, 0.2],
        [0.1, 0.4, 0.6, 0.4, 0.1],
        [0.0, 0.1, 0.2, 0.1, 0.0],
    ],
    dtype=np.float32,
)


def random_heatmap(seed: int, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def test_the_papers_band_is_strict_and_leaves_the_hottest_core_out():
    expected = np.zeros((5, 5), dtype=bool)
    expected[1, 2] = expected[2, 1] = expected[3, 2] = True  # 0.5, 0.5, 0.6; not 0.4, 0.7 or 1.0
    assert np.array_equal(make_mask(HEAT, Band(0.4, 0.7)), expected)


def test_one_sided_bands():
    assert make_mask(HEAT, Band(0.5)).sum() == 3  # 0.6, 0.7 and 1.0
    assert np.array_equal(make_mask(HEAT, Band(high=0.1)), HEAT < 0.05)


def test_an_inverted_band_is_the_complement():
    band, rest = Band(0.4, 0.7), Band(0.4, 0.7, inverted=True)
    assert np.array_equal(make_mask(HEAT, rest), ~make_mask(HEAT, band))
    assert rest.describe() == "not (0.4 < h < 0.7)"
    assert Band(high=0.5).describe() == "h < 0.5"


@pytest.mark.parametrize(
    "limits", [(None, None), (0.7, 0.4), (0.5, 0.5), (-0.1, None), (None, 1.5), (float("nan"), None)]
)
def test_a_band_that_means_nothing_is_refused(limits):
    with pytest.raises(ValueError):
        Band(*limits)


def test_mask_area_never_grows_with_the_threshold():
    heatmap = random_heatmap(0)
    areas = [make_mask(heatmap, Band(low=t / 50)).sum() for t in range(51)]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] == 0


def test_levels_and_floats_agree_on_multiples_of_the_step():
    levels = np.random.default_rng(1).integers(0, MAX_LEVEL + 1, size=(60, 60)).astype(np.uint16)
    heatmap = (levels / MAX_LEVEL).astype(np.float32)
    assert np.array_equal(quantize_heatmap(heatmap), levels)
    for low, high in [(0, 65535), (100, 60000), (int(levels[0, 0]), 65535), (1, int(levels[1, 1]) or 2)]:
        if low >= high:
            continue
        band = Band(low / MAX_LEVEL, high / MAX_LEVEL)
        by_float = (heatmap > np.float32(low / MAX_LEVEL)) & (heatmap < np.float32(high / MAX_LEVEL))
        assert np.array_equal(make_mask(heatmap, band), by_float)
        assert np.array_equal(make_mask(levels, band), by_float)


def test_every_level_survives_the_way_through_float32():
    levels = np.arange(MAX_LEVEL + 1, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(quantize_heatmap((levels / MAX_LEVEL).astype(np.float32)), levels)


def test_a_threshold_is_rounded_to_the_nearest_level_and_halves_go_up():
    assert 0.7 * MAX_LEVEL == 45874.5 and level_of(0.7) == 45875
    assert level_of(0.28) == 18350
    for step in range(1001):
        assert level_of(step / 1000) == math.floor(step / 1000 * MAX_LEVEL + 0.5)  # as Math.round in a browser


def test_heat_equal_to_a_threshold_is_never_beyond_it():
    for step in range(1, 1000):
        heatmap = np.array([[step / 1000]], dtype=np.float32)
        assert not make_mask(heatmap, Band(low=step / 1000)).any()
        assert not make_mask(heatmap, Band(high=step / 1000)).any()
        assert not make_mask(heatmap.astype(np.float64), Band(low=step / 1000)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.01, 1.01])
def test_heat_that_is_no_share_is_refused(bad):
    heatmap = HEAT.copy()
    heatmap[2, 2] = bad
    with pytest.raises(ValueError, match="finite and in"):
        make_mask(heatmap, Band(0.5))


def test_rounding_of_float32_just_above_one_is_no_error():
    assert quantize_heatmap(np.array([[1.0 + 1e-7, -1e-8]], dtype=np.float32)).tolist() == [[MAX_LEVEL, 0]]


def test_clean_up_is_off_by_default():
    mask = random_heatmap(2) > 0.7
    assert np.array_equal(clean_mask(mask), mask)


def test_clean_up_drops_parts_below_the_area_and_keeps_those_at_it():
    mask = np.zeros((6, 8), dtype=bool)
    mask[0, 0] = mask[1, 1] = True  # two pixels that touch at a corner: one part
    mask[3:5, 3:5] = True
    assert clean_mask(mask, min_area=2).sum() == 6
    assert np.array_equal(clean_mask(mask, min_area=3), clean_mask(mask, min_area=4))
    assert clean_mask(mask, min_area=4).sum() == 4
    assert clean_mask(mask, min_area=5).sum() == 0


def test_only_enclosed_background_is_a_hole():
    ring = np.zeros((7, 7), dtype=bool)
    ring[1:6, 1:6] = True
    ring[2:5, 2:5] = False
    assert clean_mask(ring, fill_holes=True).sum() == 25
    bay = ring.copy()
    bay[3, 5] = False  # opens the ring to the outside
    assert np.array_equal(clean_mask(bay, fill_holes=True), bay)
    corner = np.zeros((3, 3), dtype=bool)
    corner[0, 1] = corner[1, 0] = True  # the corner pixel reaches the edge of the picture
    assert np.array_equal(clean_mask(corner, fill_holes=True), corner)


def test_an_overlay_never_wraps_around_and_spares_the_rest():
    image = np.full((4, 4, 3), 255, dtype=np.uint8)
    mask = np.eye(4, dtype=bool)
    bright = overlay_mask(image, mask, color=(255, 255, 255), opacity=0.5)
    assert (bright == 255).all()
    half = overlay_mask(image, mask, color=(0, 100, 200), opacity=0.5)
    assert half[0, 0].tolist() == [128, 178, 228]  # 127.5 and 177.5 and 227.5, to even
    assert (half[~mask] == 255).all() and (image == 255).all()


def test_opacity_zero_shows_the_picture_and_one_the_colour():
    image = np.random.default_rng(3).integers(0, 256, (5, 5, 3)).astype(np.uint8)
    mask = HEAT > 0.3
    assert np.array_equal(overlay_mask(image, mask, opacity=0.0), image)
    assert (overlay_mask(image, mask, color=(1, 2, 3), opacity=1.0)[mask] == (1, 2, 3)).all()


def test_truth_overlay_paints_hit_missed_and_false():
    image = np.zeros((1, 4, 3), dtype=np.uint8)
    mask = np.array([[True, True, False, False]])
    truth = np.array([[True, False, True, False]])
    painted = overlay_truth(image, mask, truth, opacity=1.0)
    assert [tuple(pixel) for pixel in painted[0]] == [HIT_COLOR, FALSE_COLOR, MISSED_COLOR, (0, 0, 0)]


def test_a_contour_is_the_rim_of_the_mask():
    image = np.zeros((9, 9, 3), dtype=np.uint8)
    mask = np.zeros((9, 9), dtype=bool)
    mask[2:7, 2:7] = True
    drawn = overlay_mask(image, mask, color=(9, 9, 9), contour=True).any(axis=2)
    inner = np.zeros_like(mask)
    inner[3:6, 3:6] = True
    assert np.array_equal(drawn, mask & ~inner)


# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB (doi:10.1109/TVCG.2009.113)
COLOR_BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("kind", sorted(COLOR_BLIND))
def test_hit_missed_and_false_look_different_to_colour_blind_eyes(kind):
    srgb = np.array([HIT_COLOR, MISSED_COLOR, FALSE_COLOR]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(COLOR_BLIND[kind]).T, 0, 1)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen[np.newaxis])[0]
    for first, second in combinations(lab, 2):
        assert deltaE_ciede2000(first, second) > 20  # 1 is just noticeable


def test_hotter_is_always_lighter():
    lightness = rgb2lab(make_color_table()[np.newaxis])[0, :, 0]
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 4 * steps.mean()


def test_heat_overlay_is_not_rescaled_per_picture():
    image = np.zeros((5, 5, 3), dtype=np.uint8)
    faint = overlay_heatmap(image, HEAT / 2, opacity=1.0)
    assert np.array_equal(faint[2, 2], make_color_table()[127])
    assert np.array_equal(overlay_heatmap(image, HEAT, opacity=1.0)[2, 2], make_color_table()[255])


def test_maps_that_are_unfit_are_described_in_words():
    assert describe_heatmap(HEAT) == []
    assert "blank" in describe_heatmap(np.zeros((7, 7)))[0]
    assert "constant" in describe_heatmap(np.full((7, 7), 0.5))[0]
    broken = HEAT.copy()
    broken[0, 0] = np.nan
    assert "not a finite number" in describe_heatmap(broken)[0]
    assert "normalise" in describe_heatmap(HEAT * 3)[0]


def test_heat_along_the_border_is_described():
    frame = np.ones((20, 20), dtype=np.float32)
    frame[2:-2, 2:-2] = 0.0
    (warning,) = describe_heatmap(frame)
    assert "100% of the heat" in warning and "36% of its area" in warning
    assert describe_heatmap(random_heatmap(4, (20, 20))) == []


def test_masks_of_another_size_or_type_are_refused():
    image = np.zeros((5, 5, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"must be \(H, W\)"):
        overlay_mask(image, np.zeros((4, 5), dtype=bool))
    with pytest.raises(TypeError, match="bool"):
        overlay_mask(image, np.zeros((5, 5), dtype=np.uint8))
    with pytest.raises(ValueError, match="opacity"):
        overlay_mask(image, np.ones((5, 5), dtype=bool), opacity=2)
