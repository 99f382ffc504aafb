"""Every page against WCAG 2.2 AA as far as a program can tell, in both themes, and on small screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.components.stepper import STAGES

PAGES = ("study", "clusters", "review", "training", "masks", "evaluation", "transparency")
MORE = (
    "study?new=1",
    "study?study_tab=Health+check",
    "training?training_view=New+training",
    "evaluation?evaluation_part=Classifier",
    "transparency?transparency_part=What+the+model+cannot+do",
    "study?study=nowhere",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

NOT_OURS: dict[str, str] = {}
"""Rules that Streamlit's own widgets break and that cannot be mended from here, each with the reason."""


def list_violations(page: Page) -> list[str]:
    """Return what axe-core finds on a page, one line an element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]} {node['failureSummary'][:200]}"
        for one in found
        if one["id"] not in NOT_OURS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES + MORE)
def test_no_page_breaks_a_rule_or_is_wider_than_the_screen(open_page: Callable[..., Page], path: str) -> None:
    """One load, then another theme and another screen: a reader's browser changes both while a page is open."""
    page = open_page(path, width=1280, height=720)
    page.wait_for_timeout(800)
    assert list_violations(page) == []
    assert find_what_does_not_fit(page) == []
    light = get_background(page)
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).not_to_have_css("background-color", light)
    page.wait_for_timeout(800)
    assert list_violations(page) == []
    page.set_viewport_size({"width": 1024, "height": 768})  # a tablet
    page.wait_for_timeout(800)
    assert find_what_does_not_fit(page) == []


def get_background(page: Page) -> str:
    """Return the colour behind all, as css writes it."""
    return page.get_by_test_id("stApp").evaluate("one => getComputedStyle(one).backgroundColor")


def find_what_does_not_fit(page: Page) -> list[str]:
    """Return by how many pixels the page is too wide, if it is, and the words that do not fit into their place."""
    widths = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
            .map((one) => one.scrollWidth - one.clientWidth)"""
    )
    return [f"{width} px too wide" for width in widths if width > 0] + find_cut_words(page)


def find_cut_words(page: Page) -> list[str]:
    """Return the words of the line of stages, of headings and of buttons that do not fit into their place."""
    return page.evaluate(
        """() => {
            const found = [];
            const look = (root) => {
                for (const one of root.querySelectorAll('.title, .number, h1, h2, h3, button, [role=tab]')) {
                    if (one.offsetParent && one.scrollWidth > one.clientWidth + 1 && one.innerText.trim()) {
                        found.push(one.innerText.trim());
                    }
                }
                for (const one of root.querySelectorAll('*')) if (one.shadowRoot) look(one.shadowRoot);
            };
            look(document.querySelector('[data-testid=stMain]'));
            return found;
        }"""
    )


def test_the_keyboard_reaches_stages_next_step_and_help_in_this_order(open_page: Callable[..., Page]) -> None:
    page = open_page("study", width=1280, height=720)
    page.get_by_role("navigation", name="Stages of this study").get_by_role("link").first.focus()
    reached = []
    for _ in range(9):
        reached.append(page.evaluate(DEEP_FOCUS))
        page.keyboard.press("Tab")
    titles = [stage.title for stage in STAGES]
    assert [name.startswith(title) for name, title in zip(reached, titles, strict=False)] == [True] * len(titles)
    assert reached[7] == "Help"


DEEP_FOCUS = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one?.textContent ?? '';
}"""
