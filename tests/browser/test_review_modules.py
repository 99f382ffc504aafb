"""Facts about the review's own modules: the browser reads a log as the core does, and choosing is plain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from component_modules import load_module
from playwright.sync_api import Browser, Page

from medxai_core.errors import DecisionError
from medxai_core.review import Decision, find_redo_target, find_undo_target
from medxai_core.views.review_cards import list_own_log
from medxai_core.views.review_progress import list_outcomes

AT = "2024-05-01T10:00:00"
ITEMS = {f"i{n}": ("polyp" if n % 2 else "non_polyp", "new") for n in range(6)}
REVERTING = ["undo", "redo", "withdraw", "reinstate"]
ALL_ACTIONS = ["accept", "reject", "other", "unsure", "skip", "flag", *REVERTING]
READ_LOG = """([lines, proposals]) => {
    const ledger = makeLedger();
    for (const line of lines) ledger.follow(line);
    const last = (found) => found.length ? found[0].id : null;
    return {
        outcomes: Object.fromEntries(Object.entries(proposals).map(([item, [label, clustering]]) =>
            [item, ledger.getOutcome(item, { label, clustering }).outcome])),
        oneByOne: Object.fromEntries(Object.entries(proposals).map(([item, [label, clustering]]) =>
            [item, ledger.getOutcome(item, { label, clustering }, true).outcome])),
        flagged: Object.keys(proposals).filter((item) => ledger.isFlagged(item)),
        undo: ledger.findUndo().map((event) => event.id),
        redo: ledger.findRedo().map((event) => event.id),
    };
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page()
    load_module(made, "review_grid/ledger.js", "makeLedger")
    load_module(made, "review_grid/selection.js", "emptyChoice", "clickPlace", "boxPlaces")
    load_module(made, "review_grid/notices.js", "saySeeds")
    load_module(made, "review_grid/hub.js", "getHub")
    yield made
    made.close()


def test_a_link_that_goes_leaves_the_one_that_took_its_place(page: Page) -> None:
    """From the first pictures to the proposals the links are mounted anew, before the old ones go."""
    sent = page.evaluate(
        """() => {
            const hub = getHub("test"), sent = [];
            const [first, second] = ["first", "second"].map((name) => (message) => sent.push([name, message]));
            hub.connect("outbox", first);
            hub.connect("outbox", second);
            hub.disconnect("outbox", first);
            const wasSent = hub.send("outbox", 1);
            hub.disconnect("outbox", second);
            return [sent, wasSent, hub.send("outbox", 2)];
        }"""
    )
    assert sent == [[["second", 1]], True, False]


def draw_log(seed: int, n: int = 80) -> list[Decision]:
    """Return a log by chance: two readers, all actions, undo and redo with and without a name, restores, batches."""
    rng = np.random.default_rng(seed)
    log: list[Decision] = []
    for number in range(1, n + 1):
        action = str(rng.choice(ALL_ACTIONS))
        item = f"i{rng.integers(6)}"
        clustering = str(rng.choice(["new", "old"]))
        label = str(rng.choice(["polyp", "non_polyp"])) if action in ("accept", "reject", "other") else None
        earlier = [one for one in log if one.action not in REVERTING]
        named = earlier[rng.integers(len(earlier))] if earlier else None
        undoes = None
        if action in REVERTING:
            if named is None:
                continue
            undoes, item = named.event_id, named.item_id
            if action in ("undo", "redo") and rng.random() < 0.5:
                undoes = None
        reason = f"several at once #{rng.integers(4):08x}" if rng.random() < 0.2 and undoes is None else ""
        reader = str(rng.choice(["r1", "r2"], p=[0.8, 0.2]))
        log.append(Decision(number, f"e{number}", reader, AT, item, action, label, reason, clustering, undoes))
    return log


def as_lines(log: list[Decision]) -> list[dict]:
    """Return a log as the browser gets it."""
    return [
        {
            "id": one.event_id, "item": one.item_id, "action": one.action, "label": one.label, "undoes": one.undoes,
            "batch": one.reason.rpartition("#")[2] or None, "clustering": one.clustering_id,
        }
        for one in log
    ]  # fmt: skip


def find_target(find, log: list[Decision]) -> str | None:
    """Return what would be undone or redone."""
    try:
        return find(log, "r1").event_id
    except DecisionError:
        return None


@pytest.mark.parametrize("seed", range(25))
def test_the_browser_reads_a_log_as_the_core_does(page: Page, seed: int) -> None:
    log = draw_log(seed)
    found = page.evaluate(READ_LOG, [as_lines(list_own_log(log, "r1")), ITEMS])
    assert found["outcomes"] == list_outcomes(ITEMS, log, reader="r1")
    assert found["oneByOne"] == list_outcomes(ITEMS, log, reader="r1", one_by_one=True)
    undo, redo = find_target(find_undo_target, log), find_target(find_redo_target, log)
    assert (undo in found["undo"]) if undo else found["undo"] == []
    assert (redo in found["redo"]) if redo else found["redo"] == []


def test_an_event_that_comes_twice_counts_once(page: Page) -> None:
    accept = Decision(1, "a", "r1", AT, "i1", "accept", "polyp", "", "new")
    log = [accept, Decision(2, "b", "r1", AT, "i1", "undo", undoes="a")]
    once, twice = (page.evaluate(READ_LOG, [as_lines(lines), ITEMS]) for lines in (log, [*log, *log]))
    assert once == twice and once["outcomes"]["i1"] == "open" and once["redo"] == ["a"]


def test_choosing_by_click_shift_toggle_and_box(page: Page) -> None:
    steps = """() => {
        const list = (choice) => [...choice.chosen].sort((a, b) => a - b);
        const one = clickPlace(emptyChoice(), 4);
        const range = clickPlace(one, 2, { shift: true });
        const back = clickPlace(range, 6, { shift: true });
        const toggled = clickPlace(back, 5, { toggle: true });
        const boxed = [true, false].map((add) => boxPlaces(toggled, [0, 1], add));
        return [one, range, back, toggled, ...boxed].map(list);
    }"""
    assert page.evaluate(steps) == [[4], [2, 3, 4], [4, 5, 6], [4, 6], [0, 1, 4, 6], [0, 1]]


@pytest.mark.parametrize(
    ("polyp", "non_polyp", "tiled", "words"),
    [
        (0, 0, False, "polyp and non-polyp are missing."),
        (7, 0, False, "non-polyp is missing."),
        (8, 0, False, "Only polyp so far. If your pictures all show a polyp, import them again as 2 x 2 tiles"),
        (8, 0, True, "Only polyp so far. Go on until you find one that shows non-polyp"),
        (0, 9, False, "Only non-polyp so far. Go on until you find one that shows polyp"),
        (8, 1, False, "Enough to let labels be proposed"),
    ],
)
def test_what_is_missing_is_said_with_the_remedy(
    page: Page, polyp: int, non_polyp: int, tiled: bool, words: str
) -> None:
    say = """([polyp, non_polyp, isTiled, known]) => saySeeds({
        deck: { isTiled, header: {
            classes: ["non_polyp", "polyp"], class_words: { polyp: "polyp", non_polyp: "non-polyp" },
            given: {}, known, wanted: 100,
        } },
        desk: { countLabels: () => ({ polyp, non_polyp }) },
    })"""
    assert words in page.evaluate(say, [polyp, non_polyp, tiled, []])
    of_others = page.evaluate(say, [polyp, non_polyp, tiled, ["non_polyp", "polyp"]])
    assert of_others.startswith(f"You: Polyp: {polyp}")
    assert ("Other readers have labelled some" in of_others) == (not polyp or not non_polyp)
