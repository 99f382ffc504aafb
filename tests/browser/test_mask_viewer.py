"""The mask viewer in a real browser on the demo: what is dragged is counted at once, and as the core counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from browser_waiting import wait_until_drawn
from component_modules import load_module
from playwright.sync_api import Browser, Locator, Page, expect

from medxai_core.evaluation.scores import score_mask
from medxai_core.heatmaps import pack_heatmap
from medxai_core.masks import Band, make_mask
from medxai_core.records.masks import get_heatmaps, list_heatmaps
from medxai_core.records.pictures import list_images, load_study_image, load_study_mask
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.study import open_study

PATIENCE = 60_000  # milliseconds

OpenPage = Callable[..., Page]


def read_address(page: Page) -> dict[str, str]:
    """Return what stands in the address."""
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def wait_for_address(page: Page, **expected: str) -> dict[str, str]:
    """Wait until the address holds some values."""
    for _ in range(PATIENCE // 250):
        found = read_address(page)
        if all(found.get(name) == value for name, value in expected.items()):
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"expected {expected} in the address; got {read_address(page)}")


def find_dice(page: Page) -> Locator:
    """Return the place where Dice of the mask in view stands."""
    return page.locator(".headline strong")


def read_scores(page: Page) -> dict[str, str]:
    """Return the scores of the mask in view by their words."""
    rows = page.locator("table.scores tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in rows}


def score_address(home: Path, address: dict[str, str]) -> dict[str, str]:
    """Score the mask that an address names with the core, from the map that the core would use."""
    study = open_study(home / "studies" / "demo")
    images, maker = list_images(study), load_map_maker(study, address["run"])
    position = int(np.flatnonzero(images.image_ids == address["image"])[0])
    image = load_study_image(study, images.relative_paths[position])
    layer, method = int(address["layer"]), address["method"]
    shares = np.full((1, 1), np.nan)
    if layer in list_heatmaps(study, address["run"], method):
        shares = np.asarray(get_heatmaps(study, address["run"], layer, method=method)[position])
    if not np.isfinite(shares).all():
        shares = pack_heatmap(maker.compute_raw([image], range(21), method=method)[0][layer][0])[0]
    heatmap, _ = maker.finish(shares, layer, image.shape[:2], align=address.get("align") != "0")
    band = Band(float(address["low"]), float(address["high"]) if "high" in address else None, "invert" in address)
    truth = load_study_mask(study, images.mask_paths[position], size=(image.shape[1], image.shape[0]))
    assert truth is not None
    scores = score_mask(make_mask(heatmap, band), truth)
    names = {"dice": "Overlap (Dice)", "jaccard": "Strict overlap (IoU)", "recall": "Polyp covered (recall)",
             "precision": "Mask right (precision)", "accuracy": "Pixels right (accuracy)"}  # fmt: skip
    return {words: "–" if scores.value(name) is None else f"{scores.value(name):.3f}" for name, words in names.items()}


def check_scores(page: Page, home: Path, address: dict[str, str]) -> None:
    """Compare what stands on the page with what the core counts."""
    shown = read_scores(page)
    for words, expected in score_address(home, address).items():
        assert shown[words] == expected, (words, address)


def test_what_is_dragged_is_scored_as_the_core_scores_it_and_a_reload_keeps_it(
    open_page: OpenPage, browser_home: Path
) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile(r"Dice \d\.\d{3}"), timeout=PATIENCE)
    threshold = page.get_by_role("slider", name="Threshold: heat above")
    before = find_dice(page).inner_text()
    box = page.locator(".rail").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10 + 0.3 * (box["width"] - 20), box["y"] + 14)
    page.mouse.down()
    for share in (0.35, 0.4, 0.47):
        page.mouse.move(box["x"] + 10 + share * (box["width"] - 20), box["y"] + 14)
    expect(find_dice(page)).not_to_have_text(before)  # while dragging: nothing was told to the server yet
    assert read_address(page).get("low") == "0.3"
    page.mouse.up()
    low = threshold.input_value()
    assert 0.4 < float(low) < 0.55
    check_scores(page, browser_home, wait_for_address(page, low=low, layer="14"))

    threshold.press("ArrowRight")
    address = wait_for_address(page, low=f"{float(low) + 0.01:.2g}")
    page.get_by_label("Lower limit only").uncheck()
    address = wait_for_address(page, high=f"{max(0.7, float(address['low']) + 0.1):.2g}")
    check_scores(page, browser_home, address)
    page.get_by_label("Invert the mask").check()
    check_scores(page, browser_home, wait_for_address(page, invert="1"))

    shown, address = read_scores(page), page.url
    page.reload()
    wait_until_drawn(page)
    expect(find_dice(page)).to_have_text(re.compile(r"Dice \d\.\d{3}"), timeout=PATIENCE)
    assert page.url == address and read_scores(page) == shown


def test_layers_change_by_key_by_slider_and_on_the_sheet(open_page: OpenPage, browser_home: Path) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.keyboard.press("PageDown")
    check_scores(page, browser_home, wait_for_address(page, layer="15"))
    page.keyboard.press("ArrowLeft")
    wait_for_address(page, layer="14")
    page.get_by_role("button", name=re.compile("^Layer 5, ")).click()
    check_scores(page, browser_home, wait_for_address(page, layer="5"))
    expect(page.get_by_text("px of your image").first).to_be_visible()
    page.keyboard.press("z")
    wait_for_address(page, layer="14")
    page.keyboard.press("Shift+Z")
    wait_for_address(page, layer="5")


def test_a_reload_keeps_what_can_be_undone(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    for layer in ("15", "16"):
        page.keyboard.press("PageDown")
        wait_for_address(page, layer=layer)
    page.keyboard.press("z")
    wait_for_address(page, layer="15")
    page.reload()
    wait_until_drawn(page)
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.keyboard.press("Shift+Z")
    wait_for_address(page, layer="16")
    for layer in ("15", "14"):
        page.keyboard.press("z")
        wait_for_address(page, layer=layer)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_one_setting_of_the_paper_is_one_button(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.4&high=0.7")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    chosen = page.locator('.presets button[aria-pressed="true"]')
    expect(chosen).to_have_text("1, 3")
    expect(page.get_by_role("button", name=re.compile("^Paper's runs 1 and 3: layer 14"))).to_be_visible()


def test_pictures_and_methods_change_and_the_scores_follow(open_page: OpenPage, browser_home: Path) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    first = wait_for_address(page, layer="14")["image"]
    page.keyboard.press("n")
    second = find_next(browser_home, first)
    address = wait_for_address(page, image=second)
    expect(page.get_by_text(f"picture {second[:8]}").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("p")
    wait_for_address(page, image=first)
    expect(page.get_by_text(f"picture {first[:8]}").first).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Heat map method").select_option("layercam")
    address = wait_for_address(page, method="layercam")
    expect(page.get_by_role("status").filter(has_text="Computing")).to_have_count(0, timeout=PATIENCE)
    check_scores(page, browser_home, address)


def find_next(home: Path, image_id: str) -> str:
    """Return the picture of the tuning split behind one."""
    images = list_images(open_study(home / "studies" / "demo"))
    ids = [str(one) for one in images.image_ids[images.positions_in("tuning")]]
    return ids[ids.index(image_id) + 1]


def test_on_test_pictures_only_the_locked_setting_is_scored(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=test")
    expect(page.get_by_text(re.compile("Locked:")).first).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".headline")).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    expect(page.get_by_text("it would tune on them")).to_be_visible()
    page.get_by_role("slider", name="Threshold: heat above").press("ArrowLeft")
    expect(page.locator(".headline")).to_have_text(re.compile("The mask takes"))
    expect(page.get_by_text("shown for the locked setting only")).to_be_visible()
    expect(page.locator("table.scores")).to_be_hidden()
    expect(page.locator(".legend").first).not_to_contain_text("missed")
    page.keyboard.press("l")
    expect(page.locator(".headline")).to_have_text(re.compile("Dice"))


def test_the_film_counts_each_picture_and_says_their_mean(open_page: OpenPage, browser_home: Path) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.get_by_role("button", name="Many pictures").click()
    n_pictures = len(list_images(open_study(browser_home / "studies" / "demo")).positions_in("tuning"))
    expect(page.locator(".film-tile")).to_have_count(min(24, n_pictures))
    words = page.locator(".film-words")
    expect(words).not_to_contain_text("Counted:", timeout=PATIENCE)
    values = [float(text[5:]) for text in page.locator(".dice").all_inner_texts() if text.startswith("Dice")]
    said = re.search(r"Mean Dice (\d\.\d{3}) over the (\d+) of them", words.inner_text())
    assert said is not None and int(said[2]) == len(values) > 0
    assert abs(float(said[1]) - np.mean(values)) < 0.001
    page.get_by_label("Order of the pictures").select_option("worst")
    shown = [float(text[5:]) for text in page.locator(".dice").all_inner_texts() if text.startswith("Dice")]
    assert shown == sorted(values)


def test_help_lists_the_keys_and_holding_h_hides_the_overlay(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.keyboard.down("h")
    expect(page.locator(".stage-room .stage")).to_have_class(re.compile("hide-overlay"))
    page.keyboard.up("h")
    expect(page.locator(".stage-room .stage")).not_to_have_class(re.compile("hide-overlay"))
    page.keyboard.press("Shift+?")
    dialog = page.get_by_role("dialog", name="Keys and help")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("next picture")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_no_verdict_of_one_picture_looks_good_and_a_bad_one_is_marked(chromium: Browser) -> None:
    page = chromium.new_page()
    load_module(page, "mask_viewer/scores.js", "judgeMask")

    def judge(dice: float | None, disk: float | None, everything: float | None) -> dict[str, str]:
        trivial = {"disk": {"dice": disk}, "everything": {"dice": everything}}
        return page.evaluate("([dice, trivial]) => judgeMask(dice, trivial, 'no polyp')", [dice, trivial])

    lucky = judge(0.09, 0.0, 0.05)  # better than the disk, which misses the polyp altogether: still a bad mask
    assert lucky["kind"] == "poor" and "hardly overlap" in lucky["words"] and "✓" not in lucky["sign"]
    beaten = judge(0.4, 0.3, 0.45)
    assert beaten["kind"] == "poor" and "calling everything polyp (0.450) scores as much or more" in beaten["words"]
    assert "a disk in the middle" not in beaten["words"]
    fair = judge(0.9, 0.3, 0.45)
    assert fair["kind"] == "none" and not fair["sign"] and "one picture proves nothing" in fair["words"]
    assert judge(None, None, None)["kind"] == "none"
    page.close()


def test_a_click_or_a_finger_anywhere_on_the_track_moves_the_nearest_handle(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3&high=0.8")
    expect(find_dice(page)).to_have_text(re.compile(r"Dice \d\.\d{3}"), timeout=PATIENCE)
    low, high = (page.get_by_role("slider", name=re.compile(f"{which} limit")) for which in ("lower", "upper"))
    box = page.locator(".rail").bounding_box()
    assert box is not None

    def find_place(share: float) -> tuple[float, float]:
        return box["x"] + 10 + share * (box["width"] - 20), box["y"] + 14

    page.mouse.click(*find_place(0.45))
    assert (abs(float(low.input_value()) - 0.45) < 0.011, high.input_value()) == (True, "0.8")
    page.mouse.move(*find_place(0.95))
    page.mouse.down()
    page.mouse.move(*find_place(0.65), steps=4)
    page.mouse.up()
    assert abs(float(high.input_value()) - 0.65) < 0.011
    before = float(high.input_value())
    page.keyboard.press("ArrowRight")  # the handle that was moved has the focus: keys go on from there
    assert float(high.input_value()) == pytest.approx(before + 0.01)
    x, y = find_place(0.2)
    page.evaluate(
        """([x, y]) => {
            const find = (root) => root.querySelector(".rail") ?? [...root.querySelectorAll("*")].reduce(
                (found, one) => found ?? (one.shadowRoot ? find(one.shadowRoot) : null), null);
            const place = find(document), at = { clientX: x, clientY: y };
            const facts = { pointerId: 7, pointerType: "touch", button: 0, ...at };
            place.setPointerCapture = () => {};
            for (const name of ["pointerdown", "pointerup"]) place.dispatchEvent(new PointerEvent(name, facts));
        }""",
        [x, y],
    )
    assert abs(float(low.input_value()) - 0.2) < 0.011
    wait_for_address(page, low=low.input_value(), high=high.input_value())


def test_the_film_says_how_many_are_ready_and_is_never_blank(open_page: OpenPage) -> None:
    """Layer 6 is not recorded: each map is made when it is asked for."""
    page = open_page("masks?study=demo&split=train&layer=6&low=0.5")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.get_by_role("button", name="Many pictures").click()
    ready = page.get_by_text(re.compile(r"\d+ of \d+ ready\. Heat maps of layer 6 are being made"))
    expect(ready).to_be_visible()
    first = page.locator(".film-tile.waiting canvas.base").last
    expect(first).to_be_visible()
    is_drawn = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((value) => value > 0)"
    for _ in range(40):
        if first.evaluate(is_drawn):
            break
        page.wait_for_timeout(100)
    assert first.evaluate(is_drawn)  # the plain picture, before its map
    expect(page.locator(".film-tile.waiting").last).to_contain_text("map is coming")
    expect(ready).to_be_hidden(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("Mean Dice"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("combobox", name="Heat map method").select_option("layercam")  # no map of it is there yet:
    # no score of the old method stands under it
    expect(page.get_by_text("map is coming").first).to_be_visible()
    assert "Dice" not in page.locator(".film-tile.waiting").last.inner_text()


NOTE_WAITING = """() => {
    const find = (root) => root.querySelector(".viewer") ?? [...root.querySelectorAll("*")].reduce(
        (found, one) => found ?? (one.shadowRoot ? find(one.shadowRoot) : null), null);
    const viewer = find(document), status = viewer.querySelector(".status");
    const isPainted = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        .some((value) => value > 0);
    const look = () => ({
        words: status.textContent, headline: viewer.querySelector(".headline").textContent,
        scores: !viewer.querySelector("table.scores").hidden,
        stage: [...viewer.querySelectorAll(".stage canvas, .sheet canvas")].filter(isPainted).length,
        captions: [...viewer.querySelectorAll(".stage figcaption")].map((one) => one.textContent.trim()).join(""),
        curve: isPainted(viewer.querySelector(".curve")),
        legend: viewer.querySelector(".curve + .legend").textContent,
        words_below: viewer.querySelector(".words").textContent,
    });
    window.before = look();
    new MutationObserver(() => { if (status.textContent && !window.waiting) window.waiting = look(); })
        .observe(status, { childList: true, characterData: true, subtree: true });
}"""


def test_nothing_of_the_old_picture_stays_when_the_split_changes(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    page.evaluate(NOTE_WAITING)
    before = page.evaluate("window.before")
    assert before["stage"] > 4 and before["scores"] and before["curve"] and before["captions"]
    page.get_by_text(re.compile(r"^Test \(\d+\)$")).click()
    page.wait_for_function("window.waiting", timeout=PATIENCE)
    waiting = page.evaluate("window.waiting")
    assert "Computing the heat maps" in waiting.pop("words")
    assert not any(waiting.values()), waiting
    expect(page.locator(".stage figcaption").first).to_have_text(re.compile("px"), timeout=PATIENCE)


def test_among_many_pictures_nothing_of_a_single_one_stands_unnamed(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    expect(find_dice(page)).to_have_text(re.compile("Dice"), timeout=PATIENCE)
    expect(page.locator(".curve + .legend")).to_contain_text("this picture")
    expect(page.locator("div.words")).to_contain_text("for the whole picture")
    name = page.locator(".strip .quiet").inner_text().split(" · ")[1]
    page.get_by_role("button", name="Many pictures").click()
    expect(page.locator(".histogram")).to_be_hidden()
    expect(page.locator(".curve + .legend")).not_to_contain_text("this picture")
    expect(page.locator("div.words")).to_be_empty()
    expect(page.get_by_text(f"All layers of {name}:")).to_be_visible()
    page.get_by_role("slider", name="Threshold: heat above").press("ArrowRight")
    wait_for_address(page, low="0.31")
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".histogram")).to_be_visible()
    expect(page.locator(".curve + .legend")).to_contain_text("this picture")


def test_a_limit_that_is_no_number_is_complained_of_once(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=abc")
    note = page.get_by_text("Part of the link could not be shown")
    expect(note).to_contain_text("low: expected a number from 0 to 1.", timeout=PATIENCE)
    expect(note).not_to_contain_text("must be below")


def test_a_link_to_a_picture_of_ones_own_lets_go(open_page: OpenPage) -> None:
    page = open_page("masks?study=demo&split=own&layer=14&low=0.3")
    expect(page.get_by_text("Your own picture").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name=re.compile("^Tuning")).click()
    wait_for_address(page, split="tuning", layer="14", low="0.3")
    expect(page.locator("canvas").first).to_be_visible(timeout=PATIENCE)
