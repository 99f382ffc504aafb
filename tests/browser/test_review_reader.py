"""Facts about who decides: asked once in each browser, kept there, and in no address."""

from __future__ import annotations

import pytest
from browser_waiting import wait_until_drawn
from playwright.sync_api import Browser, expect
from review_server import PATIENCE, ReviewPage, ReviewServer, open_review, shorten
from test_accessibility import list_violations

from medxai_core.readers import get_default_reader
from medxai_core.records.decisions import list_decisions


def open_unnamed(chromium: Browser, own_review_server: ReviewServer, **query: str) -> ReviewPage:
    """Open the Review page in a browser where no one has said who reads."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    return ReviewPage(context.new_page(), own_review_server, reader="").open(**query)


def read_kept(review: ReviewPage) -> dict:
    """Return what the browser keeps."""
    return review.page.evaluate("JSON.parse(localStorage.getItem('medxai.reader'))")


def test_the_first_decision_asks_once_who_reads_and_one_key_answers(
    chromium: Browser, own_review_server: ReviewServer
) -> None:
    review = open_unnamed(chromium, own_review_server)
    question = review.page.get_by_role("form", name="Who is reviewing in this browser?")
    expect(question.get_by_role("textbox")).to_have_value(get_default_reader())
    review.page.keyboard.press("ArrowRight")  # looking needs no answer
    [name] = review.decide("a")
    expect(review.page.locator(".note")).to_contain_text("Not recorded yet")
    assert list_decisions(own_review_server.study) == []
    review.page.keyboard.press("Enter")
    expect(question).to_be_hidden(timeout=PATIENCE)
    expect(review.page.locator(".one .head .quiet").first).not_to_have_text(name)
    review.wait_saved()
    [line] = list_decisions(own_review_server.study)
    assert (shorten(line.item_id), line.action, line.reader) == (name, "accept", get_default_reader())
    review.decide("x")
    review.reload()
    expect(question).to_be_hidden()
    expect(review.page.get_by_role("textbox", name="Reader")).to_have_value(get_default_reader())
    assert {one.reader for one in list_decisions(own_review_server.study)} == {get_default_reader()}
    review.page.context.close()


def test_a_second_browser_is_another_reader_unless_it_says_so(
    chromium: Browser, own_review_server: ReviewServer
) -> None:
    first = open_unnamed(chromium, own_review_server)
    first.decide("a")
    first.page.keyboard.press("Enter")
    expect(first.page.locator(".who")).to_be_hidden(timeout=PATIENCE)
    first.wait_saved()
    second = open_unnamed(chromium, own_review_server)
    proposed = second.page.locator(".who input").input_value()
    assert proposed not in ("", get_default_reader())
    assert proposed == read_kept(second)["name"]
    second.decide("x")
    second.page.keyboard.press("Enter")
    expect(second.page.locator(".who")).to_be_hidden(timeout=PATIENCE)
    second.wait_saved()
    assert [one.reader for one in list_decisions(own_review_server.study)] == [get_default_reader(), proposed]
    for review in (first, second):
        review.page.context.close()


def test_a_link_of_a_reader_makes_no_one_decide_as_that_reader(
    chromium: Browser, own_review_server: ReviewServer
) -> None:
    sender = open_review(chromium, own_review_server, reader="sender")
    sender.page.get_by_label("Order").select_option("audit")
    expect(sender.page.get_by_text("is asked again, alone")).to_be_visible(timeout=PATIENCE)
    sender.page.keyboard.press("ArrowRight")
    sender.page.keyboard.press("ArrowRight")
    sender.page.wait_for_timeout(1000)
    shown, link = sender.item, sender.page.url
    assert "sender" not in link and "reader=" not in link
    colleague = ReviewPage(
        chromium.new_context(viewport={"width": 1280, "height": 800}).new_page(), own_review_server, reader="colleague"
    )
    colleague.page.goto(f"{link}&reader=sender")
    colleague.wait()
    assert colleague.item == shown and colleague.page.get_by_label("Order").input_value() == "audit"
    assert "reader=" not in colleague.page.url
    colleague.decide("a")
    colleague.page.locator(".who input").fill("colleague")
    colleague.page.keyboard.press("Enter")
    expect(colleague.page.locator(".who")).to_be_hidden(timeout=PATIENCE)
    colleague.wait_saved()
    assert [(shorten(one.item_id), one.reader) for one in list_decisions(own_review_server.study)] == [
        (shown, "colleague")
    ]
    for review in (sender, colleague):
        review.page.context.close()


def test_another_name_is_followed_by_all_tabs_of_the_browser(
    chromium: Browser, own_review_server: ReviewServer
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    one = open_review(context, own_review_server, reader="anna")
    other = open_review(context, own_review_server, reader="anna")
    field = one.page.get_by_role("textbox", name="Reader")
    field.fill("be\u200bn")
    field.press("Enter")
    for review in (one, other):
        expect(review.page.get_by_role("textbox", name="Reader")).to_have_value("ben", timeout=PATIENCE)
    wait_until_drawn(other.page)
    other.page.bring_to_front()
    other.decide("a")
    other.wait_saved()
    assert [line.reader for line in list_decisions(own_review_server.study)] == ["ben"]
    assert read_kept(one) == {"name": "ben", "isSaid": True}
    context.close()


def test_the_address_names_what_is_on_the_screen(chromium: Browser, own_review_server: ReviewServer) -> None:
    review = open_review(chromium, own_review_server, reader="naming")
    review.page.get_by_label("Show").select_option("all")
    cluster = review.page.get_by_label("Cluster", exact=True)
    chosen = cluster.locator("option").nth(1).get_attribute("value")
    cluster.select_option(chosen)
    review.page.keyboard.press("g")
    expect(review.page.locator(".scroller .card").first).to_be_visible()
    review.page.keyboard.press("ArrowRight")
    review.page.wait_for_timeout(1000)
    link = review.page.url
    for part in (
        "study=",
        "review_item=",
        "review_order=random",
        "review_show=all",
        f"review_cluster={chosen}",
        "review_as=grid",
    ):
        assert part in link
    cursor = review.page.locator(".scroller .card.cursor").get_attribute("aria-label")
    colleague = ReviewPage(chromium.new_page(viewport={"width": 1280, "height": 800}), own_review_server, reader="")
    colleague.page.goto(link)
    colleague.wait()
    expect(colleague.page.locator(".scroller .card.cursor")).to_have_attribute(
        "aria-label", cursor or "", timeout=PATIENCE
    )
    assert colleague.page.get_by_label("Show").input_value() == "all"
    assert colleague.page.get_by_label("Cluster", exact=True).input_value() == chosen
    assert colleague.page.url == link
    for one in (review, colleague):
        one.page.context.close()


def test_a_name_that_stands_in_the_log_already_is_said_to(chromium: Browser, own_review_server: ReviewServer) -> None:
    first = open_review(chromium, own_review_server, reader="anna")
    first.decide("a")
    first.wait_saved()
    other = open_unnamed(chromium, own_review_server)
    other.page.locator(".who input").fill("anna")
    other.page.keyboard.press("Enter")
    expect(other.page.get_by_text("“anna” has decided 1 time in this study before")).to_be_visible(timeout=PATIENCE)
    for review in (first, other):
        review.page.context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_question_breaks_no_rule_of_wcag(chromium: Browser, own_review_server: ReviewServer, dark: bool) -> None:
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, color_scheme="dark" if dark else "light")
    review = ReviewPage(context.new_page(), own_review_server, reader="").open()
    expect(review.page.locator(".who")).to_be_visible(timeout=PATIENCE)
    assert list_violations(review.page) == []
    context.close()
