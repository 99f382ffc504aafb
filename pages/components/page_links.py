"""Where a page stands in the address: buttons to other pages, and choices that a link may carry."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.components.class_words import escape
from pages.components.links import go_to_page

LONGEST = 60
NAMED = {"run": "training run", "split": "part of the study", "image": "picture", "tile": "tile"}


def open_page(name: str, label: str, *, key: str, icon: str = ":material/arrow_forward:", **where: str) -> None:
    """Draw a quiet button that opens a page; `where` goes into the address (image, item, run: ids only)."""
    if st.button(label, key=f"open-{name}-{key}", icon=icon, type="tertiary"):
        go_to_page(name, **where)


def read_address(name: str, key: str, options: Sequence[str], *, default: str) -> None:
    """Give a widget its value: what a link asks for, else what was chosen before, else a default.

    What the page itself wrote into the address is no link: it never overrules a choice made since. A link that
    asks for something that is not there is told so, until the reader chooses.
    """
    asked = st.query_params.get(name)
    is_link = asked and asked != st.session_state.get(f"{key}_written")
    if is_link and asked in options:
        st.session_state[key] = asked
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    if is_link and asked not in options:
        st.session_state[f"{key}_unknown"] = (asked, st.session_state[key])
    _tell_unknown(name, key)


def _tell_unknown(name: str, key: str) -> None:
    """Say that what a link asks for is not in this study, while what stands in for it is shown."""
    asked, shown = st.session_state.get(f"{key}_unknown", (None, None))
    if asked is None:
        return
    if shown != st.session_state[key]:
        del st.session_state[f"{key}_unknown"]
        return
    st.warning(
        f"**The address asks for the {NAMED.get(name, name)} “{escape(asked[:LONGEST])}”, which this study does not "
        f"have.** You see “{escape(shown)}” instead. Ask whoever sent the address for which study it is.",
        icon=":material/link_off:",
    )


def write_address(name: str, key: str, value: str) -> None:
    """Put a choice into the address, so that a reload and a link keep it."""
    if st.query_params.get(name) != value:
        st.query_params[name] = value
    st.session_state[f"{key}_written"] = value
