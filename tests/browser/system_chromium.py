"""The Chromium of the system, and how it is started."""

from __future__ import annotations

import os

CHROMIUM = os.environ.get("MEDXAI_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
