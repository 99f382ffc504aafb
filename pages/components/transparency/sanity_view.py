"""The tests of a run's maps: start them, read the lights, see what the weights hold."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from medxai_core.records.runs import RecordedRun
from medxai_core.sanity.lights import Light
from medxai_core.stages.sanity import SanityRecord, find_sanity
from medxai_core.study import Study
from pages.components.chart_style import PAPER_COLOR, RUN_COLOR, TRIVIAL_COLOR, finish_chart, show_chart
from pages.components.class_words import escape
from pages.components.frame import show_empty
from pages.components.job_buttons import is_at_work, show_last_failure, start_and_show

ICONS = {
    "green": (":green[:material/check_circle:]", "passed"),
    "yellow": (":orange[:material/help:]", "unclear"),
    "red": (":red[:material/cancel:]", "failed"),
    "grey": (":gray[:material/radio_button_unchecked:]", "not tested"),
}
ORDER = ("red", "yellow", "grey", "green")


def show_sanity(study: Study, run: RecordedRun | None) -> None:
    """Show the tests of a run, or what they are and the button that starts them."""
    if run is None:
        show_empty("No classifier is trained yet.", "Its maps are tested once it is.", "training", "Go to Training")
        return
    st.markdown(
        "A heat map always looks convincing. These tests ask whether it *depends* on what the network learned, and "
        "whether it lies where it should. Their limits were fixed before any network was tested."
    )
    show_last_failure(study, "sanity")
    record = find_sanity(study, run)
    is_busy = is_at_work(study, "sanity")
    if st.button(
        "Test again" if record else "Test the maps of this run",
        icon=":material/rule:",
        type="tertiary" if record else "primary",
        disabled=is_busy or study.read_only,
        help="Looks at up to 40 tuning pictures; test pictures take no part. A few minutes; go on working meanwhile.",
    ):
        arguments = ["sanity", str(study.folder), "--run", run.run_id]
        start_and_show(study, "sanity", arguments, title="Tests of the maps")
    if record is None:
        words = "being tested" if is_busy else "not tested yet: nothing here shows that they tell how it decides"
        st.info(f"The maps of this run are {words}.", icon=":material/pending:")
        return
    _show_sum(record)
    _show_lights(record.lights)
    _show_randomization(record)


def _show_sum(record: SanityRecord) -> None:
    """Say how many tests went how, and which maps they were of."""
    counts = [sum(light.color == color for light in record.lights) for color in ORDER]
    told = [f"{ICONS[color][0]} **{n}** {ICONS[color][1]}" for color, n in zip(ORDER, counts, strict=True) if n]
    st.markdown(" &emsp; ".join(told))
    blank = f" ({record.n_blank} maps are blank and cannot be compared)" if record.n_blank else ""
    st.caption(
        f"Layer {record.layer} ({escape(record.method)}), {record.n_pictures} tuning pictures{blank}, "
        f"{record.created_at[:16].replace('T', ' ')} UTC. All eight methods that Arun et al. tested in 2021 failed at "
        "least one of such tests. A green light says that one way of failing was not seen; it does not say that a mask "
        "is right."
    )


def _show_lights(lights: list[Light]) -> None:
    """Show one card a light, what failed first."""
    with st.grid(2, min_column_width=380, gap="small"):
        for light in sorted(lights, key=lambda one: ORDER.index(one.color)):
            icon, word = ICONS[light.color]
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"{icon} **{escape(light.question)}** :gray[{word}]")
                st.markdown(escape(light.words))
                st.space("stretch")
                st.caption(escape(light.source))


def _show_randomization(record: SanityRecord) -> None:
    """Show how the maps change while weights are put in random order, stage by stage."""
    st.markdown("**What the weights hold**")
    st.caption(
        "From left to right, more and more of the network is put in random order, beginning at its output (cascading), "
        "or one part alone (independent). A map that stays like the first one does not come from what was learned. "
        "Below the dashed line it is no more like it than the maps of two different pictures are."
    )
    figure = go.Figure()
    for name, rows, color, symbol in (
        ("cascading", record.cascading, RUN_COLOR, "circle"),
        ("independent", record.independent, PAPER_COLOR, "square-open"),
    ):
        figure.add_scatter(
            x=[row["stage"] for row in rows],
            y=[row["ssim"] for row in rows],
            name=name,
            mode="lines+markers",
            line={"color": color, "dash": "solid" if symbol == "circle" else "dot"},
            marker={"symbol": symbol, "size": 9},
            customdata=[_say_rest(row) for row in rows],
            hovertemplate="%{x}: SSIM %{y:.2f}%{customdata}<extra>" + name + "</extra>",
        )
    if record.baseline is not None:
        figure.add_hline(y=record.baseline, line={"color": TRIVIAL_COLOR, "dash": "dash"})
    finish_chart(figure, height=320, legend=True)
    figure.update_yaxes(title="likeness to the map (SSIM)", range=[min(0, (record.baseline or 0) - 0.1), 1.02])
    show_chart(figure, key="sanity-weights", alt="Likeness of the map while weights are put in random order")


def _say_rest(row: dict[str, Any]) -> str:
    """Return what stands behind the likeness when a point is pointed at."""
    rank = "" if row["rank_correlation"] is None else f", rank correlation {row['rank_correlation']:.2f}"
    return rank + (f", {row['n_blank']} blank" if row["n_blank"] else "")
