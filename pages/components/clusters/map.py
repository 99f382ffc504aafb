"""The map of all items: points coloured by what the reader asks, selected by click, box or loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from medxai_core.masks import OKABE_ITO
from medxai_core.views.map_points import MapPoints
from pages.components.class_words import say_class, shorten

GREY = "rgba(128,128,128,0.45)"
COLORS = [OKABE_ITO[name] for name in ("blue", "orange", "bluish_green", "reddish_purple", "sky_blue", "vermillion")]
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
MOST_NAMED = len(COLORS) * len(SYMBOLS)
SOURCES = {
    "reference": "given with the picture (seed)",
    "review": "decided by a reader",
    "cluster": "proposed by a cluster",
}
SPLITS = {
    "train": "train: clustered and labelled",
    "validation": "validation: judges the classifier",
    "tuning": "tuning: chooses layer and threshold",
    "test": "test: scored once at the end",
}
COLOR_MODES = {
    "cluster": "Cluster",
    "label": "Label in force",
    "source": "Source of the label",
    "round": "Round",
    "split": "Split",
    "feature": "A feature",
}
SCALE = [(0.0, "rgb(0,114,178)"), (0.5, "rgb(165,160,165)"), (1.0, "rgb(230,159,0)")]
MAP_HEIGHT = 500
LEGEND_ROW_HEIGHT, LONGEST_SHORT_NAME = 20, 20


@dataclass(frozen=True)
class Group:
    """Name some points that are drawn alike."""

    name: str
    color: str
    symbol: str
    rows: np.ndarray


def draw_map(
    points: MapPoints,
    mode: str,
    *,
    values: np.ndarray | None = None,
    marked: Sequence[str] = (),
    picked: Sequence[str] = (),
    revision: int = 0,
) -> go.Figure:
    """Return the map as a figure.

    Parameters
    ----------
    mode : str
        A key of `COLOR_MODES`.
    values : (n_points,) float64, optional
        The feature, for the mode "feature".
    marked, picked : sequence of str
        Items drawn as selected; items ringed.
    revision : int
        Another number makes another figure, on which nothing is drawn by hand.
    """
    figure = go.Figure()
    hover = describe_points(points)
    is_marked = np.isin(points.item_ids.astype(str), list(marked)) if marked else None
    for trace in _make_traces(points, mode, values):
        rows = trace.pop("rows")
        chosen = {} if is_marked is None else {"selectedpoints": np.flatnonzero(is_marked[rows])}
        figure.add_scattergl(
            x=points.points[rows, 0],
            y=points.points[rows, 1],
            mode="markers",
            customdata=points.item_ids[rows],
            text=hover[rows],
            hovertemplate="%{text}<extra></extra>",
            unselected={"marker": {"opacity": 0.15}},
            **chosen,
            **trace,
        )
    _ring(figure, points, picked)
    return _lay_out(figure, revision)


def describe_points(points: MapPoints) -> np.ndarray:
    """Return what hovering over each point says, (n_points,) object: id, cluster, label in force."""
    described = np.empty(len(points), object)
    for row, item_id in enumerate(points.item_ids):
        cluster = points.cluster_ids[row]
        where = f"cluster {cluster}" if cluster >= 0 else f"not clustered ({points.splits[row]})"
        source = f", {SOURCES[points.sources[row]]}" if points.sources[row] else ""
        described[row] = f"{shorten(item_id)}<br>{where}<br>{say_class(points.labels[row])}{source}"
    return described


def _make_traces(points: MapPoints, mode: str, values: np.ndarray | None) -> list[dict]:
    """Return one trace for each group of points, or one trace with a colour scale."""
    size = 9 if len(points) < 2000 else 6 if len(points) < 20_000 else 4
    if mode == "feature" and values is not None:
        return [_scale(np.arange(len(points)), values, size=size, title="low to high")]
    if mode == "round":
        return _trace_rounds(points, size)
    if mode == "cluster" and len(np.unique(points.cluster_ids)) > MOST_NAMED:
        return _trace_many_clusters(points, size)
    return [
        {
            "rows": group.rows,
            "name": f"{group.name} ({len(group.rows)})",
            "marker": {"size": size, "color": group.color, "symbol": group.symbol, "opacity": 0.85},
        }
        for group in group_points(points, mode)
        if len(group.rows)
    ]


def group_points(points: MapPoints, mode: str) -> list[Group]:
    """Return the points in groups with name, colour and symbol; the least telling group first, below the others."""
    if mode == "label":
        keys, names = points.labels, {"polyp": ("polyp", 1, 0), "non_polyp": ("non-polyp", 0, 1)}
        rest = "no label"
    elif mode == "source":
        keys, rest = points.sources, "no label"
        names = {key: (words, i, i) for i, (key, words) in enumerate(SOURCES.items())}
    elif mode == "split":
        keys, rest = points.splits, "removed"
        names = {key: (words, i, i) for i, (key, words) in enumerate(SPLITS.items())}
    else:
        keys, rest = points.cluster_ids, "not clustered"
        used = [int(cluster) for cluster in np.unique(points.cluster_ids) if cluster >= 0]
        names = {cluster: (f"cluster {cluster}", cluster, cluster // len(COLORS)) for cluster in used}
    named = [
        Group(words, _css(COLORS[color % len(COLORS)]), SYMBOLS[symbol % len(SYMBOLS)], np.flatnonzero(keys == key))
        for key, (words, color, symbol) in names.items()
    ]
    known = np.concatenate([group.rows for group in named]) if named else np.empty(0, np.int64)
    others = np.setdiff1d(np.arange(len(points)), known)
    return [Group(rest, GREY, "circle", others), *named]


def _trace_rounds(points: MapPoints, size: int) -> list[dict]:
    """Return the items that no round labelled in grey, below those coloured by their round."""
    given, others = np.flatnonzero(points.rounds > 0), np.flatnonzero(points.rounds == 0)
    grey = {"size": size, "color": GREY}
    traces = [{"rows": others, "name": f"no round ({len(others)})", "marker": grey}]
    if len(given):
        traces.append(_scale(given, points.rounds[given].astype(float), size=size, title="round", tickformat="d"))
    return traces


def _trace_many_clusters(points: MapPoints, size: int) -> list[dict]:
    """Return one trace: so many clusters cannot have a colour each, so colours repeat."""
    clustered, others = np.flatnonzero(points.cluster_ids >= 0), np.flatnonzero(points.cluster_ids < 0)
    steps = [(i / (len(COLORS) - 1), _css(color)) for i, color in enumerate(COLORS)]
    marker = {"size": size, "color": points.cluster_ids[clustered] % len(COLORS), "colorscale": steps}
    return [
        {"rows": others, "name": f"not clustered ({len(others)})", "marker": {"size": size, "color": GREY}},
        {"rows": clustered, "name": "clusters (colours repeat)", "marker": marker, "showlegend": False},
    ]


def _scale(rows: np.ndarray, values: np.ndarray, *, size: int, title: str, tickformat: str = "") -> dict:
    """Return a trace coloured by numbers, on a scale that colour-blind people can read, on light and on dark."""
    bar = {"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0, "tickformat": tickformat}
    bar |= {"dtick": 1} if tickformat and np.ptp(values) < 10 else {}
    marker = {"size": size, "color": values, "colorscale": SCALE, "colorbar": bar}
    return {"rows": rows, "name": title, "marker": marker, "showlegend": False}


def _ring(figure: go.Figure, points: MapPoints, picked: Sequence[str]) -> None:
    """Draw rings around picked items."""
    if not picked:
        return
    rows = np.flatnonzero(np.isin(points.item_ids.astype(str), list(picked)))
    marker = {"size": 19, "symbol": "circle-open", "color": _css(OKABE_ITO["vermillion"]), "line": {"width": 3}}
    figure.add_scattergl(
        x=points.points[rows, 0],
        y=points.points[rows, 1],
        mode="markers",
        marker=marker,
        name=f"picked ({len(rows)})",
        hoverinfo="skip",
    )


def _lay_out(figure: go.Figure, revision: int) -> go.Figure:
    """Hide what means nothing on such a map: axes, ticks, grid."""
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    names = [trace.name for trace in figure.data if trace.showlegend is not False]
    n_columns = 1 if len(names) == 1 else 4 if all(len(name) <= LONGEST_SHORT_NAME for name in names) else 2
    figure.update_layout(
        height=MAP_HEIGHT + LEGEND_ROW_HEIGHT * -(-len(names) // n_columns),
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis=axis,
        yaxis=axis,
        dragmode="lasso",
        meta=revision,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "grey", "activecolor": _css(OKABE_ITO["bluish_green"])},
        legend={
            "orientation": "h",
            "yanchor": "top",
            "y": -0.01,
            "x": 0,
            "itemsizing": "constant",
            "entrywidth": 1 / n_columns,
            "entrywidthmode": "fraction",
        },
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _css(color: tuple[int, int, int]) -> str:
    """Return a colour as CSS writes it."""
    return f"rgb{color}"
