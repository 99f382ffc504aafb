"""What the model cannot do, and what was changed against the published code."""

from __future__ import annotations

import streamlit as st

from medxai_core.clusters import DescriptorShare
from medxai_core.records.clusterings import get_clustering
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.cluster_view import find_study_shares, list_clusterings_shown
from medxai_core.views.departures import list_departures
from medxai_core.views.limits import Limit, list_limits
from pages.components.cached import get_images, get_items, get_state, remember
from pages.components.class_words import escape
from pages.components.frame import show_empty
from pages.components.links import PAGES
from pages.components.page_links import open_page


def show_limits(study: Study, run: RecordedRun | None) -> None:
    """Show one card a limit, with the study's own numbers."""
    if run is None:
        show_empty("No classifier is trained yet.", "Its limits are told once it is.", "training", "Go to Training")
        return
    with st.spinner("Collecting what is not known"):
        limits: list[Limit] = remember(
            str(study.folder),
            "limits",
            (run.run_id, get_state(study)),
            lambda: list_limits(study, run, images=get_images(study), items=get_items(study)),
        )
    st.caption("The numbers are of this study, and change with it.")
    with st.grid(2, min_column_width=380, gap="small"):
        for number, limit in enumerate(limits):
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{escape(limit.title)}**")
                st.markdown(escape(limit.words))
                st.space("stretch")
                title = next(page.title for page in PAGES if page.name == limit.page)
                open_page(limit.page, title, key=f"limit-{number}", run=run.run_id)


def show_departures(study: Study) -> None:
    """Show where this software does not follow the published code, with the shares of the study's own features."""
    newest = next((row["clustering_id"] for row in list_clusterings_shown(study)), None)
    shares: list[DescriptorShare] = remember(
        str(study.folder),
        "shares",
        (newest, get_state(study)),
        lambda: find_study_shares(study, get_clustering(study, newest) if newest else None),
    )
    st.markdown(
        "The method is that of A. M. Storås, *Unsupervised Image Segmentation via Self-Supervised Learning Image "
        "Classification*, MediaEval Medico 2021. The published scripts were read for facts; what they got wrong "
        "is not "
        "copied."
    )
    for number, one in enumerate(list_departures(shares), 1):
        with st.container(border=True):
            st.markdown(f"**{number} {escape(one.title)}**")
            left, right = st.columns(2, gap="medium")
            left.markdown(f":gray[The published code]  \n{escape(one.published)}")
            right.markdown(f":gray[Here]  \n{escape(one.here)}")
            st.caption(f":material/lightbulb: {escape(one.matters)}")
