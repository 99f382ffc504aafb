"""Where a page stands in the address: buttons to other pages, and choices that a link may carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from pages.components.address import change_address
from pages.components.class_words import escape
from pages.components.links import go_to_page

LONGEST = 60
NAMED = {
    "run": "training run",
    "split": "part of the study",
    "image": "picture",
    "tile": "tile",
    "colour": "colouring of the map",
    "feature": "feature",
    "review_view": "view",
    "training_view": "view",
    "review_order": "order of the queue",
    "review_show": "choice of pictures",
    "queue": "queue",
    "study_tab": "tab",
    "clusters_tab": "tab",
    "evaluation_part": "tab",
    "transparency_part": "tab",
}


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


def pass_over_address(name: str, key: str) -> None:
    """Take what stands in the address as read, where a page shows something newer than a link can ask for."""
    asked = st.query_params.get(name)
    if asked:
        st.session_state[f"{key}_written"] = asked


def tell_unknown(known: Mapping[str, Collection[str]]) -> None:
    """Say which parts of the address ask for what a page does not have; it then shows what it shows without them.

    Called before the widgets that are bound to the address: these take out what they do not know. Its place is
    always there, so that nothing below it moves.

    Parameters
    ----------
    known : mapping of str to collection of str
        What each part may be.
    """
    with st.container():
        for name, values in known.items():
            asked = st.query_params.get(name)
            if asked and asked not in values:
                st.warning(
                    f"**The address asks for the {NAMED.get(name, name)} “{escape(asked[:LONGEST])}”, which is not "
                    "known here.** You see what this page shows without it.",
                    icon=":material/link_off:",
                )


def _tell_unknown(name: str, key: str) -> None:
    """Say that what a link asks for is not in this study, while what stands in for it is shown."""
    asked, shown = st.session_state.get(f"{key}_unknown", (None, None))
    place = st.container()  # always there, so that nothing below it moves
    if asked is None:
        return
    if shown != st.session_state[key]:
        del st.session_state[f"{key}_unknown"]
        return
    place.warning(
        f"**The address asks for the {NAMED.get(name, name)} “{escape(asked[:LONGEST])}”, which this study does not "
        f"have.** You see “{escape(shown)}” instead. Ask whoever sent the address for which study it is.",
        icon=":material/link_off:",
    )


def write_address(name: str, key: str, value: str) -> None:
    """Put a choice into the address, so that a reload and a link keep it."""
    change_address({name: value})
    st.session_state[f"{key}_written"] = value
