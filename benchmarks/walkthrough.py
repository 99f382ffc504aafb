"""Walk from an unlabelled folder of real pictures to a locked mask setting in a real browser; count clicks, keys, time.

Run ``python benchmarks/walkthrough.py --images FOLDER --masks FOLDER --polyp-free FOLDER``. The pictures (1,000 unless
told otherwise; polyp-free ones fill up what the first folder lacks) go into a study without labels and without masks;
the masks only play the reader who knows the answer. Waiting for the computer is counted apart. ``--install`` begins
with ``make app`` in a clean clone: installation, and the making of the demo. Writes the waterfall into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))

import tables
import turns
from playwright.sync_api import Locator, Page, expect, sync_playwright
from write_screenshots import CHROMIUM, FLAGS, serve

from medxai_core.images import cut_tiles, load_mask, read_image_size
from medxai_core.records.masks import get_locked_setting
from medxai_core.records.runs import list_runs
from medxai_core.study import list_studies, open_study

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "kvasir_seg"
PATIENCE = 30_000  # milliseconds, for the page
LONG = 1_800_000  # milliseconds, for work of the computer
N_PICTURES = 1000
BAR = 40  # signs
INSTALLATION = {"make app: install the packages": ".venv/bin/.installed", "make app: the demo": "demo"}
N_SEEDS = 24
N_REVIEWED = 24
N_LOOKED_AT = 6
MOST_TRIES = 5
SHORT_ID = re.compile(r"^([0-9a-f]{8})(?:[ -](r\d+c\d+))?")


@dataclass
class Stage:
    """Hold what one stage cost."""

    name: str
    clicks: int = 0
    keys: int = 0
    seconds: float = 0.0
    waited: float = 0.0


@dataclass
class Hand:
    """Click, type and wait, and count it for the stage at hand."""

    page: Page
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what the body does as one stage."""
        self.stages.append(Stage(name))
        begun = time.monotonic()
        yield
        self.stages[-1].seconds = time.monotonic() - begun
        sys.stderr.write(f"{name}: {self.stages[-1]}\n")

    def click(self, target: Locator) -> None:
        """Click once."""
        target.click(timeout=PATIENCE)
        self.stages[-1].clicks += 1

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)
        self.stages[-1].keys += 1

    def wait(self, target: Locator) -> None:
        """Wait until the computer has done its work."""
        begun = time.monotonic()
        expect(target).to_be_visible(timeout=LONG)
        self.stages[-1].waited += time.monotonic() - begun

    def button(self, name: str) -> Locator:
        """Return a button by its name."""
        return self.page.get_by_role("button", name=name).first

    def next_step(self, name: str) -> Locator:
        """Return the button of the next step."""
        return self.page.get_by_role("button", name=f"Next: {name}")


class Reader:
    """Know of every tile whether it shows a polyp: from the masks, which the study does not hold.

    A picture without a mask shows none.
    """

    def __init__(self, images: Path, masks: Path, *, rows: int, columns: int) -> None:
        self.tiles = rows, columns
        self.by_id = {self._name(path): (path, masks / path.name) for path in images.iterdir()}

    @staticmethod
    def _name(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:8]

    def sees_polyp(self, image_id: str, tile: str) -> bool:
        """Return True when a tile holds a pixel of the polyp."""
        image, mask_path = self.by_id[image_id]
        if not mask_path.is_file():
            return False
        size = read_image_size(image)
        mask = load_mask(mask_path, expected_size=size)
        row, column = map(int, re.findall(r"\d+", tile))
        boxes = cut_tiles(*size, rows=self.tiles[0], columns=self.tiles[1])
        box = boxes[row * self.tiles[1] + column]
        return bool(mask[box.y0 : box.y1, box.x0 : box.x1].any())


def walk(hand: Hand, address: str, reader: Reader, n_pictures: int) -> None:
    """Do every stage."""
    hand.page.goto(address)
    import_pictures(hand, n_pictures)
    prepare(hand)
    label_seeds(hand, reader)
    propose(hand)
    review(hand, reader)
    train(hand)
    lock(hand)


def import_pictures(hand: Hand, n_pictures: int) -> None:
    """Take the folder that the app has found, as 2 x 2 tiles: without tiles every picture would show a polyp."""
    with hand.stage("Import"):
        hand.click(hand.button(f"({n_pictures:,} pictures)"))
        hand.click(hand.page.get_by_text("2 x 2 tiles", exact=True))
        hand.click(hand.page.get_by_role("button", name="Import", exact=True))
        hand.wait(hand.next_step("describe and group"))


def prepare(hand: Hand) -> None:
    """Features, clusters and the map."""
    with hand.stage("Features & clusters"):
        hand.click(hand.next_step("describe and group"))
        hand.wait(hand.next_step("label first pictures"))


def label_seeds(hand: Hand, reader: Reader) -> None:
    """Label the first tiles, one key each."""
    with hand.stage(f"Label {N_SEEDS} first tiles"):
        hand.click(hand.next_step("label first pictures"))
        hand.click(hand.button("That is me"))  # asked once: who is reviewing in this browser?
        expect(hand.button("That is me")).to_be_hidden(timeout=LONG)
        judge(hand, reader, N_SEEDS, lambda is_polyp: "p" if is_polyp else "n")


def propose(hand: Hand) -> None:
    """Let the clusters propose."""
    with hand.stage("Proposals"):
        hand.wait(hand.next_step("propose labels"))
        hand.click(hand.next_step("propose labels"))
        hand.wait(hand.next_step("review proposals"))


def review(hand: Hand, reader: Reader) -> None:
    """Accept or correct proposals, one key each."""
    with hand.stage(f"Review {N_REVIEWED} proposals"):
        hand.click(hand.next_step("review proposals"))
        judge(hand, reader, N_REVIEWED, lambda is_polyp: pick_answer(hand.page, is_polyp))


def train(hand: Hand) -> None:
    """Train with the quick recipe."""
    with hand.stage("Training (quick)"):
        hand.wait(hand.next_step("train the classifier"))
        hand.click(hand.next_step("train the classifier"))
        hand.click(hand.page.get_by_role("radio", name="Quick"))
        hand.click(hand.button("Start training"))
        hand.wait(hand.next_step("choose and lock a mask"))


def lock(hand: Hand) -> None:
    """Look at some pictures, move the threshold, lock."""
    with hand.stage(f"Mask on {N_LOOKED_AT} pictures, lock"):
        hand.click(hand.next_step("choose and lock a mask"))
        canvas = hand.page.locator("canvas").first
        hand.wait(canvas)
        for _ in range(N_LOOKED_AT):
            hand.press(".")
            hand.press(".")
            hand.press("n")
            hand.page.wait_for_timeout(1500)
        hand.click(hand.button("Lock this setting"))
        expect(hand.page.get_by_text("Locked:").first).to_be_visible(timeout=PATIENCE)


def judge(hand: Hand, reader: Reader, n: int, answer: Callable[[bool], str]) -> None:
    """Decide on n tiles by key; each time wait until the next one is there."""
    shown = hand.page.get_by_text(SHORT_ID).first
    expect(shown).to_be_visible(timeout=LONG)
    for _ in range(n):
        before = shown.inner_text()
        found = SHORT_ID.match(before)
        if found is None:
            raise RuntimeError(f"no id of a tile in {before!r}")
        hand.page.wait_for_timeout(400)  # a reader looks
        decide(hand, shown, before, answer(reader.sees_polyp(found[1], found[2] or "r0c0")))


def decide(hand: Hand, shown: Locator, before: str, key: str) -> None:
    """Press a key until the next tile is there: one that comes before the picture is not recorded, and counts here."""
    for _ in range(MOST_TRIES):
        hand.press(key)
        for _ in range(20):
            if shown.inner_text() != before:
                return
            hand.page.wait_for_timeout(100)
    raise RuntimeError(f"{key!r} does not bring the next tile")


def pick_answer(page: Page, is_polyp: bool) -> str:
    """Return the key for a proposal: accept, or the other class."""
    is_proposed = page.get_by_role("button", name=re.compile("It is non-polyp")).count() > 0
    return "a" if is_proposed is is_polyp else "o"


def write_table(stages: list[Stage]) -> str:
    """Return what each stage cost and the sum, with a bar from where its wait begins to where it ends."""
    clicks, keys = (sum(getattr(one, name) for one in stages) for name in ("clicks", "keys"))
    seconds, waited = sum(one.seconds for one in stages), sum(one.waited for one in stages)
    lines = ["| stage | clicks | keys | seconds | of them waiting | the waits, one after the other |"]
    lines += ["|---|---|---|---|---|---|"]
    before = 0.0
    for one in stages:
        start, end = (round(BAR * at / waited) for at in (before, before + one.waited))
        before += one.waited
        bar = "`" + " " * start + "#" * (end - start) + " " * (BAR - end) + "`"
        lines.append(f"| {one.name} | {one.clicks} | {one.keys} | {one.seconds:.0f} | {one.waited:.0f} | {bar} |")
    return "\n".join([*lines, f"| In all | {clicks} | {keys} | {seconds:.0f} | {waited:.0f} | |"]) + "\n"


def install() -> list[Stage]:
    """Do what ``make app`` does before it serves, in a clean clone."""
    stages = []
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        for name, target in INSTALLATION.items():
            begun = time.monotonic()
            environment = os.environ | {"MEDXAI_HOME": str(home)}
            subprocess.run(["make", target], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)
            took = time.monotonic() - begun
            stages.append(Stage(name, seconds=took, waited=took))
    return stages


def choose_pictures(images: Path, polyp_free: Path | None, n_pictures: int) -> list[Path]:
    """Return the first pictures of a folder, and as many of the other as are missing."""
    chosen = sorted(images.glob("*.jpg"))[:n_pictures]
    return chosen + (sorted(polyp_free.glob("*.jpg"))[: n_pictures - len(chosen)] if polyp_free else [])


def run(chosen: list[Path], masks: Path) -> list[Stage]:
    """Walk once in a home of its own; raise when nothing is locked at the end."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        pictures = home / "user" / "Pictures" / "colonoscopies"
        pictures.mkdir(parents=True)
        for path in chosen:
            shutil.copy(path, pictures)
        reader = Reader(pictures, masks, rows=2, columns=2)
        os.environ |= {"HOME": str(home / "user"), "MEDXAI_HOME": str(home / "medxai")}
        (home / "medxai").mkdir()
        with sync_playwright() as playwright, serve(home / "medxai") as address:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            hand = Hand(page)
            try:
                walk(hand, address, reader, len(chosen))
            except BaseException:
                page.screenshot(path=ROOT / "build" / "walkthrough.png")
                raise
            finally:
                browser.close()
        check_is_locked()
    return hand.stages


def check_is_locked() -> None:
    """Raise unless the walk has left a locked setting in the store."""
    [folder] = list_studies()
    study = open_study(folder)
    if not any(get_locked_setting(study, one.run_id) for one in list_runs(study)):
        raise RuntimeError("nothing is locked")


def main() -> None:
    """Read the arguments, walk, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=SHARED / "images")
    parser.add_argument("--masks", type=Path, default=SHARED / "masks")
    parser.add_argument("--polyp-free", type=Path, default=SHARED.parent / "cp_child" / "images")
    parser.add_argument("--pictures", type=int, default=N_PICTURES)
    parser.add_argument("--install", action="store_true", help="Begin with an installation in a clean clone.")
    given = parser.parse_args()
    if not given.images.is_dir() or not Path(CHROMIUM).exists():
        sys.stdout.write("walk-through left out: it needs real pictures (--images, --masks) and Chromium.\n")
        return
    chosen = choose_pictures(given.images, given.polyp_free if given.polyp_free.is_dir() else None, given.pictures)
    stages = (install() if given.install else []) + run(chosen, given.masks)
    options = " --install" if given.install else ""
    table = f"`python benchmarks/walkthrough.py{options}`: {turns.describe_computer()}, {len(chosen):,} real pictures, "
    table += f"cut into 2 x 2 tiles, {N_SEEDS} first labels and {N_REVIEWED} answers to proposals.\n\n"
    table += write_table(stages)
    sys.stdout.write(table)
    tables.write_table("performance.md", "walkthrough", table)


if __name__ == "__main__":
    main()
