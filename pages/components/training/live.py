"""One training run: what it is doing, whether it improves, its curves, stop and resume."""

from __future__ import annotations

from typing import Any

import streamlit as st

from medxai_core.config import SEGMENTER
from medxai_core.errors import MedxaiError
from medxai_core.jobs import start_job
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.learning import describe_learning, describe_rounds
from medxai_core.views.run_states import (
    RunState,
    estimate_seconds_left,
    find_run_state,
    list_run_states,
    read_log_tail,
)
from medxai_core.views.training_course import say_course
from pages.components.class_words import escape
from pages.components.frame import format_seconds, show_error
from pages.components.reader import sign_job
from pages.components.training.course import get_course_progress
from pages.components.training.curves import show_curves
from pages.components.training.words import (
    LABEL_WORDS,
    NETWORK_WORDS,
    PRESET_WORDS,
    STATE_WORDS,
    VERDICT_ICONS,
    WHEN_TO_STOP,
    say_percent,
)

POLL_SECONDS = 2.0


def show_run(study: Study, state: RunState) -> None:
    """Show one run; while it is open the view draws itself again every two seconds."""
    live = st.fragment(_show_live, run_every=POLL_SECONDS if state.is_open else None)
    live(study, state.run.run_id if state.run else None, state.is_open)


def _show_live(study: Study, run_id: str | None, was_open: bool) -> None:
    """Read the run anew and draw it; when it has ended or come to be, draw the whole page."""
    state = _read(study, run_id)
    if state is None or state.is_open != was_open or (state.run is None) != (run_id is None):
        st.rerun()
    _show_head(study, state)
    _show_progress(study, state)
    _show_problem(study, state)
    if state.run is None:
        return
    _show_learning(state)
    if state.epochs:
        show_curves(state)
        _show_label_note(state.run)
    _show_settings(state)


def _read(study: Study, run_id: str | None) -> RunState | None:
    """Return the state of the run now; without an id, of the training that was asked for last."""
    states = list_run_states(study)
    if run_id is None:
        return states[0] if states else None
    found = [state.run for state in states if state.run is not None and state.run.run_id == run_id]
    return find_run_state(study, found[0]) if found else None


def _show_head(study: Study, state: RunState) -> None:
    """Show name and state, and the button to go on; the one to stop is in the strip at the top of every page."""
    words, icon, color = STATE_WORDS[state.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(words, icon=icon, color=color)
        if state.run is not None:
            run = state.run
            recipe = f"{PRESET_WORDS.get(run.preset, run.preset)} · {NETWORK_WORDS.get(run.network, run.network)}"
            st.caption(f"{recipe} · begun {run.created_at[:16].replace('T', ' ')} UTC", width="stretch")
        if state.can_resume and st.button("Go on", icon=":material/play_arrow:", disabled=study.read_only):
            _resume(study, state)


def _resume(study: Study, state: RunState) -> None:
    """Go on with a run that ended before its last pass."""
    run_id = state.run.run_id if state.run else ""
    try:
        start_job(study, "train", sign_job(["train", str(study.folder), "--resume", run_id]), title="Training goes on")
    except MedxaiError as error:
        show_error(error)
        return
    st.rerun()


def _show_progress(study: Study, state: RunState) -> None:
    """Show how far an open run is and how long it will take."""
    job = state.job
    if not state.is_open or job is None:
        return
    if state.state == "stopping":
        st.caption("It stops after the step under way. Finished passes are kept; the pass under way is lost.")
    course = get_course_progress(study, state.run, state.epochs, job) if state.run is not None else None
    if course is not None:
        step = f"{job['stage']}: {job['done']} of {job['total']}" if job["total"] else job["stage"]
        st.progress(course.share, text=f"{step} · {say_course(course)}")
        return
    if state.run is None or job["stage"] != "Training" or not job["total"]:
        st.progress(0.0, text="getting ready: reading pictures and building the network")
        return
    left = estimate_seconds_left(state)
    share = min(job["done"] / job["total"], 1.0)
    now = min(int(share * state.run.epochs) + 1, state.run.epochs)
    words = f"pass {now} of {state.run.epochs}"
    st.progress(share, text=f"{words} · about {format_seconds(left)} left" if left is not None else words)


def _show_problem(study: Study, state: RunState) -> None:
    """Say why a run ended before its time, and what can be done."""
    if state.state not in ("failed", "lost"):
        if state.state == "stopped" and not state.can_resume:
            st.caption("It was stopped before its first pass was finished: there is nothing to go on from.")
        elif state.state == "stopped":
            st.caption(_say_how_to_go_on(state))
        return
    reason = (state.job or {}).get("error") or "The reason was not recorded."
    remedy = _say_how_to_go_on(state) if state.can_resume else "Start a new training."
    said = escape(reason) if reason.endswith(remedy) else f"{escape(reason)} {remedy}"
    st.error(said, icon=":material/error:")
    tail = read_log_tail(study, state.job["job_id"]) if state.job else ""
    if tail:
        with st.expander("What the program printed last (log)", icon=":material/terminal:"):
            st.code(tail, language=None, wrap_lines=True)


def _say_how_to_go_on(state: RunState) -> str:
    """Say what of a run is kept, and where it goes on."""
    if state.epochs:
        is_drawn = state.run is not None and state.run.rounds is not None and len(state.epochs) == 1
        kept = "What drawn frames taught is kept" if is_drawn else "Finished passes are kept"
        return f"{kept}: go on from there."
    if state.has_class_map:
        return "What the labels say of a place (class map) is kept: go on from there."
    return "Nothing of it is kept yet: going on begins it again, with its own labels and seed."


def _show_learning(state: RunState) -> None:
    """Answer the question that everybody asks: is it improving?"""
    if state.run is not None and state.run.network == SEGMENTER:
        _show_rounds(state, state.run)
        return
    n_validation = state.run.manifest["n_validation"] if state.run else 0
    found = describe_learning(state.epochs, n_validation=n_validation, is_over=not state.is_open)
    with st.container(border=True, gap="xsmall"):
        question = "Is it improving?" if state.is_open else "Did it improve?"
        st.markdown(f"{VERDICT_ICONS[found.verdict]} **{question}** {found.headline}")
        if state.is_open:
            st.markdown(f":material/stop_circle: **When do I stop?** {WHEN_TO_STOP[found.verdict]}")
        for sentence in found.details:
            st.caption(sentence)
        if state.best is not None and state.best["validation_accuracy"] is not None:
            st.caption(
                "The best pass over the pictures (epoch) is chosen by these check pictures, so its figure flatters; "
                "only test pictures, which took no part, say how good it is."
            )


def _show_rounds(state: RunState, run: RecordedRun) -> None:
    """Say how far a segmenter has come."""
    n_validation, n_rounds = run.manifest["n_validation"], run.epochs - 1
    found = describe_rounds(state.epochs, n_validation=n_validation, n_rounds=n_rounds, is_over=not state.is_open)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{VERDICT_ICONS[found.verdict]} **{found.headline}**")
        for sentence in found.details:
            st.caption(sentence)
        if state.epochs:
            st.caption(
                "In the curves below pass 1 is what drawn frames taught; each later one is a round on your pictures. "
                "Right means that it sees polyp somewhere in a labelled picture or tile that holds some. That says "
                "little about outlines: the Masks page shows those."
            )


def _show_label_note(run: RecordedRun) -> None:
    """Say what right means where labels are only proposed."""
    n_proposed = sum(run.manifest["label_counts"]["cluster"].values())
    if n_proposed:
        st.caption(
            f"For the pictures it learns from, right means as labelled: {n_proposed} of "
            f"{len(run.manifest['item_positions'])} of these labels are proposals that no reader had accepted."
        )


def _show_settings(state: RunState) -> None:
    """Show what decided the outcome of the run."""
    run = state.run
    if run is None:
        return
    with st.expander("Settings of this run", icon=":material/tune:"):
        counts = {source: sum(by_class.values()) for source, by_class in run.manifest["label_counts"].items()}
        config = run.manifest["config"]
        kept = "Best pass" if run.rounds is None else "Last round" if run.rounds[0] else "Drawn frames only"
        n_seeds, n_reviewed, n_proposed = (counts[source] for source in ("reference", "review", "cluster"))
        rows = (
            {
                "Run": run.run_id,
                "Labels": LABEL_WORDS.get(run.labels, "In random order (control)"),
                "Learned from": f"{n_seeds} seeds, {n_reviewed} reviewed, {n_proposed} proposed",
                "Check pictures": str(run.manifest["n_validation"]),
            }
            | (_tell_rounds(config) if run.network == SEGMENTER else _tell_recipe(run, config))
            | {
                "Learning rate": f"{config['learning_rate']:g}",
                "Seed": str(config["seed"]),
                f"{kept}: right on check pictures": say_percent((state.best or {}).get("validation_accuracy")),
            }
        )
        st.dataframe(
            [{"Setting": name, "Value": value} for name, value in rows.items()],
            hide_index=True,
            width="content",
            height="content",
            alt="Settings of this run",
        )


def _tell_recipe(run: RecordedRun, config: dict[str, Any]) -> dict[str, str]:
    """Return the settings of a classifier's training in words."""
    return {
        "Starts from": "nothing" if config["weights"] == "scratch" else str(config["weights"]),
        "Passes asked for": str(run.epochs),
        "Pictures a step (batch)": str(config["batch_size"]),
        "First stages kept as they are": str(config["frozen_blocks"]),
        "Augmentation": config["augmentation"],
    }


def _tell_rounds(config: dict[str, Any]) -> dict[str, str]:
    """Return the settings of a segmenter's training in words."""
    real, drawn, empty = config["batch"]
    return {
        "Starts from": "pretrained",
        "Drawn frames": f"{config['n_drawn'][0]} with polyp, {config['n_drawn'][1]} without",
        "Steps on drawn frames": str(config["shape_steps"]),
        "Steps of the rounds on your pictures": ", ".join(map(str, config["rounds"])),
        "Pictures a step (batch)": f"{real} of yours, {drawn} drawn, {empty} labelled without polyp",
        "Side of the network's input": f"{config['side']} px",
    }
