"""A segmenter's own mask in a real browser: probabilities are never stretched, and counted as the core counts them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser_waiting import wait_until_drawn
from playwright.sync_api import Browser, Page, expect
from review_server import ReviewServer
from trained_study import record_untaught_segmenter

from medxai_core.evaluation.scores import score_mask
from medxai_core.masks import Band, make_mask
from medxai_core.records.pictures import list_images, load_study_image, load_study_mask
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.study import Study, open_study

PATIENCE = 60_000  # milliseconds
HEAD = 21


@pytest.fixture(scope="module")
def served(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReviewServer, Study, str]]:
    """Serve a copy of the demo with a segmenter in it."""
    home = tmp_path_factory.mktemp("segmenter") / "home"
    shutil.copytree(demo_home / "studies", home / "studies")
    study = open_study(home / "studies" / "demo")
    run = record_untaught_segmenter(study)
    server = ReviewServer(home)
    server.start()
    try:
        yield server, study, run.run_id
    finally:
        server.kill()


@pytest.fixture
def page(chromium: Browser, served: tuple[ReviewServer, Study, str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def open_masks(page: Page, server: ReviewServer, query: str) -> None:
    page.goto(f"{server.url}/masks?study=demo&split=tuning&{query}")
    wait_until_drawn(page)
    expect(page.locator(".headline strong")).to_have_text(re.compile(r"Dice"), timeout=PATIENCE)


def test_the_own_mask_is_counted_as_the_core_counts_it(page: Page, served: tuple[ReviewServer, Study, str]) -> None:
    server, study, run_id = served
    images, maker = list_images(study), load_map_maker(study, run_id)
    position = int(images.positions_in("tuning", with_truth=True)[0])
    picture = load_study_image(study, images.relative_paths[position])
    truth = load_study_mask(study, images.mask_paths[position], size=(picture.shape[1], picture.shape[0]))
    assert truth is not None
    kept = maker.pack(maker.compute_raw([picture], [HEAD])[0][HEAD][0], HEAD)
    heatmap, _ = maker.finish(kept, HEAD, picture.shape[:2])
    low = round(float(np.median(heatmap)), 2)  # cuts through what the random decoder says
    expected = score_mask(make_mask(heatmap, Band(low)), truth)
    assert expected.counts.tp / truth.sum() > 0.02 and heatmap.max() < 0.9
    image = images.image_ids[position]
    open_masks(page, server, f"run={run_id}&image={image}&layer={HEAD}&low={low}&method=segmentation")
    rows = page.locator("table.scores tbody tr").all()
    shown = {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in rows}
    assert shown["Overlap (Dice)"] == f"{expected.value('dice'):.3f}"
    assert shown["Polyp covered (recall)"] == f"{expected.value('recall'):.3f}"
    assert shown["Mask right (precision)"] == f"{expected.value('precision'):.3f}"
    page.reload()
    wait_until_drawn(page)
    expect(page.locator(".headline strong")).to_contain_text(f"{expected.value('dice'):.3f}", timeout=PATIENCE)


def test_a_segmenter_opens_at_its_own_mask_and_one_click_brings_it_back(
    page: Page, served: tuple[ReviewServer, Study, str]
) -> None:
    server, _, run_id = served
    open_masks(page, server, f"run={run_id}")
    expect(page.get_by_role("slider", name="Layer")).to_have_value(str(HEAD))
    expect(page.get_by_role("slider", name="Threshold: probability above")).to_have_value("0.5")
    method = page.get_by_label("Heat map method")
    expect(method).to_be_disabled()
    page.get_by_role("button", name="Layer 14").first.click()
    expect(method).to_be_enabled()
    expect(page).to_have_url(re.compile("method=gradcam"), timeout=PATIENCE)
    page.get_by_role("button", name="Recommended").click()
    expect(page).to_have_url(re.compile(f"layer={HEAD}.*method=segmentation"), timeout=PATIENCE)
    expect(page).to_have_url(re.compile("chosen=recommended"))
    expect(method).to_be_disabled()


def test_many_pictures_show_the_own_mask(page: Page, served: tuple[ReviewServer, Study, str]) -> None:
    server, _, run_id = served
    open_masks(page, server, f"run={run_id}")
    page.get_by_role("button", name="Many pictures").click()
    words = page.get_by_text(re.compile("tuning pictures, the network's own mask, probability above 0.5"))
    expect(words).to_be_visible(timeout=PATIENCE)
