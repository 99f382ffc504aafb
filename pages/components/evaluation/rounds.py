"""How wrong the proposed labels are, round by round, where reference labels exist."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from medxai_core.config import CLASS_NAMES
from medxai_core.masks import OKABE_ITO
from medxai_core.study import Study
from medxai_core.views.round_errors import RoundError
from pages.components.chart_style import TRIVIAL_COLOR, WARN_COLOR, finish_chart, show_chart, to_hex
from pages.components.class_words import say_class
from pages.components.evaluation.data import get_round_errors
from pages.components.frame import show_empty

BAR_COLORS = {"polyp": to_hex(OKABE_ITO["orange"]), "non_polyp": to_hex(OKABE_ITO["sky_blue"])}
BAND_COLOR = "rgba(213, 94, 0, 0.18)"


def show_round_errors(study: Study) -> None:
    """Show the error by round and over all rounds."""
    labelling, rounds = get_round_errors(study)
    if labelling is None:
        show_empty("No labels have been proposed yet.", "Run the rounds first.", "clusters", "Go to Clusters")
        return
    if not rounds:
        show_empty(
            "No proposed label can be checked.",
            "No picture with a proposal has a reference label. A random sample on the Review page estimates the error.",
            "review",
            "Go to Review",
        )
        return
    _say_result(rounds)
    _show_chart(rounds)
    st.caption(
        "Bars: share of wrong labels among those that one round proposed (colour: the class it proposed). Line: "
        "all rounds "
        "so far, with its 95 % interval. The rounds never saw these reference labels. Look at this after the review, "
        "not before: a reader who knows it is no longer independent."
    )
    _show_rounds(rounds)


def _say_result(rounds: list[RoundError]) -> None:
    """Say the error over all rounds in one line."""
    last, n = rounds[-1], sum(one.n_compared for one in rounds)
    if last.error_so_far is None:
        return
    low, high = last.interval_so_far.low, last.interval_so_far.high
    span = f"{low:.0%} to {high:.0%}" if low is not None and high is not None else "unknown"
    columns = st.columns(4)
    columns[0].metric("Proposed labels that are wrong", f"{last.error_so_far:.0%}")
    columns[1].metric("95 % interval", span)
    columns[2].metric("Wrong if all were called polyp", f"{last.error_always_polyp:.0%}")
    columns[3].metric("Labels compared", n)


def _show_chart(rounds: list[RoundError]) -> None:
    """Show bars by round and the running error with its interval."""
    numbers = [one.round for one in rounds]
    figure = go.Figure()
    for label in CLASS_NAMES:
        chosen = [one for one in rounds if one.label == label]
        figure.add_bar(
            x=[one.round for one in chosen],
            y=[one.error for one in chosen],
            name=f"round proposes {say_class(label)}",
            marker_color=BAR_COLORS[label],
            customdata=[[one.n_wrong, one.n_compared, one.n_proposed] for one in chosen],
            hovertemplate="round %{x}: %{customdata[0]} of %{customdata[1]} wrong "
            "(%{customdata[2]} proposed)<extra></extra>",
        )
    known = [one for one in rounds if one.interval_so_far.low is not None]
    figure.add_scatter(
        x=[one.round for one in known] + [one.round for one in reversed(known)],
        y=[one.interval_so_far.high for one in known] + [one.interval_so_far.low for one in reversed(known)],
        fill="toself",
        mode="lines", fillcolor=BAND_COLOR, line={"width": 0}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=numbers, y=[one.error_so_far for one in rounds], name="all rounds so far", mode="lines+markers",
        line={"color": WARN_COLOR, "width": 3}, hovertemplate="rounds 1 to %{x}: %{y:.0%} wrong<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0.5, line_dash="dash", line_color=TRIVIAL_COLOR, annotation_text="a coin")
    finish_chart(figure, height=360, legend=True)
    figure.update_layout(bargap=0.5)
    figure.update_xaxes(title="round", dtick=1 if len(rounds) < 25 else None, showgrid=False)
    figure.update_yaxes(title="share of wrong labels", range=[0, 1.02], tickformat=".0%")
    show_chart(figure, key="chart_rounds", alt="Share of wrong proposed labels by round and over all rounds so far")


def _show_rounds(rounds: list[RoundError]) -> None:
    """Show the numbers behind the chart on demand."""
    with st.expander("The numbers by round"):
        st.dataframe(
            {
                "Round": [one.round for one in rounds],
                "Class": [say_class(one.label) for one in rounds],
                "Proposed": [one.n_proposed for one in rounds],
                "Compared": [one.n_compared for one in rounds],
                "Wrong": [one.n_wrong for one in rounds],
                "Error so far": [one.error_so_far for one in rounds],
            },
            column_config={"Error so far": st.column_config.NumberColumn(format="percent")},
            hide_index=True,
            alt="Proposed, compared and wrong labels by round",
        )
