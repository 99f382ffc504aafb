"""Charts of mask scores: intervals side by side, spread over pictures, by size and place of the polyp."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from medxai_core.config import PAPER_ROWS
from medxai_core.evaluation.bands import BandScore
from medxai_core.records.masks import RecordedEvaluation
from pages.components.chart_style import (
    PAPER_COLOR,
    RUN_COLOR,
    TRIVIAL_COLOR,
    finish_chart,
    make_error_bars,
    show_chart,
)
from pages.components.evaluation.words import get_figure, name_row

KINDS = {
    "run": ("this study's runs", RUN_COLOR, "circle"),
    "trivial": ("trivial masks (no method)", TRIVIAL_COLOR, "diamond-open"),
    "paper": ("the paper (other pictures, no interval)", PAPER_COLOR, "square-open"),
}
ROW_HEIGHT = 30
N_BINS = 20


def show_intervals(rows: list[RecordedEvaluation]) -> None:
    """Show Dice and Jaccard of every row with intervals, the highest Dice on top."""
    lines = [_line_of(row) for row in rows]
    lines += [
        (f"Paper, run {one.run}", "paper", {"dice": (one.dice, None, None), "jaccard": (one.jaccard, None, None)})
        for one in PAPER_ROWS
    ]
    lines = sorted((line for line in lines if line[2]["dice"][0] is not None), key=lambda line: line[2]["dice"][0])
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=("Dice", "Jaccard"))
    for kind, (words, color, symbol) in KINDS.items():
        chosen = [line for line in lines if line[1] == kind]
        for column, metric in enumerate(("dice", "jaccard"), 1):
            values, lows, highs = ([line[2][metric][i] for line in chosen] for i in range(3))
            figure.add_scatter(
                row=1,
                col=column,
                x=values,
                y=[line[0] for line in chosen],
                mode="markers",
                name=words,
                showlegend=column == 1,
                legendgroup=kind,
                marker={"color": color, "symbol": symbol, "size": 11, "line": {"width": 2, "color": color}},
                error_x=None if kind == "paper" else make_error_bars(values, lows, highs) | {"color": color},
                hovertemplate="%{y}: %{x:.3f}<extra></extra>",
            )
    finish_chart(figure, height=ROW_HEIGHT * len(lines) + 130, legend=True, left=10)
    figure.update_layout(margin={"t": 90}, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    figure.update_xaxes(range=[0, 1], dtick=0.2)
    figure.update_yaxes(categoryorder="array", categoryarray=[line[0] for line in lines], automargin=True)
    show_chart(
        figure, key="chart_intervals", alt="Dice and Jaccard with 95 % intervals, trivial masks as open diamonds"
    )


def _line_of(row: RecordedEvaluation) -> tuple[str, str, dict]:
    """Return name, kind and figures of a row."""
    figures = {
        metric: tuple(get_figure(row, f"mean.{metric}")[key] for key in ("value", "low", "high"))
        for metric in ("dice", "jaccard")
    }
    name = name_row(row).replace("\\", "")
    return name.replace(": ", ":<br>", 1) if row.run_id else name, "run" if row.run_id else "trivial", figures


def show_distribution(dice: np.ndarray, disk_dice: np.ndarray | None) -> None:
    """Show over how many pictures Dice is spread, with each picture as a tick and the disk as a line."""
    edges = np.linspace(0, 1, N_BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    counts = np.histogram(dice[np.isfinite(dice)], edges)[0]
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.82, 0.18], vertical_spacing=0.03)
    figure.add_bar(
        row=1, col=1, x=centres, y=counts, name="this run", marker_color=RUN_COLOR, width=0.92 / N_BINS,
        hovertemplate="Dice around %{x:.2f}: %{y} pictures<extra></extra>",
    )  # fmt: skip
    if disk_dice is not None:
        steps = np.histogram(disk_dice[np.isfinite(disk_dice)], edges)[0]
        figure.add_scatter(
            row=1, col=1, x=centres, y=steps, name="centred disk", mode="lines", line_shape="hvh",
            line={"color": TRIVIAL_COLOR, "width": 2}, hovertemplate="disk: %{y} pictures<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        row=2, col=1, x=dice, y=np.zeros(len(dice)), mode="markers", showlegend=False,
        marker={"symbol": "line-ns-open", "size": 14, "color": RUN_COLOR}, hovertemplate="Dice %{x:.3f}<extra></extra>",
    )  # fmt: skip
    finish_chart(figure, height=300, legend=True)
    figure.update_xaxes(range=[-0.01, 1.01], row=2, col=1, title="Dice of one picture (0 nothing, 1 perfect)")
    figure.update_yaxes(title="pictures", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(visible=False, row=2, col=1)
    show_chart(figure, key="chart_distribution", alt="How Dice is spread over the pictures, this run and the disk")


def show_bands(mine: list[BandScore], disk: list[BandScore] | None, *, key: str, title: str, alt: str) -> None:
    """Show the mean score by band with intervals, and the disk beside it."""
    labels = [f"{band.label}<br>n = {band.n}" for band in mine]
    figure = go.Figure()
    series = [("this run", mine, RUN_COLOR, "circle")]
    if disk is not None:
        series.append(("centred disk", disk, TRIVIAL_COLOR, "diamond-open"))
    for i, (name, bands, color, symbol) in enumerate(series):
        shift = (i - (len(series) - 1) / 2) * 0.18
        values = [band.mean for band in bands]
        figure.add_scatter(
            x=[place + shift for place in range(len(labels))],
            y=values,
            name=name,
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 12, "line": {"width": 2, "color": color}},
            error_y=make_error_bars(values, [b.interval.low for b in bands], [b.interval.high for b in bands])
            | {"color": color},
            hovertemplate=f"{name}: Dice %{{y:.3f}}<extra></extra>",
        )
    finish_chart(figure, height=320, legend=True)
    figure.update_layout(margin={"b": 70})
    figure.update_xaxes(
        tickvals=list(range(len(labels))), ticktext=labels, title=title, range=[-0.5, len(labels) - 0.5]
    )
    figure.update_yaxes(range=[-0.04, 1.02], title="mean Dice")
    show_chart(figure, key=key, alt=alt)
