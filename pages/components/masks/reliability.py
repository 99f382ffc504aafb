"""How far a segmenter's probabilities can be trusted, as the tuning pictures say."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from medxai_core.evaluation.reliability import N_TENTHS, Reliability
from pages.components.chart_style import RUN_COLOR, TRIVIAL_COLOR, finish_chart, show_chart


def show_reliability(found: Reliability) -> None:
    """Say in words and in a chart what the probabilities of the tuning pictures are worth."""
    st.markdown("**Can its probabilities be trusted?**")
    st.markdown(_describe_pictures(found))
    with st.expander("By place: what it says, and how often it is so", icon=":material/show_chart:"):
        show_chart(
            _draw(found),
            key="masks_reliability",
            alt="Share of places that are polyp, by the probability that the network gives them, beside the diagonal.",
        )
        st.caption(
            "Each point: places of the tuning pictures by tenths of their probability. On the line they would be "
            "right; above it there is more polyp than the network says. Below .1 lie "
            f"{found.shares[0]:.0%} of all places; {found.is_polyp[0]:.1%} of these are polyp. Mean gap (expected "
            f"calibration error): {found.calibration_error:.3f}. The masks of the tuning pictures are used for these "
            "figures; they change no mask and no threshold."
        )


def _describe_pictures(found: Reliability) -> str:
    """Say what was promised and what was reached, picture by picture."""
    words = []
    if len(found.expected):
        words.append(
            f"On {len(found.expected)} tuning pictures with a polyp and a mask its probabilities promise a mean Dice "
            f"of {found.expected.mean():.2f}; {found.reached.mean():.2f} is reached."
        )
    if found.n_empty:
        words.append(f"{found.n_empty} tuning pictures get no mask; {found.n_missed} of them show a polyp.")
    else:
        words.append("No tuning picture is left without a mask.")
    return " ".join(words)


def _draw(found: Reliability) -> go.Figure:
    """Draw how often places are polyp by what is said of them."""
    seen = np.flatnonzero(found.shares > 0)
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": TRIVIAL_COLOR, "dash": "dot"}, hoverinfo="skip")
    figure.add_scatter(
        x=found.said[seen],
        y=found.is_polyp[seen],
        mode="lines+markers",
        line={"color": RUN_COLOR},
        marker={"color": RUN_COLOR, "size": 9},
        customdata=[_name_tenth(tenth, found) for tenth in seen],
        hovertemplate="%{customdata}<br>said %{x:.2f}, polyp %{y:.2f}<extra></extra>",
    )
    finish_chart(figure, height=300)
    figure.update_xaxes(title="probability that the network gives a place", range=[0, 1], dtick=0.2)
    figure.update_yaxes(title="share of these that is polyp", range=[0, 1], dtick=0.2)
    return figure


def _name_tenth(tenth: int, found: Reliability) -> str:
    """Name the places of a tenth of the probability."""
    return f"{tenth / N_TENTHS:.1f} to {(tenth + 1) / N_TENTHS:.1f}: {found.shares[tenth]:.1%} of all places"
