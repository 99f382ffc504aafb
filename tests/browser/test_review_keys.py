"""Facts about deciding by key: every key one line in the store, in order, and nothing decided unseen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect
from review_server import PATIENCE, ReviewServer, open_review, shorten

from medxai_core.records.labellings import find_labelling
from medxai_core.review import list_in_force
from medxai_core.views.review_progress import list_outcomes

ACTIONS = {"a": "accept", "x": "reject", "o": "other", "u": "unsure", "s": "skip", "f": "flag"}


def test_thirty_fast_keys_are_thirty_lines_in_that_order(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="fast")
    keys = "axous" * 6
    names = review.decide(keys)
    review.wait_saved()
    log = review.list_own()
    assert [one.action for one in log] == [ACTIONS[key] for key in keys]
    assert [shorten(one.item_id) for one in log] == names
    assert len(set(names)) == 30
    assert all(re.fullmatch("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", one.event_id) for one in log)
    assert [one.at for one in log] == sorted(one.at for one in log)
    proposals = find_labelling(review_server.study).proposals
    for one in log:
        proposed = proposals[one.item_id]["label"]
        if one.action in ("accept", "reject"):
            assert one.label == proposed
        if one.action == "other":
            assert one.label not in (None, proposed)
    assert not review.errors


def test_undo_and_redo_go_on_after_a_reload_and_show_the_picture(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_review(chromium, review_server, reader="undoing")
    names = review.decide("axu")
    review.wait_saved()
    review.reload()
    for name in reversed(names):
        review.page.keyboard.press("z")
        expect(review.page.locator(".one .head")).to_contain_text(name)
    review.wait_saved()
    assert list_in_force(review.list_own()) == []
    review.reload()
    for _ in range(2):
        review.page.keyboard.press("y")
    review.wait_saved()
    assert [one.action for one in list_in_force(review.list_own())] == ["accept", "reject"]
    review.decide("s")
    review.wait_saved()
    expect(review.page.get_by_role("button", name="Redo")).to_be_disabled()
    assert len(review.list_own()) == 3 + 3 + 2 + 1


def test_a_picture_that_has_only_just_appeared_is_not_decided_on(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_review(chromium, review_server, reader="hasty")
    review.decide("a")
    review.page.evaluate(
        """() => {
            const make = (repeat) => new KeyboardEvent("keydown", { key: "a", repeat, bubbles: true });
            const press = (repeat) => document.dispatchEvent(make(repeat));
            press(false);
            for (let i = 0; i < 20; i += 1) press(true);
        }"""
    )
    expect(review.page.locator(".note")).to_contain_text(re.compile("counts once|only just|not come yet"))
    review.wait_saved()
    assert len(review.list_own()) == 1
    review.page.keyboard.down("x")
    for _ in range(10):
        review.page.keyboard.down("x")
    review.page.keyboard.up("x")
    review.wait_saved()
    assert len(review.list_own()) <= 2


def test_a_flag_stays_on_the_picture(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="flagging")
    name = review.item
    review.page.get_by_role("button", name="Flag").click()
    expect(review.page.locator(".one .head")).to_contain_text("flagged")
    assert review.item == name
    review.wait_saved()
    assert [one.action for one in review.list_own()] == ["flag"]


def test_the_page_and_the_core_say_the_same_of_every_picture(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="agreeing")
    review.decide("axousaxo")
    review.page.keyboard.press("z")
    review.page.keyboard.press("ArrowLeft")
    review.page.keyboard.press("ArrowLeft")
    review.decide("s")
    review.wait_saved()
    review.reload()
    labelling = find_labelling(review_server.study)
    proposals = {item: (row["label"], labelling.clustering_id) for item, row in labelling.proposals.items()}
    outcomes = list_outcomes(proposals, review.list_own(), reader="agreeing")
    words = {"open": "not decided"} | {word: word for word in ("accepted", "rejected", "unsure", "skipped")}
    review.page.get_by_label("Show").select_option("all")
    review.page.keyboard.press("g")
    expect(review.page.locator(".scroller .card").first).to_be_visible()
    seen = {}
    said_of_cards = "cards => cards.map(card => card.getAttribute('aria-label') ?? '')"  # at once: rows come and go
    for words_of_card in review.page.locator(".scroller .card").evaluate_all(said_of_cards):
        name, _, *said = words_of_card.split(", ")
        seen[name] = said[0]
    known = {shorten(item): outcome for item, outcome in outcomes.items()}
    assert len(seen) > 8
    for name, said in seen.items():
        outcome = known[name]
        assert said == words.get(outcome, said) and (outcome == "open") == (said == "not decided"), name


def test_seeds_are_labelled_from_zero_and_counted(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="seeding", review_view="Seeds")
    expect(review.page.locator(".one .head")).to_contain_text("Is there a polyp?")
    review.decide("pnu")
    review.wait_saved()
    assert [(one.action, one.label) for one in review.list_own()] == [
        ("label", "polyp"), ("label", "non_polyp"), ("unsure", None),
    ]  # fmt: skip
    expect(review.page.locator(".foot")).to_contain_text("Polyp: 9 (8 given with the pictures)", timeout=PATIENCE)


def test_the_reason_stands_beside_the_picture_in_words_and_pictures(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_review(chromium, review_server, reader="asking")
    panel = review.page.locator(".reason")
    expect(panel).to_contain_text("It lies in cluster", timeout=PATIENCE)
    expect(panel).to_contain_text("Of the 6 labelled pictures most alike")
    assert panel.locator(".neighbours canvas").count() >= 6
    assert "**" not in panel.inner_text()
    expect(review.page.locator("canvas.frame")).to_have_attribute("aria-label", re.compile("outlined at row"))


@pytest.mark.parametrize("reader", ["<img src=x onerror=alert(1)>", '"]};alert(1)//', "**bold** $x$ `y`"])
def test_a_hostile_reader_name_stays_text(chromium: Browser, review_server: ReviewServer, reader: str) -> None:
    review = open_review(chromium, review_server, reader=reader)
    alerts: list[str] = []
    review.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    review.decide("a")
    review.wait_saved()
    review.reload()
    assert [one.reader for one in review.list_own()] == [reader]
    assert review.page.locator(".medxai-root img").count() == 0
    assert not alerts and not review.errors


def test_a_link_opens_its_picture_and_a_reload_goes_on(chromium: Browser, review_server: ReviewServer) -> None:
    wanted = list(find_labelling(review_server.study).proposals)[-1]
    review = open_review(chromium, review_server, reader="linked", review_item=wanted)
    expect(review.page.locator(".one .head")).to_contain_text(shorten(wanted), timeout=PATIENCE)
    review.decide("a")
    review.wait_saved()
    assert [one.item_id for one in review.list_own()] == [wanted]
    after = review.item
    assert review.reload().item == after


def test_the_help_lists_the_keys_and_keys_rest_while_it_is_open(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="helped")
    review.page.locator('.keys button[aria-disabled="false"]').first.wait_for(timeout=PATIENCE)
    review.page.keyboard.press("?")
    dialog = review.page.get_by_role("dialog", name="Keys of the review")
    expect(dialog).to_contain_text("accept the proposed label")
    review.page.keyboard.press("a")
    review.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert review.list_own() == []


def test_the_note_of_a_block_and_the_counts_follow_the_last_decision_by_themselves(
    chromium: Browser, own_study: ReviewServer
) -> None:
    review = open_review(chromium, own_study, reader="following", review_order="audit")
    labels = review.page.get_by_role("navigation", name="Stages of this study").get_by_role(
        "link", name=re.compile("^Labels")
    )
    review.decide("a" * 19)
    review.wait_saved()
    review.page.wait_for_timeout(1500)
    expect(review.page.locator(".foot")).not_to_contain_text("decisions")
    before = labels.get_attribute("aria-label")
    review.decide("a")
    expect(review.page.locator(".foot")).to_contain_text("20 decisions: ", timeout=PATIENCE)
    expect(review.page.locator(".foot")).to_contain_text(
        re.compile("Wrong proposals before: .*; now: (?!not known)"), timeout=PATIENCE
    )
    expect(labels).not_to_have_attribute("aria-label", before or "", timeout=PATIENCE)
