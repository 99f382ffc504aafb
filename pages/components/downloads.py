"""A button that hands out a file of a study, and notes in its log that it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from medxai_core.events import log_export
from medxai_core.study import Study
from pages.components.reader import get_reader


def offer_file(
    study: Study, what: str, label: str, content: bytes | Callable[[], bytes], *, file_name: str, mime: str, **look: Any
) -> None:
    """Draw the button.

    Parameters
    ----------
    what : str
        What leaves the study, for the log: "log", "decisions", "masks", "hand-in".
    content : bytes, or a function that makes them when the button is pressed
    look : dict
        More of `streamlit.download_button`: icon, type, disabled, key.
    """
    reader = get_reader()

    def hand_out() -> bytes:
        made = content() if callable(content) else content
        log_export(study, what, actor=reader)
        return made

    st.download_button(label, hand_out, file_name=file_name, mime=mime, on_click="ignore", **look)
