"""Curves of a training: how often right, and how sure, pass by pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from medxai_core.views.kept_pass import name_kept_pass
from medxai_core.views.run_states import RunState

TRAINING, CHECK, BEST = "#0072B2", "#D55E00", "#009E73"
RUN_COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours: told apart by people who do not see red or green."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PANELS = (("accuracy", "Right answers (accuracy)"), ("loss", "Error measure (loss), lower is better"))
HEIGHT = 300
MARKED = 15
"""Passes up to which each is marked; more would hide the dashes of the lines."""


def show_curves(state: RunState) -> None:
    """Show accuracy and loss of one run, with the pass that is kept marked."""
    figure = _make_panels(state.run.epochs if state.run else len(state.epochs))
    for panel, (name, _) in enumerate(PANELS, start=1):
        for split, words, color, dash in (
            ("train", "pictures it learns from", TRAINING, "dash"),
            ("validation", "check pictures (validation)", CHECK, "solid"),
        ):
            line = {"color": color, "dash": dash, "width": 2.5}
            _add_line(figure, state.epochs, f"{split}_{name}", words=words, line=line, panel=panel)
    if state.best is not None:
        is_segmenter = state.run is not None and state.run.mask_head is not None
        words = name_kept_pass(state.run) if state.run and is_segmenter else f"best pass: {state.best['epoch']}"
        _mark_kept(figure, state.best["epoch"], state.run.epochs if state.run else len(state.epochs), words)
    _draw(figure, "curves", f"Accuracy and loss over {len(state.epochs)} passes")


def show_compared_curves(states: Sequence[RunState]) -> None:
    """Show the check pictures' accuracy and loss of several runs in one picture."""
    figure = _make_panels(max(state.run.epochs for state in states if state.run))
    for number, state in enumerate(states):
        line = {"color": RUN_COLORS[number % 6], "dash": DASHES[number % 6], "width": 2.5}
        words = state.run.run_id if state.run else ""
        for panel, (name, _) in enumerate(PANELS, start=1):
            _add_line(figure, state.epochs, f"validation_{name}", words=words, line=line, panel=panel)
    _draw(figure, "compared", f"Accuracy and loss of {len(states)} runs on the check pictures")


def _mark_kept(figure: go.Figure, epoch: int, n_passes: int, words: str) -> None:
    """Mark the pass whose weights are kept in both panels, and name it in the first."""
    line = {"color": BEST, "dash": "dot", "width": 2}
    side = "bottom right" if epoch <= n_passes / 2 else "bottom left"
    figure.add_vline(epoch, line=line, annotation_text=words, annotation_position=side, row=1, col=1)
    figure.add_vline(epoch, line=line, row=1, col=2)


def _make_panels(n_passes: int) -> go.Figure:
    """Make two empty panels side by side, wide enough for all passes that are planned."""
    figure = make_subplots(rows=1, cols=2, subplot_titles=[title for _, title in PANELS], horizontal_spacing=0.1)
    figure.update_xaxes(title_text="pass over the pictures (epoch)", range=[0.5, n_passes + 0.5], rangemode="tozero")
    if n_passes <= 25:
        figure.update_xaxes(dtick=1 if n_passes <= 12 else 5)
    figure.update_yaxes(range=[0, 1.03], tickformat=".0%", row=1, col=1)
    figure.update_yaxes(rangemode="tozero", row=1, col=2)
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "y": -0.28},
        hovermode="x unified",
    )
    return figure


def _add_line(
    figure: go.Figure,
    epochs: Sequence[Mapping[str, Any]],
    column: str,
    *,
    words: str,
    line: dict[str, Any],
    panel: int,
) -> None:
    """Add one curve; passes without a value are left out."""
    known = [epoch for epoch in epochs if epoch[column] is not None]
    figure.add_trace(
        go.Scatter(
            x=[epoch["epoch"] for epoch in known],
            y=[epoch[column] for epoch in known],
            name=words,
            legendgroup=words,
            showlegend=panel == 1,
            mode="lines+markers" if len(known) <= MARKED else "lines",
            line=line,
            marker={"size": 7},
        ),
        row=1,
        col=panel,
    )


def _draw(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure without the tool bar."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
