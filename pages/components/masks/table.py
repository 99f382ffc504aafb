"""The table of the tuning pictures: mean Dice by layer and threshold; a click on a cell sets both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from medxai_core.masks import HEAT_ANCHORS
from medxai_core.records.masks import MaskSetting
from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.tuning_table import TuningTable, find_tuning_table
from medxai_core.study import Study
from medxai_core.views.mask_view import describe_plainly
from pages.components.chart_style import GOOD_COLOR, PLAIN, finish_chart, to_hex
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show
from pages.components.masks import setting as keys
from pages.components.masks.header import METHOD_NAMES
from pages.components.masks.reliability import show_reliability
from pages.components.study.masks import tell_made_without_masks


def show_table(study: Study, run: RecordedRun, images: Images) -> None:
    """Show the recorded table of the tuning pictures, or offer to compute it."""
    setting, method = keys.get_setting(), keys.get_block_method()
    st.markdown("**Best on tuning pictures**")
    table = find_tuning_table(study, run.run_id, method=method)
    if table is None:
        _offer_sweep(study, run, images, method)
        return
    if not table.has_polyps:
        st.info("No tuning picture shows a polyp, so no score is defined. Choose the setting by eye.")
        return
    best = table.choose()
    dice = table.sweep.dice[table.sweep.layers.index(best.layer), table.sweep.thresholds.index(best.low)]
    disk = f"{table.disk_dice:.3f}" if table.disk_dice is not None else "undefined"
    st.markdown(
        f"Best: {describe_plainly(best)}: **mean Dice {dice:.3f}** over {table.n_polyp} tuning pictures "
        f"with a polyp. A disk in the middle of every picture: {disk}. Click a cell to set layer and threshold."
    )
    tell_made_without_masks(study, table.created_at)
    show_tuning_table(table, setting)
    st.caption(
        f"{_name_maps(table, method)}. {_say_flat(table)}The best of many cells flatters itself, the more so "
        "with few pictures. "
        "Masks of the tuning pictures are used here: what is locked from this table says so."
    )
    if table.sweep.reliability is not None:
        show_reliability(table.sweep.reliability)


def _name_maps(table: TuningTable, method: str) -> str:
    """Say what the maps of the layers are."""
    name = METHOD_NAMES.get(method, method)
    head = table.sweep.mask_head
    return name if head is None else f"Layer {head}: the network's own mask. Layers below it: {name}"


def _say_flat(table: TuningTable) -> str:
    """Say how large the flat region is, when it is known."""
    near = table.sweep.is_near_best
    if near is None:
        return ""
    return (
        f"Within the line are the {near.sum()} of {near.size} cells that are not shown to be worse than the best, "
        "picture by picture (95 %): among them the choice hardly matters. "
    )


def _offer_sweep(study: Study, run: RecordedRun, images: Images, method: str) -> None:
    """Offer to score every layer and threshold, as a job."""
    n_pictures = len(images.positions_in("tuning", with_truth=True))
    if not n_pictures:
        st.info("The study has no tuning picture with a truth. Choose the setting by eye.", icon=":material/info:")
        return
    st.markdown(
        f"Score every layer and threshold of {METHOD_NAMES.get(method, method)} on the {n_pictures} tuning pictures: "
        "about a second a picture. You can go on working meanwhile."
    )
    is_busy = is_at_work(study, "sweep")
    if st.button("Compute the table", icon=":material/grid_on:", disabled=is_busy or study.read_only):
        arguments = ["sweep", str(study.folder), "--run", run.run_id, "--method", method]
        start_and_show(study, "sweep", arguments, title="Layers and thresholds on the tuning pictures")
    show_last_failure(study, "sweep")


def show_tuning_table(table: TuningTable, setting: MaskSetting) -> None:
    """Show mean Dice by layer and threshold; a click on a cell sets both."""
    figure = go.Figure(_make_cells(table))
    _add_flat_region(figure, table)
    _add_click_targets(figure, table)
    _add_mark(figure, table.choose(), "star")
    if table.holds(setting):
        _add_mark(figure, setting, "square-open")
    finish_chart(figure, height=max(320, 18 * len(table.sweep.layers) + 90))
    figure.update_layout(hovermode="closest", clickmode="event+select")
    x_title = "threshold (the mask is where the map is above)"
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


def _add_flat_region(figure: go.Figure, table: TuningTable) -> None:
    """Draw a line around the cells that are not shown to be worse than the best."""
    if table.sweep.is_near_best is None:
        return
    xs, ys = outline_cells(table.sweep.is_near_best, table.sweep.thresholds, table.sweep.layers)
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": GOOD_COLOR, "width": 3}, hoverinfo="skip")


def outline_cells(
    chosen: np.ndarray, columns: Sequence[float], rows: Sequence[int]
) -> tuple[list[float | None], list[float | None]]:
    """Return the border of chosen cells of a grid as line segments, None between them.

    Parameters
    ----------
    chosen : (n_rows, n_columns) bool
    columns, rows : sequence of float
        Middles of the cells, evenly spread.

    Returns
    -------
    (list, list)
        x and y, three entries a segment.

    Examples
    --------
    >>> xs, ys = outline_cells(np.array([[True]]), [0.5], [3])
    >>> len(xs) // 3, sorted({y for y in ys if y is not None})
    (4, [2.5, 3.5])
    """
    width = (columns[1] - columns[0]) / 2 if len(columns) > 1 else 0.025
    height = (rows[1] - rows[0]) / 2 if len(rows) > 1 else 0.5
    wide = np.pad(chosen, 1)
    xs: list[float | None] = []
    ys: list[float | None] = []
    for i, j in np.argwhere(chosen):
        x, y = columns[j], rows[i]
        sides = (
            (wide[i, j + 1], (x - width, x + width), (y - height, y - height)),
            (wide[i + 2, j + 1], (x - width, x + width), (y + height, y + height)),
            (wide[i + 1, j], (x - width, x - width), (y - height, y + height)),
            (wide[i + 1, j + 2], (x + width, x + width), (y - height, y + height)),
        )
        for is_inside, (x0, x1), (y0, y1) in sides:
            if not is_inside:
                xs += [x0, x1, None]
                ys += [y0, y1, None]
    return xs, ys


def _say_cells(table: TuningTable) -> list[str]:
    """Return the mean Dice of every cell with its interval."""
    sweep = table.sweep
    words = [f"{dice:.3f}" if np.isfinite(dice) else "undefined" for dice in sweep.dice.ravel()]
    if sweep.dice_low is None or sweep.dice_high is None:
        return words
    bounds = zip(words, sweep.dice_low.ravel(), sweep.dice_high.ravel(), strict=True)
    return [f"{word} (95 % interval {low:.3f} to {high:.3f})" for word, low, high in bounds]


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
        customdata=[[layer, low, table.sweep.name_method(layer, table.method)] for layer, low in cells],
        text=_say_cells(table),
        hovertemplate="layer %{y}, above %{x:.2f}: mean Dice %{text}<extra></extra>",
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
