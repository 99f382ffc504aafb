"""LIRE features: LIRE's own numbers, facts by hand, and a second literal form on pictures of any shape."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import lire_reference
import numpy as np
import pytest

from medxai_core.features.lire import DESCRIPTORS, extract_lire
from medxai_core.features.lire.edge_histogram import _add_luma
from medxai_core.features.lire.linear_grey import compute_linear_grey
from medxai_core.images import load_image

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "lire"
CONTRAST = 80 + 1
# Colours whose luma is a whole number: exact arithmetic gives 126 there, LIRE in floating point 125.
TIES = [(8, 200, 72), (12, 190, 113), (19, 201, 38), (23, 191, 79), (24, 160, 236)]


def read_golden(path: Path) -> dict[str, np.ndarray]:
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {row[0]: np.array(row[1:], dtype=np.float64) for row in rows}


def extract_all(image: np.ndarray) -> np.ndarray:
    return np.concatenate(list(extract_lire(image).values()))


def assert_same_numbers(found: np.ndarray, expected: np.ndarray) -> None:
    """Hold all numbers equal but contrast, which may differ by a relative 1e-12."""
    assert found[CONTRAST] == pytest.approx(expected[CONTRAST], rel=1e-12, abs=0)
    others = np.arange(226) != CONTRAST
    np.testing.assert_array_equal(found[others], expected[others])


def flat(height: int, width: int, color: int | tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), color, dtype=np.uint8)


SYNTHETIC = read_golden(GOLDEN / "synthetic.csv")


@pytest.mark.parametrize("name", SYNTHETIC)
def test_equals_lire_on_generated_pictures(name: str) -> None:
    assert_same_numbers(extract_all(load_image(GOLDEN / "synthetic" / name)), SYNTHETIC[name])


def test_equals_lire_on_endoscopy(lire_golden: Path, kvasir_seg: Path) -> None:
    for name, expected in read_golden(lire_golden / "kvasir_seg.csv").items():
        assert_same_numbers(extract_all(load_image(kvasir_seg / "images" / name)), expected)


def make_picture(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise, smooth ground, large blocks or sparse dots, by chance."""
    noise = rng.normal(0, 1, (height, width, 3))
    kinds = [
        lambda: noise * rng.integers(1, 60) + rng.integers(0, 256),
        lambda: np.cumsum(np.cumsum(noise, axis=0), axis=1) + 128,
        lambda: np.kron(rng.integers(0, 256, (height // 9 + 1, width // 9 + 1, 3)), np.ones((9, 9, 1))),
        lambda: (noise[:, :, :1] > 1.5) * rng.integers(0, 256, 3),
    ]
    return np.clip(kinds[rng.integers(4)]()[:height, :width], 0, 255).astype(np.uint8)


def make_sizes(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return heights and widths: tiny, around the 64-pixel thumbnail, long strips, large."""
    edges = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (1, 300), (300, 3), (64, 64), (65, 64), (31, 33)]
    small = [(int(h), int(w)) for h, w in rng.integers(1, 71, (24, 2))]
    strips = [(int(a), int(b)) for a, b in zip(rng.integers(1, 60, 6), rng.integers(250, 2000, 6), strict=True)]
    large = [(int(h), int(w)) for h, w in rng.integers(200, 700, (6, 2))]
    return edges + small + strips + [(w, h) for h, w in strips] + large + [(1080, 1920)]


def test_equals_the_literal_form_on_any_shape() -> None:
    rng = np.random.default_rng(20210423)
    for height, width in make_sizes(rng):
        image = make_picture(height, width, rng)
        assert_same_numbers(extract_all(image), lire_reference.extract(image))


def test_linear_grey_equals_the_literal_formula() -> None:
    corners = np.array([0, 1, 6, 7, 127, 128, 254, 255])
    grid = np.stack(np.meshgrid(corners, corners, corners), axis=-1).reshape(-1, 3)
    greys = np.repeat(np.arange(256), 3).reshape(-1, 3)
    sample = np.random.default_rng(0).integers(0, 256, (1_000_000, 3))
    colors = np.concatenate([grid, greys, sample]).astype(np.uint8)
    found = compute_linear_grey(colors[None])[0]
    np.testing.assert_array_equal(found, lire_reference.compute_linear_grey(*colors.T))


def test_linear_grey_is_darker_than_the_usual_grey() -> None:
    greys = compute_linear_grey(np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2))[0]
    assert greys[128] == 55
    assert not greys[:7].any() and greys[7] == 1
    assert greys[85] == 23 and greys[255] == 255


def test_luma_is_taken_in_floating_point_also_on_ties() -> None:
    sums = np.zeros(len(TIES), dtype=np.int32)
    _add_luma(np.array(TIES, dtype=np.uint8), sums)
    assert sums.tolist() == [125] * len(TIES)


def test_flat_picture_has_no_edge_no_contrast_and_one_direction_bin() -> None:
    features = extract_lire(flat(48, 64, (128, 128, 128)))
    assert not features["edge_histogram"].any()
    coarseness, contrast, *directions = features["tamura"]
    assert coarseness == 1.0 / (64 * 48) * (2 * 62 * 46)
    assert contrast == 0
    assert directions == [62 * 46] + [0] * 15
    assert (features["luminance_layout"] == 55 // 8).all()


@pytest.mark.parametrize(("value", "step", "color_bin"), [(0, 0, 0), (255, 31, 63)])
def test_black_and_white(value: int, step: int, color_bin: int) -> None:
    features = extract_lire(flat(480, 640, value))
    assert not features["edge_histogram"].any()
    assert (features["luminance_layout"] == step).all()
    assert features["simple_color_histogram"].tolist() == [255.0 * (i == color_bin) for i in range(64)]


def test_one_pixel_has_only_its_colour() -> None:
    features = extract_lire(flat(1, 1, (255, 0, 0)))
    assert (features["edge_histogram"] == 7).all()  # LIRE's 7 for "no block here"
    assert not features["tamura"].any()
    assert (features["luminance_layout"] == 57 // 8).all()  # red is 22 % of linear light: 57 of 255
    assert np.flatnonzero(features["simple_color_histogram"]).tolist() == [48]


def test_stripes_have_edges_of_their_own_direction_only() -> None:
    stripes = flat(440, 400, 0)
    stripes[:, (np.arange(400) // 6) % 2 == 1] = 200  # blocks are 12 wide: one dark and one light half
    for image, kind in ((stripes, 0), (stripes.swapaxes(0, 1), 1)):
        levels = extract_lire(image)["edge_histogram"].reshape(16, 5)
        assert (levels[:, kind] == 7).all()
        assert not np.delete(levels, kind, axis=1).any()


def test_ramp_brighter_to_the_right_falls_in_the_last_direction() -> None:
    ramp = np.linspace(120, 250, 64).astype(np.uint8)[None, :, None].repeat(48, axis=0).repeat(3, axis=2)
    directions = extract_lire(ramp)["tamura"][2:]
    assert directions[15] == directions.sum() == 62 * 46
    mirrored = extract_lire(ramp[:, ::-1])["tamura"][2:]
    assert mirrored[0] == 62 * 46  # where flat places are, too
    assert extract_lire(ramp.swapaxes(0, 1))["tamura"][2:][7] == 62 * 46


def test_contrast_of_half_black_half_white() -> None:
    image = flat(64, 64, 0)
    image[:, 32:] = 255
    # all deviations are 127.5: sd = 127.5, sum of fourth powers = 4096 * 127.5^4, 4096^0.25 = 8
    assert extract_lire(image)["tamura"][1] == pytest.approx(127.5 / 8, rel=1e-15)


def test_layout_sees_the_upper_left_quarter_only() -> None:
    image = flat(320, 320, 60)
    elsewhere = image.copy()
    elsewhere[80:], elsewhere[:, 80:] = 255, 255
    assert extract_lire(image)["luminance_layout"].tolist() == extract_lire(elsewhere)["luminance_layout"].tolist()


def test_layout_leaves_white_beside_a_narrow_picture() -> None:
    layout = extract_lire(flat(320, 40, 0))["luminance_layout"].reshape(8, 8)
    assert not layout[:, 2:6].any()  # 4 of 32 columns wide, centred
    assert (layout[:, :2] == 31).all() and (layout[:, 6:] == 31).all()


@pytest.mark.parametrize(
    ("value", "level"), [(0, 0), (42, 0), (43, 1), (127, 1), (128, 2), (212, 2), (213, 3), (255, 3)]
)
def test_colour_levels(value: int, level: int) -> None:
    histogram = extract_lire(flat(4, 4, (value, 0, 255)))["simple_color_histogram"]
    assert np.flatnonzero(histogram).tolist() == [16 * level + 3]


def test_colours_are_relative_to_the_most_frequent_one() -> None:
    image = flat(10, 10, (255, 0, 0))
    image[:4] = (0, 0, 255)
    histogram = extract_lire(image)["simple_color_histogram"]
    assert histogram[48] == 255 and histogram[3] == 40 * 255 // 60


def test_very_large_picture_does_not_overflow() -> None:
    histogram = extract_lire(flat(2600, 3600, 0))["simple_color_histogram"]
    assert histogram[0] == 255 and not histogram[1:].any()


def test_numbers_do_not_depend_on_how_the_picture_lies_in_memory() -> None:
    image = make_picture(90, 121, np.random.default_rng(3))
    expected = extract_all(image)
    read_only = image.copy()
    read_only.setflags(write=False)
    for same in (read_only, np.asfortranarray(image), np.repeat(image, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(extract_all(same), expected)


def test_sizes_and_order_are_the_published_ones() -> None:
    features = extract_lire(flat(5, 7, 9))
    assert (
        list(features)
        == list(DESCRIPTORS)
        == [
            "edge_histogram",
            "tamura",
            "luminance_layout",
            "simple_color_histogram",
        ]
    )
    assert [numbers.shape for numbers in features.values()] == [(80,), (18,), (64,), (64,)]
    assert {numbers.dtype for numbers in features.values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3), (3, 4, 4), (1, 4, 4, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        extract_lire(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((4, 4, 3), np.uint16), [[[0, 0, 0]]]])
def test_other_types_are_refused(image: object) -> None:
    with pytest.raises(TypeError, match="uint8"):
        extract_lire(image)  # type: ignore[arg-type]


def test_importing_the_features_does_not_load_the_compiler() -> None:
    code = "import sys, medxai_core.features; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=GOLDEN.parents[2], check=True)
