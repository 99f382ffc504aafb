"""Facts about the report in a real browser without a network: it opens, loads nothing, prints, and all can read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from medxai_core.report import make_report, write_report_files
from medxai_core.study import open_study


@pytest.fixture(scope="module")
def pages(scored_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the report and the visitor's page of a scored study, as files."""
    folder = tmp_path_factory.mktemp("report")
    study = open_study(shutil.copytree(scored_once, folder / "small"))
    return write_report_files(study, make_report(study), folder / "report.html", visitor=folder / "visitor.html")


@pytest.mark.parametrize("name", ["report", "visitor"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_offline_without_a_complaint(
    chromium: Browser, pages: dict[str, Path], name: str, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme, offline=True, viewport={"width": 390, "height": 800})
    try:
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages[name].as_uri())
        page.wait_for_load_state()
        assert not said
        assert [url for url in asked if not url.startswith("data:")] == [pages[name].as_uri()]
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    finally:
        context.close()


def test_a_number_in_brackets_leads_to_its_evidence(chromium: Browser, pages: dict[str, Path]) -> None:
    page = chromium.new_page()
    try:
        page.goto(pages["report"].as_uri())
        page.locator("#in-short .cite a").first.click()
        target = page.locator(":target")
        assert target.count() == 1 and "python -m medxai_core" in target.inner_text()
    finally:
        page.close()


def test_it_prints_on_a4_with_nothing_cut_off(chromium: Browser, pages: dict[str, Path]) -> None:
    page = chromium.new_page(viewport={"width": 690, "height": 1000})  # the width of A4 within its margins
    try:
        page.goto(pages["report"].as_uri())
        page.emulate_media(media="print")
        wide = "[...document.querySelectorAll('table, svg, img')].filter(e => e.getBoundingClientRect().right > 691)"
        assert page.evaluate(f"{wide}.map(one => one.outerHTML.slice(0, 80))") == []
        assert page.pdf(format="A4", print_background=True).startswith(b"%PDF")
    finally:
        page.close()
