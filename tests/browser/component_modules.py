"""Run a component's own module in the browser, without the app around it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from pages.components.browser_component import ASSETS, join_modules


def load_module(page: Page, path: str, *names: str) -> None:
    """Join a module under ``assets/components`` and put some of its functions on `window`.

    Parameters
    ----------
    path : str
        As ``shared/packing.js``.
    names : str
        Functions to reach as ``window.<name>``.
    """
    script = join_modules(Path(ASSETS / path)).replace("export default ", "")
    handed_out = "\n".join(f"window.{name} = {name};" for name in names)
    page.add_script_tag(content=f"{{\n{script}\n{handed_out}\n}}", type="module")
    page.wait_for_function("names => names.every((name) => name in window)", arg=list(names))
