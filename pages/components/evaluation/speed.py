"""The paper's second table beside the measured times, and the line of real time."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from medxai_core.config import PAPER_ROWS
from medxai_core.formats.medico import REAL_TIME_FPS
from medxai_core.records.masks import get_locked_setting
from medxai_core.records.runs import RecordedRun
from medxai_core.records.speeds import RecordedSpeed, find_speed
from medxai_core.study import Study
from pages.components.chart_style import PAPER_COLOR, RUN_COLOR, WARN_COLOR, finish_chart, show_chart
from pages.components.frame import show_empty
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show

COLUMNS = (
    "Run",
    "Mean s",
    "Shortest s",
    "Longest s",
    "Mean fps",
    "fps of the shortest",
    "fps of the longest",
    "Pictures",
)


def show_speed(study: Study, run: RecordedRun | None) -> None:
    """Show seconds and frames a second, measured and printed."""
    speed = find_speed(study, run.run_id) if run else None
    if run is None:
        show_empty("No classifier is trained yet.", "Train one first.", "training", "Train one first")
    elif get_locked_setting(study, run.run_id) is None:
        show_empty(
            "No setting is locked for this run.", "Time is taken under the locked setting.", "masks", "Lock a setting"
        )
    else:
        _offer_measuring(study, run, speed)
    _show_chart(speed)
    _show_table(speed)
    note = (
        f" Measured on {speed.machine.get('device')} ({speed.machine.get('n_cpus')} cores), {speed.measured_at[:10]}."
        if speed
        else ""
    )
    st.caption(
        "One picture at a time, from the decoded frame to the mask; reading the file is left out. fps: pictures "
        "a second "
        "(frames per second). The paper calls the fps of its shortest time 'min fps', although it is the largest "
        "number; "
        f"the columns here say what they hold. Its machine was another one.{note}"
    )


def _offer_measuring(study: Study, run: RecordedRun, speed: RecordedSpeed | None) -> None:
    """Offer to take the times."""
    show_last_failure(study, "speed")
    label = "Measure again" if speed else "Measure the speed"
    kind = "secondary" if speed else "primary"
    if st.button(label, type=kind, icon=":material/timer:", disabled=is_at_work(study, "speed")):
        arguments = ["speed", str(study.folder), "--run", run.run_id, "--images", "0"]
        start_and_show(study, "speed", arguments, title="Seconds a picture")


def _show_chart(speed: RecordedSpeed | None) -> None:
    """Show mean frames a second; the line is real time."""
    bars = [(f"Paper, run {row.run}", row.mean_fps, PAPER_COLOR) for row in PAPER_ROWS]
    if speed:
        bars.insert(0, ("This run, here", 1 / speed.summary["mean_seconds"], RUN_COLOR))
    names, values, colors = (list(column) for column in zip(*reversed(bars), strict=True))
    figure = go.Figure(
        go.Bar(
            x=values, y=names, orientation="h", marker_color=colors, width=0.6,
            text=[f"{value:.1f}" for value in values], textposition="outside", cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} pictures a second<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(
        x=REAL_TIME_FPS, line_color=WARN_COLOR, line_width=2, annotation_text=f"real time: {REAL_TIME_FPS:.0f}",
        annotation_position="top right",
    )  # fmt: skip
    finish_chart(figure, height=34 * len(bars) + 90)
    figure.update_layout(margin={"t": 30})
    figure.update_xaxes(title="pictures a second (mean)", range=[0, max(REAL_TIME_FPS, *values) * 1.15])
    figure.update_yaxes(automargin=True, showgrid=False)
    show_chart(figure, key="chart_speed", alt="Pictures a second of this run and of the paper's runs; real time is 30")


def _show_table(speed: RecordedSpeed | None) -> None:
    """Show the paper's second table with the measured row on top."""
    rows = []
    if speed:
        found = speed.summary
        seconds = [found["mean_seconds"], found["min_seconds"], found["max_seconds"]]
        cells = [f"{s:.3f}" for s in seconds] + [f"{1 / s:.2f}" for s in seconds]
        rows.append([f":primary-badge[run] {speed.run_id}", *cells, str(int(found["n"]))])
    for row in PAPER_ROWS:
        cells = [f"{s:.2f}" for s in (row.mean_seconds, row.min_seconds, row.max_seconds)]
        cells += [f"{s:.2f}" for s in (row.mean_fps, row.min_fps, row.max_fps)]
        rows.append([f":orange-badge[paper] Run {row.run}", *cells, "200 others"])
    table = {name: list(column) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}
    st.table(table, border="horizontal", hide_index=True, alt="Seconds a picture and pictures a second")
