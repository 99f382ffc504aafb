"""The seven pages in the order of the method, and links between them."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.address import change_address

KEPT = ("study",)
"""What stands in the address of every page."""

LEFT = "left"
"""Names the page that another one was opened from, for the browser alone, which never shows it.

Streamlit writes the parts of the next page into the address of the page that is left, more than once where it is
busy; what names the page that is left is none of its own, and steps.js leaves the address behind as it was.
"""

READER = "reader"
"""What no address names: who reads is kept in the browser, so that a link makes no one decide under another's name."""

HERE_KEY = "page_here"
ARRIVED_KEY = "page_arrived"


class PageFacts(NamedTuple):
    """Name one page: file and address, title, icon, what it is for."""

    name: str
    title: str
    icon: str
    purpose: str


PAGES = (
    PageFacts("study", "Study", ":material/folder_open:", "Import pictures and check them."),
    PageFacts("clusters", "Clusters", ":material/bubble_chart:", "See which pictures look alike."),
    PageFacts("review", "Review", ":material/fact_check:", "Accept or reject the proposed labels."),
    PageFacts("training", "Training", ":material/model_training:", "Train the classifier and watch it learn."),
    PageFacts("masks", "Masks", ":material/gesture:", "Move layer and threshold until the mask fits."),
    PageFacts("evaluation", "Evaluation", ":material/query_stats:", "Scores beside those of trivial masks."),
    PageFacts("transparency", "Transparency", ":material/account_tree:", "How one picture came to its mask."),
)


def read_kept() -> dict[str, str]:
    """Return what the address of every page keeps."""
    return {part: st.query_params[part] for part in KEPT if part in st.query_params}


def go_to_page(name: str, **where: str) -> None:
    """Open a page; `where` goes into its address (image, item, run: ids only), the study stays in it."""
    here = st.session_state.get(HERE_KEY)
    left = {LEFT: here} if here and here != name else {}
    st.switch_page(f"pages/{name}.py", query_params=read_kept() | where | left)


def arrive_at(name: str) -> None:
    """Note which page is drawn, and take out of the address what no address names."""
    st.session_state[HERE_KEY] = name
    change_address({READER: None})
    page_id = _read_page_id()
    if st.session_state.get(ARRIVED_KEY, ("",))[0] != page_id:
        st.session_state[ARRIVED_KEY] = (page_id, name, st.query_params.to_dict())


def stay_on_page() -> None:
    """Draw the page again that the reader has gone to, when the browser asked for a part of the one before.

    A part of a page that asks by itself (`run_every`) may ask while the next page is on its way. Streamlit then
    takes the page for left again: it draws that part and empties the rest, for good. Called in a part of the
    frame, which asks on every page; where another part asked, the browser notices (assets/.../recovery.js).
    """
    page_id, name, where = st.session_state.get(ARRIVED_KEY, (_read_page_id(), "", {}))
    if name and _read_page_id() != page_id:
        st.switch_page(f"pages/{name}.py", query_params=where)


def _read_page_id() -> str:
    """Return Streamlit's own name of the page that this run is for."""
    context = get_script_run_ctx()
    return context.page_script_hash if context is not None else ""


def go_to_first_page() -> None:
    """Open the first page from the bare address of the app, with all that stands in the address."""
    st.switch_page(f"pages/{PAGES[0].name}.py", query_params=st.query_params.to_dict())


def link_to(name: str, label: str, **where: str) -> None:
    """Draw a button that opens another page; `where` goes into its address."""
    if st.button(label, key=f"link-{name}-{label}", icon=":material/arrow_forward:"):
        go_to_page(name, **where)
