"""Splits: no group leaks, shares are of the groups with truth, and shortage is told, not hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from medxai_core.errors import NotEnoughImagesError
from medxai_core.studies.splits import (
    SplitItems,
    Splits,
    check_splits,
    make_splits,
    merge_groups,
    name_groups,
)


def make_items(
    n_polyp: int, n_other: int, *, n_pool: int = 0, truth: bool = True, given: Sequence[str] | None = None
) -> SplitItems:
    """Return pictures with labels (and masks), and a pool that is listed after them."""
    n_images = n_polyp + n_other + n_pool
    ids = np.array([f"{i:05d}" for i in range(n_images)], object)
    labels = np.array(["polyp"] * n_polyp + ["non_polyp"] * n_other + [None] * n_pool, object)
    is_pool = np.arange(n_images) >= n_polyp + n_other
    groups = name_groups(ids, given or [None] * n_images)
    return SplitItems(ids, groups, labels, ~is_pool & truth, is_pool)


def count(splits: Splits, name: str) -> int:
    """Return the number of items in a split."""
    return int((splits.split == name).sum())


def test_tuning_and_test_are_shares_of_the_groups_with_truth():
    """A fifth of 100 pictures with masks is 20, however large the pool is."""
    splits = make_splits(make_items(60, 40, n_pool=500), tuning_share=0.1, test_share=0.2, n_validation=8)
    assert (count(splits, "tuning"), count(splits, "test"), count(splits, "validation")) == (10, 20, 8)
    assert count(splits, "train") == 562


def test_test_split_has_the_classes_in_proportion():
    """Of 60 polyp and 40 polyp-free pictures, a test of 20 holds 12 and 8."""
    for seed in range(5):
        counts = make_splits(make_items(60, 40), tuning_share=0.1, test_share=0.2, seed=seed).counts
        assert abs(counts["test"]["polyp"] - 12) <= 1
        assert counts["test"]["polyp"] + counts["test"]["non_polyp"] == 20


def test_no_procedure_lies_in_two_splits():
    """Thirty procedures of ten frames: every one lies in one split as a whole."""
    rng = np.random.default_rng(0)
    given = [f"case {i}" for i in rng.integers(0, 30, 300)]
    items = make_items(150, 150, given=given)
    splits = make_splits(items, tuning_share=0.2, test_share=0.2, n_validation=20, n_seeds_per_class=10)
    for case in set(given):
        assert len(set(splits.split[np.array(given) == case])) == 1
    assert {"train", "validation", "tuning", "test"} == set(splits.split)


def test_tiles_follow_their_image():
    """The four tiles of a picture lie in one split, whichever of them were drawn."""
    images = np.repeat(np.arange(80), 4)
    labels = np.where(np.arange(320) % 4 == 0, "polyp", "non_polyp").astype(object)
    items = SplitItems(
        item_ids=np.array([f"{i:03d}-r{t // 2}c{t % 2}" for i in range(80) for t in range(4)], object),
        groups=name_groups(images.astype(str), [None] * 320),
        labels=labels,
        has_truth=np.ones(320, bool),
        is_pool=np.zeros(320, bool),
    )
    splits = make_splits(items, n_validation=16, n_seeds_per_class=10)
    assert all(len(set(splits.split[images == i])) == 1 for i in range(80))
    assert (splits.is_labelled & (splits.split == "validation") & (labels == "polyp")).sum() == 8
    assert (splits.is_labelled & (splits.split == "validation") & (labels == "non_polyp")).sum() == 8


def test_near_copies_stay_together_and_a_pool_copy_follows_its_test_picture():
    """HyperKvasir's trap: a copy of each test picture in the pool must not be trained on."""
    items = make_items(50, 50, n_pool=100)
    groups = merge_groups(items.groups, [(i, 100 + i) for i in range(100)])
    splits = make_splits(dataclasses.replace(items, groups=groups), n_validation=10)
    assert np.array_equal(splits.split[:100], splits.split[100:])
    assert any("pool" in note for note in splits.notes)


def test_the_pool_alone_is_always_train():
    """Pictures of the unlabelled pool are never drawn, even when they are nearly all there is."""
    splits = make_splits(make_items(8, 8, n_pool=1000))
    assert set(splits.split[16:]) == {"train"}
    assert not splits.is_labelled[16:].any()


def test_the_pool_is_not_drawn_even_with_masks_or_without_any_truth():
    """A mask on a picture of the pool does not make it a test picture; nor does a lack of all truth."""
    items = make_items(20, 20, n_pool=400)
    with_masks = dataclasses.replace(items, has_truth=np.ones(440, bool))
    no_labels = np.full(440, None, object)
    without_truth = dataclasses.replace(items, has_truth=np.zeros(440, bool), labels=no_labels)
    for variant in (with_masks, without_truth):
        assert set(make_splits(variant).split[40:]) == {"train"}


def test_segmented_copy_takes_the_labelled_copy_with_it():
    """A labelled picture without mask whose copy has a mask goes where the mask is drawn."""
    items = make_items(200, 0)
    has_truth = np.arange(200) < 100
    groups = merge_groups(items.groups, [(i, 100 + i) for i in range(100)])
    splits = make_splits(
        dataclasses.replace(items, groups=groups, has_truth=has_truth), tuning_share=0.5, test_share=0.4
    )
    assert np.array_equal(splits.split[:100], splits.split[100:])
    assert splits.counts["test"]["groups"] == 40
    assert splits.counts["test"]["items"] == 80


def test_paper_numbers_when_there_are_enough_pictures():
    """100 + 100 seeds in train and 30 + 30 validation items that are no seeds."""
    items = make_items(1000, 1000)
    splits = make_splits(items)
    for name in ("polyp", "non_polyp"):
        assert (splits.is_seed & (items.labels == name)).sum() == 100
        in_validation = splits.is_labelled & (splits.split == "validation")
        assert (in_validation & (items.labels == name)).sum() == 30
    assert set(splits.split[splits.is_seed]) == {"train"}
    assert splits.is_labelled.sum() == 260
    assert splits.notes == []


def test_without_masks_labels_decide_where_test_is_drawn_from():
    """Without any mask, tuning and test are drawn among labelled pictures, and a note says what is lost."""
    items = make_items(20, 20, n_pool=10, truth=False)
    labels = items.labels.copy()
    labels[10:30] = None
    splits = make_splits(dataclasses.replace(items, labels=labels), n_validation=0)
    assert all(label is not None for label in labels[splits.split == "test"])
    assert any("no mask can be scored" in note for note in splits.notes)


def test_without_labels_every_picture_can_be_labelled_and_learned_from():
    """A study that starts from zero labels sets nothing aside for a check that nobody could make."""
    items = make_items(200, 0, truth=False)
    items = dataclasses.replace(items, labels=np.full(200, None, object))
    splits = make_splits(items, n_validation=20)
    assert count(splits, "validation") == 0
    assert not splits.is_labelled.any()
    assert any("no pictures are set aside" in note for note in splits.notes)
    assert any("Start by labelling" in note for note in splits.notes)


def test_few_pictures_give_fewer_seeds_and_a_note():
    """Of 30 polyp pictures left in train, at most ten become seeds: labels must be left to propose."""
    items = make_items(30, 300)
    splits = make_splits(items, tuning_share=0, test_share=0, n_validation=0, n_seeds_per_class=50)
    assert (splits.is_seed & (items.labels == "polyp")).sum() == 10
    assert (splits.is_seed & (items.labels == "non_polyp")).sum() == 50
    assert [note for note in splits.notes if "polyp" in note] == [
        "Seeds: 10 of class polyp instead of 50: at most a third of the 30 in train."
    ]


def test_one_class_only_is_told():
    """Kvasir-SEG holds polyps only: no polyp-free seeds, no polyp-free validation items, said in words."""
    splits = make_splits(make_items(100, 0))
    assert any(note.startswith("Seeds: 0 of class non_polyp") for note in splits.notes)
    assert any(note.startswith("Validation: 0 items of class non_polyp") for note in splits.notes)


def test_a_test_split_without_a_known_class_is_told():
    """When only polyp pictures have masks, test holds no polyp-free one: specificity is undefined."""
    items = make_items(50, 50)
    splits = make_splits(dataclasses.replace(items, has_truth=np.arange(100) < 50))
    assert splits.counts["test"]["non_polyp"] == 0
    assert any("non_polyp" in note and "undefined" in note for note in splits.notes)


def test_validation_items_come_from_many_procedures():
    """Twenty validation items a class come from at least five of the procedures with hundreds of frames."""
    given = [f"case {i % 40:02d}" for i in range(4000)]
    items = make_items(2000, 2000, given=given)
    splits = make_splits(items, n_validation=40)
    chosen = splits.is_labelled & (splits.split == "validation")
    assert len(set(items.groups[chosen])) >= 5
    assert count(splits, "train") > 1500


@pytest.mark.parametrize("n_images", [1, 2])
def test_too_few_pictures_are_an_error_that_names_the_way_out(n_images):
    """Two pictures cannot fill train, tuning and test."""
    with pytest.raises(NotEnoughImagesError, match="share"):
        make_splits(make_items(n_images, 0))


def test_three_pictures_fill_train_tuning_and_test():
    """The smallest study that can be split."""
    assert sorted(make_splits(make_items(3, 0)).split) == ["test", "train", "tuning"]


def test_no_pictures_is_an_error():
    """An empty study cannot be split."""
    with pytest.raises(NotEnoughImagesError):
        make_splits(make_items(0, 0))


def test_the_same_seed_gives_the_same_splits_in_any_order_of_items():
    """Listing the pictures in another order changes nothing; another seed does."""
    items = make_items(100, 100, n_pool=50)
    first = make_splits(items, seed=3)
    order = np.random.default_rng(1).permutation(len(items))
    again = make_splits(SplitItems(*(getattr(items, field.name)[order] for field in dataclasses.fields(items))), seed=3)
    assert np.array_equal(first.split[order], again.split)
    assert np.array_equal(first.is_seed[order], again.is_seed)
    assert not np.array_equal(first.split, make_splits(items, seed=4).split)


def test_counts_add_up():
    """Every item is counted once."""
    counts = make_splits(make_items(70, 50, n_pool=30)).counts
    assert sum(c["items"] for c in counts.values()) == 150
    assert all(c["polyp"] + c["non_polyp"] + c["unknown"] == c["items"] for c in counts.values())


def test_check_splits_names_the_leak():
    """A procedure in train and test is an error that names it."""
    groups = np.array(["case 1", "case 2", "case 2"], object)
    check_splits(np.array(["train", "test", "test"], object), groups)
    with pytest.raises(ValueError, match="'case 2', in test and train"):
        check_splits(np.array(["train", "train", "test"], object), groups)


def test_groups_of_procedures_merge_through_copies():
    """A copy of a frame of case 1 in case 2, and of case 2 in case 3: the three are one."""
    groups = ["case 1", "case 2", "case 2", "case 3", "case 4"]
    assert merge_groups(groups, [(0, 1), (2, 3)]).tolist() == ["case 1"] * 4 + ["case 4"]


def test_a_procedure_named_like_an_image_is_another_group():
    """A given group 'a' and a picture with id 'a' do not meet."""
    assert len(set(name_groups(["a", "b"], [None, "a"]))) == 2


def test_shares_above_one_are_refused():
    """Shares of tuning and test cannot be more than everything."""
    with pytest.raises(ValueError, match="together at most 1"):
        make_splits(make_items(10, 10), tuning_share=0.6, test_share=0.6)


def test_a_hundred_thousand_pictures_are_split_in_seconds():
    """A study of HyperKvasir's size is split completely, and its copies stay together."""
    items = make_items(2000, 8000, n_pool=100_000)
    pairs = [(i, 10_000 + i) for i in range(2000)]
    groups = merge_groups(items.groups, pairs)
    splits = make_splits(dataclasses.replace(items, groups=groups))
    assert sum(c["items"] for c in splits.counts.values()) == 110_000
    assert np.array_equal(splits.split[:2000], splits.split[10_000:12_000])
