"""The arithmetic of the cluster map in the browser, against plain Python."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from component_modules import load_module
from playwright.sync_api import Browser, Page


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Return an empty page."""
    page = chromium.new_page()
    yield page
    page.close()


def is_inside(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Say whether a place is in a polygon: how often a ray to the right crosses its sides is odd."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, corners[-1:] + corners[:-1], strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            crossings += 1
    return crossings % 2 == 1


def draw_polygons(rng: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Return stars (concave), random walks (crossing themselves), one touching itself, and one without area."""
    stars = []
    for n in (3, 5, 12, 40):
        angles = np.sort(rng.uniform(0, 2 * np.pi, n))
        radii = rng.uniform(0.1, 1.0, n)
        stars.append(list(zip((radii * np.cos(angles)).tolist(), (radii * np.sin(angles)).tolist(), strict=True)))
    walks = [[tuple(corner) for corner in rng.uniform(-1, 1, (n, 2)).tolist()] for n in (4, 7, 20)]
    touching = [(-0.5, -0.5), (0.0, 0.0), (0.5, -0.5), (0.5, 0.5), (0.0, 0.0), (-0.5, 0.5)]
    return [*stars, *walks, touching, [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)]]


def test_a_loop_takes_exactly_the_points_inside(page: Page) -> None:
    load_module(page, "cluster_map/geometry.js", "findInPolygon")
    rng = np.random.default_rng(7)
    places = rng.uniform(-1.1, 1.1, (3000, 2)).astype(np.float32)
    places[::97] = np.nan
    places[1] = (0.0, 0.0)
    for corners in draw_polygons(rng):
        asked = [places.astype(float).ravel().tolist(), np.array(corners).ravel().tolist()]
        asked[0] = [None if value != value else value for value in asked[0]]
        found = page.evaluate(
            "([places, corners]) => findInPolygon(Float32Array.from(places, (one) => one ?? NaN), corners)", asked
        )
        wanted = [i for i, (x, y) in enumerate(places.astype(float)) if x == x and is_inside(x, y, corners)]
        assert found == wanted


def test_a_loop_of_two_corners_takes_nothing(page: Page) -> None:
    load_module(page, "cluster_map/geometry.js", "findInPolygon")
    assert page.evaluate("findInPolygon(new Float32Array([0, 0]), [-1, -1, 1, 1])") == []


@pytest.mark.parametrize("n", [1, 2, 50, 4000])
def test_the_nearest_point_is_that_of_a_full_search(page: Page, n: int) -> None:
    load_module(page, "cluster_map/geometry.js", "indexPlaces", "findNearest")
    rng = np.random.default_rng(n)
    places = np.concatenate([rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) * 0.01 + 3]).astype(np.float32)
    is_taken = rng.random(len(places)) < 0.7
    asked = np.concatenate([rng.uniform(-3, 4, (150, 2)), places[:20].astype(float)])
    radii = rng.uniform(0.001, 1.0, len(asked))
    found = page.evaluate(
        """([places, taken, asked, radii]) => {
            const held = Float32Array.from(places), index = indexPlaces(held);
            return radii.map((radius, i) =>
                findNearest(index, held, asked[2 * i], asked[2 * i + 1], radius, (at) => taken[at]));
        }""",
        [places.astype(float).ravel().tolist(), is_taken.tolist(), asked.ravel().tolist(), radii.tolist()],
    )
    for (x, y), radius, number in zip(asked, radii, found, strict=True):
        distances = (places[:, 0].astype(float) - x) ** 2 + (places[:, 1].astype(float) - y) ** 2
        distances[~is_taken] = np.inf
        if distances.min() > radius * radius:
            assert number == -1
        else:
            assert distances[number] == distances.min()


def test_all_places_in_one_spot_can_be_searched(page: Page) -> None:
    load_module(page, "cluster_map/geometry.js", "indexPlaces", "findNearest")
    script = """() => {
        const held = new Float32Array(20).fill(2), index = indexPlaces(held);
        return [findNearest(index, held, 2, 2, 1, () => true), findNearest(index, held, 9, 9, 1, () => true)];
    }"""
    assert page.evaluate(script) == [0, -1]


COUNT = """([places, styles, view, size, side]) => {
    const points = {
        places: Float32Array.from(places), styles: Uint8Array.from(styles),
        paints: new Uint8Array(styles.length), palette: new Uint8Array(768),
    };
    const cells = makeCells(size[0], size[1], side);
    const pixels = new Uint32Array(size[0] * size[1]);
    countCells(cells, points, { ...view, scale: view.scale * 3 }); // what was counted before leaves nothing behind
    const { inView, most } = countCells(cells, points, view);
    paintCells(cells, pixels, [255, 255, 255], { most, isPicky: false, grey: [9, 9, 9] });
    const painted = pixels.reduce((n, one) => n + (one !== 0), 0);
    return { inView, most, sum: cells.counts.reduce((a, b) => a + b, 0), cells: cells.nTouched, painted };
}"""


@pytest.mark.parametrize("side", [1, 2, 3])
def test_the_density_counts_every_point_in_view_once(page: Page, side: int) -> None:
    load_module(page, "cluster_map/density.js", "makeCells", "countCells", "paintCells")
    rng = np.random.default_rng(side)
    places = rng.normal(size=(20_000, 2)).astype(np.float32)
    styles = rng.integers(0, 5, len(places))
    view, (width, height) = {"scale": 170.0, "x": 0.3, "y": -0.2}, (401, 303)
    found = page.evaluate(COUNT, [places.ravel().tolist(), styles.tolist(), view, [width, height], side])
    x = places[:, 0].astype(float) * view["scale"] + (width / 2 - view["x"] * view["scale"])
    y = (height / 2 + view["y"] * view["scale"]) - places[:, 1].astype(float) * view["scale"]
    seen = (styles > 0) & (x >= 0) & (y >= 0) & (x < width) & (y < height)
    assert found["sum"] == found["inView"] == int(seen.sum())
    columns = -(-width // side)
    counts = np.bincount((y[seen] // side).astype(int) * columns + (x[seen] // side).astype(int))
    assert found["most"] == counts.max() and found["cells"] == (counts > 0).sum()
    assert (counts > 0).sum() <= found["painted"] <= (counts > 0).sum() * side * side


@pytest.mark.parametrize("n", [0, 1, 8, 9, 110_000])
def test_a_selection_comes_back_bit_by_bit_and_python_reads_the_same(page: Page, n: int) -> None:
    load_module(page, "cluster_map/bits.js", "encodeFlags", "decodeFlags", "countFlags")
    flags = np.random.default_rng(n).integers(0, 2, n).astype(np.uint8)
    text, back, count = page.evaluate(
        """(flags) => {
            const held = Uint8Array.from(flags), text = encodeFlags(held);
            return [text, [...decodeFlags(text, held.length)], countFlags(held)];
        }""",
        flags.tolist(),
    )
    assert back == flags.tolist() and count == flags.sum()
    packed = np.frombuffer(base64.b64decode(text), np.uint8)
    assert np.array_equal(np.unpackbits(packed, bitorder="little", count=n), flags)


def test_what_is_no_selection_selects_nothing(page: Page) -> None:
    load_module(page, "cluster_map/bits.js", "decodeFlags")
    assert page.evaluate("[...decodeFlags('%%%', 5)]") == [0] * 5
    assert page.evaluate("[...decodeFlags('/w==', 12)]") == [1] * 8 + [0] * 4


def test_zooming_keeps_the_place_under_the_pointer(page: Page) -> None:
    load_module(page, "cluster_map/view.js", "fitView", "zoomView", "toPlace", "toPixel")
    before, after, pixel = page.evaluate(
        """() => {
            const size = [640, 480], at = [100, 333], view = fitView([-5, -2, 9, 4], ...size);
            const zoomed = zoomView(view, 3.5, at, size), place = toPlace(zoomed, at, size);
            return [toPlace(view, at, size), place, toPixel(zoomed, ...place, size)];
        }"""
    )
    assert after == pytest.approx(before) and pixel == pytest.approx([100, 333])


def test_the_whole_map_fits_whatever_the_shape_of_the_canvas(page: Page) -> None:
    load_module(page, "cluster_map/view.js", "fitView", "toPixel")
    for bounds in ([-5, -2, 9, 4], [0, 0, 0, 0], [1, -1000, 2, 1000]):
        for size in ([640, 480], [200, 900]):
            corners = page.evaluate(
                """([b, size]) => {
                    const view = fitView(b, ...size);
                    return [toPixel(view, b[0], b[1], size), toPixel(view, b[2], b[3], size)];
                }""",
                [bounds, size],
            )
            assert all(0 <= x <= size[0] and 0 <= y <= size[1] for x, y in corners)
            assert all(x >= 40 and y <= size[1] - 40 for x, y in corners)  # clear of the buttons on the map


PAINT = """([styles, size]) => {
    const n = styles.length, places = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 10 : 20 * (i / 2) + 10));
    const palette = new Uint8Array(768).fill(128);
    const points = { styles: Uint8Array.from(styles), paints: new Uint8Array(n), shapes: new Uint8Array(n), palette };
    const bytes = new Uint8ClampedArray(4 * size[0] * size[1]).fill(255);
    const seen = { n, rows: Int32Array.from(styles.keys()), pixels: places };
    const look = { radius: 4, isPicky: true, background: [255, 255, 255], ink: [0, 0, 0], grey: [150, 150, 150] };
    paintSymbols({ bytes, width: size[0], height: size[1] }, points, seen, look);
    const darkest = (i) => Math.min(...Array.from({ length: 20 * size[1] }, (_, at) =>
        bytes[4 * ((at / 20 | 0) * size[0] + 20 * i + at % 20)]));
    return styles.map((_, i) => darkest(i));
}"""


def test_a_dimmed_point_that_is_selected_keeps_a_fainter_ring(page: Page) -> None:
    load_module(page, "cluster_map/symbols.js", "paintSymbols")
    load_module(page, "cluster_map/scene.js", "restyle")
    restyled = """(away) => {
        const scene = {
            isOnMap: [1, 1, 1, 1], passes: [0, 0, 1, 1], selected: [0, 1, 0, 1], focus: null, away, nSelected: 2,
            points: { styles: new Uint8Array(4) },
        };
        restyle(scene);
        return [...scene.points.styles];
    }"""
    styles = page.evaluate(restyled, "dim")
    dimmed, dimmed_chosen, _, chosen = page.evaluate(PAINT, [styles, [80, 20]])
    assert dimmed > dimmed_chosen + 40 > chosen + 80
    hidden = page.evaluate(restyled, "hide")
    assert hidden[:2] == [0, 0] and page.evaluate(PAINT, [hidden, [80, 20]])[1] == 255
