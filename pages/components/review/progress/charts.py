"""The small charts of the Progress view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from medxai_core.masks import OKABE_ITO
from medxai_core.views.review_audit import AuditShare
from medxai_core.views.review_payoff import CorrectionBlock
from pages.components.chart_style import TRIVIAL_COLOR, finish_chart, make_error_bars, to_hex
from pages.components.class_words import say_class

SOURCE_COLORS = {
    "reference": TRIVIAL_COLOR,
    "review": to_hex(OKABE_ITO["bluish_green"]),
    "cluster": to_hex(OKABE_ITO["sky_blue"]),
}
SOURCE_NAMES = {"reference": "given (seeds)", "review": "by readers", "cluster": "proposed by clusters"}
SOURCE_PATTERNS = {"reference": "", "review": "", "cluster": "/"}
SHOWN_BLOCKS = 12
WRONG_COLOR = to_hex(OKABE_ITO["vermillion"])


def draw_labels(sources: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Draw the labels in force: one bar a class, one part a source."""
    figure = go.Figure()
    longest = max(sum(by_class[name] for by_class in sources.values()) for name in sources["reference"])
    for source, by_class in sources.items():
        figure.add_bar(
            x=list(by_class.values()),
            y=[say_class(name) for name in by_class],
            name=SOURCE_NAMES[source],
            orientation="h",
            marker={
                "color": SOURCE_COLORS[source],
                "pattern": {"shape": SOURCE_PATTERNS[source], "fillmode": "overlay", "size": 5},
            },
            text=[n if n > 0.04 * longest else "" for n in by_class.values()],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#10191d"},
            hovertemplate="%{x} %{y}<extra>" + SOURCE_NAMES[source] + "</extra>",
        )
    finish_chart(figure, height=190, legend=True, left=78)
    legend = {"traceorder": "normal", "yref": "container", "y": 1.0, "yanchor": "top"}
    figure.update_layout(barmode="stack", bargap=0.35, margin={"b": 26, "t": 62}, legend=legend)  # two lines of names
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(autorange="reversed")
    return figure


def draw_errors(audit: Sequence[AuditShare]) -> go.Figure:
    """Draw the share of wrong proposals by class, each with its range."""
    known = [share for share in audit if share.share is not None]
    values: list[float | None] = [100 * (1 - float(share.share or 0.0)) for share in known]
    lows, highs = (
        [None if limit is None else 100 * limit for limit in limits]
        for limits in ([share.error.low for share in known], [share.error.high for share in known])
    )
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=["all" if share.label == "all" else say_class(share.label) for share in known],
            error_x=make_error_bars(values, lows, highs),
            mode="markers",
            marker={"size": 11, "color": WRONG_COLOR},
            customdata=[(share.n_wrong, share.n_judged) for share in known],
            hovertemplate="%{y}: %{customdata[0]} of %{customdata[1]} wrong (%{x:.0f} %)<extra></extra>",
        )
    )
    finish_chart(figure, height=70 + 32 * len(known), left=78)
    figure.update_xaxes(range=[-2, 102], ticksuffix=" %", title_text="proposals that are wrong", title_standoff=4)
    figure.update_yaxes(autorange="reversed")
    return figure


def draw_corrections(blocks: Sequence[CorrectionBlock]) -> go.Figure:
    """Draw the share of corrections in each of the last full blocks of judgements, with its range."""
    blocks = blocks[-SHOWN_BLOCKS:]
    values: list[float | None] = [100 * block.share for block in blocks]
    lows, highs = (
        [None if limit is None else 100 * limit for limit in limits]
        for limits in ([block.interval.low for block in blocks], [block.interval.high for block in blocks])
    )
    figure = go.Figure(
        go.Scatter(
            x=[block.last for block in blocks],
            y=values,
            error_y=make_error_bars(values, lows, highs),
            mode="lines+markers",
            marker={"size": 9, "color": WRONG_COLOR},
            line={"color": WRONG_COLOR, "width": 2},
            customdata=[(block.n_wrong, block.n, block.first, block.last) for block in blocks],
            hovertemplate="judgements %{customdata[2]} to %{customdata[3]}: %{customdata[0]} of %{customdata[1]} "
            "corrected<extra></extra>",
        )
    )
    finish_chart(figure, height=180, left=60)
    figure.update_yaxes(range=[0, 102], ticksuffix=" %", title_text="corrected", title_standoff=4)
    first, last = blocks[0].first - 1, blocks[-1].last
    figure.update_xaxes(range=[first, last + 5], title_text="your judgements, in order", title_standoff=4)
    return figure
