"""Seeds: label a diverse sample of pictures from zero, one at a time."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import StageMissingError
from medxai_core.review import list_in_force
from medxai_core.study import Study
from medxai_core.views.seeds import CLASSES_WANTED, count_starting_labels
from pages.components.cached import get_decisions, get_items, get_suggested_seeds
from pages.components.class_words import OUTCOME_WORDS, say_class, shorten
from pages.components.frame import get_reader
from pages.components.item_views import find_position, has_tiles, show_frame, show_item
from pages.components.links import link_to
from pages.components.review.decision_keys import (
    DecisionKey,
    show_keys,
    show_last,
    show_last_row,
    show_problem,
    show_undo_keys,
)
from pages.components.review.queue import find_next, pick_item, show_arrows
from pages.components.review.start import show_no_features

STEP = 200
MAIN = [
    DecisionKey("label", "Polyp", "P", "You see a polyp, or a part of one.", label="polyp"),
    DecisionKey("label", "Non-polyp", "N", "You see no polyp.", label="non_polyp"),
]
BESIDE = [
    DecisionKey("unsure", "Unsure", "U", "You looked and cannot tell: it stays unlabelled."),
    DecisionKey("skip", "Skip", "S", "Leave it for later."),
    DecisionKey("flag", "Flag", "F", "Mark it for another look. It stays on the screen."),
]


@st.fragment
def show_seeds(study: Study) -> None:
    """Show the pictures to label first, one at a time."""
    try:
        suggested, queue = _list_queue(study)
    except StageMissingError:
        show_no_features(study)
        return
    show_problem()
    item_id = pick_item(queue, suggested)
    if item_id is None:
        st.success("You have looked at every picture that can be labelled.", icon=":material/check_circle:")
        show_undo_keys(study)
        _show_progress(study)
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_head(study, queue, item_id)
        show_item(study, find_position(study, item_id))
        show_last()
        _show_progress(study)
    with right:
        next_id = find_next(queue, item_id)
        with st.container(gap="xsmall"):
            show_keys(study, item_id, MAIN, next_id=next_id)
            show_keys(study, item_id, BESIDE[:1], next_id=next_id)
            show_last_row(study, item_id, BESIDE[1:], next_id=next_id)
        if has_tiles(study):
            show_frame(study, find_position(study, item_id))


def _list_queue(study: Study) -> tuple[list[str], list[str]]:
    """Return the suggested items, and those of them that this reader has not answered, in order."""
    in_force = list_in_force(get_decisions(study))
    answered = {one.item_id for one in in_force if one.reader == get_reader() and one.action != "flag"}
    n = STEP * (1 + (len(answered) + STEP // 2) // STEP)
    suggested = get_suggested_seeds(study, n)
    return suggested, [item_id for item_id in suggested if item_id not in answered]


def _show_head(study: Study, queue: list[str], item_id: str) -> None:
    """Ask the question, and say which picture this is."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Is there a polyp?**", width="content")
        own = [one for one in get_decisions(study) if one.item_id == item_id and one.reader == get_reader()]
        standing = [one for one in list_in_force(own) if one.action != "flag"]
        if standing:
            said = standing[-1].label
            words = {"unsure": OUTCOME_WORDS["unsure"], "skip": OUTCOME_WORDS["skipped"]}
            st.badge(f"you: {say_class(said) if said else words[standing[-1].action]}", color="gray")
        place = f"{queue.index(item_id) + 1} of {len(queue)}" if item_id in queue else f"{len(queue)} left"
        st.caption(f"{shorten(item_id)} · {place}", width="stretch")
        show_arrows(queue, item_id)


def _show_progress(study: Study) -> None:
    """Show how many of each class are labelled, towards a number that the reader sets."""
    wanted = st.number_input(
        "Wanted of each class",
        min_value=1,
        max_value=10_000,
        value=CLASSES_WANTED,
        key="review_wanted",
        bind="query-params",
        help="The paper started from 100 of each. Fewer are enough to try the method.",
    )
    counts = count_starting_labels(get_items(study), get_decisions(study))
    for name, n in counts.items():
        st.progress(min(n / wanted, 1.0), text=f"{say_class(name)}: {n} of {wanted}")
    st.caption(
        "Labels given with the pictures (seeds) and by readers. The pictures suggested differ from each other as "
        "much as can be, so unusual ones come first: their share says nothing about the study."
    )
    if all(counts.values()):
        link_to("clusters", "Let clusters propose from these")
    else:
        st.caption("Proposals need at least one picture of each class.")
