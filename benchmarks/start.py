"""How long one waits at the start: for ``--help``, and for the first page of the app.

``--help`` is held against an interpreter that does nothing, and one that imports PyTorch, in turn. The app: a server
is started on a study of drawn frames; the first visit warms it up, then each is one of a new browser window, from the
call to the page's headline on the screen, and to a page that is drawn to its end (headless Chromium).

Run ``python benchmarks/start.py``. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/browser")]

import tables
import turns
from browser_waiting import wait_until_drawn
from playwright.sync_api import Browser, expect, sync_playwright
from system_chromium import CHROMIUM, FLAGS
from ui import serve

from medxai_core.phantom.study import draw_study
from medxai_core.studies.importing import ImportOptions, create_study

N_TURNS, N_VISITS, N_FRAMES = 15, 9, 60
HELP_TARGET, PAINT_TARGET = 0.3, 3.0
NOTHING, HELP, TORCH = "`python -c pass`", "`python -m medxai_core --help`", "`python -c 'import torch'`"


def call(*arguments: str) -> Callable[[], object]:
    """Return what runs an interpreter to its end."""
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def visit(browser: Browser, url: str) -> tuple[float, float]:
    """Return the seconds until the headline is seen and until the page is drawn, in a new window."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url)
    expect(page.locator("h1").first).to_be_visible(timeout=60_000)
    seen = time.perf_counter() - begun
    wait_until_drawn(page)
    drawn = time.perf_counter() - begun
    context.close()
    return seen, drawn


def measure_visits() -> np.ndarray:
    """Return the seconds of each visit after the first, (N_VISITS, 2)."""
    with TemporaryDirectory() as made:
        home = Path(made)
        os.environ["MEDXAI_HOME"] = made
        draw_study(home / "drawn", n_images=N_FRAMES, seed=0)
        folder = home / "drawn"
        options = ImportOptions(images=folder / "images", masks=folder / "masks", labels=folder / "labels.csv")
        create_study(home / "studies" / "drawn", options)
        with serve(home) as (url, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            found = [visit(browser, url) for _ in range(1 + N_VISITS)]
            browser.close()
    return np.array(found[1:])


def main() -> None:
    """Measure and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    ways = {NOTHING: call("-c", "pass"), HELP: call("-m", "medxai_core", "--help"), TORCH: call("-c", "import torch")}
    starts = {name: float(np.median(found)) for name, found in turns.take_turns(ways, N_TURNS).items()}
    seen, drawn = np.median(measure_visits(), axis=0)
    is_quick, is_early = starts[HELP] <= HELP_TARGET, seen <= PAINT_TARGET
    table = "\n".join(
        [
            f"`python benchmarks/start.py`: {turns.describe_computer()}; {N_TURNS} turns, {N_VISITS} visits, medians.",
            "",
            "| start | seconds | target | met |",
            "|---|---|---|---|",
            f"| {NOTHING} | {starts[NOTHING]:.2f} | - | - |",
            f"| {HELP} | {starts[HELP]:.2f} | {HELP_TARGET} | {'yes' if is_quick else '**no**'} |",
            f"| {TORCH} | {starts[TORCH]:.2f} | - | - |",
            f"| app, a new window: headline | {seen:.2f} | {PAINT_TARGET:g} | {'yes' if is_early else '**no**'} |",
            f"| app, a new window: page drawn to its end | {drawn:.2f} | - | - |",
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "start", table + "\n")


if __name__ == "__main__":
    main()
