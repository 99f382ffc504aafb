"""Facts about the grid: what is chosen is decided on, a whole cluster only when asked twice, and it is one undo."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, expect
from review_server import PATIENCE, ReviewPage, ReviewServer, open_review, shorten

from medxai_core.records.labellings import find_labelling
from medxai_core.review import list_in_force
from medxai_core.stages.review_batches import SEVERAL, WHOLE_CLUSTER, describe_batch
from medxai_core.views.map_selection import record_review_selection
from medxai_core.views.proposal_queue import order_randomly


def open_grid(chromium: Browser, review_server: ReviewServer, reader: str, **query: str) -> ReviewPage:
    """Open the grid and wait until its pictures were seen."""
    review = open_review(chromium, review_server, reader=reader, **query)
    review.page.locator('.toolbar button[data-view="grid"]').click()
    expect(get_cards(review).nth(8)).to_be_visible(timeout=PATIENCE)
    for place in range(9):
        canvas = get_cards(review).nth(place).locator("canvas").element_handle()
        review.page.wait_for_function("(canvas) => canvas.isDrawn", arg=canvas, timeout=PATIENCE)
    review.page.wait_for_timeout(500)
    return review


def get_cards(review: ReviewPage) -> Locator:
    """Return the cards in the grid."""
    return review.page.locator(".scroller .card")


def name_card(card: Locator) -> str:
    """Return the short name of a card's picture."""
    return (card.get_attribute("aria-label") or "").split(", ")[0]


def check_chosen(review: ReviewPage, names: list[str]) -> None:
    """Check which pictures are chosen, by their short names."""
    chosen = review.page.locator('.scroller .card[aria-selected="true"]')
    expect(chosen).to_have_count(len(names))
    assert [name_card(card) for card in chosen.all()] == names


def test_click_shift_and_ctrl_choose_and_one_key_decides_on_all(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_grid(chromium, review_server, "clicking")
    cards = get_cards(review)
    names = [name_card(cards.nth(i)) for i in range(9)]
    cards.nth(0).click()
    cards.nth(3).click(modifiers=["Shift"])
    check_chosen(review, names[:4])
    cards.nth(1).click(modifiers=["Control"])
    cards.nth(6).click(modifiers=["Control"])
    check_chosen(review, [names[0], names[2], names[3], names[6]])
    expect(review.page.locator(".chosen")).to_have_text("4 chosen")
    review.page.keyboard.press("x")
    expect(cards.nth(0)).to_have_attribute("aria-label", re.compile("rejected"), timeout=1000)  # at once
    review.wait_saved()
    log = review.list_own()
    assert [shorten(one.item_id) for one in log] == [names[0], names[2], names[3], names[6]]
    assert {(one.action, describe_batch(one)) for one in log} == {("reject", SEVERAL)}
    assert len({one.reason for one in log}) == 1
    check_chosen(review, [])
    review.page.keyboard.press("z")
    review.wait_saved()
    assert list_in_force(review.list_own()) == []  # all at once
    review.reload()
    review.page.keyboard.press("y")
    review.wait_saved()
    assert len(list_in_force(review.list_own())) == 4


def test_a_drawn_box_and_all_in_sight_choose(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_grid(chromium, review_server, "drawing")
    cards = get_cards(review)
    first, second = cards.nth(0).bounding_box(), cards.nth(1).bounding_box()
    review.page.mouse.move(first["x"] + 10, first["y"] + 10)
    review.page.mouse.down()
    review.page.mouse.move(second["x"] + 20, second["y"] + 60, steps=5)
    review.page.mouse.up()
    check_chosen(review, [name_card(cards.nth(0)), name_card(cards.nth(1))])
    review.page.keyboard.press("Escape")
    check_chosen(review, [])
    review.page.keyboard.press("Control+a")
    expect(review.page.locator('.scroller .card[aria-selected="true"]').nth(8)).to_be_visible()
    review.page.keyboard.press("Escape")
    assert review.list_own() == []


def test_all_in_sight_leaves_out_what_is_decided_unless_that_is_shown_on_purpose(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_grid(chromium, review_server, "sparing")
    cards, chosen = get_cards(review), review.page.locator('.scroller .card[aria-selected="true"]')
    names = [name_card(cards.nth(i)) for i in range(2)]
    cards.nth(0).click()
    cards.nth(1).click(modifiers=["Control"])
    review.page.keyboard.press("x")
    expect(cards.nth(1)).to_have_attribute("aria-label", re.compile("rejected"), timeout=1000)
    review.page.keyboard.press("Control+a")
    expect(chosen.nth(3)).to_be_visible()
    assert not set(names) & {name_card(card) for card in chosen.all()}
    n_chosen = chosen.count()
    review.page.keyboard.press("a")
    confirm(review, f"Accept all {n_chosen}")
    review.wait_saved()
    rejected = [shorten(one.item_id) for one in list_in_force(review.list_own()) if one.action == "reject"]
    assert rejected == names
    accepted = {shorten(one.item_id) for one in review.list_own() if one.action == "accept"}
    assert accepted and not accepted & set(names)
    review.page.locator('select:has(option[value="decided"])').select_option("decided")
    expect(review.page).to_have_url(re.compile("decided"), timeout=PATIENCE)
    review.page.wait_for_timeout(500)  # the queue comes with it
    expect(chosen).to_have_count(0)
    review.page.keyboard.press("Control+a")
    expect(chosen.nth(1)).to_be_visible()


def confirm(review: ReviewPage, words: str) -> None:
    """Confirm what is asked about many pictures, if it is asked."""
    button = review.page.get_by_role("dialog").get_by_role("button", name=words)
    if button.count():
        review.page.keyboard.press("Enter")


def test_many_are_confirmed_with_their_number_and_how_many_are_out_of_sight(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_grid(chromium, review_server, "confirming")
    scroller = review.page.locator(".scroller")
    n_cards = len(find_labelling(review_server.study).proposals)
    review.page.keyboard.press("Home")
    for _ in range(40):  # see all of them once
        review.page.mouse.move(600, 500)
        review.page.mouse.wheel(0, 250)
        review.page.wait_for_timeout(120)
    review.page.wait_for_timeout(700)
    scroller.evaluate("(one) => { one.scrollTop = 0; }")
    review.page.keyboard.press("Home")
    review.page.keyboard.press("Shift+End")
    review.page.keyboard.press("x")
    dialog = review.page.get_by_role("dialog", name=re.compile("Decide on"))
    expect(dialog).to_contain_text(f"You chose {n_cards} pictures")
    expect(dialog).to_contain_text(re.compile(r"[1-9]\d* of them are out of sight now"))
    expect(dialog.get_by_role("button", name=f"Reject all {n_cards}")).to_be_visible()
    review.page.keyboard.press("x")
    assert review.list_own() == []
    review.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert review.list_own() == []
    review.page.keyboard.press("x")
    if dialog.get_by_role("checkbox").count():
        dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name=f"Reject all {n_cards}").click()
    review.wait_saved()
    assert [one.action for one in review.list_own()] == ["reject"] * n_cards
    review.page.keyboard.press("z")
    review.wait_saved()
    assert list_in_force(review.list_own()) == []  # one undo


def test_a_few_that_are_all_on_the_screen_are_decided_on_at_once(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_grid(chromium, review_server, "few")
    get_cards(review).nth(0).click()
    get_cards(review).nth(3).click(modifiers=["Shift"])
    review.page.keyboard.press("x")
    assert review.page.get_by_role("dialog").count() == 0
    review.wait_saved()
    assert len(review.list_own()) == 4


def test_keys_alone_choose_and_look_closely(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_grid(chromium, review_server, "typing")
    names = [name_card(get_cards(review).nth(i)) for i in range(4)]
    review.page.keyboard.press("ArrowRight")
    review.page.keyboard.press("Shift+ArrowRight")
    check_chosen(review, names[1:3])
    review.page.keyboard.press("Escape")
    review.page.keyboard.press("Enter")
    expect(review.page.locator(".one .head")).to_contain_text(names[2])


def test_a_whole_cluster_is_asked_about_with_its_number(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_grid(chromium, review_server, "sweeping")
    proposals = find_labelling(review_server.study).proposals
    sizes: dict[int, int] = {}
    for row in proposals.values():
        sizes[row["cluster_id"]] = sizes.get(row["cluster_id"], 0) + 1
    cluster = max(sizes, key=sizes.get)
    review.page.get_by_label("Cluster", exact=True).select_option(str(cluster))
    review.page.get_by_role("button", name=f"Whole cluster {cluster}").click()
    dialog = review.page.get_by_role("dialog", name="Decide on a whole cluster")
    expect(dialog).to_contain_text(f"for {sizes[cluster]} picture")
    expect(dialog).to_contain_text("at once")
    accept = dialog.get_by_role("button", name=f"Accept all {sizes[cluster]}")
    expect(accept).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    accept.click()
    review.wait_saved()
    log = review.list_own()
    assert {one.item_id for one in log} == {item for item, row in proposals.items() if row["cluster_id"] == cluster}
    assert {(one.action, describe_batch(one)) for one in log} == {("accept", WHOLE_CLUSTER)}
    assert all(one.label == proposals[one.item_id]["label"] for one in log)
    review.page.keyboard.press("z")
    review.wait_saved()
    assert list_in_force(review.list_own()) == []


def test_the_selection_of_the_map_is_a_queue(chromium: Browser, review_server: ReviewServer) -> None:
    wanted = list(find_labelling(review_server.study).proposals)[5:8]
    record_review_selection(review_server.study, "mapping", [*wanted, "<b>no such item</b>"])
    review = open_review(chromium, review_server, reader="mapping", queue="selection")
    expect(review.page.get_by_label("Order")).to_have_value("selection")
    expect(review.page.locator(".one .place")).to_have_text("1 of 3")
    expect(review.page.get_by_text("4 selected on the map. 1 left out")).to_be_visible()
    assert review.decide("auu") == [shorten(item) for item in wanted]
    review.wait_saved()
    assert [one.item_id for one in review.list_own()] == wanted


def test_another_order_begins_at_its_beginning_and_a_gap_in_the_audit_is_said(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_review(chromium, review_server, reader="auditing")
    for _ in range(7):
        review.page.keyboard.press("ArrowRight")
    review.reload()  # now the browser remembers a picture
    order = order_randomly(list(find_labelling(review_server.study).proposals))
    review.page.get_by_label("Order").select_option("audit")
    expect(review.page.get_by_text("is asked again, alone")).to_be_visible(timeout=PATIENCE)
    expect(review.page.locator(".one .head")).to_contain_text(shorten(order[0]), timeout=PATIENCE)
    gap = review.page.get_by_text("the share of wrong proposals is counted up to the first of them only")
    expect(gap).to_have_count(0)
    review.page.keyboard.press("ArrowRight")
    expect(gap).to_contain_text("1 picture before this one is not answered", timeout=PATIENCE)


def test_another_order_is_kept_in_the_address(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="ordering")
    review.page.get_by_label("Order").select_option("audit")
    expect(review.page.get_by_text("is asked again, alone")).to_be_visible(timeout=PATIENCE)
    assert "review_order=audit" in review.page.url
    name = review.reload().item  # the words of the order come before its pictures: read them on a page drawn whole
    assert review.page.get_by_label("Order").input_value() == "audit"
    assert review.reload().item == name
    expect(review.page.get_by_label("Order")).to_have_value("audit")
