"""Wait until a page of the app is drawn."""

from __future__ import annotations

import time

from playwright.sync_api import Page


def wait_until_drawn(page: Page, *, seconds: float = 120) -> None:
    """Wait until the script has run and nothing is loading, twice in a row."""
    page.wait_for_selector('[data-testid="stMain"] [data-testid="stHeading"]', timeout=90_000)
    busy = '[data-testid="stStatusWidget"], [data-testid="stSkeleton"], [data-testid="stSpinner"]'
    quiet, deadline = 0, time.monotonic() + seconds
    while quiet < 4 and time.monotonic() < deadline:
        page.wait_for_timeout(150)
        quiet = quiet + 1 if page.locator(busy).count() == 0 else 0
    assert quiet >= 4, "the page is still at work"
