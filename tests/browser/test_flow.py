"""The frame in a real browser: addresses, stages, the next step, help, the tour, failed jobs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from browser_waiting import wait_until_drawn
from component_modules import load_module
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from medxai_core.jobs import record_job, running_job
from medxai_core.records.decisions import list_decisions
from medxai_core.study import Study, open_study
from pages.components.stepper import STAGES

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from small_studies import make_small_study

PATIENCE = 90_000  # milliseconds
PAGES = ("study", "clusters", "review", "training", "masks", "evaluation", "transparency")
Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def fresh(browser_home: Path, phantom_folder: Path) -> Study:
    """Return a study that was just imported, beside the demo."""
    return make_small_study(browser_home / "studies" / "fresh", phantom_folder)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_an_address_of_its_own_that_names_the_study(open_page: Opener, name: str) -> None:
    page = open_page(name)
    expect(page.get_by_role("heading", level=1).first).to_contain_text(name.capitalize())
    assert re.search(rf"/{name}\?(.*&)?study=demo", page.url)


def test_the_bare_address_leads_to_the_first_page_and_keeps_what_stands_in_it(open_page: Opener) -> None:
    page = open_page("?study_tab=Health+check")
    page.wait_for_url(re.compile(r"/study\?"))
    expect(page.get_by_role("tab", name="Health check")).to_have_attribute("aria-selected", "true")


def test_an_unknown_study_in_the_address_is_said_and_another_can_be_opened(open_page: Opener) -> None:
    page = open_page("masks?study=nowhere")
    expect(page.get_by_text("which is not known on this computer")).to_be_visible()
    page.get_by_role("button", name="Open demo").click()
    expect(page.get_by_role("heading", name="Masks").first).to_be_visible(timeout=PATIENCE)
    assert "study=demo" in page.url


def test_a_page_stays_when_a_part_of_the_page_before_asks_too_late(open_page: Opener) -> None:
    """Streamlit takes a late request for the page before: it draws the part that asked and takes the rest away."""
    page = open_page("study")
    talk = overhear(page)
    late = next(one for one in talk.asked if BackMsg.FromString(one).rerun_script.fragment_id)
    go_to_training(page)
    talk.to_server.send(late)
    page.wait_for_timeout(2000)  # taken away by now
    check_training_is_there(page)


def test_a_page_that_was_taken_away_unnoticed_is_drawn_again(open_page: Opener) -> None:
    """The same where the part that asked is gone: the server has nothing to draw, and does not know."""
    page = open_page("study")
    talk = overhear(page)
    [*_, began] = [one for one in talk.answered if ForwardMsg.FromString(one).WhichOneof("type") == "new_session"]
    go_to_training(page)
    title = page.get_by_test_id("stMain").get_by_role("heading", name="Training", level=1).element_handle()
    talk.to_browser.send(began)
    page.wait_for_function("title => !title.isConnected", arg=title, timeout=PATIENCE)
    check_training_is_there(page)


@dataclass
class Talk:
    """Hold what browser and server said to each other, and the way to each of them."""

    asked: list[bytes] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    to_server: WebSocketRoute | None = None
    to_browser: WebSocketRoute | None = None


def overhear(page: Page) -> Talk:
    """Load the page again and listen, until a part of it has asked by itself."""
    talk = Talk()

    def listen(socket: WebSocketRoute) -> None:
        talk.to_browser, talk.to_server = socket, socket.connect_to_server()
        socket.on_message(lambda message: (talk.asked.append(message), talk.to_server.send(message)))
        talk.to_server.on_message(lambda message: (talk.answered.append(message), socket.send(message)))

    page.route_web_socket("**/_stcore/stream", listen)
    page.reload()
    wait_until_drawn(page)
    for _ in range(100):
        if any(BackMsg.FromString(one).rerun_script.fragment_id for one in talk.asked):
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)  # and was answered
    return talk


def go_to_training(page: Page) -> None:
    """Go to another page, and wait until it is there."""
    page.get_by_test_id("stSidebar").get_by_role("link", name="Training").click()
    expect(page.get_by_test_id("stMain").get_by_role("heading", name="Training", level=1)).to_be_visible()
    wait_until_drawn(page)


def check_training_is_there(page: Page) -> None:
    """Check that the page is there, or comes back."""
    title = page.get_by_test_id("stMain").get_by_role("heading", name="Training", level=1)
    expect(title).to_be_visible(timeout=20_000)
    assert urlparse(page.url).path == "/training"
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_that_broke_for_good_is_loaded_again_once(open_page: Opener) -> None:
    """What the browser was never sent ends Streamlit's connection for good; a reader would see nothing but grey."""
    page = open_page("training")
    talk = overhear(page)
    never_sent = ForwardMsg(ref_hash="never sent").SerializeToString()
    with page.expect_event("load", timeout=PATIENCE):
        talk.to_browser.send(never_sent)
    wait_until_drawn(page)
    check_training_is_there(page)
    loads = []
    page.on("load", lambda _: loads.append("again"))
    talk.to_browser.send(never_sent)
    page.wait_for_timeout(3000)
    assert not loads  # what breaks at once again is no accident, and is left to the reader


def test_an_unknown_run_in_the_address_is_said(open_page: Opener) -> None:
    page = open_page("evaluation?run=quick-lite1-gone00")
    expect(page.get_by_text("The address asks for the training run")).to_be_visible()


def test_the_address_of_another_study_opens_it_and_going_back_returns(open_page: Opener, fresh: Study) -> None:
    page = open_page("study?study=fresh")
    expect(page.get_by_role("heading", name="Study fresh")).to_be_visible()
    page.reload()
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name="Study fresh")).to_be_visible()


def test_a_stage_opens_its_page_and_the_address_follows(open_page: Opener) -> None:
    page = open_page("study")
    stages = page.get_by_role("navigation", name="Stages of this study")
    stages.get_by_role("link", name=re.compile("^Classifier trained, done")).click()
    expect(page.get_by_role("heading", name="Training").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_url(re.compile(r"/training\?.*study=demo"))
    expect(stages.get_by_role("link", name=re.compile("^Classifier"))).to_have_attribute("aria-current", "page")


def go_by_sidebar(page: Page, name: str) -> None:
    """Open a page by the sidebar, and wait until all of it is there."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
    expect_page(page, name)


def expect_page(page: Page, name: str) -> None:
    """Wait until a page is there, and its address with all that the page itself puts into it."""
    expect(page.get_by_role("heading", level=1).first).to_contain_text(name, timeout=PATIENCE)
    page.wait_for_url(re.compile(f"/{name.lower()}\\?"))
    wait_until_drawn(page)
    page.wait_for_timeout(1000)


def test_back_leads_from_page_to_page_in_one_press_each(open_page: Opener) -> None:
    page = open_page("study?study=demo")
    n_steps = page.evaluate("history.length")
    for name in ("Clusters", "Review", "Masks"):
        go_by_sidebar(page, name)
    assert page.evaluate("history.length") == n_steps + 3
    masks = page.url
    assert "image=" in masks and "layer=" in masks  # what the page wrote at first was no step
    page.keyboard.press(".")
    expect(page).not_to_have_url(masks, timeout=PATIENCE)  # another threshold
    assert page.evaluate("history.length") == n_steps + 3
    for name in ("Review", "Clusters", "Study"):
        page.go_back()
        expect_page(page, name)
    page.go_forward()
    expect_page(page, "Clusters")


def test_a_link_of_a_page_is_one_step_and_back_leaves_the_address_behind_it_as_it_was(open_page: Opener) -> None:
    page = open_page("masks?study=demo&split=tuning&layer=14&low=0.3")
    page.wait_for_url(re.compile("image="))
    n_steps, left = page.evaluate("history.length"), parse_qs(urlparse(page.url).query)
    assert {"study", "image", "layer", "low"} <= set(left)
    page.get_by_role("button", name="How this picture came to its mask").click()
    expect_page(page, "Transparency")
    assert "left=" not in page.url
    assert page.evaluate("history.length") == n_steps + 1
    page.evaluate("addEventListener('popstate', () => { window.wentBackTo = location.href; }, true)")
    page.go_back()
    expect_page(page, "Masks")
    assert parse_qs(urlparse(page.evaluate("wentBackTo")).query) == left
    assert parse_qs(urlparse(page.url).query) == left


def test_a_picture_opened_from_a_grid_is_a_step(open_page: Opener) -> None:
    page = open_page("transparency?study=demo")
    grid = page.get_by_role("radiogroup", name="Pictures")
    expect(grid).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name=re.compile("^[0-9a-f]{8}$")).first.click()
    page.wait_for_url(re.compile("image="))
    wait_until_drawn(page)
    page.go_back()
    expect(grid).to_be_visible(timeout=PATIENCE)
    assert "image=" not in page.url


def test_what_is_a_step_of_the_history(chromium: Browser) -> None:
    page = chromium.new_page()
    load_module(page, "frame_bar/steps.js", "isStep")

    def is_step(before: str, after: str) -> bool:
        return page.evaluate("pair => isStep(...pair.map((one) => new URL(one, 'http://x')))", [before, after])

    assert is_step("/study?study=a", "/masks?study=a")
    assert is_step("/study?study=a", "/study?study=b")
    assert is_step("/study?study=a", "/study?study=a&new=1")
    assert is_step("/transparency?image=ab", "/transparency")
    assert not is_step("/study", "/study?study=a")
    assert not is_step("/", "/study?study=a")
    assert not is_step("/masks?study=a", "/masks?study=a&image=ab&layer=3")
    assert not is_step("/masks?layer=3", "/masks?layer=4")
    assert not is_step("/transparency?image=ab", "/transparency?image=abcdef")
    page.close()


WRITE = """(writes) => {
    const place = { href: "http://x/masks?study=a&layer=14&low=0.3" }, log = [], target = new EventTarget();
    const note = (kind) => (state, title, address) => {
        place.href = new URL(address, place.href).href;
        log.push([kind, place.href]);
    };
    const history = Object.create({ pushState: note("push"), replaceState: note("replace") });
    keepHistoryShort(history, place, target);
    for (const [kind, address] of writes) {
        if (kind === "back") {
            place.href = new URL(address, place.href).href;
            target.dispatchEvent(new Event("popstate"));
        } else if (kind === "key") target.dispatchEvent(new Event("keydown"));
        else history.pushState({}, "", address);
    }
    return log;
}"""


def test_what_is_written_on_the_way_to_a_page_never_changes_the_address_behind(chromium: Browser) -> None:
    page = chromium.new_page()
    load_module(page, "frame_bar/steps.js", "keepHistoryShort")
    late = ["/masks?study=a&image=ab&left=masks", "/masks?study=a&image=ab&layer=14&left=masks"]
    [[kind, address]] = page.evaluate(
        WRITE, [["write", one] for one in [*late, "/transparency?study=a&image=ab&left=masks"]]
    )
    assert (kind, address) == ("push", "http://x/transparency?study=a&image=ab")
    kept = page.evaluate(WRITE, [["write", "/masks?study=a&layer=15&low=0.3"], ["write", "/review?study=a"]])
    assert kept == [["replace", "http://x/masks?study=a&layer=15&low=0.3"], ["push", "http://x/review?study=a"]]
    page.close()


def test_a_page_that_was_gone_back_from_does_not_open_again_by_itself(chromium: Browser) -> None:
    page = chromium.new_page()
    load_module(page, "frame_bar/steps.js", "keepHistoryShort")
    back = [["write", "/transparency?study=a"], ["back", "/masks?study=a&layer=14"], ["write", "/transparency?study=a"]]
    assert len(page.evaluate(WRITE, back)) == 1
    assert len(page.evaluate(WRITE, [*back[:2], ["key", ""], back[2]])) == 2  # asked for again
    page.close()


@pytest.mark.parametrize("width", [1024, 1280])
def test_the_stages_stand_in_one_row_and_keep_their_names(open_page: Opener, width: int) -> None:
    page = open_page("study?study=demo", width=width, height=768)
    links = page.get_by_role("navigation", name="Stages of this study").get_by_role("link").all()
    assert len({round(link.bounding_box()["y"]) for link in links}) == 1
    names = [link.get_attribute("aria-label").split(",")[0] for link in links]
    assert names == [stage.title for stage in STAGES]
    right = max(link.bounding_box()["x"] + link.bounding_box()["width"] for link in links)
    step, help_button = page.locator("button.step"), page.get_by_role("button", name="Help", exact=True)
    assert right <= step.bounding_box()["x"] < help_button.bounding_box()["x"]
    assert help_button.bounding_box()["x"] + help_button.bounding_box()["width"] <= width
    for link in links:
        assert link.evaluate(
            "(one) => [...one.children].every((part) => part.scrollWidth <= part.clientWidth + 1 || !part.clientWidth)"
        )


def test_the_next_step_is_one_click_from_import_to_proposals(open_page: Opener, fresh: Study) -> None:
    page = open_page("study?study=fresh")
    page.get_by_role("button", name="Next: describe and group").click()
    expect(page.get_by_text("Describing and grouping the pictures").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Stop")).to_have_count(1)
    expect(page.get_by_role("button", name="Next: review proposals")).to_be_visible(timeout=2 * PATIENCE)
    stages = page.get_by_role("navigation", name="Stages of this study")
    done = stages.get_by_role("link", name=re.compile(r"^Features & clusters, done: \d+ clusters"))
    expect(done).to_be_visible(timeout=PATIENCE)  # the map is drawn last


def test_a_failed_job_says_what_to_do_until_it_is_dismissed_for_good(open_page: Opener, fresh: Study) -> None:
    with pytest.raises(ZeroDivisionError), running_job(fresh, "embed", title="Map of the pictures", parameters={}):
        _ = 1 / 0
    page = open_page("study?study=fresh")
    expect(page.get_by_text("This is a fault of the program, not yours")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("This is a fault of the program")).to_have_count(0)
    page.reload()
    wait_until_drawn(page)
    expect(page.get_by_text("This is a fault of the program")).to_have_count(0)
    record_job(fresh, "nothing", title="-", parameters={})


def test_a_failed_import_is_told_in_sight_and_goes_with_the_next_try(open_page: Opener, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "broken.jpg").write_text("no picture")
    page = open_page("study?new=1", width=1280, height=720)
    failed = page.get_by_test_id("stAlertContainer").filter(has_text="failed:")
    for name in ("first", "second"):
        page.get_by_role("textbox", name="Pictures: folder").fill(str(tmp_path / name))
        page.get_by_role("textbox", name="Name of the study").fill(name)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(failed.filter(has_text=name)).to_be_visible(timeout=PATIENCE)
        expect(failed.filter(has_text=name)).to_be_in_viewport(ratio=0.9)
    expect(failed).to_have_count(1)
    page.get_by_role("button", name="Dismiss").click()
    expect(failed).to_have_count(0)


def test_decisions_reach_the_store_whatever_the_strip_does(open_page: Opener, browser_home: Path) -> None:
    study = open_study(browser_home / "studies" / "demo")
    page = open_page("review")
    for _ in range(2):
        with running_job(study, "speed", title="Seconds a picture", parameters={}):
            expect(page.get_by_text("Seconds a picture").first).to_be_visible(timeout=PATIENCE)
            press_and_wait(page, study, "s")
        expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=PATIENCE)
        press_and_wait(page, study, "z")  # the other tests find every proposal still open


def press_and_wait(page: Page, study: Study, key: str) -> None:
    """Skip a proposal (s) or take that back (z), and wait until the store has the line."""
    before = len(list_decisions(study))
    page.wait_for_timeout(1500)
    page.keyboard.press(key)
    for _ in range(40):
        if len(list_decisions(study)) > before:
            return
        page.wait_for_timeout(250)
    raise AssertionError("the decision did not reach the store")


def test_keys_open_pages_and_the_help(open_page: Opener) -> None:
    page = open_page("study")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Help")).to_have_count(0)
    page.keyboard.press("Alt+4")
    expect(page.get_by_role("heading", name="Training").first).to_be_visible(timeout=PATIENCE)


def test_a_question_mark_that_is_typed_opens_nothing(open_page: Opener) -> None:
    page = open_page("study")
    page.get_by_role("textbox", name="Reader").click()
    page.keyboard.type("a?")
    expect(page.get_by_role("dialog", name="Help")).to_have_count(0)


def test_the_tour_goes_from_page_to_page_and_is_not_offered_twice(open_page: Opener) -> None:
    page = open_page("study")
    page.get_by_role("button", name="Start the tour").click()
    card = page.get_by_role("region", name="Tour of the demo")
    for number, name in enumerate(PAGES, start=1):
        expect(card.get_by_text(f"Tour, {number} of 7")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("heading", level=1).first).to_contain_text(name.capitalize(), timeout=PATIENCE)
        if number < len(PAGES):
            card.get_by_role("button", name="Next stop").click()
    card.get_by_role("button", name="Done").click()
    expect(card).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Study").click()
    expect(page.get_by_role("heading", name="Study demo")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Start the tour")).to_have_count(0)
    page.get_by_role("button", name="Help", exact=True).click()
    page.get_by_role("button", name="Take the tour").click()
    expect(card.get_by_text("Tour, 1 of 7")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_the_tour_lies_over_nothing_and_folds_where_it_is_left(open_page: Opener) -> None:
    page = open_page("study")
    page.get_by_role("button", name="Start the tour").click()
    card = page.get_by_role("region", name="Tour of the demo")
    expect(card.get_by_text("Tour, 1 of 7")).to_be_visible(timeout=PATIENCE)
    assert card.evaluate("card => getComputedStyle(card).position") == "static"
    page.get_by_test_id("stSidebar").get_by_role("link", name="Training").click()
    expect(page.get_by_role("heading", name="Training").first).to_be_visible(timeout=PATIENCE)
    unfold = card.get_by_role("button", name=re.compile("Tour, 1 of 7"))
    expect(unfold).to_be_visible(timeout=PATIENCE)
    expect(card.get_by_role("button", name="End the tour")).to_have_count(0)
    unfold.click()
    expect(card.get_by_role("button", name="Go there")).to_be_visible()
    card.get_by_role("button", name="Fold").click()
    expect(card.get_by_role("button", name="Go there")).to_have_count(0)


def test_the_theme_can_be_chosen_from_the_menu(open_page: Opener) -> None:
    page = open_page("training", width=1280, height=720)
    page.get_by_test_id("stMainMenu").locator("button").click()
    expect(page.get_by_test_id("stMainMenuPopover")).to_contain_text(re.compile("System.*Light.*Dark"))
