"""How the app feels: from an input event to the painted frame, in a real browser, at the sizes of DESIGN 5.

Run ``python benchmarks/ui.py``; it makes two studies under build/benchmarks (once), serves the app, drives it in
Chromium, prints a table and writes docs/performance.md. Name rows to run only some of them. Times are those of
this computer; nothing is a test.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))
sys.path.append(str(ROOT / "tests" / "browser"))

import tables
from big_study import make_big_study
from browser_reader import name_reader
from browser_waiting import wait_until_drawn
from PIL import Image
from system_chromium import CHROMIUM, FLAGS

from medxai_core.config import PIPELINE_PRESETS
from medxai_core.phantom import draw_study
from medxai_core.pipeline import run_pipeline
from medxai_core.stages.heatmaps import compute_study_heatmaps
from medxai_core.studies.importing import ImportOptions, import_pictures, study_in_the_making
from medxai_core.study import Study, open_study, register_study

HOME = ROOT / "build" / "benchmarks" / "home"
N_EVENTS = 200
LARGE = (1280, 1024)
N_LARGE, N_BIG = 160, 110_000
LOOK = 400  # milliseconds a reader looks before a key: the review refuses keys on a picture just shown


@dataclass(frozen=True)
class Result:
    """Hold one row: milliseconds of every event, and what it should be."""

    act: str
    milliseconds: list[float]
    target: float
    unit: str = "ms"
    note: str = ""

    def write(self) -> str:
        """Return the row of the table."""
        p50, p95 = np.percentile(self.milliseconds, [50, 95])
        met = "yes" if p95 <= self.target else f"no, {p95 / self.target:.1f} x"
        cells = [self.act, str(len(self.milliseconds)), f"{p50:.1f}", f"{p95:.1f}", f"{self.target:g} {self.unit}", met]
        return "| " + " | ".join([*cells, self.note]) + " |"


def make_large_study(home: Path) -> Path:
    """Make a study of 1280x1024 pictures with a trained classifier and the maps of all layers."""
    folder = home / "studies" / "large"
    if (folder / "study.db").is_file():
        return folder
    with study_in_the_making(folder) as study:
        drawn = study.folder / "pictures"
        draw_study(drawn, n_images=N_LARGE, seed=3)
        for path in [*(drawn / "images").iterdir(), *(drawn / "masks").iterdir()]:
            way = Image.Resampling.NEAREST if path.parent.name == "masks" else Image.Resampling.BICUBIC
            with Image.open(path) as picture:
                picture.resize(LARGE, way).save(path, quality=92)
        _fill(study, drawn)
    register_study(folder)
    return folder


def _fill(study: Study, drawn: Path) -> None:
    """Import the pictures, run the quick line and keep the maps of all layers of the tuning pictures."""
    options = ImportOptions(
        images=drawn / "images", masks=drawn / "masks", labels=drawn / "labels.csv", group_column="group",
        layout="folders", seeds=16, validation=20, tuning_share=0.25, test_share=0.15,
    )  # fmt: skip
    import_pictures(study, options)
    found = run_pipeline(study, PIPELINE_PRESETS["quick"])
    compute_study_heatmaps(study, found.run_id, layers=range(21), splits=["tuning"])


@contextmanager
def serve(home: Path) -> Iterator[tuple[str, int]]:
    """Serve the app on a free port; give its address and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with open(home / "server.log", "wb") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"MEDXAI_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        _wait_for_health(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)


def _wait_for_health(url: str) -> None:
    """Return when the server answers."""
    for _ in range(400):
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError("the server did not start; see server.log in the home of the benchmark")


def open_page(browser: Browser, url: str) -> Page:
    """Open a page of the app, wait until it is drawn, and put the probe in."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    name_reader(context, url, "benchmark")
    page = context.new_page()
    page.goto(url)
    wait_until_drawn(page)
    page.add_script_tag(path=ROOT / "benchmarks" / "frames_probe.js")
    page.wait_for_timeout(2000)
    return page


def follow(page: Page, kind: str, act: Callable[[int], None], *, within: str | None = None, n: int = N_EVENTS) -> list:
    """Do an act n times and return the milliseconds from each event's handler to its painted frame."""
    page.evaluate("([kind, within]) => startProbe(kind, within)", [kind, within])
    for number in range(n):
        act(number)
    page.wait_for_timeout(1500)
    read = page.evaluate("readProbe()")
    page.evaluate("stopProbe()")
    return [handled for handled, _ in read["samples"]]


def _drag(page: Page, slider: Locator) -> Callable[[int], None]:
    """Press on a slider; return what moves it a little to and fro."""
    box, thumb = slider.bounding_box(), 16
    middle, room = box["y"] + box["height"] / 2, box["width"] - thumb
    share = slider.evaluate("(input) => (input.value - input.min) / (input.max - input.min)")
    page.mouse.move(box["x"] + thumb / 2 + room * share, middle)
    page.mouse.down()

    def move(number: int) -> None:
        swing = 0.5 + 0.4 * np.sin(number / 9)
        page.mouse.move(box["x"] + thumb / 2 + room * swing, middle)
        page.wait_for_timeout(17)

    return move


def measure_threshold(browser: Browser, address: str, _: Study) -> Result:
    """Drag the threshold of one large picture."""
    page = open_page(browser, f"{address}/masks?study=large&split=tuning")
    slider = page.get_by_role("slider", name=re.compile("^Threshold")).first
    samples = follow(page, "pointermove", _drag(page, slider), n=N_EVENTS + 20)
    page.mouse.up()
    page.close()
    return Result("drag the threshold, 1280x1024 picture, Dice live", samples, 10)


def measure_opacity(browser: Browser, address: str, _: Study) -> Result:
    """Drag the opacity of one large picture."""
    page = open_page(browser, f"{address}/masks?study=large&split=tuning")
    samples = follow(page, "input", _drag(page, page.get_by_role("slider", name="Opacity")), n=2 * N_EVENTS)
    page.mouse.up()
    page.close()
    return Result("drag the opacity, 1280x1024 picture", samples, 10)


def measure_film(browser: Browser, address: str, _: Study) -> Result:
    """Drag the threshold over a filmstrip of 24 large pictures."""
    page = open_page(browser, f"{address}/masks?study=large&split=tuning")
    page.get_by_role("button", name="Many pictures").click()
    page.wait_for_timeout(15_000)
    slider = page.get_by_role("slider", name=re.compile("^Threshold")).first
    samples = follow(page, "pointermove", _drag(page, slider), within=".film canvas", n=N_EVENTS + 20)
    page.mouse.up()
    page.close()
    return Result("the same on a filmstrip of 24 pictures of 1280x1024", samples, 16.7)


def measure_layer(browser: Browser, address: str, _: Study) -> Result:
    """Change the layer of one large picture by key."""
    page = open_page(browser, f"{address}/masks?study=large&split=tuning")
    slider = page.get_by_role("slider", name="Layer", exact=True)
    slider.focus()
    slider.press("Home")

    def press(number: int) -> None:
        slider.press("ArrowRight" if number // 20 % 2 == 0 else "ArrowLeft")
        page.wait_for_timeout(120)

    samples = follow(page, "input", press, within=".frame canvas")
    page.close()
    return Result("change the layer (maps computed), 1280x1024 picture", samples, 50)


def measure_decision(browser: Browser, address: str, _: Study) -> Result:
    """Decide by key in the study of 110,000 pictures."""
    page = open_page(browser, f"{address}/review?study=big")

    def press(number: int) -> None:
        page.wait_for_timeout(LOOK)
        page.keyboard.press("a")

    samples = follow(page, "keydown", press, within="canvas.stage")
    page.close()
    return Result(f"decide by key: key to next picture, study of {N_BIG:,}", samples, 50)


def measure_storing(browser: Browser, address: str, big: Study) -> Result:
    """Measure from the key to the row in the database."""
    page = open_page(browser, f"{address}/review?study=big")
    samples = []
    with sqlite3.connect(f"file:{big.folder / 'study.db'}?mode=ro", uri=True) as database:
        count = lambda: database.execute("select count(*) from decisions").fetchone()[0]  # noqa: E731
        for _ in range(N_EVENTS):
            page.wait_for_timeout(LOOK)
            before = count()
            start = time.perf_counter()
            page.keyboard.press("a")
            while count() == before and time.perf_counter() - start < 10:
                time.sleep(0.002)
            samples.append(1000 * (time.perf_counter() - start))
    page.close()
    return Result("decide by key: key to row on disk", samples, 500)


def measure_panning(browser: Browser, address: str, _: Study) -> Result:
    """Move and zoom the map of 110,000 points; one sample a frame that took its time."""
    page = open_page(browser, f"{address}/clusters?study=big")
    box = page.locator("canvas.points").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    wheel = follow(page, "wheel", lambda i: _turn(page, i), within="canvas.points", n=N_EVENTS // 2)
    page.get_by_role("button", name=re.compile("^(Hand|Move)")).first.click()
    page.mouse.move(*middle)
    page.mouse.down()
    pan = follow(page, "pointermove", lambda i: _swing(page, middle, i), within="canvas.points")
    page.mouse.up()
    page.close()
    return Result(f"pan and zoom a map of {N_BIG:,} points: event to painted frame", wheel + pan, 16.7)


def _turn(page: Page, number: int) -> None:
    """Turn the wheel in for a while, then out."""
    page.mouse.wheel(0, -120 if number // 8 % 2 == 0 else 120)
    page.wait_for_timeout(25)


def _swing(page: Page, middle: tuple[float, float], number: int) -> None:
    """Move the pointer around a place."""
    page.mouse.move(middle[0] + 120 * np.cos(number / 8), middle[1] + 90 * np.sin(number / 8))
    page.wait_for_timeout(17)


def measure_lasso(browser: Browser, address: str, _: Study) -> Result:
    """Draw loops on the map until their pictures are on the screen."""
    page = open_page(browser, f"{address}/clusters?study=big")
    box = page.locator("canvas.points").bounding_box()
    random = np.random.default_rng(0)
    samples = []
    for _number in range(N_EVENTS):
        x, y = (box[k] + box[s] * random.uniform(0.3, 0.7) for k, s in (("x", "width"), ("y", "height")))
        radius = random.uniform(25, 90)
        page.mouse.move(x + radius, y)
        page.mouse.down()
        for angle in np.linspace(0.4, 6.2, 12):
            page.mouse.move(x + radius * np.cos(angle), y + radius * np.sin(angle))
        page.evaluate("awaitTiles()")
        page.mouse.up()
        samples.append(page.evaluate("tilesCame()"))
    page.close()
    return Result(f"lasso to picture grid, {N_BIG:,} points: pointer up to all pictures in sight", samples, 500)


def measure_pages(browser: Browser, address: str, _: Study) -> Result:
    """Go from page to page of the study of 110,000 pictures by the sidebar, warm, until map or picture is painted."""
    page = open_page(browser, f"{address}/?study=big")
    painted = {"Clusters": "canvas.points", "Review": "canvas.stage"}
    names = ["Clusters", "Review", "Training", "Masks", "Evaluation", "Transparency", "Study"]
    samples: list[float] = []
    for turn in range(5):
        for name in names:
            start = time.perf_counter()
            page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
            page.get_by_role("heading", name=name).first.wait_for()
            busy = '[data-testid="stStatusWidget"], [data-testid="stSkeleton"], [data-testid="stSpinner"]'
            page.wait_for_function(f"() => !document.querySelector('{busy}')", polling=20)
            if name in painted:
                page.locator(painted[name]).first.wait_for()
                page.wait_for_function("(within) => countPaints(within) > 0", arg=painted[name], polling=10)
            if turn:
                samples.append(1000 * (time.perf_counter() - start))
            page.wait_for_timeout(1500)
    page.close()
    return Result(f"open a page of a study of {N_BIG:,}, warm", samples, 1000)


def measure_memory(pid: int) -> Result:
    """Read the memory of the server and its children."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024
    return Result("memory of the server at its highest, after all rows above", [peak], 1500, unit="MB")


ROWS: dict[str, Callable[[Browser, str, Study], Result]] = {
    "threshold": measure_threshold,
    "opacity": measure_opacity,
    "film": measure_film,
    "layer": measure_layer,
    "decision": measure_decision,
    "storing": measure_storing,
    "panning": measure_panning,
    "lasso": measure_lasso,
    "pages": measure_pages,
}


def write_table(results: list[Result]) -> str:
    """Return the table with what it was measured on."""
    facts = (
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f} at the end, Chromium headless"
    )
    head = ["| act | n | p50 | p95 | target (p95) | met | |", "|---|---|---|---|---|---|---|"]
    rows = "\n".join([*head, *(result.write() for result in results)])
    return (
        f"`python benchmarks/ui.py`, {time.strftime('%Y-%m-%d')}: {facts}, no graphics card. Milliseconds.\n\n{rows}\n"
    )


def main() -> None:
    """Measure the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"some of {', '.join(ROWS)}; none: all, and the page is written")
    asked = parser.parse_args().rows
    HOME.mkdir(parents=True, exist_ok=True)
    os.environ["MEDXAI_HOME"] = str(HOME)
    make_large_study(HOME)
    kept = make_big_study(HOME / "studies" / "big", n_images=N_BIG)
    work = HOME.parent / "work"  # decisions are taken here, so that every run begins alike
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(HOME / "studies", work / "studies", symlinks=True)
    os.sync()  # what was copied is written before anything is measured
    big = open_study(work / "studies" / kept.folder.name)
    results = []
    with serve(work) as (address, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in asked or ROWS:
            results.append(ROWS[name](browser, address, big))
            sys.stdout.write(results[-1].write() + "\n")
            sys.stdout.flush()
        results.append(measure_memory(pid))
        browser.close()
    shutil.rmtree(work, ignore_errors=True)
    table = write_table(results)
    sys.stdout.write("\n" + table)
    if not asked:
        tables.write_table("performance.md", "ui", table)


if __name__ == "__main__":
    main()
