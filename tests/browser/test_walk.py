"""The walk of a first-time user, in a real browser on the finished demo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser_waiting import wait_until_drawn
from playwright.sync_api import Page, expect

from medxai_core.records.decisions import list_decisions
from medxai_core.study import open_study

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PATIENCE = 90_000  # milliseconds
PAGES = ("study", "clusters", "review", "training", "masks", "evaluation", "transparency")
DICE = re.compile(r"Dice\s+(\d\.\d{3})")


def test_from_the_demo_to_a_mask_that_moves(open_page: Callable[..., Page], browser_home: Path) -> None:
    study = open_study(browser_home / "studies" / "demo")
    page = open_page("")
    expect(page.get_by_role("heading", name="Study").first).to_be_visible()

    go_to(page, "Clusters")
    expect(page.locator("canvas").first).to_be_visible(timeout=PATIENCE)

    go_to(page, "Review")
    before = len(list_decisions(study))
    expect(page.get_by_role("button", name=re.compile("^Accept")).first).to_be_enabled(timeout=PATIENCE)
    page.wait_for_timeout(1000)
    page.keyboard.press("a")
    wait_for(page, lambda: len(list_decisions(study)) == before + 1, "the decision did not reach the store")
    assert list_decisions(study)[-1].action == "accept"

    go_to(page, "Masks")
    wait_for(page, lambda: read_dice(page) is not None, "no Dice on the page")
    first = read_dice(page)
    for key in [","] * 8 + ["."] * 40:  # a mask that misses its polyp scores 0 for a while
        page.keyboard.press(key)
        page.wait_for_timeout(50)
        if key == "." and read_dice(page) not in (None, first):
            break
    wait_for(page, lambda: read_dice(page) not in (None, first), "the score did not follow the threshold")
    moved = read_dice(page)

    page.wait_for_timeout(2000)
    wait_until_drawn(page)
    page.reload()
    wait_for(page, lambda: read_dice(page) == moved, "a reload lost the setting")


def go_to(page: Page, name: str) -> None:
    """Open a page by the sidebar and wait for its heading."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name).first).to_be_visible(timeout=PATIENCE)
    wait_until_drawn(page)


def wait_for(page: Page, is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so; the machine may be busy."""
    for _ in range(PATIENCE // 500):
        if is_so():
            return
        page.wait_for_timeout(500)
    raise AssertionError(what)


def read_dice(page: Page) -> str | None:
    """Return the Dice that the Masks page shows, or None while there is none."""
    shown = page.locator(".headline strong")  # the table below names a mean Dice too
    found = DICE.search(shown.first.inner_text()) if shown.count() else None
    return found.group(1) if found else None


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_drawn_in_the_dark(open_page: Callable[..., Page], name: str) -> None:
    """The light theme is drawn by nearly all other tests."""
    page = open_page(name, dark=True)
    page.wait_for_timeout(1000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-dark.png")
    expect(page.get_by_role("heading", name=name.capitalize()).first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    shade = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", shade)[:3]))
    assert brightness < 200
