"""Facts about masks that no method made, and their scores on real pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medxai_core.evaluation.baselines import (
    ALL_POLYP,
    CENTRED_DISK,
    MEAN_MASK,
    compute_mean_mask,
    make_all_polyp_mask,
    make_disk_mask,
    make_mean_mask,
    make_trivial_masks,
)
from medxai_core.evaluation.scores import score_mask
from medxai_core.evaluation.summary import summarize
from medxai_core.images import load_mask


@pytest.mark.parametrize("shape", [(200, 300), (301, 201)])
def test_the_disk_is_an_ellipse_of_28_percent_of_the_picture(shape):
    disk = make_disk_mask(shape)
    assert disk.mean() == pytest.approx(math.pi * 0.3**2, abs=0.002)
    assert np.array_equal(disk, disk[::-1]) and np.array_equal(disk, disk[:, ::-1])
    rows, columns = disk.any(axis=1).sum(), disk.any(axis=0).sum()
    assert rows == pytest.approx(0.6 * shape[0], abs=2) and columns == pytest.approx(0.6 * shape[1], abs=2)


def test_everything_is_polyp():
    truth = make_disk_mask((50, 60))
    scores = score_mask(make_all_polyp_mask((50, 60)), truth)
    assert scores.recall == 1 and scores.accuracy == scores.precision == scores.jaccard == pytest.approx(truth.mean())


def test_the_mean_mask_is_the_share_of_masks_at_each_place():
    left, right = np.zeros((8, 8), dtype=bool), np.zeros((80, 40), dtype=bool)
    left[:, :4] = True
    right[:, 20:] = True
    mean = compute_mean_mask([left, left, left, right], grid=(16, 16))
    assert (mean[:, :8] == 0.75).all() and (mean[:, 8:] == 0.25).all()
    assert make_mean_mask(mean, (30, 20)).all()
    assert make_mean_mask(mean, (30, 20), threshold=0.5).mean() == pytest.approx(0.5, abs=0.05)


def test_a_mask_in_the_mean_counts_once_whatever_its_size():
    small, large = np.ones((4, 4), dtype=bool), np.zeros((400, 400), dtype=bool)
    assert (compute_mean_mask([small, large], grid=(8, 8)) == 0.5).all()
    with pytest.raises(ValueError, match="at least one mask"):
        compute_mean_mask([])


def test_trivial_masks_have_the_pictures_size_and_cannot_be_changed_by_a_caller():
    masks = make_trivial_masks((20, 30), mean=np.full((8, 8), 0.5, dtype=np.float32))
    assert list(masks) == [ALL_POLYP, CENTRED_DISK, MEAN_MASK]
    assert {mask.shape for mask in masks.values()} == {(20, 30)}
    with pytest.raises(ValueError):
        masks[CENTRED_DISK][0, 0] = True


def test_the_disk_reproduces_its_published_scores(kvasir_seg):
    """Dice .390 and Jaccard .264 on 200 other pictures of Kvasir-SEG; here every eighth of the 800."""
    paths = sorted((kvasir_seg / "masks").iterdir())[::8]
    truths = [load_mask(path) for path in paths]
    scores = [score_mask(make_disk_mask(truth.shape), truth) for truth in truths]
    table = summarize(scores, name=CENTRED_DISK, masks_used_for="baseline", n_resamples=200)
    for metric, published in (("dice", 0.390), ("jaccard", 0.264), ("recall", 0.675), ("precision", 0.331)):
        row = table.get("mean", metric)
        assert row.interval.low < published < row.interval.high
