"""A real server and a real Chromium for the browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_reader import name_reader
from browser_waiting import wait_until_drawn
from made_once import make_once
from playwright.sync_api import Browser, Page, sync_playwright
from review_server import OwnStudy, ReviewServer, make_review_home, serve_review
from system_chromium import CHROMIUM, FLAGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; skip with a reason without one, unless browser tests are required."""
    if not Path(CHROMIUM).exists():
        reason = f"needs Chromium at {CHROMIUM} (Debian: apt-get install chromium)"
        if os.environ.get("MEDXAI_BROWSER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser_home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the demo that the browser tests may change."""
    home = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(demo_home / "studies", home / "studies")
    return home


@pytest.fixture(scope="session")
def server(browser_home: Path) -> Iterator[str]:
    """Serve the app on 127.0.0.1 on a free port; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    log = browser_home / "server.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"MEDXAI_HOME": str(browser_home)}, stdout=output, stderr=output
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def review_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a MEDXAI_HOME that holds a study with proposals and without decisions. Copy, don't change."""
    return make_once(tmp_path_factory, "review-home", make_review_home)


@pytest.fixture(scope="module")
def review_server(review_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewServer]:
    """Serve that study to all tests of a file; each of them reads under a name of its own."""
    with serve_review(review_home, tmp_path_factory.mktemp("shared")) as served:
        yield served


@pytest.fixture
def own_study(review_server: ReviewServer, review_home: Path) -> ReviewServer:
    """Give the server of the file with a study of one's own, where no other test decides."""
    return OwnStudy(review_server, review_home)


@pytest.fixture
def mortal_server(review_server: ReviewServer) -> Iterator[ReviewServer]:
    """Give the server of the file to a test that kills it and starts it again."""
    yield review_server
    if not review_server.is_running:  # the test failed in between: not the next ones too
        review_server.start()


@pytest.fixture
def own_review_server(review_home: Path, tmp_path: Path) -> Iterator[ReviewServer]:
    """Serve that study to one test alone: a server to which no one has said yet who reads."""
    with serve_review(review_home, tmp_path) as served:
        yield served


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of the app and waits until it is drawn; script errors fail the test."""
    contexts, errors = [], []

    def open_one(
        path: str, *, dark: bool = False, width: int = 1400, height: int = 900, reader: str | None = "tester"
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        if reader is not None:
            name_reader(context, server, reader)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/{path}")
        wait_until_drawn(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors, errors
