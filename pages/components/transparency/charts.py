"""Small charts of the features of one picture: what each descriptor looks at, and what is unusual."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from medxai_core.clusters.words import name_color
from medxai_core.life_story import Part, Step
from pages.components.chart_style import GRID_COLOR, RUN_COLOR, finish_chart, show_chart
from pages.components.transparency.cards import Telling

SIDE = 190
READING = {
    "edge_histogram": "4 x 4 parts of the picture; fuller is more edges",
    "tamura": "which way the pattern runs; longer is more",
    "luminance_layout": "upper left part of the picture only",
    "simple_color_histogram": "the most common colours, in steps of 64",
}
EDGE_KINDS = ("upright", "level", "rising", "falling", "no direction")
BLUES = [[0, "rgba(47, 134, 196, 0.05)"], [1, RUN_COLOR]]
GREYS = [[0, "#000000"], [1, "#ffffff"]]


def show_features(telling: Telling, step: Step, part: Part) -> None:
    """Show one small chart a descriptor, then what is unusual."""
    descriptors = {one["name"]: one for one in part.facts.get("descriptors", [])}
    if not descriptors:
        return
    drawers = {
        "edge_histogram": _draw_edges,
        "tamura": _draw_directions,
        "luminance_layout": _draw_brightness,
        "simple_color_histogram": _draw_colors,
    }
    with st.grid(4, min_column_width=150):
        for name, draw in drawers.items():
            if name in descriptors:
                _show_descriptor(descriptors[name], draw(np.array(descriptors[name]["values"])))
    _show_unusual(part.facts.get("unusual", []))


def _show_descriptor(one: dict[str, Any], figure: go.Figure) -> None:
    """Show the chart of one descriptor under its name."""
    with st.container(gap="xxsmall"):
        st.markdown(f"**{one['aspect'].capitalize()}**", help=f"{one['meaning']} ({len(one['values'])} numbers)")
        show_chart(figure, key=f"story-chart-{one['name']}", alt=f"{one['aspect']} of this picture: {one['meaning']}")
        st.caption(READING[one["name"]])


def _draw_edges(values: np.ndarray) -> go.Figure:
    """Draw how many edges are in each of 4 x 4 regions."""
    regions = values.reshape(4, 4, 5)
    text = [
        [", ".join(f"{kind} {n:.0f}" for kind, n in zip(EDGE_KINDS, cell, strict=True)) for cell in line]
        for line in regions
    ]
    return _draw_cells(regions.sum(axis=2), BLUES, text)


def _draw_brightness(values: np.ndarray) -> go.Figure:
    """Draw the coarse map of light and dark; it covers the upper left part of the picture only."""
    cells = values.reshape(8, 8)
    return _draw_cells(cells, GREYS, [[f"{value:.0f} of 31" for value in line] for line in cells], top=31)


def _draw_cells(cells: np.ndarray, colors: list, text: list[list[str]], *, top: float | None = None) -> go.Figure:
    """Draw a square of cells, the first at the upper left."""
    figure = go.Figure(
        go.Heatmap(
            z=cells, colorscale=colors, zmin=0, zmax=top, showscale=False, text=text, xgap=2, ygap=2,
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    return _finish(figure, square=True)


def _draw_directions(values: np.ndarray) -> go.Figure:
    """Draw how many places have a pattern in each direction; flat places are left out."""
    degrees = [11.5 * (i + 0.5) for i in range(16)]
    figure = go.Figure(
        go.Barpolar(
            r=np.concatenate([values[3:], values[3:]]),
            theta=degrees[1:] + [degree + 180 for degree in degrees[1:]],
            width=11,
            marker={"color": RUN_COLOR, "line": {"width": 0}},
            hovertemplate="%{r:.0f} places<extra></extra>",
        )
    )
    figure.update_layout(
        polar={
            "bgcolor": "rgba(0,0,0,0)",
            "radialaxis": {"visible": False},
            "angularaxis": {"showticklabels": False, "gridcolor": GRID_COLOR, "linecolor": GRID_COLOR, "ticks": ""},
        }
    )
    return _finish(figure)


def _draw_colors(values: np.ndarray) -> go.Figure:
    """Draw which colours fill the picture, the most common first."""
    order = [i for i in np.argsort(-values, kind="stable")[:12] if values[i] > 0]
    levels = [(int(i) // 16, int(i) // 4 % 4, int(i) % 4) for i in order]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(order))),
            y=[float(values[i]) for i in order],
            marker={
                "color": ["rgb({},{},{})".format(*(85 * level for level in one)) for one in levels],
                "line": {"width": 1, "color": GRID_COLOR},
            },
            text=[name_color(*one) for one in levels],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.08)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return _finish(figure)


def _finish(figure: go.Figure, *, square: bool = False) -> go.Figure:
    """Give a small chart its size; cells stay square."""
    finish_chart(figure, height=SIDE)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4})
    if square:
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    return figure


def _show_unusual(unusual: list[dict[str, Any]]) -> None:
    """Show how far the most unusual features lie from the mean of all pictures."""
    if not unusual:
        return
    lines = list(reversed(unusual))
    figure = go.Figure(
        go.Bar(
            x=[one["deviation"] for one in lines],
            y=[one["words"] for one in lines],
            orientation="h",
            marker_color=RUN_COLOR,
            width=0.55,
            customdata=[[one["percentile"], one["n"], one["technical_name"]] for one in lines],
            hovertemplate="higher than %{customdata[0]:.0f} % of %{customdata[1]} (%{customdata[2]})<extra></extra>",
        )
    )
    finish_chart(figure, height=28 * len(lines) + 70)
    figure.update_xaxes(title="standard deviations from the mean of all", zeroline=True, zerolinecolor=GRID_COLOR)
    figure.update_yaxes(automargin=True, showgrid=False)
    show_chart(figure, key="story-chart-unusual", alt="The most unusual features, in standard deviations from the mean")
