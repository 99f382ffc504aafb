"""All training runs of a study: choose one, compare several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from medxai_core.records.masks import get_locked_setting
from medxai_core.records.runs import get_classifier_scores
from medxai_core.study import Study
from medxai_core.views.run_states import RunState
from pages.components.page_links import pass_over_address, read_address, write_address
from pages.components.training.curves import show_compared_curves
from pages.components.training.words import (
    NETWORK_WORDS,
    PRESET_WORDS,
    STATE_WORDS,
    say_percent,
)

KNOWN_KEY = "training_known_runs"
RUN_KEY = "training_run"


def choose_run(study: Study, states: Sequence[RunState]) -> RunState | None:
    """Let the user choose a run; the one at work comes first, and one that has just begun is chosen by itself."""
    by_id = {state.run.run_id: state for state in states if state.run is not None}
    if states and states[0].run is None:
        pass_over_address("run", RUN_KEY)
        return states[0]
    if not by_id:
        return None
    at_work = {run_id for run_id, state in by_id.items() if state.is_open}
    first = next((run_id for run_id in by_id if run_id in at_work), next(iter(by_id)))
    known, known_at_work = st.session_state.get(KNOWN_KEY, {}).get(str(study.folder), (None, None))
    if known is not None and (set(by_id) - known or at_work - known_at_work):
        st.session_state[RUN_KEY] = first
    st.session_state[KNOWN_KEY] = {str(study.folder): (set(by_id), at_work)}
    read_address("run", RUN_KEY, list(by_id), default=first)
    chosen = st.selectbox("Run", list(by_id), key=RUN_KEY, label_visibility="collapsed", icon=":material/history:")
    write_address("run", RUN_KEY, chosen)
    if at_work and chosen not in at_work:
        _offer_running(first)
    return by_id[chosen]


def _offer_running(run_id: str) -> None:
    """Say that another run is at work, and lead to it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(":material/model_training: Another training is at work.", width="content")
        st.button("Show it", on_click=st.session_state.update, args=({RUN_KEY: run_id},))


def show_comparison(study: Study, states: Sequence[RunState]) -> None:
    """List all runs, and lay the curves of the chosen ones over each other."""
    by_id = {state.run.run_id: state for state in states if state.run is not None}
    if not by_id:
        st.info("**There is no run yet.** Start a training first.", icon=":material/info:")
        return
    st.dataframe(
        [_describe(study, state) for state in by_id.values()],
        hide_index=True,
        alt="All training runs with their settings and best scores",
    )
    st.caption(
        "Check pictures (validation): right answers at the pass over the pictures (epoch) that is kept. It was chosen "
        "by them, so the figure flatters; of the recommended recipe the last round is kept, and none is chosen. "
        "Test pictures: both classes counted alike (balanced accuracy) with the 95 % interval; hidden until layer and "
        "threshold of the run are locked. Seeds, reviewed and proposed are the labels it learned from."
    )
    chosen = st.multiselect(
        "Compare", list(by_id), default=list(by_id)[:2], key="training_compare", bind="query-params", max_selections=6
    )
    compared = [by_id[run_id] for run_id in chosen if by_id[run_id].epochs]
    if len(compared) < 2:
        st.caption("Choose two or more runs with at least one finished pass to see their curves together.")
        return
    show_compared_curves(compared)
    st.caption(
        "On the check pictures (validation) of each run. Runs differ by chance too: the same recipe with another "
        "seed shows by how much."
    )


def _describe(study: Study, state: RunState) -> dict[str, Any]:
    """Return one line of the list of runs."""
    run, best = state.run, state.best or {}
    if run is None:
        return {}
    counts = {source: sum(by_class.values()) for source, by_class in run.manifest["label_counts"].items()}
    return {
        "Run": run.run_id,
        "Check pictures right": _say_check(best, run.manifest["n_validation"]),
        "Test pictures right": _say_test(study, run.run_id),
        "Kept pass (epoch)": best.get("epoch"),
        "Passes": f"{len(state.epochs)} of {run.epochs}",
        "Recipe": PRESET_WORDS.get(run.preset, run.preset),
        "Network": NETWORK_WORDS.get(run.network, run.network),
        "Seeds": counts["reference"],
        "Reviewed": counts["review"],
        "Proposed": counts["cluster"],
        "State": STATE_WORDS[state.state][0],
        "Seed of chance": run.manifest["config"]["seed"],
        "Begun (UTC)": run.created_at[:16].replace("T", " "),
    }


def _say_check(best: dict[str, Any], n_validation: int) -> str:
    """Return the best epoch's accuracy on the check pictures, with their number."""
    accuracy = best.get("validation_accuracy")
    return "-" if accuracy is None else f"{say_percent(accuracy)} of {n_validation}"


def _say_test(study: Study, run_id: str) -> str:
    """Return the balanced accuracy on the test pictures, or why it is not shown."""
    scores = get_classifier_scores(study, run_id).get("test")
    if scores is None:
        return "not computed"
    if get_locked_setting(study, run_id) is None:
        return "hidden"
    one = scores["balanced_accuracy"]
    low, high = one["interval"]["low"], one["interval"]["high"]
    span = "" if low is None else f" ({say_percent(low)} to {say_percent(high)})"
    return f"{say_percent(one['value'])}{span} of {one['n']}"
