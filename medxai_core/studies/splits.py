"""Share the pictures of a study out to train, validation, tuning and test, by group, so that nothing leaks.

A group is a patient, procedure or video where the user names one, else the picture itself; groups with near
copies of one another are one group. A group lies in one split as a whole, and so do the tiles of a picture.

* tuning and test: drawn among groups with masks. Without any masks, among groups with reference labels;
  without those, among all.
* validation: drawn among what is left, half the items of each class.
* train: everything else. Seeds are drawn here.

The unlabelled pool is never drawn; a picture of it that is a near copy of a drawn one goes with that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.config import CLASS_NAMES, SPLITS
from medxai_core.errors import NotEnoughImagesError
from medxai_core.near_duplicates import connect_pairs
from medxai_core.studies.drawing import Collection, draw_seeds, draw_tuning_and_test, draw_validation


@dataclass(frozen=True)
class SplitItems:
    """Hold what the split needs to know of each item (a picture or a tile), row i of every array for item i.

    Attributes
    ----------
    item_ids : (n,) object of str
        Unique. The result depends on ids and groups, not on the order of the items.
    groups : (n,) object of str
        From `name_groups` and `merge_groups`; tiles have the group of their picture.
    labels : (n,) object of "polyp", "non_polyp" or None
        Reference labels. None: unknown.
    has_truth : (n,) bool
        A mask exists.
    is_pool : (n,) bool
        The data set made the picture for the unlabelled pool.
    """

    item_ids: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    has_truth: np.ndarray
    is_pool: np.ndarray

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True)
class Splits:
    """Hold the split of each item, in the order of the items given.

    Attributes
    ----------
    split : (n,) object of {"train", "validation", "tuning", "test"}
    is_seed : (n,) bool
        Training starts from these labels.
    is_labelled : (n,) bool
        Seeds, and the items of validation that count. The other items of their groups are in validation too,
        so that nothing leaks, but are not used.
    notes : list of str
        What came out otherwise than asked, in plain words.
    counts : dict of str to dict of str to int
        By split: "groups", "items", "with_truth", "polyp", "non_polyp", "unknown", "labelled".
    """

    split: np.ndarray
    is_seed: np.ndarray
    is_labelled: np.ndarray
    notes: list[str]
    counts: dict[str, dict[str, int]]


def make_splits(
    items: SplitItems,
    *,
    n_seeds_per_class: int = 100,
    n_validation: int = 60,
    tuning_share: float = 0.1,
    test_share: float = 0.2,
    seed: int = 0,
) -> Splits:
    """Share the items out to the four splits.

    Parameters
    ----------
    items : SplitItems
    n_seeds_per_class : int, default 100
        Labelled items to start from; at most a third of a class in train.
    n_validation : int, default 60
        Labelled items for the classifier, half of each class; from at most a quarter of the groups left.
    tuning_share, test_share : float in [0, 1], default 0.1 and 0.2
        Share of the groups that are drawn from. At least one group each, unless 0.
    seed : int, default 0

    Returns
    -------
    Splits

    Raises
    ------
    NotEnoughImagesError
        Fewer groups than splits to fill, or nothing is left to train on.

    Notes
    -----
    Tuning and test hold the classes in the proportion of the groups drawn from; a group with a polyp counts
    as polyp. Without any reference label nothing is set aside for validation.
    """
    _check_items(items)
    _check_options((n_seeds_per_class, n_validation), (tuning_share, test_share))
    order = np.argsort(items.item_ids.astype(str), kind="stable")
    collection = _number_groups(items, order)
    rng = np.random.default_rng(seed)
    notes: list[str] = []
    split_of_group = np.full(collection.n_groups, "train", object)
    draw_tuning_and_test(collection, split_of_group, (tuning_share, test_share), rng=rng, notes=notes)
    is_validation = draw_validation(collection, split_of_group, n_validation, rng=rng, notes=notes)
    is_seed = draw_seeds(collection, split_of_group, n_seeds_per_class, rng=rng, notes=notes)
    _check_train(split_of_group)
    split = split_of_group[collection.group_of_item]
    _note_moved_pool(collection, split, notes)
    is_labelled = is_seed | is_validation
    counts = {name: _count(collection, split == name, is_labelled) for name in SPLITS}
    _note_missing_class(counts, notes)
    back = np.argsort(order)
    check_splits(split[back], items.groups)
    return Splits(split[back], is_seed[back], is_labelled[back], notes, counts)


def name_groups(image_ids: Iterable[str], given: Iterable[str | None]) -> np.ndarray:
    """Name the group of each picture: the one that is given, else the picture itself.

    Parameters
    ----------
    image_ids : iterable of str, length n
    given : iterable of str or None, length n
        Patient, procedure or video; None: unknown.

    Returns
    -------
    groups : ndarray of shape (n,), object of str
        ``group:...`` or ``image:...``, so that the two kinds of names never meet.

    Examples
    --------
    >>> name_groups(["a", "b"], [None, "case 7"]).tolist()
    ['image:a', 'group:case 7']
    """
    pairs = zip(image_ids, given, strict=True)
    names = [f"image:{image_id}" if name is None else f"group:{name}" for image_id, name in pairs]
    return np.array(names, object)


def merge_groups(groups: Sequence[str] | np.ndarray, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Make one group of groups that hold near copies of one another.

    Parameters
    ----------
    groups : sequence of str, length n
    pairs : iterable of (int, int)
        Positions of near copies, from ``find_near_duplicates``.

    Returns
    -------
    groups : ndarray of shape (n,), object of str
        Merged groups have the name that sorts first.

    Examples
    --------
    >>> merge_groups(["case 1", "case 2", "case 3", "case 2"], [(0, 3)]).tolist()
    ['case 1', 'case 1', 'case 3', 'case 1']
    """
    names, positions = np.unique(np.asarray(groups, object), return_inverse=True)
    links = ((int(positions[first]), int(positions[second])) for first, second in pairs)
    merged = connect_pairs(len(names), links)
    first_names = names[np.unique(merged, return_index=True)[1]]
    return first_names[merged[positions]]


def check_splits(split: np.ndarray, groups: np.ndarray) -> None:
    """Raise if a group lies in two splits.

    Parameters
    ----------
    split : (n,) object of str
    groups : (n,) object of str

    Raises
    ------
    ValueError
        Names the first group that leaks, and its splits.
    """
    names, positions = np.unique(np.asarray(groups, object), return_inverse=True)
    kinds, codes = np.unique(np.asarray(split, object).astype(str), return_inverse=True)
    lowest = np.full(len(names), len(kinds))
    highest = np.full(len(names), -1)
    np.minimum.at(lowest, positions, codes)
    np.maximum.at(highest, positions, codes)
    leaks = np.flatnonzero(lowest != highest)
    if len(leaks):
        first = leaks[0]
        raise ValueError(
            f"{len(leaks)} groups lie in two splits; the first, {names[first]!r}, in "
            f"{kinds[lowest[first]]} and {kinds[highest[first]]}. A group must lie in one split as a whole."
        )


def _check_options(numbers: tuple[int, int], shares: tuple[float, float]) -> None:
    """Raise for numbers and shares that make no sense."""
    if min(numbers) < 0:
        raise ValueError(f"numbers of seeds and of validation items must be >= 0; got {numbers}.")
    if min(shares) < 0 or sum(shares) > 1:
        raise ValueError(f"tuning_share and test_share must be >= 0, together at most 1; got {shares}.")


def _check_items(items: SplitItems) -> None:
    """Raise unless the arrays fit together and there is something to split."""
    lengths = [len(values) for values in (items.groups, items.labels, items.has_truth, items.is_pool)]
    if lengths != [len(items)] * 4:
        raise ValueError(f"all arrays must have a row an item; got {len(items)} ids and {lengths} rows.")
    if len(items) == 0:
        raise NotEnoughImagesError("There are no pictures to split.", "Import some pictures.")
    if len(set(items.item_ids)) != len(items):
        raise ValueError("item_ids must be unique.")
    unknown = {label for label in items.labels if label is not None} - set(CLASS_NAMES)
    if unknown:
        raise ValueError(f"labels must be one of {CLASS_NAMES} or None; got {sorted(map(str, unknown))}.")


def _number_groups(items: SplitItems, order: np.ndarray) -> Collection:
    """Return the items in an order of their own, with numbers for groups."""
    names, group_of_item = np.unique(np.asarray(items.groups, object), return_inverse=True)
    return Collection(
        labels=np.asarray(items.labels, object)[order],
        has_truth=np.asarray(items.has_truth, bool)[order],
        is_pool=np.asarray(items.is_pool, bool)[order],
        group_of_item=group_of_item[order],
        n_groups=len(names),
    )


def _check_train(split_of_group: np.ndarray) -> None:
    """Raise when nothing is left to train on."""
    if not (split_of_group == "train").any():
        raise NotEnoughImagesError(
            f"Nothing is left to train on: all {len(split_of_group)} groups of pictures went to validation, "
            "tuning and test.",
            "Add pictures, or ask for smaller shares of tuning and test.",
        )


def _note_moved_pool(collection: Collection, split: np.ndarray, notes: list[str]) -> None:
    """Say how many items of the pool went with a near copy, or another of their group."""
    n_moved = int((collection.is_pool & (split != "train")).sum())
    if n_moved:
        notes.append(
            f"{n_moved} items of the unlabelled pool belong to a group of validation, tuning or test "
            "pictures (near copies), and went with them."
        )


def _note_missing_class(counts: dict[str, dict[str, int]], notes: list[str]) -> None:
    """Say which class is known elsewhere but not among the test items: scores that need it are undefined."""
    for name in CLASS_NAMES:
        if counts["test"]["items"] and not counts["test"][name] and any(c[name] for c in counts.values()):
            notes.append(f"No item in test is known to be {name}: scores that compare both classes are undefined.")


def _count(collection: Collection, is_here: np.ndarray, is_labelled: np.ndarray) -> dict[str, int]:
    """Count what a split holds."""
    labels = collection.labels[is_here]
    by_class = {name: int((labels == name).sum()) for name in reversed(CLASS_NAMES)}
    return {
        "groups": len(np.unique(collection.group_of_item[is_here])),
        "items": int(is_here.sum()),
        "with_truth": int((is_here & collection.has_truth).sum()),
        **by_class,
        "unknown": int(is_here.sum()) - sum(by_class.values()),
        "labelled": int((is_here & is_labelled).sum()),
    }
