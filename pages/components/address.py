"""What stands in the address of a page: changed for several parts at once, and only where something differs."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st


def change_address(parts: Mapping[str, str | None]) -> None:
    """Put values into the address of the page, and take those that are None out of it.

    Parameters
    ----------
    parts : mapping of str to str or None
        Only the parts that are named change. A part that is bound to a widget cannot be among them.
    """
    for name in [name for name, value in parts.items() if value is None and name in st.query_params]:
        del st.query_params[name]
    changed = {name: value for name, value in parts.items() if value is not None and st.query_params.get(name) != value}
    if changed:
        st.query_params.update(changed)
