"""What starts a review: features, first proposals, and proposals again from what was decided."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from medxai_core.config import MOST_PICTURES
from medxai_core.errors import MedxaiError
from medxai_core.jobs import list_jobs, start_job
from medxai_core.records.clusterings import get_clustering
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.study import Study
from medxai_core.views.cluster_view import list_clusterings_shown
from medxai_core.views.seeds import count_starting_labels
from pages.components.cached import get_decisions, get_images, get_items
from pages.components.class_words import STOP_WORDS, say_class
from pages.components.frame import show_error
from pages.components.links import link_to
from pages.components.reader import sign_job

DEFAULT_TARGET = 1000
SECONDS_A_PICTURE = 0.3
"""What a class map takes on two cores: 143 s for 536 pictures beside other work, of them 206 s of processor."""
MORE_CLUSTERS = 2
"""How many times as many clusters are offered when the rounds proposed nothing."""


def show_no_proposals(study: Study) -> None:
    """Say what is missing before there are proposals, and lead to it."""
    counts = count_starting_labels(get_items(study), get_decisions(study))
    if not all(counts.values()):
        there = " and ".join(f"{n} of {say_class(name)}" for name, n in counts.items())
        st.info(
            f"**No label is proposed yet.** Proposals start from labelled pictures of both classes; there are {there}. "
            "Label some first.",
            icon=":material/info:",
        )
        st.button("Label the first pictures (Seeds)", type="primary", on_click=_open_seeds)
    elif (labelling := find_labelling(study)) is not None:
        _show_nothing_proposed(study, labelling)
    else:
        st.info(
            "**No label is proposed yet.** A class map learns from the labelled pictures what polyps look like, and "
            "gives each other picture a chance; clusters, as in the paper, give all their pictures one label.",
            icon=":material/info:",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            _offer_class_map(study, DEFAULT_TARGET, "Propose labels by a class map", is_main=True)
            shown = list_clusterings_shown(study)
            if shown:
                k, scaling, seed = (shown[0][name] for name in ("k", "scaling", "seed"))
                _offer_rounds(study, k, scaling, seed, DEFAULT_TARGET, "Propose labels by clusters")
            else:
                link_to("clusters", "By clusters: make them first")
        _say_how_long(study)


def _show_nothing_proposed(study: Study, labelling: RecordedLabelling) -> None:
    """Say why the newest rounds proposed nothing, and offer what can help: a higher target, or smaller clusters."""
    if labelling.is_by_bands:
        _show_nothing_by_class_map(study, labelling)
        return
    clustering = get_clustering(study, labelling.clustering_id)
    n_items, k = len(get_items(study).positions_in("train")), clustering.k
    why = f"**Proposed nothing: {STOP_WORDS.get(labelling.stop_reason, labelling.stop_reason)}.**"
    larger = min(MORE_CLUSTERS * k, n_items // 2)
    if labelling.n_labelled >= n_items:
        st.info(f"{why} All {n_items:,} had a label already.", icon=":material/info:")
    elif labelling.stop_reason == "target_reached":
        target = labelling.n_labelled + DEFAULT_TARGET
        st.info(f"{why} There were {labelling.n_labelled:,} labels, {labelling.target:,} were aimed at.")
        words = f"Propose up to {DEFAULT_TARGET:,} more labels"
        _offer_rounds(study, k, clustering.scaling, clustering.seed, target, words)
    elif larger > k:
        st.info(
            f"{why} Each of the {k} clusters held labels of both classes, no label, or nothing unlabelled. Smaller "
            "clusters are more often of one class: take more of them.",
            icon=":material/info:",
        )
        words = f"Propose labels with {larger} clusters"
        _offer_rounds(study, larger, clustering.scaling, clustering.seed, labelling.target, words)
    else:
        st.info(f"{why} The {k} clusters are small already: label more pictures first.", icon=":material/info:")
        st.button("Label more pictures (Seeds)", type="primary", on_click=_open_seeds)


def _show_nothing_by_class_map(study: Study, labelling: RecordedLabelling) -> None:
    """Say why the class map proposed nothing, and offer what can help."""
    why = f"**Proposed nothing: {STOP_WORDS.get(labelling.stop_reason, labelling.stop_reason)}.**"
    if labelling.stop_reason == "target_reached":
        st.info(f"{why} There were {labelling.n_labelled:,} labels, {labelling.target:,} were aimed at.")
        words = f"Propose up to {DEFAULT_TARGET:,} more labels"
        _offer_class_map(study, labelling.n_labelled + DEFAULT_TARGET, words, is_main=True)
    else:
        st.info(f"{why} Label more pictures of both classes, so that it can learn more.", icon=":material/info:")
        st.button("Label more pictures (Seeds)", type="primary", on_click=_open_seeds)


def _open_seeds() -> None:
    """Show the pictures to label first."""
    st.session_state["review_view"] = "Seeds"
    st.rerun(scope="app")


def show_no_features(study: Study) -> None:
    """Offer to extract the features that a diverse sample is chosen by."""
    st.info(
        "**The pictures are not described yet.** To suggest pictures that differ from each other, their colour, "
        "brightness, texture and edges (features) must be measured once.",
        icon=":material/info:",
    )
    if _is_busy(study, "features"):
        st.caption("This is under way; the strip at the top shows how far it is.")
    elif st.button("Measure the pictures", type="primary", icon=":material/play_arrow:", disabled=study.read_only):
        _start(study, "features", ["features", str(study.folder)], "Features")


def show_rounds_again(study: Study, labelling: RecordedLabelling) -> None:
    """Offer to run the rounds again, with the reviewed labels as seeds: the same way, or the other."""
    target, shown = labelling.target, list_clusterings_shown(study)
    with st.container(horizontal=True, vertical_alignment="center"):
        _offer_class_map(study, target, "Propose again by a class map", is_main=labelling.is_by_bands)
        if shown:
            k, scaling, seed = (shown[0][name] for name in ("k", "scaling", "seed"))
            _offer_rounds(study, k, scaling, seed, target, f"Propose again by {k} clusters")
    st.caption(
        "Both start from the first seeds and all decisions of readers. What was rejected is not proposed again by the "
        "same way; decisions are kept."
    )
    _say_how_long(study)


def _offer_class_map(study: Study, target: int, words: str, *, is_main: bool = False) -> None:
    """Draw the button that lets a class map propose."""
    busy = _is_busy(study, "pseudo-label")
    kind: Literal["primary", "secondary"] = "primary" if is_main else "secondary"
    icon = ":material/auto_awesome:"
    if st.button(words, type=kind, icon=icon, disabled=busy or study.read_only):
        arguments = ["pseudo-label", str(study.folder), "--by", "class-map", "--target", str(target)]
        _start(study, "pseudo-label", arguments, "Proposed labels, class map")


def _say_how_long(study: Study) -> None:
    """Say how long a class map takes."""
    n_pictures = min(MOST_PICTURES, len(get_images(study).positions_in("train")))
    minutes = max(1, round(n_pictures * SECONDS_A_PICTURE / 60))
    st.caption(
        f"A class map looks at {n_pictures:,} pictures, about {minutes} minute{'s' * (minutes != 1)} on two cores; "
        "clusters take seconds."
    )


def _offer_rounds(study: Study, k: int, scaling: str, seed: int, target: int, words: str) -> None:
    """Draw the button that starts the rounds."""
    busy = _is_busy(study, "pseudo-label")
    if st.button(words, icon=":material/refresh:", disabled=busy or study.read_only):
        arguments = ["--k", str(k), "--scaling", scaling, "--seed", str(seed), "--target", str(target)]
        title = f"Proposed labels, k = {k}"
        _start(study, "pseudo-label", ["pseudo-label", str(study.folder), *arguments], title)
    if busy:
        st.caption("Labels are being proposed; the page shows them when they are ready.")


def _is_busy(study: Study, kind: str) -> bool:
    """Say whether a job of a kind is at work."""
    return any(job["kind"] == kind for job in list_jobs(study, only_open=True))


def _start(study: Study, kind: str, arguments: list[str], title: str) -> None:
    """Start a job and draw the page again, so that its progress shows."""
    try:
        start_job(study, kind, sign_job(arguments), title=title)
    except MedxaiError as error:
        show_error(error)
        return
    st.rerun()
