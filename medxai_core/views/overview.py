"""What a study holds, and which numbers tell that something was recorded in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from medxai_core import store
from medxai_core.config import CLASS_NAMES, SPLITS
from medxai_core.records.masks import get_locked_setting
from medxai_core.records.pictures import Images, Items
from medxai_core.records.runs import list_runs
from medxai_core.study import Study

PAPER_K = 50
ITEMS_PER_CLUSTER = 10
_IMAGE_ID = re.compile(r"\b[0-9a-f]{16}\b")


@dataclass(frozen=True)
class SplitCounts:
    """Count one split.

    Attributes
    ----------
    split : str
    n_images, n_items, n_masks : int
        Pictures, items, and pictures with a mask that an expert drew.
    n_by_class : dict of str to int, or None
        Items by reference label. None while the truth of this split is hidden.
    n_labelled : int
        Items whose reference label the method may use: seeds in train, the judged ones in validation.
    """

    split: str
    n_images: int
    n_items: int
    n_masks: int
    n_by_class: dict[str, int] | None
    n_labelled: int


def count_by_split(images: Images, items: Items, *, test_is_open: bool) -> list[SplitCounts]:
    """Count pictures and items of each split; the truth of test pictures only once it is open.

    Parameters
    ----------
    test_is_open : bool
        True when a setting is locked, so that test labels are no secret any more.
    """
    return [_count_split(images, items, split, hide_truth=split == "test" and not test_is_open) for split in SPLITS]


def _count_split(images: Images, items: Items, split: str, *, hide_truth: bool) -> SplitCounts:
    """Count one split."""
    image_rows, item_rows = images.positions_in(split), items.positions_in(split)
    found = Counter(label for label in items.reference_labels[item_rows] if label is not None)
    return SplitCounts(
        split=split,
        n_images=len(image_rows),
        n_items=len(item_rows),
        n_masks=len(images.positions_in(split, with_truth=True)),
        n_by_class=None if hide_truth else {name: found[name] for name in CLASS_NAMES},
        n_labelled=int(items.is_labelled[item_rows].sum()),
    )


def is_any_setting_locked(study: Study) -> bool:
    """Return True when a setting of any run is locked: from then on the truth of test pictures is open."""
    return any(get_locked_setting(study, run.run_id) is not None for run in list_runs(study))


def get_last_numbers(study: Study) -> tuple[int, int]:
    """Return the numbers of the last event and of the last decision: they grow with all that is recorded."""
    last = select(func.max(store.events.c.event_number)), select(func.max(store.decisions.c.decision_id))
    return tuple(int(study.read(statement)[0][0] or 0) for statement in last)  # type: ignore[return-value]


def suggest_k(n_items: int) -> int:
    """Return a number of clusters to begin with: the paper's 50, fewer where pictures are few.

    >>> suggest_k(3200), suggest_k(144), suggest_k(3)
    (50, 14, 2)
    """
    return int(np.clip(n_items // ITEMS_PER_CLUSTER, 2, PAPER_K))


def find_image_ids(entries: Iterable[str]) -> list[str]:
    """Return the ids of the pictures that findings of the health check name, each once, in order.

    >>> find_image_ids(["00aa11bb22cc33dd: 90x80", "00aa11bb22cc33dd and ffffffffffffffff"])
    ['00aa11bb22cc33dd', 'ffffffffffffffff']
    """
    return list(dict.fromkeys(found for entry in entries for found in _IMAGE_ID.findall(entry)))
