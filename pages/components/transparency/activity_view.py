"""The log of a study: events and decisions, to filter and to take along."""

from __future__ import annotations

import json
from functools import partial

import streamlit as st

from medxai_core.config import RESEARCH_USE
from medxai_core.records.log_check import LogCheck, check_log
from medxai_core.study import Study
from medxai_core.views.activity_log import Activity, format_csv, format_jsonl, list_activity
from pages.components.cached import get_state, remember
from pages.components.class_words import say_plainly, shorten
from pages.components.downloads import offer_file

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
        f"new line. A setting that is locked or unlocked has two lines: who did it, and the setting itself. "
        "Readers are pseudonyms; pictures are ids, never file names."
    )
    _show_check(study)
    _offer_downloads(study, chosen)


def _show_check(study: Study) -> None:
    """Say whether the log is whole, and what to keep to be able to prove it later."""
    with st.spinner("Checking the log"):
        patterns = ("study.db*", "log_head.txt", "runs/*/*.json", "runs/*/*.safetensors")
        files = [file for pattern in patterns for file in sorted(study.folder.glob(pattern))]
        written = tuple(file.stat().st_mtime_ns for file in files if not file.name.endswith("shm"))
        found: LogCheck = remember(
            str(study.folder), "log-check", (get_state(study), written), lambda: check_log(study)
        )
    if found.is_whole:
        words = f"The log is whole: each of its {found.n_lines} lines is linked to the one before it."
        if found.n_compared:
            words += f" {found.n_compared} results (scores, weights, proposals ...) are as it saw them."
        st.success(words, icon=":material/link:")
    else:
        listed = "\n".join(f"* {problem}" for problem in found.problems)
        what = "Results are not as the log saw them" if found.is_chain_whole else "The log is not whole"
        st.error(
            f"**{what}** ({found.n_problems}). Do not rely on it before you know why; compare with a "
            f"copy of the study.\n\n{listed}",
            icon=":material/link_off:",
        )
    for notice in found.notices:
        st.info(notice, icon=":material/info:")
    with st.expander("What this proves, and what to keep", icon=":material/fingerprint:"):
        st.markdown(
            "Each line carries a digest of itself and of the line before it. A line that was changed, taken out, moved "
            "or added by hand breaks the chain. The line that records a result (scores, weights, proposals, tests of "
            "the maps ...) carries a digest of the result too: one that was changed afterwards is named. Someone "
            "who writes the *whole* log anew can only be found by a digest that was kept elsewhere: copy this "
            "one to paper or to a mail. `log verify` compares it later."
        )
        st.code(str(found.head) if found.head else "No line yet.", language=None, wrap_lines=True)


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
        for label, format_lines, ending, mime in (
            ("JSON lines", format_jsonl, "jsonl", "application/x-ndjson"),
            ("CSV", format_csv, "csv", "text/csv"),
        ):
            offer_file(
                study,
                "log",
                label,
                partial(format_lines, lines),
                file_name=f"{study.name}-log.{ending}",
                mime=mime,
                icon=":material/download:",
            )
        st.caption(f"Reasons that readers typed are in the files. {RESEARCH_USE}")
