"""What a study holds: pictures, masks and labels, by split."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from medxai_core.records.pictures import Images, Items
from medxai_core.study import Study
from medxai_core.views.overview import SplitCounts, count_by_split, is_any_setting_locked
from pages.components.class_words import say_class
from pages.components.frame_bar import get_standing


def show_counts(study: Study, images: Images, items: Items) -> None:
    """Show how many pictures, items, masks and seeds there are, then the same by split."""
    is_open = is_any_setting_locked(study)
    counts = count_by_split(images, items, test_is_open=is_open)
    rows, columns = study.get_fact("tiles", [1, 1])
    seeds = items.reference_labels[items.is_seed & items.is_present]
    n_by_readers = get_standing(study).labels.n_by_readers
    with st.grid(6, min_column_width=130):
        st.metric("Pictures", sum(one.n_images for one in counts))
        if rows * columns > 1:
            st.metric("Tiles", sum(one.n_items for one in counts), help=f"Each picture is cut into {rows} x {columns}.")
        masks = sum(one.n_masks for one in counts)
        st.metric("Experts' masks", masks, help="Drawn by experts; never used for training, only for scores.")
        for label in ("polyp", "non_polyp"):
            words = "Labels from the import that the method starts from; all others in train are hidden from it."
            st.metric(f"Seeds, {say_class(label)}", int((seeds == label).sum()), help=words)
        st.metric("Decided by readers", n_by_readers, help="Labels in force that a reader gave or accepted (Review).")
    st.dataframe(
        tabulate_splits(counts, has_tiles=rows * columns > 1, n_by_readers=n_by_readers),
        hide_index=True,
        alt="Pictures, masks and labels of each split",
        column_config={
            **{
                f"Import: {say_class(label)}": st.column_config.TextColumn(
                    alignment="right", help="Known from the import (folders, tables or masks); not given to the method."
                )
                for label in ("polyp", "non_polyp")
            },
            "Given to the method": st.column_config.NumberColumn(
                help="Of those known from the import: the seeds in train, the judged pictures in validation."
            ),
            "Decided by readers": st.column_config.NumberColumn(
                help="Labels in force that a reader gave or accepted; readers judge pictures of train only."
            ),
        },
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
            "Split": purposes[one.split],
            "Pictures": one.n_images,
            **({"Tiles": one.n_items} if has_tiles else {}),
            "With mask": one.n_masks,
            "Import: polyp": _say_count(one, "polyp"),
            "Import: non-polyp": _say_count(one, "non_polyp"),
            "Given to the method": one.n_labelled,
            "Decided by readers": n_by_readers if one.split == "train" else 0,
        }
        for one in counts
    )


def _say_count(counts: SplitCounts, label: str) -> str:
    """Return a number of labels as text, or that it is hidden."""
    return "hidden" if counts.n_by_class is None else str(counts.n_by_class[label])
