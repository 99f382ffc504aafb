"""Where a page stands in the address: buttons to other pages, and choices that a link may carry."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def open_page(name: str, label: str, *, key: str, icon: str = ":material/arrow_forward:", **where: str) -> None:
    """Draw a quiet button that opens a page; `where` goes into the address (image, item, run: ids only)."""
    if st.button(label, key=f"open-{name}-{key}", icon=icon, type="tertiary"):
        kept = {part: st.query_params[part] for part in ("study", "reader") if part in st.query_params}
        st.switch_page(f"pages/{name}.py", query_params=kept | where)


def read_address(name: str, key: str, options: Sequence[str], *, default: str) -> None:
    """Give a widget its value: what a link asks for, else what was chosen before, else a default.

    What the page itself wrote into the address is no link: it never overrules a choice made since.
    """
    asked = st.query_params.get(name)
    if asked in options and asked != st.session_state.get(f"{key}_written"):
        st.session_state[key] = asked
    if st.session_state.get(key) not in options:
        st.session_state[key] = default


def write_address(name: str, key: str, value: str) -> None:
    """Put a choice into the address, so that a reload and a link keep it."""
    st.query_params[name] = value
    st.session_state[f"{key}_written"] = value
