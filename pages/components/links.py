"""The seven pages in the order of the method, and links between them."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st


class PageFacts(NamedTuple):
    """Name one page: file, title, icon, address, what it is for."""

    name: str
    title: str
    icon: str
    purpose: str

    @property
    def url(self) -> str:
        """Address of the page."""
        return self.name

    @property
    def is_first(self) -> bool:
        """True for the page that opens first."""
        return self.name == PAGES[0].name


PAGES = (
    PageFacts("study", "Study", ":material/folder_open:", "Import pictures and check them."),
    PageFacts("clusters", "Clusters", ":material/bubble_chart:", "See which pictures look alike."),
    PageFacts("review", "Review", ":material/fact_check:", "Accept or reject the proposed labels."),
    PageFacts("training", "Training", ":material/model_training:", "Train the classifier and watch it learn."),
    PageFacts("masks", "Masks", ":material/gesture:", "Move layer and threshold until the mask fits."),
    PageFacts("evaluation", "Evaluation", ":material/query_stats:", "Scores beside those of trivial masks."),
    PageFacts("transparency", "Transparency", ":material/account_tree:", "How one picture came to its mask."),
)


def link_to(name: str, label: str) -> None:
    """Draw a button that opens another page."""
    if st.button(label, key=f"link-{name}-{label}", icon=":material/arrow_forward:"):
        st.switch_page(f"pages/{name}.py")
