"""Cluster, propose labels, draw the map: settings with good defaults, each started as a job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from medxai_core.clusters import SCALINGS
from medxai_core.features.registry import FEATURE_SETS
from medxai_core.study import Study
from medxai_core.views.overview import PAPER_K, suggest_k
from pages.components.clusters.item_words import name_items
from pages.components.job_buttons import is_at_work, start_and_show

SCALING_WORDS = {
    "none": "as they are (as the paper)",
    "standard": "every number counts alike",
    "descriptor": "every kind of feature counts alike",
}
PAPER_TARGET = 1000


def describe_clustering(row: dict[str, Any]) -> str:
    """Return the settings of a clustering in words."""
    return f"{row['k']} clusters, features {SCALING_WORDS[row['scaling']]}, seed {row['seed']}"


def choose_clustering(known: dict[str, dict[str, Any]]) -> str | None:
    """Let the reader choose among the clusterings; None when there is none."""
    if len(known) < 2:
        for row in known.values():
            st.caption(f"{describe_clustering(row)}. Clusters are groups that look alike. They are not classes.")
        return next(iter(known), None)
    return st.selectbox(
        "Clusters shown",
        list(known),
        format_func=lambda name: describe_clustering(known[name]),
        key="clustering",
        bind="query-params",
        help="Pictures that look alike lie in one cluster. Clusters are not classes.",
        width=420,
    )


def show_controls(study: Study, *, n_train: int, newest: dict[str, Any] | None) -> None:
    """Show the three steps of this page, each behind a button.

    Parameters
    ----------
    n_train : int
        Training items with features: there cannot be more clusters.
    newest : dict or None
        The clustering that is shown; its settings are the defaults.
    """
    with st.container(horizontal=True, width="content"):
        with st.popover("Cluster", icon=":material/bubble_chart:", type="secondary" if newest else "primary"):
            _show_clustering(study, n_train=n_train, newest=newest)
        with st.popover("Propose labels", icon=":material/label:"):
            _show_proposing(study, n_train=n_train, newest=newest)
        with st.popover("Draw the map", icon=":material/map:"):
            show_mapping(study)


def _show_clustering(study: Study, *, n_train: int, newest: dict[str, Any] | None) -> None:
    """Ask for features, scaling and k, and start."""
    st.markdown(f"**Group the training {name_items(study)} by their features** (k-means)")
    _choose_feature_set("cluster")
    k, scaling, seed = _choose_k(n_train, newest, key="cluster")
    if st.button("Cluster", type="primary", key="start-cluster", disabled=is_at_work(study, "cluster", "pseudo-label")):
        arguments = ["cluster", str(study.folder), *_list_options(k, scaling, seed)]
        start_and_show(study, "cluster", arguments, title=f"Clusters, k = {k}")


def _show_proposing(study: Study, *, n_train: int, newest: dict[str, Any] | None) -> None:
    """Ask for target and rounds, and start."""
    st.markdown("**Spread the labels of the seeds over pure clusters, round by round**")
    st.caption(
        "A proposed label (pseudo-label) is a guess of the cluster, not a finding. "
        "The clusters are made first when they are not there. Labels can also be proposed by a class map: see Review."
    )
    k, scaling, seed = _choose_k(n_train, newest, key="propose")
    left, right = st.columns(2)
    target = left.number_input(
        f"Stop at labelled {name_items(study)}", 1, value=PAPER_TARGET, step=50, help="The paper: 1000, seeds included."
    )
    rounds = right.number_input("Rounds at most", 0, value=0, help="One cluster gives its label each. 0: no limit.")
    if st.button("Propose labels", type="primary", key="start-propose", disabled=is_at_work(study, "pseudo-label")):
        arguments = ["pseudo-label", str(study.folder), *_list_options(k, scaling, seed), f"--target={target}"]
        arguments += [f"--max-rounds={rounds}"] if rounds else []
        start_and_show(study, "pseudo-label", arguments, title=f"Proposed labels, k = {k}")


def show_mapping(study: Study) -> None:
    """Ask for the settings of the map, and start."""
    st.markdown(f"**Lay all {name_items(study)} out so that alike ones lie together** (UMAP)")
    feature_set = _choose_feature_set("map")
    scaling = _choose_scaling("map", "none")
    neighbors = st.slider("Detail or the whole", 5, 50, 15, help="Neighbours kept together: few show detail.")
    spread = st.slider("Distance between points", 0.0, 0.9, 0.1, 0.05, help="0 packs alike points tightly.")
    if st.button("Draw the map", type="primary", key="start-map", disabled=is_at_work(study, "embed")):
        arguments = ["embed", str(study.folder), f"--features={feature_set}", f"--scaling={scaling}"]
        arguments += [f"--n-neighbors={neighbors}", f"--min-dist={spread}"]
        start_and_show(study, "embed", arguments, title=f"Map of the {name_items(study)}")


def _choose_k(n_train: int, newest: dict[str, Any] | None, *, key: str) -> tuple[int, str, int]:
    """Ask for the number of clusters, the scaling and the seed."""
    most = max(n_train, 1)
    default = newest["k"] if newest else suggest_k(n_train)
    left, right = st.columns(2)
    k = left.number_input(
        "Number of clusters (k)",
        1,
        most,
        value=min(default, most),
        key=f"{key}-k",
        help=f"The paper: {PAPER_K}, 200 and 250. At most the {n_train} to be clustered.",
    )
    seed = right.number_input("Seed of chance", 0, value=newest["seed"] if newest else 0, key=f"{key}-seed")
    scaling = _choose_scaling(key, newest["scaling"] if newest else "none")
    return int(k), scaling, int(seed)


def _choose_scaling(key: str, default: str) -> str:
    """Ask how the numbers are scaled."""
    return st.selectbox(
        "How features count",
        SCALINGS,
        index=SCALINGS.index(default),
        format_func=SCALING_WORDS.get,
        key=f"{key}-scaling",
        help="As they are, texture directions and colours rule and edges have no say.",
    )


def _choose_feature_set(key: str) -> str:
    """Say which features are used; ask where there are several."""
    names = list(FEATURE_SETS)
    if len(names) == 1:
        st.caption(f"Features: {names[0].upper()}, {FEATURE_SETS[names[0]].n_features} numbers each.")
        return names[0]
    return st.selectbox("Features", names, key=f"{key}-features")


def _list_options(k: int, scaling: str, seed: int) -> list[str]:
    """Return the options that clustering and proposing share."""
    return [f"--k={k}", f"--scaling={scaling}", f"--seed={seed}"]
