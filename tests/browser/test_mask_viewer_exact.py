"""The browser counts what the core counts: the same levels for every pixel, the same whole numbers for every band."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from component_modules import load_module
from playwright.sync_api import Browser, Page

from medxai_core.evaluation.expected import expect_dice
from medxai_core.evaluation.reliability import Reliability, find_reached
from medxai_core.evaluation.scores import count_pixels, score_counts
from medxai_core.evaluation.sweeps import count_levels
from medxai_core.heatmaps import normalize_heatmap, pack_heatmap, upsample_heatmap
from medxai_core.masks import MAX_LEVEL, Band, describe_heatmap, level_of, make_mask, quantize_heatmap
from medxai_core.models import BlockFacts
from medxai_core.views.mask_maps import describe_axes, encode_runs

INPUT_SIZE = 224
CURVE_THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(101))
GRIDS = ((1, 1), (1, 5), (2, 2), (7, 7), (14, 14), (28, 28), (112, 112), (9, 3))
SIZES = ((1, 1), (3, 2), (37, 53), (448, 544), (1025, 1279), (90, 1281))

SETUP = """() => {
    const read = (text, Kind) => {
        const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
        return new Kind(bytes.buffer);
    };
    const write = (array) => {
        const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
        let text = "";
        for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
        return btoa(text);
    };
    window.count = ({ bits, rows, columns, size, layer, inputSize, isAligned, runs, settings, thresholds }) => {
        const map = { values: decodeHalves(read(bits, Uint16Array)), rows, columns };
        const made = makeLevels(map, size, makeAxes(layer, inputSize, isAligned));
        const n = size[0] * size[1], truth = runs ? decodeRuns(read(runs, Uint32Array), n) : null;
        const started = startCounts(Boolean(truth));
        countPixels(started, made.levels, truth, 0, n);
        const counts = finishCounts(started, made.isBlank);
        return {
            levels: write(made.levels), isBlank: made.isBlank, faults: describeFaults(made),
            counted: settings.map((setting) => countMask(counts, setting)),
            scores: settings.map((setting) => truth ? scoreMask(countMask(counts, setting)) : null),
            expected: expectDice(counts, 0.4), curve: truth ? curveDice(counts, thresholds) : null,
        };
    };
}"""
NAMES = (
    "decodeHalves", "makeLevels", "makeAxes", "decodeRuns", "startCounts", "countPixels", "finishCounts",
    "describeFaults", "countMask", "scoreMask", "expectDice", "findReached", "curveDice", "levelOf", "writeScore",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """Return a page with the arithmetic of the viewer, and nothing else of it."""
    page = chromium.new_page()
    load_module(page, "mask_viewer/picture.js", *(name for name in NAMES))
    page.evaluate(SETUP)
    yield page
    page.close()


def encode(array: np.ndarray) -> str:
    """Return an array as text."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def make_facts(grid: tuple[int, int], rng: np.random.Generator) -> BlockFacts:
    """Return where the cells of a map look; half of the time with a learned shift that is no round number."""
    stride = int(rng.choice([2, 4, 8, 16, 32]))
    shift = (float(rng.normal(0, 7)), float(rng.normal(0, 7))) if rng.random() < 0.5 else (0.0, 0.0)
    return BlockFacts(0, 1, grid, 8, stride, float(rng.choice([1.0, 3.0, 7.0, 15.0, 7.5])), 50, shift)


def draw_raw(kind: str, grid: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a raw map: usual, tiny, constant, zero, or with one hot cell."""
    raw = rng.random(grid).astype(np.float32) ** 3
    if kind == "tiny":
        raw *= np.float32(1e-40)
    elif kind in ("constant", "zero"):
        raw[:] = 0.37 if kind == "constant" else 0.0
    elif kind == "hot":
        raw[:] = 0
        raw[0, 0] = 2.5
    elif kind == "flat":
        raw = np.full(grid, 0.37, np.float32) + rng.random(grid).astype(np.float32) * np.float32(2e-4)
    return raw


def draw_settings(rng: np.random.Generator) -> list[Band]:
    """Return random bands of all kinds, with limits that lie between levels and on them."""
    bands = [Band(0.28), Band(0.4, 0.7), Band(0.7, inverted=True), Band(high=0.3), Band(0.0), Band(0.3, 0.30001)]
    for _ in range(12):
        low, high = np.sort(rng.random(2))
        digits = int(rng.choice([2, 17]))
        low, high = round(float(low), digits), round(float(high), digits)
        bands.append(Band(low, high if low < high and rng.random() < 0.7 else None, bool(rng.random() < 0.5)))
    return bands


def ask(page: Page, shares: np.ndarray, size: tuple[int, int], facts: BlockFacts, **more: Any) -> dict[str, Any]:
    """Let the browser make the levels of a map and count."""
    rows, columns = shares.shape
    given = {"bits": encode(shares.view(np.uint16)), "rows": rows, "columns": columns, "size": list(size),
             "layer": describe_axes(facts), "inputSize": INPUT_SIZE, "thresholds": list(CURVE_THRESHOLDS)}  # fmt: skip
    found: dict[str, Any] = page.evaluate("(given) => count(given)", given | more)
    return found


def enlarge(shares: np.ndarray, size: tuple[int, int], facts: BlockFacts, *, align: bool) -> tuple[np.ndarray, bool]:
    """Return the heat map of the core, and whether it is blank."""
    raw = shares.astype(np.float32)
    return normalize_heatmap(upsample_heatmap(raw, size, facts=facts, input_size=INPUT_SIZE, align=align))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind", ["usual", "tiny", "constant", "zero", "hot", "flat"])
def test_every_pixel_has_the_level_that_the_core_gives_it(page: Page, size: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng([size[0], size[1], len(kind)])
    grids = GRIDS if size[0] * size[1] < 100_000 or kind == "usual" else GRIDS[3:6]
    for grid in grids:
        for align in (True, False):
            facts = make_facts(grid, rng)
            shares = pack_heatmap(draw_raw(kind, grid, rng))[0]
            heatmap, is_blank = enlarge(shares, size, facts, align=align)
            found = ask(page, shares, size, facts, isAligned=align, runs=None, settings=[])
            levels = np.frombuffer(base64.b64decode(found["levels"]), np.uint16).reshape(size)
            assert found["isBlank"] is is_blank, (grid, align, facts)
            assert np.array_equal(levels, quantize_heatmap(heatmap)), (grid, align, facts)
            assert bool(found["faults"]) is bool(describe_heatmap(heatmap)), (grid, align, facts)


@pytest.mark.parametrize("seed", range(12))
def test_hit_false_missed_and_empty_pixels_are_equal_as_whole_numbers(page: Page, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid, size = GRIDS[int(rng.integers(2, 7))], (int(rng.integers(20, 400)), int(rng.integers(20, 400)))
    facts = make_facts(grid, rng)
    shares = pack_heatmap(draw_raw("constant" if seed == 11 else "usual", grid, rng))[0]
    rows, columns = np.mgrid[: size[0], : size[1]]
    truth = (rows - size[0] * rng.random()) ** 2 + (columns - size[1] * rng.random()) ** 2 < (size[0] / 3) ** 2
    truth &= seed != 10  # one without a polyp
    bands = draw_settings(rng)
    settings = [{"low": band.low, "high": band.high, "inverted": band.inverted} for band in bands]
    align = bool(seed % 2)
    heatmap, is_blank = enlarge(shares, size, facts, align=align)
    found = ask(page, shares, size, facts, isAligned=align, runs=encode(encode_runs(truth)), settings=settings)
    for band, counted, scores in zip(bands, found["counted"], found["scores"], strict=True):
        mask = np.zeros(size, bool) if is_blank else make_mask(heatmap, band)
        expected = count_pixels(mask, truth)
        assert [counted[name] for name in ("tp", "fp", "fn", "tn")] == [
            expected.tp, expected.fp, expected.fn, expected.tn,
        ], band  # fmt: skip
        known = score_counts(expected)
        assert scores == {name: known.value(name) for name in scores}, band
    assert found["expected"] == pytest.approx(expect_dice(quantize_heatmap(heatmap) / MAX_LEVEL, 0.4), abs=1e-4)
    if truth.any() and not is_blank:
        tp, fp, fn, _ = count_levels(heatmap, truth).count_many([Band(low=low) for low in CURVE_THRESHOLDS])
        assert found["curve"] == (2 * tp / (2 * tp + fp + fn)).tolist()
    elif not truth.any():
        assert found["curve"] is None


def test_thresholds_have_the_same_level_and_scores_the_same_digits(page: Page) -> None:
    rng = np.random.default_rng(7)
    limits = [round(0.01 * step, 2) for step in range(101)] + rng.random(2000).tolist()
    assert page.evaluate("(limits) => limits.map(levelOf)", limits) == [level_of(limit) for limit in limits]
    values = [0.0, 1.0, 0.0625, 0.1875, 0.3125, 0.0005, 0.9995, 2 / 3, *rng.random(2000).tolist()]
    assert page.evaluate("(values) => values.map(writeScore)", values) == [f"{value:.3f}" for value in values]


def test_a_border_that_draws_all_heat_is_said_with_the_cores_numbers(page: Page) -> None:
    shares = np.zeros((14, 14), np.float16)
    shares[0], shares[:, 0] = 1, 1
    facts = replace(make_facts((14, 14), np.random.default_rng(0)), stride=16, center_of_cell_0=7.5)
    heatmap, _ = enlarge(shares, (150, 250), facts, align=True)
    found = ask(page, shares, (150, 250), facts, isAligned=True, runs=None, settings=[])
    assert found["faults"] == describe_heatmap(heatmap) and "network may look at the frame" in found["faults"][0]


@pytest.mark.parametrize("n", [4, 9, 57, 240])
def test_what_such_pictures_reached_is_what_the_core_says(page: Page, n: int) -> None:
    rng = np.random.default_rng(n)
    expected, nothing = np.sort(rng.choice(np.linspace(0.7, 1, 40), n)), np.full(10, np.nan)  # some are alike
    known = Reliability(nothing, nothing, nothing, expected, rng.random(n), 0, 0)
    pairs = {"expected": expected.tolist(), "reached": known.reached.tolist()}
    for wanted in (0.0, 0.5, 0.68, 0.8, float(expected[n // 2]), 1.0):
        told = page.evaluate("([wanted, pairs]) => findReached(wanted, pairs)", [wanted, pairs])
        found = find_reached(wanted, known)
        assert (told is None) is (found is None)
        if n < 5 or wanted <= 0.5:
            assert found is None  # too few promised about as much
        if found is not None:
            assert told == pytest.approx(found._asdict())
    assert n < 57 or find_reached(0.85, known) is not None
