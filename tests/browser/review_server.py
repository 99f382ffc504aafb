"""A server with a study of its own or several, which a test may stop and start again; and what a reader does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from browser_reader import name_reader
from browser_waiting import wait_until_drawn
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from medxai_core.phantom import draw_study
from medxai_core.records.decisions import list_decisions
from medxai_core.review import Decision
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study, open_study

ROOT = Path(__file__).resolve().parents[2]
STUDY = "review"
PATIENCE = 60_000  # milliseconds


def make_review_home(folder: Path) -> None:
    """Make a home with a study of drawn frames as tiles, with features, clusters and proposals."""
    draw_study(folder / "frames", n_images=40, seed=3)
    options = ImportOptions(
        folder / "frames" / "images", folder / "frames" / "masks", layout="folders", tiles=(2, 2), seeds=8, validation=8
    )
    study = create_study(folder / "studies" / STUDY, options)
    extract_study_features(study, n_jobs=1)
    pseudo_label_study(study, k=12, target=1000)
    study.engine.dispose()


class ReviewServer:
    """Serve a copy of a home on a free port; it can be killed and started again on the same port."""

    name = STUDY
    """Which study of the home a test opens."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def study(self) -> Study:
        """The study, opened here."""
        return open_study(self.home / "studies" / self.name)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with open(self.home / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | {"MEDXAI_HOME": str(self.home)}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2)
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        raise AssertionError((self.home / "server.log").read_text())

    def kill(self) -> None:
        """End it without a farewell, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None


class OwnStudy(ReviewServer):
    """Give a running server with one more study, in which no other test decides."""

    def __init__(self, server: ReviewServer, source: Path) -> None:
        self.home, self.port = server.home, server.port
        self.name = f"{STUDY}-{len(list((server.home / 'studies').iterdir()))}"
        shutil.copytree(source / "studies" / STUDY, self.home / "studies" / self.name)

    def start(self) -> None:
        """It runs already."""
        raise NotImplementedError("it is not this test's to start")

    def kill(self) -> None:
        """Others are served by it too."""
        raise NotImplementedError("it is not this test's to kill")


@contextmanager
def serve_review(source: Path, folder: Path) -> Iterator[ReviewServer]:
    """Serve a copy of a home."""
    home = folder / "served"
    shutil.copytree(source / "studies", home / "studies")
    server = ReviewServer(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class ReviewPage:
    """Do what a reader does on the Review page, and say what the reader sees."""

    def __init__(self, page: Page, server: ReviewServer, *, reader: str) -> None:
        self.page, self.server, self.reader = page, server, reader
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, **query: str) -> ReviewPage:
        """Open the page."""
        self.page.goto(f"{self.server.url}/review?{urlencode({'study': self.server.name} | query)}")
        return self.wait()

    def reload(self) -> ReviewPage:
        """Load the page again."""
        self.page.reload()
        return self.wait()

    def wait(self) -> ReviewPage:
        """Wait until the review is there."""
        wait_until_drawn(self.page)
        expect(self.page.locator(".toolbar")).to_be_visible(timeout=PATIENCE)
        return self

    def decide(self, keys: str) -> list[str]:
        """Press keys, each as soon as its picture may be decided on; return the short names of the pictures."""
        names = []
        for key in keys:
            self.page.locator('.keys button[aria-disabled="false"]').first.wait_for(timeout=PATIENCE)
            names.append(self.item)
            self.page.keyboard.press(key)
        return names

    @property
    def item(self) -> str:
        """Short name of the picture that is shown."""
        return self.page.locator(".one .head .quiet").first.inner_text()

    @property
    def saved(self) -> Locator:
        """What is said about saving."""
        return self.page.locator(".saved")

    def wait_saved(self) -> None:
        """Wait until all is saved."""
        expect(self.saved).to_contain_text("All saved", timeout=PATIENCE)

    def list_own(self) -> list[Decision]:
        """Return the reader's lines of the store."""
        return list_decisions(self.server.study, reader=self.reader)


def open_review(browser: Browser | BrowserContext, server: ReviewServer, *, reader: str, **query: str) -> ReviewPage:
    """Open the Review page in a context of its own, or as one more tab of a context."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}) if isinstance(browser, Browser) else browser
    name_reader(context, server.url, reader)
    return ReviewPage(context.new_page(), server, reader=reader).open(**query)


def shorten(item_id: str) -> str:
    """Return an item id as the page shows it."""
    image, _, tile = item_id.partition("-")
    return f"{image[:8]} {tile}".strip()
