"""Facts about decisions on their way: none is lost and none counts twice, whatever breaks in between."""

from __future__ import annotations

from browser_waiting import wait_until_drawn
from playwright.sync_api import Browser, expect
from review_server import PATIENCE, ReviewPage, ReviewServer, open_review, shorten
from sqlalchemy import text

from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_items
from medxai_core.review import list_in_force
from medxai_core.stages.labels import decide
from medxai_core.studies.removal import remove_image
from medxai_core.views.proposal_queue import measure_proposals, order_proposals
from medxai_core.views.reasons import load_reasoning
from medxai_core.views.review_cards import list_taken_by_others


def check_once(review, names: list[str]) -> None:
    """Check that the store holds one line for each picture, in the order of the names."""
    review.wait_saved()
    log = review.list_own()
    assert [shorten(one.item_id) for one in log] == names
    assert len({one.event_id for one in log}) == len(names)


def test_a_reload_in_the_middle_loses_and_doubles_nothing(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="reloading")
    names: list[str] = []
    for _ in range(3):
        names += review.decide("axu")
        review.page.once("dialog", lambda dialog: dialog.accept())  # it warns while something is not saved
        review.reload()
    names += review.decide("a")
    check_once(review, names)
    assert len(set(names)) == 10


SLOW_UP = """(() => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (message) { setTimeout(() => send.call(this, message), 700); };
})()"""
SLOW_DOWN = {"offline": False, "latency": 300, "downloadThroughput": 150_000, "uploadThroughput": 10_000}


def test_a_slow_network_loses_and_doubles_nothing(chromium: Browser, review_server: ReviewServer) -> None:
    review = open_review(chromium, review_server, reader="slow-line")
    first = review.decide("ax")
    review.page.add_init_script(SLOW_UP)
    review.page.once("dialog", lambda dialog: dialog.accept())
    review.reload()
    review.page.context.new_cdp_session(review.page).send("Network.emulateNetworkConditions", SLOW_DOWN)
    names = review.decide("uaxs")
    expect(review.saved).to_contain_text("not saved yet")
    check_once(review, first + names)
    assert not review.errors


def test_two_tabs_of_one_reader_know_of_each_other(chromium: Browser, review_server: ReviewServer) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    one = open_review(context, review_server, reader="two-tabs")
    two = open_review(context, review_server, reader="two-tabs")
    names = []
    for tab, keys in ((one, "ax"), (two, "ua"), (one, "xs"), (two, "a")):
        tab.page.bring_to_front()
        expect(tab.page.locator(".one .head .own")).to_have_count(0)  # it has gone on with the other tab
        if names:  # and with its last decision too
            expect(tab.page.locator(".one .head .quiet").first).not_to_have_text(names[-1])
        names += tab.decide(keys)
    one.wait_saved()
    two.wait_saved()
    log = one.list_own()
    assert sorted(shorten(entry.item_id) for entry in log) == sorted(names)
    assert len({entry.event_id for entry in log}) == len(log) == 7
    assert len(set(names)) == 7  # what one tab decided on, the other did not ask again
    one.page.bring_to_front()
    expect(one.page.locator(".one .head .quiet").first).not_to_have_text(names[-1])  # it knows of that one too
    one.page.keyboard.press("z")
    one.wait_saved()
    assert shorten(one.list_own()[-1].item_id) == names[-1]  # the last decision, though the other tab took it
    context.close()


def test_a_second_reader_sees_nothing_of_the_first(chromium: Browser, review_server: ReviewServer) -> None:
    second = open_review(chromium, review_server, reader="second")
    before = second.page.locator(".one .head").inner_text()
    place = second.page.locator(".one .place").inner_text()
    second.page.context.close()
    first = open_review(chromium, review_server, reader="first-of-two")
    first.decide("axouf")
    first.wait_saved()
    second = open_review(chromium, review_server, reader="second")
    expect(second.page.locator(".reason")).to_contain_text("It lies in cluster", timeout=PATIENCE)
    assert second.page.locator(".one .place").inner_text() == place
    assert second.page.locator(".one .head").inner_text() == before
    assert "first-of-two" not in second.page.locator("body").inner_text()
    assert second.page.get_by_role("button", name="Undo").is_disabled()
    second.page.get_by_label("Show").select_option("all")
    second.page.keyboard.press("g")
    expect(second.page.locator(".scroller .card").first).to_be_visible()
    assert second.page.locator(".scroller .card.decided").count() == 0
    second.page.get_by_label("Show").select_option("shared")
    expect(second.page.get_by_text("share the work")).to_be_visible(timeout=PATIENCE)
    expect(second.page.locator(".actions")).to_contain_text("None chosen")
    taken = list_taken_by_others(list_decisions(review_server.study), "second")
    left = len(set(find_labelling(review_server.study).proposals) - taken)
    second.page.keyboard.press("g")
    expect(second.page.locator(".one .place")).to_contain_text(f"of {left}", timeout=PATIENCE)


def test_decisions_taken_offline_are_stored_once_when_the_network_is_back(
    chromium: Browser, review_server: ReviewServer
) -> None:
    review = open_review(chromium, review_server, reader="offline")
    names = review.decide("ax")
    review.wait_saved()
    review.page.wait_for_timeout(1500)  # the next pictures come meanwhile
    review.page.context.set_offline(True)
    names += review.decide("uaxu")
    expect(review.saved).to_contain_text("not saved yet")
    expect(review.page.locator(".alert")).to_contain_text("more than 5 seconds", timeout=PATIENCE)
    assert len(review.list_own()) == 2
    review.page.context.set_offline(False)
    check_once(review, names)


def test_a_server_killed_in_the_middle_gets_all_of_them_once(chromium: Browser, mortal_server: ReviewServer) -> None:
    review = open_review(chromium, mortal_server, reader="power-cut")
    names = review.decide("axu")
    review.page.wait_for_timeout(1500)
    mortal_server.kill()
    names += review.decide("axu")
    expect(review.saved).to_contain_text("not saved yet")
    mortal_server.start()
    check_once(review, names)
    names += review.decide("a")
    check_once(review, names)


def test_a_disagreement_leaves_the_queue_when_it_is_settled_and_comes_back_by_undo(
    chromium: Browser, own_study: ReviewServer
) -> None:
    first, second = sorted(find_labelling(own_study.study).proposals)[:2]
    for item_id in (first, second):
        decide(own_study.study, item_id, "accept", reader="one")
        decide(own_study.study, item_id, "reject", reader="two")
    review = open_review(chromium, own_study, reader="third", review_order="disagreement")
    place = review.page.locator(".one .place")
    expect(place).to_have_text("1 of 2")
    names = review.decide("s")  # put off: still to be settled
    expect(place).to_have_text("2 of 2")
    names += review.decide("a")
    expect(place).to_have_text("1 of 1")
    names += review.decide("x")
    expect(review.page.get_by_text("Nothing is left in this queue.")).to_be_visible()
    review.wait_saved()
    review.page.keyboard.press("z")
    expect(place).to_have_text("1 of 1")
    assert review.item == names[-1]


def test_a_lost_connection_is_a_note_beside_the_review_and_takes_no_key(
    chromium: Browser, mortal_server: ReviewServer
) -> None:
    review = open_review(chromium, mortal_server, reader="unplugged")
    names = review.decide("a")
    review.wait_saved()
    review.page.wait_for_timeout(1500)  # the next pictures come meanwhile
    mortal_server.kill()
    names += review.decide("x")
    note = review.page.get_by_role("dialog").filter(has_text="not responding")
    expect(note).to_be_visible(timeout=PATIENCE)
    alert = review.page.locator(".alert")
    expect(alert).to_contain_text("more than 5 seconds", timeout=PATIENCE)
    for part in (alert, review.saved, review.page.locator(".keys")):
        assert not overlap(note.bounding_box(), part.bounding_box())
    names += review.decide("u")  # the note has the focus
    expect(review.saved).to_contain_text("2 not saved yet")
    mortal_server.start()
    check_once(review, names)
    expect(note).to_have_count(0)


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    """Return True when two boxes of the page share a point."""
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_decisions_that_a_closed_page_left_behind_are_sent_by_the_next_one(
    chromium: Browser, mortal_server: ReviewServer
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    review = open_review(context, mortal_server, reader="closing")
    review.page.wait_for_timeout(1500)
    mortal_server.kill()
    names = review.decide("ax")
    review.page.close(run_before_unload=False)
    mortal_server.start()
    again = open_review(context, mortal_server, reader="closing")
    check_once(again, names)
    assert again.item not in names
    context.close()


def test_every_page_says_that_decisions_wait_and_leads_to_where_they_are_sent(
    chromium: Browser, mortal_server: ReviewServer
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    review = open_review(context, mortal_server, reader="leaving")
    review.page.wait_for_timeout(1500)  # the next pictures come meanwhile
    mortal_server.kill()
    names = review.decide("ax")
    review.page.close(run_before_unload=False)
    mortal_server.start()
    page = context.new_page()
    page.goto(f"{mortal_server.url}/study?study={mortal_server.name}")
    wait_until_drawn(page)
    sign = page.get_by_role("button", name="2 decisions wait to be sent: open Review")
    expect(sign).to_be_visible(timeout=PATIENCE)
    assert list_decisions(mortal_server.study, reader="leaving") == []
    sign.click()
    later = ReviewPage(page, mortal_server, reader="leaving").wait()
    check_once(later, names)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Study").click()
    expect(page.get_by_role("heading", level=1).first).to_contain_text("Study", timeout=PATIENCE)
    expect(sign).to_have_count(0)
    context.close()


def test_a_picture_that_was_removed_meanwhile_comes_back_with_the_reason(
    chromium: Browser, own_study: ReviewServer
) -> None:
    study = own_study.study
    reasoning = load_reasoning(study)
    order = order_proposals(measure_proposals(reasoning, list_items(study)), "uncertain")
    review = open_review(chromium, own_study, reader="failing")
    remove_image(study, order[0].split("-")[0])
    [name, *_] = review.decide("a")
    failures = review.page.locator(".failures")
    expect(failures).to_contain_text(f"Not saved: {name}", timeout=PATIENCE)
    expect(failures).to_contain_text("no training item")
    assert "smith" not in failures.inner_text()
    review.wait_saved()
    assert review.list_own() == []
    failures.get_by_role("button", name="Show it").first.click()
    expect(review.page.locator(".one .head")).to_contain_text(name)
    assert review.page.locator(".one .head .own").count() == 0  # open again


def test_a_store_that_cannot_be_written_is_told_and_the_pictures_return(
    chromium: Browser, own_study: ReviewServer
) -> None:
    review = open_review(chromium, own_study, reader="no-store")
    with own_study.study.begin() as connection:
        connection.execute(text("ALTER TABLE decisions RENAME TO decisions_gone"))
    names = review.decide("ax")
    failures = review.page.locator(".failures")
    for name in names:
        expect(failures).to_contain_text(f"Not saved: {name}", timeout=PATIENCE)
    with own_study.study.begin() as connection:
        connection.execute(text("ALTER TABLE decisions_gone RENAME TO decisions"))
    review.reload()
    assert review.list_own() == []  # what was told as not saved is not stored behind the reader's back
    for _ in names:  # loaded again it shows one of the pictures that came back, or the one after them
        if review.item != names[0]:
            review.page.keyboard.press("ArrowLeft")
    expect(review.page.locator(".one .head .own")).to_have_count(0)  # open again
    again = review.decide("ax")
    check_once(review, again)
    assert again == names
    assert len(list_in_force(review.list_own())) == 2
    assert set(find_labelling(own_study.study).proposals) >= {one.item_id for one in review.list_own()}
