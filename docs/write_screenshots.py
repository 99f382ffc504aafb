"""Write docs/pictures: every page of the app on the demo, as a browser shows it: ``python docs/write_screenshots.py``.

The demo is drawn frames, no patient: only such pictures may be committed. It is taken from ``MEDXAI_HOME`` when that
holds one that is finished, else it is made in a temporary place (a few minutes).
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = os.environ.get("MEDXAI_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 800}
BUSY = '[data-testid="stStatusWidget"], [data-testid="stSkeleton"], [data-testid="stSpinner"]'
MOST_SECONDS = 180
BLOCK = 8  # pixels
EXACT_COLOURS = 24
PALETTE_LOSS = 10.0
"""Difference of levels, of 255, that no block of pixels may exceed: a legend's colours must stay what they are."""


class Shot(NamedTuple):
    """Name a picture, the page that it shows, and the theme."""

    name: str
    path: str
    is_dark: bool = False


SHOTS = (
    Shot("study", "study"),
    Shot("clusters", "clusters"),
    Shot("review", "review"),
    Shot("training", "training"),
    Shot("masks", "masks"),
    Shot("masks-dark", "masks", True),
    Shot("evaluation", "evaluation"),
    Shot("transparency", "transparency"),
)


def write_screenshots(names: list[str]) -> None:
    """Write the pictures of these names, or all."""
    chosen = [shot for shot in SHOTS if not names or shot.name in names]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        make_demo(home)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with serve(home) as address:
            for shot in chosen:
                path = PICTURES / f"{shot.name}.png"
                path.write_bytes(compress(take(browser, f"{address}/{shot.path}?study=demo", is_dark=shot.is_dark)))
                sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB\n")
        browser.close()


def make_demo(home: Path) -> None:
    """Put a finished demo into an empty home: a copy of the user's own, or a new one."""
    own = Path(os.environ.get("MEDXAI_HOME", Path.home() / ".medxai")) / "studies" / "demo"
    if (own / "study.db").is_file():
        shutil.copytree(own, home / "studies" / "demo")
    command = [sys.executable, "-m", "medxai_core", "demo", "demo"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"MEDXAI_HOME": str(home)}, check=True)


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """Serve the app on a free port while the body runs; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = os.environ | {"MEDXAI_HOME": str(home)}
    with open(home / "server.log", "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"the app did not answer at {url}")


def take(browser: Browser, url: str, *, is_dark: bool) -> bytes:
    """Return a page as PNG, when it is drawn."""
    context = browser.new_context(viewport=SIZE, color_scheme="dark" if is_dark else "light", reduced_motion="reduce")
    context.add_init_script("localStorage.setItem('medxai.tour', JSON.stringify('done'))")
    page = context.new_page()
    page.goto(url)
    wait_until_drawn(page)
    shot = page.screenshot()
    context.close()
    return shot


def wait_until_drawn(page: Page) -> None:
    """Wait until nothing loads and the page has looked the same for a second and a half."""
    page.wait_for_selector('[data-testid="stMain"] h1', timeout=MOST_SECONDS * 1000)
    before, still, deadline = b"", 0, time.monotonic() + MOST_SECONDS
    while still < 3:
        page.wait_for_timeout(500)
        now = page.screenshot()
        still = still + 1 if now == before and page.locator(BUSY).count() == 0 else 0
        before = now
        if time.monotonic() > deadline:
            raise RuntimeError(f"{page.url} does not come to rest")
    if page.get_by_test_id("stException").count():
        raise RuntimeError(f"{page.url} shows an error")


def compress(shot: bytes) -> bytes:
    """Return a PNG in 256 colours where no place changes its colour visibly, else in all its colours."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    few = [reduce_colours(image, method) for method in (Image.Quantize.MAXCOVERAGE, Image.Quantize.MEDIANCUT)]
    best = min(few, key=lambda one: measure_loss(image, one.convert("RGB")))
    chosen = best if measure_loss(image, best.convert("RGB")) <= PALETTE_LOSS else image
    written = io.BytesIO()
    chosen.save(written, "PNG", optimize=True)
    return written.getvalue()


def reduce_colours(image: Image.Image, method: Image.Quantize) -> Image.Image:
    """Return a picture in 256 colours; those of the page itself, which fill large parts of it, stay exact."""
    frequent = sorted(image.getcolors(image.width * image.height) or [], reverse=True)[:EXACT_COLOURS]
    rest = image.quantize(256 - len(frequent), method=method).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for _, colour in frequent for value in colour] + rest[: 3 * (256 - len(frequent))])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def measure_loss(first: Image.Image, second: Image.Image) -> float:
    """Return the largest difference of the mean colours of two pictures in any block, 0 to 255."""
    small = [np.asarray(one.reduce(BLOCK), np.int16) for one in (first, second)]
    return float(np.abs(small[0] - small[1]).max())


if __name__ == "__main__":
    write_screenshots(sys.argv[1:])
