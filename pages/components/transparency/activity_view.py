"""The log of a study: events and decisions, to filter and to take along."""

from __future__ import annotations

import json

import streamlit as st

from medxai_core.config import RESEARCH_USE
from medxai_core.study import Study
from medxai_core.views.activity_log import Activity, format_csv, format_jsonl, list_activity
from pages.components.cached import get_state, remember
from pages.components.class_words import say_plainly, shorten

ALL = "all"


def show_activity(study: Study) -> None:
    """Show the log, newest first, with filters and downloads."""
    lines: list[Activity] = remember(str(study.folder), "activity", (get_state(study),), lambda: list_activity(study))
    chosen = _filter(lines)
    st.dataframe(
        {
            "When (UTC)": [line.at[:19].replace("T", " ") for line in reversed(chosen)],
            "Who": [line.actor for line in reversed(chosen)],
            "Kind": [line.kind for line in reversed(chosen)],
            "Picture": [shorten(line.item_id) if line.item_id else "" for line in reversed(chosen)],
            "What": [say_plainly(line.what) for line in reversed(chosen)],
        },
        hide_index=True,
        column_config={"What": st.column_config.TextColumn(width="large")},
        alt="Events and decisions of this study, newest first",
    )
    st.caption(
        f"{len(chosen)} of {len(lines)} lines. Nothing is ever deleted or changed here: decisions are undone by a "
        f"new line. "
        "Readers are pseudonyms; pictures are ids, never file names."
    )
    _offer_downloads(study, chosen)


def _filter(lines: list[Activity]) -> list[Activity]:
    """Let the user filter by kind, by reader and by words."""
    left, middle, right = st.columns([1, 1, 1.4], vertical_alignment="bottom")
    kinds = [ALL, *sorted({line.kind for line in lines})]
    actors = [ALL, *sorted({line.actor for line in lines})]
    kind = left.selectbox("Kind", kinds, key="log_kind", format_func=lambda name: name.replace("-", " "))
    actor = middle.selectbox("Who", actors, key="log_actor")
    words = right.text_input("Holds the words", key="log_words", max_chars=80, placeholder="an id, a run, a class ...")
    wanted = words.strip().lower()
    return [
        line
        for line in lines
        if kind in (ALL, line.kind)
        and actor in (ALL, line.actor)
        and (not wanted or wanted in f"{line.item_id} {line.what} {json.dumps(line.details)}".lower())
    ]


def _offer_downloads(study: Study, lines: list[Activity]) -> None:
    """Offer the chosen lines as JSONL and as CSV."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "JSON lines",
            lambda: format_jsonl(lines),
            file_name=f"{study.name}-log.jsonl",
            mime="application/x-ndjson",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "CSV",
            lambda: format_csv(lines),
            file_name=f"{study.name}-log.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(f"Reasons that readers typed are in the files. {RESEARCH_USE}")
