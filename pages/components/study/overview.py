"""Where a study stands and what it holds: the next step as one button, the stages, the counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from medxai_core.records.pictures import Images, Items
from medxai_core.study import Study
from medxai_core.views.overview import (
    Milestone,
    SplitCounts,
    count_by_split,
    find_next_step,
    has_seeds_of_both_classes,
    is_any_setting_locked,
    list_milestones,
    suggest_k,
)
from pages.components.class_words import say_class
from pages.components.job_buttons import is_at_work, start_and_show
from pages.components.links import link_to

STAGE_WORDS = {
    "features": ("Features", "{n} described"),
    "clusters": ("Clusters", "{n} clusters"),
    "labels": ("Proposals", "{n} labels"),
    "decisions": ("Review", "{n} decisions"),
    "runs": ("Classifier", "{n} trained"),
    "setting": ("Setting", "{n} locked"),
    "scores": ("Scores", "{n} rows"),
}


class Step(NamedTuple):
    """Say what comes next: in words, on the button, and the page or the job behind it."""

    words: str
    button: str
    page: str = ""


STEPS = {
    "features": Step("Describe every picture by 226 numbers: edges, texture, brightness, colour.", "Extract features"),
    "clusters": Step("Group the pictures that look alike.", "Cluster the pictures"),
    "seeds": Step("Label a few pictures of each class, to start from.", "Label the first pictures", "review"),
    "labels": Step("Let the clusters propose labels, starting from the labelled pictures.", "Propose labels"),
    "decisions": Step("Accept or reject what the clusters propose.", "Review the proposals", "review"),
    "runs": Step("Train the classifier on the labels.", "Go to the training", "training"),
    "setting": Step("Choose layer and threshold of the masks, and lock them.", "Choose the mask setting", "masks"),
    "scores": Step("Score the masks on the test pictures, beside trivial masks.", "Go to the evaluation", "evaluation"),
    "finished": Step("Every stage has run. How far can it be trusted?", "How a mask came about", "transparency"),
}


def show_standing(study: Study, items: Items) -> None:
    """Show the next step as one button, and which stages are done."""
    milestones = list_milestones(study, items)
    seeds = items.reference_labels[items.is_seed & items.is_present]
    decided = any(one.name == "decisions" and one.is_done for one in milestones)
    name = find_next_step(milestones, has_seeds=has_seeds_of_both_classes(seeds) or decided)
    with st.container(border=True):
        _show_next(study, items, name)
        _show_stages(milestones)


def _show_next(study: Study, items: Items, name: str) -> None:
    """Show the next step in words, and its button."""
    step = STEPS[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Next step.** {step.words}", width="stretch")
        if step.page:
            link_to(step.page, step.button)
            return
        busy = is_at_work(study, "features", "cluster", "pseudo-label", "pipeline")
        if st.button(step.button, type="primary", icon=":material/play_arrow:", key="next-step", disabled=busy):
            _start_step(study, name, k=suggest_k(len(items.positions_in("train"))))


def _start_step(study: Study, name: str, *, k: int) -> None:
    """Start the job of a step with the defaults."""
    folder = str(study.folder)
    command, title = {
        "features": (["features", folder], "Features"),
        "clusters": (["cluster", folder, f"--k={k}"], f"Clusters, k = {k}"),
        "labels": (["pseudo-label", folder, f"--k={k}"], f"Proposed labels, k = {k}"),
    }[name]
    start_and_show(study, command[0], command, title=title)


def _show_stages(milestones: Sequence[Milestone]) -> None:
    """Show each stage with a sign for done or open, and how much there is."""
    with st.grid(len(milestones), min_column_width=90, gap="small"):
        for one in milestones:
            title, words = STAGE_WORDS[one.name]
            sign = ":green[:material/check_circle:]" if one.is_done else ":gray[:material/circle:]"
            said = words.format(n=one.n) if one.is_done else "not yet"
            st.markdown(f"{sign} **{title}**  \n:small[:gray[{said}]]")


def show_counts(study: Study, images: Images, items: Items) -> None:
    """Show how many pictures, items, masks and seeds there are, then the same by split."""
    is_open = is_any_setting_locked(study)
    counts = count_by_split(images, items, test_is_open=is_open)
    rows, columns = study.get_fact("tiles", [1, 1])
    seeds = items.reference_labels[items.is_seed & items.is_present]
    with st.grid(5, min_column_width=130):
        st.metric("Pictures", sum(one.n_images for one in counts))
        if rows * columns > 1:
            st.metric("Tiles", sum(one.n_items for one in counts), help=f"Each picture is cut into {rows} x {columns}.")
        masks = sum(one.n_masks for one in counts)
        st.metric("With an expert's mask", masks, help="Masks are never used for training, only for scores.")
        for label in ("polyp", "non_polyp"):
            words = "Labels that the method starts from; all others in train are hidden from it."
            st.metric(f"Seeds, {say_class(label)}", int((seeds == label).sum()), help=words)
    st.dataframe(
        tabulate_splits(counts, has_tiles=rows * columns > 1),
        hide_index=True,
        alt="Pictures, masks and labels of each split",
        column_config={
            "Polyp": st.column_config.TextColumn(alignment="right"),
            "Non-polyp": st.column_config.TextColumn(alignment="right"),
            "Labelled for the method": st.column_config.NumberColumn(
                help="Seeds in train; the judged pictures in validation."
            ),
        },
    )
    if not is_open:
        st.caption("Labels of test pictures stay hidden until a mask setting is locked.")


def tabulate_splits(counts: Sequence[SplitCounts], *, has_tiles: bool) -> pd.DataFrame:
    """Return the counts of each split as a table; the hidden truth of test pictures as a word."""
    purposes = {
        "train": "train (seeds, clusters, proposals)",
        "validation": "validation (judges the classifier)",
        "tuning": "tuning (chooses layer and threshold)",
        "test": "test (scored at the end)",
    }
    return pd.DataFrame(
        {
            "Split": purposes[one.split],
            "Pictures": one.n_images,
            **({"Tiles": one.n_items} if has_tiles else {}),
            "With mask": one.n_masks,
            "Polyp": _say_count(one, "polyp"),
            "Non-polyp": _say_count(one, "non_polyp"),
            "Labelled for the method": one.n_labelled,
        }
        for one in counts
    )


def _say_count(counts: SplitCounts, label: str) -> str:
    """Return a number of labels as text, or that it is hidden."""
    return "hidden" if counts.n_by_class is None else str(counts.n_by_class[label])
