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
PAGES = ("", "clusters", "review", "training", "masks", "evaluation", "transparency")


def test_from_the_demo_to_a_mask_that_moves(open_page: Callable[..., Page], browser_home: Path) -> None:
    study = open_study(browser_home / "studies" / "demo")
    page = open_page("")
    expect(page.get_by_role("heading", name="Study").first).to_be_visible()

    page.get_by_test_id("stSidebar").get_by_role("link", name="Clusters").click()
    wait_until_drawn(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()

    page.get_by_test_id("stSidebar").get_by_role("link", name="Review").click()
    wait_until_drawn(page)
    before = len(list_decisions(study))
    page.get_by_role("button", name="Accept").first.click()
    wait_until_drawn(page)
    decisions = list_decisions(study)
    assert len(decisions) == before + 1
    assert decisions[-1].action == "accept"

    page.get_by_test_id("stSidebar").get_by_role("link", name="Masks").click()
    wait_until_drawn(page)
    first = read_dice(page)
    threshold = page.get_by_role("slider").nth(1)
    threshold.focus()
    for _ in range(12):
        threshold.press("ArrowLeft")
    wait_until_drawn(page)
    assert read_dice(page) != first, "the score did not follow the threshold"

    address = page.url
    page.reload()
    wait_until_drawn(page)
    assert page.url == address, "a reload lost the setting"


def read_dice(page: Page) -> str:
    """Return the Dice that the Masks page shows."""
    text = page.get_by_test_id("stMain").inner_text()
    found = re.search(r"Dice\s+(\d\.\d{3})", text)
    assert found, "no Dice on the page"
    return found.group(1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_drawn_in_both_themes(open_page: Callable[..., Page], name: str, dark: bool) -> None:
    page = open_page(name, dark=dark)
    page.wait_for_timeout(1000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name or 'study'}-{'dark' if dark else 'light'}.png")
    expect(page.get_by_role("heading", name=(name or "Study").capitalize()).first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    shade = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", shade)[:3]))
    assert (brightness < 200) is dark
