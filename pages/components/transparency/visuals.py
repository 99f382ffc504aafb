"""What the cards of a story show beside words: tables, neighbours, decisions, probabilities."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from medxai_core.life_story import Part, Step
from medxai_core.life_story.details import name_rival
from medxai_core.pseudo_labels import Neighbour
from pages.components.cached import get_item_thumbnail
from pages.components.chart_style import RUN_COLOR, TRIVIAL_COLOR, finish_chart, show_chart
from pages.components.class_words import escape, say_action, say_class, say_plainly, shorten
from pages.components.item_views import find_position, show_neighbours
from pages.components.transparency.cards import Telling


def show_file(telling: Telling, step: Step, part: Part) -> None:
    """Show id, hash and what was measured on import."""
    facts = part.facts
    with st.expander("Id, hash, and what was measured on import"):
        st.table(
            {
                "Id in this study": f"`{facts['image_id']}`",
                "Hash of the file (SHA-256)": f"`{facts['sha256']}`",
                "Brightness": _number(facts["brightness"], "mean of all pixels, 0 black to 255 white"),
                "Contrast": _number(facts["contrast"], "spread of the pixels"),
                "Sharpness": _number(facts["sharpness"], "higher is sharper"),
            },
            border="horizontal",
            width="content",
            alt="Id, hash and quality of the file",
        )


def _number(value: float | None, words: str) -> str:
    """Return a measured number with what it is."""
    return "unknown" if value is None else f"{value:.1f} :gray[{words}]"


def show_cluster(telling: Telling, step: Step, part: Part) -> None:
    """Show the typical members of the cluster, and what sets it apart."""
    typical = part.facts.get("typical_item_ids")
    if not typical:
        return
    st.markdown("**Typical members** :gray[(nearest to the centre)]")
    with st.grid(max(6, len(typical)), min_column_width=90, gap="xsmall"):
        for item_id in typical:
            small = get_item_thumbnail(telling.study, find_position(telling.study, item_id))
            if small is not None:
                st.image(small, width="stretch", alt=f"Typical member {shorten(item_id)} of the cluster")
    with st.container(horizontal=True, gap="xsmall"):
        for one in part.facts["differences"]:
            st.badge(
                one["words"],
                color="gray",
                help=f"{one['technical_name']}: {one['difference']:+.1f} standard deviations",
            )


def show_proposal(telling: Telling, step: Step, part: Part) -> None:
    """Show the labelled pictures that look most alike, and what would have changed the outcome."""
    facts = part.facts
    if not facts.get("nearest_labelled"):
        return
    st.markdown("**Labelled pictures that look most alike** :gray[(to the features)]")
    near = [
        Neighbour(find_position(telling.study, one["item_id"]), one["label"], one["distance"])
        for one in facts["nearest_labelled"]
    ]
    show_neighbours(telling.study, near, proposed=facts["label"])
    with st.expander("The proposal would be another if ..."):
        for line in facts["would_change_if"]:
            st.markdown(f"- ... {escape(say_plainly(line))}")
        if facts["runners_up"]:
            st.markdown("Next in line in that round:")
        for rival in facts["runners_up"]:
            st.markdown(f"- {escape(say_plainly(name_rival(rival, is_band=facts['is_band'])))}")
    if not facts["seeds_agree"]:
        st.caption("The labels the rounds started from cannot be rebuilt exactly: pictures were removed since.")


def show_decisions(telling: Telling, step: Step, part: Part) -> None:
    """Show who decided what, when, and what it changed."""
    decisions = part.facts["decisions"]
    if not decisions:
        return
    st.dataframe(
        {
            "When (UTC)": [one["at"][:16].replace("T", " ") for one in decisions],
            "Reader": [one["reader"] for one in decisions],
            "What": [say_action(one["action"], one["label"]) for one in decisions],
            "Before": [say_class(one["label_before"]) for one in decisions],
            "After": [say_class(one["label_after"]) for one in decisions],
            "Reason": [one["reason"] for one in decisions],
        },
        hide_index=True,
        alt="Decisions of readers on this picture, oldest first",
    )


def show_prediction(telling: Telling, step: Step, part: Part) -> None:
    """Show the probability of each run on a line from 0 to 1."""
    known = [run for run in part.facts.get("runs", []) if run["probability"] is not None]
    if not known:
        return
    figure = go.Figure(
        go.Scatter(
            x=[run["probability"] for run in known],
            y=[run["run_id"] for run in known],
            mode="markers+text",
            text=[f"{run['probability']:.2f}" for run in known],
            textposition="top center",
            marker={"size": 14, "color": RUN_COLOR},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=0.5, line_dash="dash", line_color=TRIVIAL_COLOR)
    finish_chart(figure, height=44 * len(known) + 80)
    figure.update_xaxes(
        range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], ticktext=["non-polyp", "0.25", "0.5", "0.75", "polyp"]
    )
    figure.update_yaxes(automargin=True, showgrid=False, range=[-0.6, len(known) - 0.4])
    show_chart(figure, key="story-chart-prediction", alt="Probability of polyp by run, from 0 to 1")
