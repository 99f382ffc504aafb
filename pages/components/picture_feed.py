"""Pictures on demand for the browser components: they ask by key, this brings them, and nothing else is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.components.browser_component import declare_component
from pages.components.packing import pack

MOST_AT_ONCE = 64

_feed = declare_component("picture_feed")


@st.fragment
def show_picture_feed(channel: str, provide: Callable[[list[str]], Mapping[str, bytes | None]]) -> None:
    """Mount the feed of a channel.

    Parameters
    ----------
    channel : str
        Name that the other component asks by; one feed a channel on a page. Name the study in it.
    provide : callable
        Takes at most 64 keys and returns the pictures (JPEG or PNG) that there are; None or a missing key says
        that there is none. Keys come from the browser: check them.
    """
    key = f"feed-{channel}"
    asked = st.session_state.get(key, {}).get("wanted") or {}
    keys = [one for one in asked.get("keys", []) if isinstance(one, str)][:MOST_AT_ONCE]
    turn = int(asked.get("turn", 0))  # makes asking again for the same pictures a new wish
    found = provide(keys) if keys else {}
    _feed(
        key=key,
        data=pack({"channel": channel, "turn": turn, "keys": keys}, {"files": [found.get(one) or b"" for one in keys]}),
        on_wanted_change=lambda: None,
        height="content",
    )
