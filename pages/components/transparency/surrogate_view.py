"""Which global features explain what a run's network separates: how far to believe it, then by aspect and class."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from medxai_core.records.runs import RecordedRun
from medxai_core.stages.surrogate import find_surrogate
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.study import Study
from medxai_core.surrogate import (
    Estimate,
    WordedContribution,
    say_controls,
    say_fidelity,
    say_order,
    say_overlap,
    say_unstable,
)
from pages.components.chart_style import (
    PAPER_COLOR,
    RUN_COLOR,
    TRIVIAL_COLOR,
    finish_chart,
    make_error_bars,
    show_chart,
)
from pages.components.class_words import CLASS_WORDS, escape, say_class, write_badge
from pages.components.frame import show_empty
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show

SERIES = {"answer": ("its answer", RUN_COLOR), "space": ("all its deep features", PAPER_COLOR)}


def show_surrogate(study: Study, run: RecordedRun | None) -> None:
    """Show what explains a run's network, or what would be asked and the button that starts it."""
    if run is None:
        show_empty(
            "No classifier is trained yet.", "What it separates is asked once it is.", "training", "Go to Training"
        )
        return
    st.markdown(
        "Edges, texture, brightness and colour can be said in words; what a network sees (its *deep features*) cannot. "
        "Here a simple sum of the first, a *surrogate*, tries to say what the network would. How far it succeeds, on "
        "pictures of patients it never saw, comes first: what it says is worth no more than that."
    )
    show_last_failure(study, "surrogate")
    record = find_surrogate(study, run)
    is_busy = is_at_work(study, "surrogate")
    if st.button(
        "Ask again" if record else "Ask what explains this run",
        icon=":material/translate:",
        type="tertiary" if record else "primary",
        disabled=is_busy or study.read_only,
        help="Up to 2000 training and validation items; test pictures take no part. A minute or a few.",
        key="start-surrogate",
    ):
        arguments = ["explain-features", str(study.folder), "--run", run.run_id]
        start_and_show(study, "surrogate", arguments, title="From global to deep features")
    if record is None:
        words = "It is being asked" if is_busy else "Not asked yet: nothing here says"
        st.info(f"{words} which global features explain what this run separates.", icon=":material/pending:")
        return
    _show_fidelity(record)
    _show_aspects(record)
    _show_classes(record)


def _show_fidelity(record: SurrogateRecord) -> None:
    """Say how far the surrogate may be believed, and what that is held against."""
    answer = record.fidelity_of("answer")
    show = st.warning if answer.amount in ("nothing", "little") else st.info
    show(f"**{escape(say_fidelity(answer))}**", icon=":material/balance:")
    others = [say_fidelity(one).split(". ")[0] + "." for one in record.fidelities if one.target != "answer"]
    st.markdown(escape(" ".join(others)))
    left_out = f", {record.n_left_out} could not be read" if record.n_left_out else ""
    st.caption(
        escape(
            f"{say_controls(answer)} {record.n_items} training and validation items of {record.n_groups} patients or "
            f"pictures{left_out}, {record.created_at[:16].replace('T', ' ')} UTC."
        )
    )


def _show_aspects(record: SurrogateRecord) -> None:
    """Show how much each aspect explains, and whether that would stay with other pictures."""
    st.markdown("**What each aspect explains**")
    st.caption(
        "Bars: its fair share of the variance, which add up to what all explain. Lines: 95 % intervals over "
        f"{record.stabilities[0].n_refits} fits to other draws of patients or pictures. White signs: what it explains "
        "alone (circle), and what only it explains (square). Where a line holds 0, do not read the bar."
    )
    show_chart(_draw_aspects(record), key="surrogate-aspects", alt="Share of variance that each aspect explains")
    said = []
    for stability in record.stabilities:
        if stability.target in SERIES:
            name, shares = SERIES[stability.target][0], record.shares_of(stability.target)
            said.append(
                f"- **{name.capitalize()}:** {escape(f'{say_order(stability)} {say_unstable(shares)}'.strip())}"
            )
    said += [f"- {escape(say_overlap(one))}" for one in record.overlaps if one.target == "answer"]
    st.markdown("\n".join(said))


def _draw_aspects(record: SurrogateRecord) -> go.Figure:
    """Draw shares with intervals, and what each aspect explains alone and beyond the others."""
    figure = go.Figure()
    for target, (name, color) in SERIES.items():
        rows = record.shares_of(target)
        aspects, values = [one.aspect for one in rows], [one.share.value for one in rows]
        lows, highs = [one.share.low for one in rows], [one.share.high for one in rows]
        figure.add_bar(
            x=aspects, y=values, name=name,
            marker={"color": color, "pattern": {"shape": "" if target == "answer" else "/"}},
            error_y=make_error_bars(values, lows, highs) | {"color": TRIVIAL_COLOR}, offsetgroup=target,
            customdata=["" if one.is_stable else "; not stable: do not read it" for one in rows],
            hovertemplate="%{x}: %{y:.1%} of the variance%{customdata}<extra>" + name + "</extra>",
        )  # fmt: skip
        for symbol, what, found in (
            ("circle", "alone", [one.alone for one in rows]),
            ("square", "only it", [one.unique for one in rows]),
        ):
            figure.add_scatter(
                x=aspects, y=found, mode="markers", offsetgroup=target, showlegend=False,
                marker={"symbol": symbol, "size": 8, "color": "white", "line": {"width": 1.5, "color": "#3d484d"}},
                hovertemplate="%{x}, " + what + ": %{y:.1%}<extra>" + name + "</extra>",
            )  # fmt: skip
    finish_chart(figure, height=340, legend=True)
    figure.update_layout(barmode="group", scattermode="group")
    figure.update_yaxes(
        title="share of variance explained", tickformat=".0%", zeroline=True, zerolinecolor=TRIVIAL_COLOR
    )
    return figure


def _show_classes(record: SurrogateRecord) -> None:
    """Show what moves the answer for the pictures of each class."""
    st.markdown("**What pushes the surrogate's answer, by what the network answered**")
    labels = [label for label in ("polyp", "non_polyp") if record.class_counts.get(label)]
    found = {(one.label, one.aspect): one.pushes for one in record.classes}
    aspects = list(dict.fromkeys(one.aspect for one in record.classes))
    table = {"Aspect": aspects} | {
        f"{record.class_counts[label]} answered {say_class(label)}": [_say(found[label, aspect]) for aspect in aspects]
        for label in labels
    }
    st.table(table, border="horizontal", hide_index=True, alt="Mean contribution of each aspect by class")
    st.caption(
        "Mean contributions in logits, with 95 % intervals; + towards polyp, - away from it. 0.1 changes the odds of "
        "polyp by about a tenth, 0.7 doubles them."
    )
    if not record.fidelity_of("answer").is_beyond_chance:
        st.markdown("No words are given: nothing is explained that could be told from chance.")
        return
    for column, label in zip(st.columns(max(1, len(labels))), labels, strict=False):
        with column:
            st.markdown(f"Pictures answered {write_badge(label)} have")
            words = [one for one in record.words if one.label == label]
            st.markdown("\n".join(_say_words(one) for one in words) or "- nothing in particular that would stay")
    st.caption(
        f"Of {len(record.surrogate.parts)} parts of the features that were looked at, the strongest whose interval "
        "does not hold 0; about one in twenty would be here by chance alone. That such pictures have more of something "
        f"does not make it a sign of {CLASS_WORDS['polyp']}."
    )


def _say(figure: Estimate) -> str:
    """Return a contribution as a cell."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:+.2f} (no interval)"
    value, low, high = (f"{round(one, 2) + 0.0:+.2f}" for one in (figure.value, figure.low, figure.high))
    limits = f"{value} ({low} to {high})"
    return limits if figure.is_off_zero else f"{limits}, not stable"


def _say_words(one: WordedContribution) -> str:
    """Return one worded part as a line of a list."""
    towards = "towards polyp" if one.pushes.value > 0 else "away from polyp"
    return f"- **{escape(one.words)}** ({escape(one.aspect)}): {escape(f'{one.pushes.value:+.2f}')} {towards}"
