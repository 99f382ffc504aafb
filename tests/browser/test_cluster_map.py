"""The cluster map in a real browser on the finished demo: what is selected is what is shown, kept and exported."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_waiting import wait_until_drawn
from playwright.sync_api import Locator, Page, expect

from medxai_core.records.clusterings import get_embedding
from medxai_core.records.pictures import Items, list_images, list_items
from medxai_core.stages.labels import get_label_states
from medxai_core.study import Study, open_study
from medxai_core.views.map_selection import get_review_selection

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def study(browser_home: Path) -> Study:
    """Return the demo that the server shows."""
    return open_study(browser_home / "studies" / "demo")


@pytest.fixture
def items(study: Study) -> Items:
    """Return its items; all of them are on the map."""
    items = list_items(study)
    assert np.isfinite(get_embedding(study).points).all() and items.is_present.all()
    return items


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Return the Clusters page with a painted map, in a browser that remembers nothing."""
    page = open_page("clusters", width=1280, height=900)
    wait_for_map(page)
    return page


def wait_for_map(page: Page) -> None:
    """Wait until the points are painted."""
    get_map(page).wait_for(timeout=PATIENCE)
    expect(get_map(page)).to_have_attribute("data-drawn", re.compile("symbols|density"), timeout=PATIENCE)


def get_map(page: Page) -> Locator:
    """Return the canvas of the map."""
    return page.locator("canvas.points")


def get_grid(page: Page) -> Locator:
    """Return the grid of pictures."""
    return page.get_by_role("listbox", name=re.compile("^Pictures of the selection"))


def circle_all(page: Page) -> None:
    """Draw a loop around the whole map."""
    box = get_map(page).bounding_box()
    left, top = box["x"] + 3, box["y"] + 3
    right, bottom = box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(right, top)
    page.mouse.down()
    for x, y in ((right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def expect_selected(page: Page, words: str) -> None:
    """Expect what is said of the selection."""
    expect(page.locator(".told")).to_have_text(words, timeout=PATIENCE)


def export(page: Page, what: str) -> str:
    """Export the selection; return the text of the file."""
    page.locator("summary", has_text="Export").click()
    with page.expect_download(timeout=PATIENCE) as caught:
        page.get_by_role("button", name=re.compile(f"^{re.escape(what)}")).click()
    return caught.value.path().read_text(encoding="utf-8")


def choose_colour(page: Page, name: str) -> None:
    """Colour the points by something else."""
    page.get_by_label("Colour by").select_option(label=name)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768)])
def test_what_is_selected_and_what_to_do_with_it_is_seen_without_scrolling(
    open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page("clusters", width=width, height=height)
    wait_for_map(page)
    before = get_map(page).bounding_box()
    page.keyboard.press("]")
    expect(page.locator(".told")).to_contain_text("Selected")
    for part in (page.locator(".told"), page.get_by_role("button", name="Review these")):
        box = part.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] < height
    assert get_map(page).bounding_box() == before  # nothing jumps under the hand


def test_a_loop_around_all_shows_and_exports_exactly_all(page: Page, study: Study, items: Items) -> None:
    n = len(items)
    circle_all(page)
    expect_selected(page, f"Selected {n} of {n} pictures")
    expect(get_grid(page)).to_have_attribute("aria-label", f"Pictures of the selection: {n}")
    expect(get_grid(page).get_by_role("option").first).to_have_attribute("aria-setsize", str(n))
    seen = scroll_through(page)
    assert sorted(seen) == sorted(item_id[:8] for item_id in items.item_ids)

    rows = list(csv.reader(export(page, "Table (CSV)").splitlines()[1:]))
    assert [row[0] for row in rows[1:]] == list(items.item_ids)
    states = get_label_states(study, items)
    for item_id, _, split, _, label, source in rows[1:]:
        state = states.get(item_id)
        assert (label or None, source or None) == ((state.label, state.source) if state else (None, None))
        assert split == "train" or not label
    assert export(page, "List of ids").split() == list(items.item_ids)


def scroll_through(page: Page) -> set[str]:
    """Return the names of all pictures of the grid, as they come into sight."""
    seen: set[str] = set()
    height = get_grid(page).evaluate("(frame) => frame.scrollHeight")
    for top in range(0, height + 1, 150):
        get_grid(page).evaluate("(frame, top) => { frame.scrollTop = top; }", top)
        page.wait_for_timeout(60)
        seen |= set(get_grid(page).locator(".caption").all_inner_texts())
    return seen


def test_file_names_leave_only_after_a_warning(page: Page, study: Study, items: Items) -> None:
    circle_all(page)
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name=re.compile("^File names")).click()
    expect(page.get_by_role("dialog", name="File names")).to_contain_text("may name a patient")
    with page.expect_download(timeout=PATIENCE) as caught:
        page.get_by_role("button", name="Save the file names").click()
    names = caught.value.path().read_text(encoding="utf-8").splitlines()
    assert names == list(list_images(study).relative_paths[items.image_positions])


def test_the_selection_outlives_colour_zoom_and_reload(page: Page, items: Items) -> None:
    box = get_map(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.get_by_role("button", name=re.compile("^Box")).click()
    page.mouse.move(x - 150, y - 150)
    page.mouse.down()
    page.mouse.move(x + 60, y + 100, steps=5)
    page.mouse.up()
    expect(page.locator(".told")).to_contain_text("Selected")
    said = page.locator(".told").inner_text()
    ids = export(page, "List of ids")
    assert 0 < len(ids.split()) < len(items)

    for name in ("Label in force", "Source of the label", "Your review", "Round", "Split", "A feature"):
        choose_colour(page, name)
        expect_selected(page, said)
    expect(page.locator(".bar")).to_be_visible(timeout=PATIENCE)  # the values of the feature have come
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    expect_selected(page, said)
    wait_until_drawn(page)
    assert "colour=feature" in page.url
    page.wait_for_timeout(600)

    page.reload()
    wait_for_map(page)
    expect_selected(page, said)
    expect(page.get_by_label("Colour by")).to_have_value("feature")
    assert export(page, "List of ids") == ids


def test_points_that_the_filter_hides_are_taken_and_it_is_said(page: Page, study: Study, items: Items) -> None:
    n, labelled = len(items), [state.label for state in get_label_states(study, items).values()]
    n_polyps = labelled.count("polyp")
    choose_colour(page, "Label in force")
    page.get_by_role("button", name=re.compile("^Only polyp")).click()
    circle_all(page)
    expect_selected(page, f"Selected {n} of {n} pictures; {n - n_polyps} of them are dimmed by the filter")
    page.get_by_label("What the filter leaves out").select_option("hide")
    expect_selected(page, f"Selected {n} of {n} pictures; {n - n_polyps} of them are hidden by the filter")
    page.keyboard.press("Escape")
    circle_all(page)
    expect_selected(page, f"Selected {n} of {n} pictures; {n - n_polyps} of them are hidden by the filter")
    choose_colour(page, "Split")
    train = page.get_by_role("button", name=re.compile("^Only train"))
    expect(train).to_contain_text(f"{n_polyps} of {int((items.splits == 'train').sum())}")
    page.get_by_role("button", name=re.compile("take this filter away")).click()
    expect_selected(page, f"Selected {n} of {n} pictures")


def test_a_cluster_is_selected_by_keys_alone_and_the_tab_follows(page: Page, study: Study, items: Items) -> None:
    from medxai_core.views.cluster_view import list_clusterings_shown

    cluster_ids = study.load_array(list_clusterings_shown(study)[0]["ids_array"])
    used = sorted(set(cluster_ids[cluster_ids >= 0].tolist()))
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") == "points":
            break
    page.keyboard.press("]")
    page.keyboard.press("]")
    n = int((cluster_ids == used[1]).sum())
    expect_selected(page, f"Selected {n} of {len(items)} pictures")
    shown = page.get_by_test_id("stSelectbox").filter(has_text="Cluster").locator("input").last
    expect(shown).to_have_value(re.compile(f"^Cluster {used[1]}: "), timeout=PATIENCE)
    assert set(export(page, "List of ids").split()) == set(items.item_ids[cluster_ids == used[1]])
    page.keyboard.press("Escape")


def test_the_keys_are_listed_and_work(page: Page, items: Items) -> None:
    get_map(page).focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys and hints")).to_contain_text("select all that is seen")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    expect_selected(page, f"Selected {len(items)} of {len(items)} pictures")
    page.keyboard.press("Escape")
    expect(page.locator(".told")).to_be_hidden()
    page.keyboard.press("Control+z")
    expect_selected(page, f"Selected {len(items)} of {len(items)} pictures")
    for key, name in (("b", "^Box"), ("h", "^Hand"), ("l", "^Loop")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=re.compile(name))).to_have_attribute("aria-pressed", "true")


def test_an_item_is_found_by_its_id_and_shown(page: Page, items: Items) -> None:
    find = page.get_by_label("Find by the beginning of its id")
    find.fill("zzzz")
    find.press("Enter")
    expect(page.locator("[aria-live=polite]")).to_contain_text("begins with zzzz", timeout=PATIENCE)
    find.fill(items.item_ids[5][:10])
    find.press("Enter")
    expect_selected(page, f"Selected 1 of {len(items)} pictures")
    tile = get_grid(page).get_by_role("option").first
    expect(tile).to_contain_text(items.item_ids[5][:8])
    expect(tile.locator(".picture")).to_have_attribute("data-state", "here", timeout=PATIENCE)


def test_pictures_are_picked_and_kept(page: Page, items: Items) -> None:
    circle_all(page)
    tiles = get_grid(page).get_by_role("option")
    tiles.nth(0).click()
    tiles.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".picks")).to_contain_text("Picked 3 pictures")
    page.get_by_role("button", name="Keep only these").click()
    expect_selected(page, f"Selected 3 of {len(items)} pictures")
    assert export(page, "List of ids").split() == list(items.item_ids[:3])


def test_resting_on_a_point_shows_its_picture(page: Page, study: Study, items: Items) -> None:
    find = page.get_by_label("Find by the beginning of its id")
    find.fill(items.item_ids[7])
    find.press("Enter")
    expect_selected(page, f"Selected 1 of {len(items)} pictures")
    box = get_map(page).bounding_box()  # an item that was found lies in the middle
    page.mouse.move(box["x"] + box["width"] / 2 - 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    card = page.locator(".stage .card")
    expect(card).to_contain_text(items.item_ids[7][:8], timeout=PATIENCE)
    expect(card.locator("canvas")).to_have_attribute("data-state", "here", timeout=PATIENCE)
    assert list_images(study).relative_paths[items.image_positions[7]] not in card.inner_text()


def test_the_selection_becomes_the_queue_of_the_review(page: Page, study: Study, items: Items) -> None:
    circle_all(page)
    page.get_by_role("button", name="Review these").click()
    page.wait_for_url(re.compile(r"/review\?.*queue=selection"), timeout=PATIENCE)
    wait_until_drawn(page)
    reader = page.get_by_role("textbox", name="Reader").input_value()
    assert get_review_selection(study, reader) == list(items.item_ids)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Clusters").click()
    wait_for_map(page)
    expect_selected(page, f"Selected {len(items)} of {len(items)} pictures")
    assert "/clusters" in page.url


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768), (1600, 1000)])
def test_nothing_moves_at_a_click_in_the_legend(open_page: Callable[..., Page], width: int, height: int) -> None:
    page = open_page("clusters", width=width, height=height)
    wait_for_map(page)
    circle_all(page)
    expect(page.locator(".told")).to_contain_text("Selected")
    entries = page.locator(".legend .entry")

    def measure() -> list[object]:
        return [get_map(page).bounding_box(), *(entry.bounding_box() for entry in entries.all())]

    before = measure()
    assert len(before) > 3
    entries.nth(1).click()
    expect(page.locator(".chip")).to_have_count(1)
    assert measure() == before
    box = before[2]
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the same place: takes it back
    expect(page.locator(".chip")).to_have_count(0)
    assert measure() == before
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.locator(".told")).to_contain_text("Selected")
    assert measure() == before


def test_a_change_of_size_keeps_the_whole_map_clear_of_the_buttons(page: Page, items: Items) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("button", name="Whole map (0)").click()
    page.set_viewport_size({"width": 1100, "height": 800})
    page.wait_for_timeout(500)
    page.get_by_role("button", name=re.compile("^Box")).click()
    stage, tools = get_map(page).bounding_box(), page.locator(".tools").bounding_box()
    ways = page.locator(".ways").bounding_box()
    page.mouse.move(tools["x"] + tools["width"] + 2, stage["y"] + 3)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] - 3, ways["y"] - 2, steps=5)
    page.mouse.up()
    expect_selected(page, f"Selected {len(items)} of {len(items)} pictures")
