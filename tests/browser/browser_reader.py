"""Say who reads in a browser, as a reader does once: it is kept there, and told with each connection."""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

from playwright.sync_api import BrowserContext

STORE = "if (localStorage.getItem('medxai.reader') === null) localStorage.setItem('medxai.reader', {})"


def name_reader(context: BrowserContext, address: str, reader: str) -> None:
    """Make a browser one where a reader has said who it is."""
    port = urlsplit(address).port or 0
    cookie = {"name": f"medxai_reader_{port}", "value": quote(json.dumps([reader, True])), "url": address}
    context.add_cookies([cookie])
    context.add_init_script(STORE.format(json.dumps(json.dumps({"name": reader, "isSaid": True}))))
