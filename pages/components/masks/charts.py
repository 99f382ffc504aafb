"""Charts of the mask viewer: heat of the picture, Dice against threshold, table of layers and thresholds."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from medxai_core.masks import HEAT_ANCHORS, MASK_COLOR
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.masks import make_band
from medxai_core.stages.tuning_table import TuningTable
from medxai_core.views.mask_view import CURVE_THRESHOLDS, HISTOGRAM_BINS, LayerMap, TruthCounts
from pages.components.chart_style import GOOD_COLOR, PLAIN, TRIVIAL_COLOR, WARN_COLOR, finish_chart, show_chart, to_hex
from pages.components.masks import setting as keys

HEIGHT = 260
MASK = to_hex(MASK_COLOR)


def show_histogram(layer_map: LayerMap, setting: MaskSetting) -> None:
    """Show how much of the picture has which heat, with the band drawn in."""
    st.markdown("**Heat in this picture**")
    centres = (np.arange(HISTOGRAM_BINS) + 0.5) / HISTOGRAM_BINS
    low, high = setting.low or 0.0, 1.0 if setting.high is None else setting.high
    inside = ((centres > low) & (centres < high)) != setting.inverted
    colors = [MASK if taken else TRIVIAL_COLOR for taken in inside]
    percent = layer_map.shares * 100
    top = max(float(np.sort(percent)[-2]) * 1.2, 0.5)  # the coldest bar is often far above all others
    figure = go.Figure(go.Bar(x=centres, y=percent, marker_color=colors, width=1 / HISTOGRAM_BINS))
    figure.update_traces(hovertemplate="heat %{x:.2f}: %{y:.1f} % of the picture<extra></extra>")
    for limit in (setting.low, setting.high):
        if limit is not None:
            figure.add_vline(x=limit, line_width=2, line_color=WARN_COLOR)
    if percent.max() > top:
        figure.add_annotation(
            x=centres[percent.argmax()],
            y=top,
            text=f"{percent.max():.0f} %",
            showarrow=False,
            xanchor="left",
            yanchor="top",
        )
    _finish(figure, "heat", "% of the picture", y_top=top)
    show_chart(figure, key="masks_histogram", alt="Share of the picture by heat, with the limits")
    st.caption("Blue bars are in the mask, grey ones are not; the lines are the limits.")


def show_curve(counts: TruthCounts, disk_dice: float | None, setting: MaskSetting) -> None:
    """Show Dice of this picture for every lower limit, with the disk as a line."""
    st.markdown("**Dice against the threshold**")
    dice = counts.dice_by_threshold()
    if dice is None:
        st.caption("Undefined: the picture has no polyp.")
        return
    figure = go.Figure(go.Scatter(x=CURVE_THRESHOLDS, y=dice, line={"color": MASK, "width": 3}))
    figure.update_traces(hovertemplate="heat above %{x:.2f}: Dice %{y:.3f}<extra></extra>")
    if disk_dice is not None:
        figure.add_hline(
            y=disk_dice, line_dash="dash", line_color=TRIVIAL_COLOR, annotation_text=f"disk {disk_dice:.2f}"
        )
    score = counts.score(make_band(setting)).dice
    figure.add_scatter(
        x=[setting.low or 0.0],
        y=[score],
        marker={"size": 12, "color": WARN_COLOR},
        hovertemplate="this mask: Dice %{y:.3f}<extra></extra>",
    )
    _finish(figure, "lower limit (mask is where the heat is above)", "Dice", y_top=1.0)
    show_chart(figure, key="masks_curve", alt="Dice of this picture by threshold, disk as a line")
    is_plain = setting.high is None and not setting.inverted
    extra = "" if is_plain else " It stands off the line: it has an upper limit too, or is inverted."
    st.caption(f"This one picture, this layer. The dot is the mask in view.{extra}")


def _finish(figure: go.Figure, x_title: str, y_title: str, *, y_top: float) -> None:
    """Give a small chart its axes."""
    finish_chart(figure, height=HEIGHT)
    figure.update_xaxes(title=x_title, range=[0, 1])
    figure.update_yaxes(title=y_title, range=[0, y_top])


def show_tuning_table(table: TuningTable, setting: MaskSetting) -> None:
    """Show mean Dice by layer and threshold; a click on a cell sets both."""
    figure = go.Figure(_make_cells(table))
    _add_click_targets(figure, table)
    _add_mark(figure, table.choose(), "star")
    if table.holds(setting):
        _add_mark(figure, setting, "square-open")
    finish_chart(figure, height=max(320, 18 * len(table.sweep.layers) + 90))
    figure.update_layout(hovermode="closest", clickmode="event+select")
    x_title = "threshold (the mask is where the heat is above)"
    figure.update_xaxes(title=x_title, dtick=0.1, range=[0.02, 0.98], showgrid=False)
    figure.update_yaxes(title="layer", dtick=2, showgrid=False)
    st.plotly_chart(
        figure,
        key="masks_table",
        on_select=_take_cell,
        selection_mode="points",
        config=PLAIN,
        alt="Mean Dice of the tuning pictures by layer and threshold",
    )


def _make_cells(table: TuningTable) -> go.Heatmap:
    """Return the cells of the table in the colours of heat: lighter is better."""
    return go.Heatmap(
        x=table.sweep.thresholds,
        y=table.sweep.layers,
        z=table.sweep.dice,
        zmin=0,
        colorscale=[[i / 7, to_hex(color)] for i, color in enumerate(HEAT_ANCHORS)],
        colorbar={"title": "Dice", "thickness": 14},
        hoverinfo="skip",
        xgap=1,
        ygap=1,
    )


def _add_click_targets(figure: go.Figure, table: TuningTable) -> None:
    """Lay points that cannot be seen over the cells: Plotly selects points, not cells."""
    sweep = table.sweep
    cells = [(layer, low) for layer in sweep.layers for low in sweep.thresholds]
    figure.add_scatter(
        x=[low for _, low in cells],
        y=[layer for layer, _ in cells],
        mode="markers",
        marker={"size": 16, "symbol": "square", "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[layer, low, table.method] for layer, low in cells],
        text=[f"{dice:.3f}" if np.isfinite(dice) else "undefined" for dice in sweep.dice.ravel()],
        hovertemplate="layer %{y}, heat above %{x:.2f}: mean Dice %{text}<extra></extra>",
    )


def _add_mark(figure: go.Figure, setting: MaskSetting, symbol: str) -> None:
    """Mark one cell."""
    figure.add_scatter(
        x=[setting.low],
        y=[setting.layer],
        mode="markers",
        marker={
            "size": 15,
            "symbol": symbol,
            "color": GOOD_COLOR,
            "line": {"width": 2, "color": "white"},
        },
        hoverinfo="skip",
    )


def _take_cell() -> None:
    """Put the clicked cell into the controls; a callback."""
    points = st.session_state["masks_table"].selection.points
    found = [point["customdata"] for point in points if point.get("customdata")]
    if found:
        layer, low, method = found[0]
        keys.put_setting(MaskSetting(int(layer), str(method), float(low), None, chosen_on="tuning"))
