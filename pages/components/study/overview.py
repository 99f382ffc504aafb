"""What a study holds: pictures, masks and labels, by split."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from medxai_core.records.pictures import Images, Items
from medxai_core.studies.pictures_with_text import list_pictures_with_text
from medxai_core.study import Study
from medxai_core.views.overview import SplitCounts, count_by_split, is_any_setting_locked
from pages.components.cached import get_version, remember
from pages.components.class_words import say_class
from pages.components.frame_bar import get_standing
from pages.components.study.health import warn_of_text


def show_counts(study: Study, images: Images, items: Items) -> None:
    """Show how many pictures, items, masks and seeds there are, then the same by split."""
    with_text = list_pictures_with_text(study, images.image_ids[images.is_present])
    if with_text:
        warn_of_text(len(with_text), "See them, and what to do, under **Health check**.")
    is_open = is_any_setting_locked(study)
    key = (get_version(study), is_open)  # counting 110,000 pictures takes half of the time of a drawing
    count = partial(count_by_split, images, items, test_is_open=is_open)
    counts = remember(str(study.folder), "split-counts", key, count)
    rows, columns = study.get_fact("tiles", [1, 1])
    seeds = items.reference_labels[items.is_seed & items.is_present]
    n_by_readers = get_standing(study).labels.n_by_readers
    with st.grid(6, min_column_width=130):
        st.metric("Pictures", sum(one.n_images for one in counts))
        if rows * columns > 1:
            st.metric("Tiles", sum(one.n_items for one in counts), help=f"Each picture is cut into {rows} x {columns}.")
        masks = sum(one.n_masks for one in counts)
        use = "No outline is learned from them. They may tell which seeds hold a polyp, serve to choose layer and "
        use += "threshold on the tuning pictures, and score."
        st.metric("Given masks", masks, help=f"Masks that came with the pictures. {use}")
        for label in ("polyp", "non_polyp"):
            words = "Labels from the import that the method starts from; all others in train are hidden from it."
            st.metric(f"Seeds, {say_class(label)}", int((seeds == label).sum()), help=words)
        st.metric("By readers", n_by_readers, help="Labels in force that a reader gave or accepted (Review).")
    st.table(
        tabulate_splits(counts, has_tiles=rows * columns > 1, n_by_readers=n_by_readers),
        border="horizontal",
        hide_index=True,
        alt="Pictures, masks and labels of each split",
    )
    st.caption(
        "Import: known from the import (folders, tables or masks). Given to the method: of those, the seeds in train "
        "and the judged pictures in validation; all others stay hidden from it. Readers judge pictures of train only."
    )
    if not is_open:
        st.caption("Labels of test pictures stay hidden until a mask setting is locked.")


def tabulate_splits(counts: Sequence[SplitCounts], *, has_tiles: bool, n_by_readers: int) -> pd.DataFrame:
    """Return the counts of each split as a table; the hidden truth of test pictures as a word."""
    purposes = {
        "train": "train (seeds, clusters, proposals)",
        "validation": "validation (judges the classifier)",
        "tuning": "tuning (chooses layer and threshold)",
        "test": "test (scored at the end)",
    }
    return pd.DataFrame(
        {
            "Split": [purposes[one.split] for one in counts],
            "Pictures": [one.n_images for one in counts],
            **({"Tiles": [one.n_items for one in counts]} if has_tiles else {}),
            "With mask": [one.n_masks for one in counts],
            "Import: polyp": _list_known(counts, "polyp"),
            "Import: non-polyp": _list_known(counts, "non_polyp"),
            "Given to the method": [one.n_labelled for one in counts],
            "Decided by readers": [n_by_readers if one.split == "train" else 0 for one in counts],
        }
    )


def _list_known(counts: Sequence[SplitCounts], label: str) -> list[int] | list[str]:
    """Return how many labels of a class each split has: numbers, or text where one of them is hidden."""
    known = [None if one.n_by_class is None else one.n_by_class[label] for one in counts]
    numbers = [n for n in known if n is not None]
    return numbers if len(numbers) == len(known) else ["hidden" if n is None else str(n) for n in known]
