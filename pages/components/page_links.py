"""Buttons that open another page at a given picture, tile or run."""

from __future__ import annotations

import streamlit as st


def open_page(name: str, label: str, *, key: str, icon: str = ":material/arrow_forward:", **where: str) -> None:
    """Draw a quiet button that opens a page; `where` goes into the address (image, item, run: ids only)."""
    if st.button(label, key=f"open-{name}-{key}", icon=icon, type="tertiary"):
        kept = {part: st.query_params[part] for part in ("study", "reader") if part in st.query_params}
        st.switch_page(f"pages/{name}.py", query_params=kept | where)
