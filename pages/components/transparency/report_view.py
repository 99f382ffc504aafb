"""The report of a run: write it, read it here, take it along."""

from __future__ import annotations

import streamlit as st

from medxai_core.records.runs import RecordedRun
from medxai_core.report.files import WrittenReport, find_report, list_report_arguments
from medxai_core.study import Study
from pages.components.downloads import offer_file
from pages.components.frame import show_empty
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show

HEIGHT = 820
SHOWN = "report_shown"
PAGES = {"report": "Report", "visitor": "Page for a visitor"}


def show_report(study: Study, run: RecordedRun | None) -> None:
    """Show the last report of a run, or what it is and the button that writes it."""
    if run is None:
        show_empty("No classifier is trained yet.", "Its report is written once it is.", "training", "Go to Training")
        return
    st.markdown(
        "One page that opens anywhere without a network, and prints: what was done, how good it is, how far to trust "
        "it. Each sentence names its evidence."
    )
    show_last_failure(study, "report")
    found, is_busy = find_report(study, run.run_id), is_at_work(study, "report")
    with st.container(horizontal=True, vertical_alignment="center"):
        with_pictures = st.checkbox(
            "With test pictures",
            value=True,
            key="report_pictures",
            help="The worst, some others and the best, with mask and truth. They are pictures of patients: leave them "
            "out of a report that goes elsewhere.",
        )
        if st.button(
            "Write it again" if found else "Write the report",
            icon=":material/description:",
            type="tertiary" if found else "primary",
            disabled=is_busy or study.read_only,
        ):
            arguments = list_report_arguments(study, run.run_id, with_pictures=with_pictures)
            start_and_show(study, "report", arguments, title="Report")
    if found is None:
        words = "being written" if is_busy else "not written yet"
        st.info(f"The report of this run is {words}.", icon=":material/pending:")
        return
    _show_written(study, run, found)


def _show_written(study: Study, run: RecordedRun, found: WrittenReport) -> None:
    """Offer the files, and show one of the pages."""
    st.caption(f"Written {found.created_at[:16].replace('T', ' ')} UTC. What was recorded since is not in it.")
    files = (
        ("report", "Report", found.report, "text/html", ":material/description:"),
        ("visitor page", "Page for a visitor", found.visitor, "text/html", ":material/person:"),
        ("transparency text", "Text for Medico's task 3", found.text, "text/plain", ":material/notes:"),
    )
    with st.container(horizontal=True):
        for what, label, path, mime, icon in files:
            name = f"{study.name}-{run.run_id}-{path.name}"
            offer_file(
                study, what, label, path.read_bytes, file_name=name, mime=mime, icon=icon, key=f"take-{path.name}"
            )
    shown = st.segmented_control(
        "Shown here", list(PAGES), key=SHOWN, default="report", required=True, format_func=PAGES.get,
        label_visibility="collapsed",
    )  # fmt: skip
    path = found.visitor if shown == "visitor" else found.report
    st.iframe(path, height=HEIGHT, alt=f"{PAGES[shown or 'report']} of run {run.run_id}")
