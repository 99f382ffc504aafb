"""The look that charts share: colours that all eyes tell apart, calm axes, no tool bar."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from medxai_core.masks import OKABE_ITO


def to_hex(color: tuple[int, int, int]) -> str:
    """Return a colour as charts want it.

    >>> to_hex((0, 114, 178))
    '#0072b2'
    """
    return "#{:02x}{:02x}{:02x}".format(*color)


RUN_COLOR = "#2f86c4"
TRIVIAL_COLOR = "#8a979c"
PAPER_COLOR = to_hex(OKABE_ITO["orange"])
WARN_COLOR = to_hex(OKABE_ITO["vermillion"])
GOOD_COLOR = to_hex(OKABE_ITO["bluish_green"])
GRID_COLOR = "rgba(138, 151, 156, 0.25)"
PLAIN = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def finish_chart(figure: go.Figure, *, height: int, legend: bool = False, left: int = 55) -> go.Figure:
    """Give a chart its size, margins and grid."""
    figure.update_layout(
        height=height,
        margin={"l": left, "r": 16, "t": 36 if legend else 14, "b": 46},
        showlegend=legend,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0, "xanchor": "left"},
        hoverlabel={"align": "left"},
        dragmode=False,
    )
    figure.update_xaxes(fixedrange=True, gridcolor=GRID_COLOR, zeroline=False)
    figure.update_yaxes(fixedrange=True, gridcolor=GRID_COLOR, zeroline=False)
    return figure


def show_chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """Show a chart as wide as its place."""
    st.plotly_chart(figure, key=key, width="stretch", config=PLAIN, alt=alt)


def make_error_bars(
    values: list[float | None], lows: list[float | None], highs: list[float | None]
) -> dict[str, object]:
    """Return interval bars around values; without an interval the bar has no length."""
    plus = [0.0 if v is None or high is None else high - v for v, high in zip(values, highs, strict=True)]
    minus = [0.0 if v is None or low is None else v - low for v, low in zip(values, lows, strict=True)]
    return {"type": "data", "symmetric": False, "array": plus, "arrayminus": minus, "thickness": 2, "width": 5}
