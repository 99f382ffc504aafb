"""The mask viewer in the browser, and the feed that brings its pictures and maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from medxai_core.errors import MedxaiError
from pages.components.browser_component import declare_component
from pages.components.packing import pack

SECONDS_AT_ONCE = 0.6
"""How long the feed works before it hands over what it has, so that other parts of the page are not kept waiting."""

MOST_AT_ONCE = 32

_viewer = declare_component("mask_viewer")
_feed = declare_component("mask_feed")


def mount_viewer(key: str, data: bytes) -> None:
    """Mount the viewer; what the reader did last is then in ``st.session_state[key]``, see `get_view`."""
    _viewer(key=key, data=data, on_view_change=lambda: None, height="content")


def get_view(key: str) -> dict[str, Any] | None:
    """Return what the reader did last in the viewer, as the browser says it: check it."""
    view = st.session_state.get(key, {}).get("view")
    return dict(view) if view else None


@st.fragment
def show_map_feed(channel: str, provide: Callable[[str], bytes], first: Sequence[str] = ()) -> None:
    """Mount the feed of a channel.

    Parameters
    ----------
    channel : str
        Name that the viewer wishes by; another one empties what the browser holds.
    provide : callable
        Takes a key and returns a packed message; may raise MedxaiError. Keys come from the browser: check them.
    first : sequence of str
        Keys to bring before any wish.
    """
    key = f"maps-{channel}"
    asked = st.session_state.get(key, {}).get("wanted") or {}
    wanted = [one for one in asked.get("keys", first) if isinstance(one, str)][:MOST_AT_ONCE]
    turn = int(asked.get("turn", 0))
    files, faults = _collect(wanted, provide)
    header = {"channel": channel, "turn": turn, "keys": list(files), "faults": faults}
    _feed(key=key, data=pack(header, {"files": list(files.values())}), on_wanted_change=lambda: None, height="content")


def _collect(keys: Sequence[str], provide: Callable[[str], bytes]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the messages of the first keys, as many as the time allows, and why others cannot be made."""
    files: dict[str, bytes] = {}
    faults: dict[str, str] = {}
    started = time.monotonic()
    for key in keys:
        if (files or faults) and time.monotonic() - started > SECONDS_AT_ONCE:
            break
        try:
            files[key] = provide(key)
        except MedxaiError as error:
            faults[key] = str(error)
    return files, faults
