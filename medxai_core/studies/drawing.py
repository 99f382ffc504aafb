"""Draw groups for tuning, test and validation, and items as seeds: the chance in ``make_splits``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import NotEnoughImagesError

SEED_SHARE = 3
"""At most one in three labelled items of a class in train becomes a seed: labels must be left to propose."""
VALIDATION_SHARE = 4
"""At most one in four groups that hold a class, after tuning and test are drawn, becomes validation."""
ITEMS_PER_GROUP = 4
"""Validation items are taken four a group at a time, so that they come from many groups."""
UNLABELLED_NOTE = "Start by labelling some items: without seeds of both classes nothing can be proposed."


@dataclass(frozen=True)
class Collection:
    """Hold what is known of items and their groups; groups are numbered.

    Attributes
    ----------
    labels : (n_items,) object of "polyp", "non_polyp" or None
    has_truth, is_pool : (n_items,) bool
    group_of_item : (n_items,) int64
    n_groups : int
    """

    labels: np.ndarray
    has_truth: np.ndarray
    is_pool: np.ndarray
    group_of_item: np.ndarray
    n_groups: int

    def with_items(self, chosen: np.ndarray) -> np.ndarray:
        """Return which groups hold at least one of the chosen items outside the pool, (n_groups,) bool."""
        held = np.zeros(self.n_groups, bool)
        held[self.group_of_item[chosen & ~self.is_pool]] = True
        return held


def draw_tuning_and_test(
    collection: Collection, split_of_group: np.ndarray, shares: tuple[float, float], *,
    rng: np.random.Generator, notes: list[str],
) -> None:  # fmt: skip
    """Give groups to tuning and test, class by class in proportion.

    Parameters
    ----------
    collection : Collection
    split_of_group : (n_groups,) object of str
        Changed in place.
    shares : (float, float)
        Of tuning and of test.
    rng : numpy.random.Generator
    notes : list of str
        Grows by what a user should know.

    Raises
    ------
    NotEnoughImagesError
        Fewer groups than splits to fill.
    """
    candidates = _find_candidates(collection, notes)
    n_splits = sum(share > 0 for share in shares)
    if n_splits == 0 or len(candidates) == 0:
        return
    if len(candidates) < n_splits:
        raise NotEnoughImagesError(
            f"Tuning and test need a group each; there is {len(candidates)} to draw from.",
            "Add pictures (with masks), or set the share of tuning or test to 0.",
        )
    n_test = max(1, round(shares[1] * len(candidates))) if shares[1] else 0
    n_tuning = max(1, round(sum(shares) * len(candidates)) - n_test) if shares[0] else 0
    n_test = min(n_test, len(candidates) - n_tuning)
    drawn = _shuffle_in_proportion(candidates, _classify_groups(collection)[candidates], rng)
    split_of_group[drawn[:n_test]] = "test"
    split_of_group[drawn[n_test : n_test + n_tuning]] = "tuning"


def _find_candidates(collection: Collection, notes: list[str]) -> np.ndarray:
    """Return the groups that tuning and test are drawn from: with masks, else with labels, else none."""
    with_masks = collection.with_items(collection.has_truth)
    if with_masks.any():
        return np.flatnonzero(with_masks)
    with_labels = collection.with_items(collection.labels != None)  # noqa: E711
    if with_labels.any():
        notes.append("No picture has a mask: tuning and test have labels only, so no mask can be scored.")
        return np.flatnonzero(with_labels)
    notes.append("No picture has a mask or a label, so nothing can be scored: none is kept apart for tuning or test.")
    return np.empty(0, np.int64)


def _classify_groups(collection: Collection) -> np.ndarray:
    """Return 1 for groups with a polyp, else 0 for those with a polyp-free item, else -1, (n_groups,) int64."""
    classes = np.full(collection.n_groups, -1)
    for code, name in enumerate(CLASS_NAMES):
        classes[collection.with_items(collection.labels == name)] = code
    return classes


def _shuffle_in_proportion(members: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle so that every beginning of the result holds the classes in the proportion of the whole."""
    places = np.empty(len(members))
    for name in np.unique(classes):
        rows = np.flatnonzero(classes == name)
        places[rows] = (rng.permutation(len(rows)) + rng.random(len(rows))) / len(rows)
    return members[np.argsort(places, kind="stable")]


def draw_validation(
    collection: Collection, split_of_group: np.ndarray, n_validation: int, *, rng: np.random.Generator,
    notes: list[str],
) -> np.ndarray:  # fmt: skip
    """Give groups to validation, and choose the items that count.

    Parameters
    ----------
    collection : Collection
    split_of_group : (n_groups,) object of str
        Changed in place: from "train" to "validation".
    n_validation : int
        Half of each class; the odd one is polyp.
    rng : numpy.random.Generator
    notes : list of str
        Grows by what a user should know.

    Returns
    -------
    is_chosen : (n_items,) bool
        All False when no item has a label; then nothing is set aside.
    """
    is_chosen = np.zeros(len(collection.labels), bool)
    if not (collection.labels != None).any():  # noqa: E711
        if n_validation:
            notes.append(
                "Validation: none. No label is known, so no pictures are set aside to check the classifier: every one "
                "can be labelled and learned from."
            )
        return is_chosen
    for name, n_wanted in zip(reversed(CLASS_NAMES), ((n_validation + 1) // 2, n_validation // 2), strict=True):
        taken = _take_validation(collection, split_of_group, name, n_wanted=n_wanted, rng=rng)
        is_chosen[taken] = True
        if len(taken) < n_wanted:
            notes.append(
                f"Validation: {len(taken)} items of class {name} instead of {n_wanted}: at most a quarter of "
                "the groups that hold this class is used."
            )
    return is_chosen


def _take_validation(
    collection: Collection, split_of_group: np.ndarray, label: str | None, *, n_wanted: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Give groups with items of one label to validation, those already there first; return the items."""
    is_here = (collection.labels == label) & ~collection.is_pool
    fresh = np.flatnonzero(collection.with_items(is_here) & (split_of_group == "train"))
    n_usable = max(1, len(fresh) // VALIDATION_SHARE) if len(fresh) > 1 else 0
    ranks = np.where(split_of_group == "validation", 0, -1)
    ranks[rng.permutation(fresh)[:n_usable]] = np.arange(1, n_usable + 1)
    items = rng.permutation(np.flatnonzero(is_here & (ranks[collection.group_of_item] >= 0)))
    taken = _order_by_rounds(items, collection.group_of_item[items], ranks)[:n_wanted]
    split_of_group[collection.group_of_item[taken]] = "validation"
    return taken


def _order_by_rounds(items: np.ndarray, group_of_item: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Order items so that groups take turns by rank, each with `ITEMS_PER_GROUP` items a turn."""
    by_group = np.argsort(group_of_item, kind="stable")
    ordered = group_of_item[by_group]
    is_first = np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)]
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(ordered)), 0))
    turns = np.empty(len(items), np.int64)
    turns[by_group] = (np.arange(len(ordered)) - starts) // ITEMS_PER_GROUP
    return items[np.lexsort((ranks[group_of_item], turns))]


def draw_seeds(
    collection: Collection, split_of_group: np.ndarray, n_wanted: int, *, rng: np.random.Generator,
    notes: list[str],
) -> np.ndarray:  # fmt: skip
    """Choose seeds of each class at random among the items of train.

    Parameters
    ----------
    collection : Collection
    split_of_group : (n_groups,) object of str
        Only read.
    n_wanted : int
        Of each class.
    rng : numpy.random.Generator
    notes : list of str
        Grows by what a user should know.

    Returns
    -------
    is_seed : (n_items,) bool
    """
    is_seed = np.zeros(len(collection.labels), bool)
    is_train = split_of_group[collection.group_of_item] == "train"
    is_train &= ~collection.is_pool
    for name in CLASS_NAMES:
        items = np.flatnonzero(is_train & (collection.labels == name))
        n_seeds = min(n_wanted, max(1, len(items) // SEED_SHARE), len(items))
        is_seed[rng.choice(items, n_seeds, replace=False)] = True
        if n_seeds < n_wanted:
            reason = f"at most a third of the {len(items)} in train" if n_seeds else "none in train has this label"
            notes.append(f"Seeds: {n_seeds} of class {name} instead of {n_wanted}: {reason}.")
    if not is_seed.any() and n_wanted:
        notes.append(UNLABELLED_NOTE)
    return is_seed
