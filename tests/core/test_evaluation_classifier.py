"""Facts about the scores of labels, with scikit-learn as the other witness."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    recall_score,
    roc_auc_score,
)

from medxai_core.evaluation.classifier import (
    ConfusionMatrix,
    compute_roc_auc,
    score_classifier,
    score_pseudo_labels,
)
from medxai_core.evaluation.intervals import wilson_interval


def make_split(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    y_true = generator.integers(0, 2, n)
    y_score = np.round(np.clip(0.3 * y_true + 0.7 * generator.random(n), 0, 1), 1)  # with ties
    return y_true, y_score


@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_those_of_scikit_learn(seed):
    y_true, y_score = make_split(seed)
    y_pred = (y_score >= 0.5).astype(int)
    scores = score_classifier(y_true, y_score, n_resamples=50)
    assert scores.accuracy.value == pytest.approx(accuracy_score(y_true, y_pred))
    assert scores.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(y_true, y_pred))
    assert scores.sensitivity.value == pytest.approx(recall_score(y_true, y_pred))
    assert scores.specificity.value == pytest.approx(recall_score(y_true, y_pred, pos_label=0))
    assert scores.roc_auc.value == pytest.approx(roc_auc_score(y_true, y_score))
    counts = confusion_matrix(y_true, y_pred).ravel().tolist()
    assert scores.confusion == ConfusionMatrix(*counts)
    assert scores.prevalence == pytest.approx(y_true.mean())


def test_the_resampled_auc_is_scikit_learns_on_the_same_draws():
    y_true, y_score = make_split(9, n=40)
    generator = np.random.default_rng(11)
    draws = (generator.integers(40, size=40) for _ in range(300))
    aucs = [roc_auc_score(y_true[draw], y_score[draw]) for draw in draws]
    interval = score_classifier(y_true, y_score, n_resamples=300, seed=11).roc_auc.interval
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(aucs, [0.025, 0.975])))


def test_every_figure_lies_in_its_interval():
    scores = score_classifier(*make_split(5))
    for name in ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc"):
        estimate = getattr(scores, name)
        assert estimate.interval.low <= estimate.value <= estimate.interval.high


def test_tiles_of_one_picture_widen_the_intervals():
    y_true, y_score = make_split(6, n=40)
    y_true, y_score = np.repeat(y_true, 4), np.repeat(y_score, 4)
    pictures = np.repeat([f"image {i}" for i in range(40)], 4).tolist()
    alone, grouped = score_classifier(y_true, y_score), score_classifier(y_true, y_score, groups=pictures)
    assert grouped.n_groups == 40 and alone.n_groups == 160
    for name in ("accuracy", "balanced_accuracy", "roc_auc"):
        narrow, wide = getattr(alone, name).interval, getattr(grouped, name).interval
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_with_polyps_only_what_needs_the_other_class_is_undefined():
    scores = score_classifier([1, 1, 1], [0.9, 0.2, 0.8])
    assert scores.accuracy.value == scores.sensitivity.value == pytest.approx(2 / 3)
    for name in ("balanced_accuracy", "specificity", "roc_auc"):
        estimate = getattr(scores, name)
        assert estimate.value is None and estimate.reason == "every item is polyp by its reference label"
        assert estimate.interval.low is None


def test_without_polyps_what_needs_them_is_undefined():
    scores = score_classifier([0, 0], [0.9, 0.2])
    assert scores.specificity.value == 0.5 and scores.sensitivity.value is None
    assert scores.roc_auc.reason == "no item is polyp by its reference label"


def test_a_faultless_classifier_is_not_certain():
    scores = score_classifier([0, 1] * 10, [0.1, 0.9] * 10)
    assert scores.accuracy.value == 1.0 and scores.accuracy.interval == wilson_interval(20, 20)
    assert scores.sensitivity.interval == wilson_interval(10, 10)
    assert scores.roc_auc.value == 1.0
    assert scores.roc_auc.interval.low is None and "same value" in scores.roc_auc.interval.reason


def test_always_polyp_scores_the_prevalence_and_half_of_balanced_accuracy():
    y_true = np.array([1] * 78 + [0] * 22)
    scores = score_classifier(y_true, np.ones(100))
    assert scores.accuracy.value == scores.prevalence == 0.78
    assert scores.balanced_accuracy.value == 0.5 and scores.roc_auc.value == 0.5


def test_auc_of_one_class_is_undefined():
    assert compute_roc_auc(np.array([0.1, 0.2]), np.array([True, True])) is None


@pytest.mark.parametrize(
    ("y_true", "y_score"),
    [([0, 2], [0.1, 0.2]), ([0, 1], [0.1, 1.2]), ([0, 1], [0.1, float("nan")]), ([], []), ([1], [1, 0])],
)
def test_labels_and_scores_that_mean_nothing_are_refused(y_true, y_score):
    with pytest.raises(ValueError):
        score_classifier(y_true, y_score)


def test_pseudo_labels_are_scored_round_by_round_and_in_all():
    proposed = ["polyp", "polyp", "non_polyp", "polyp", None, "non_polyp"]
    rounds = [1, 1, 2, 2, -1, 2]
    reference = ["polyp", "non_polyp", "non_polyp", "polyp", "polyp", None]
    first, second = score_pseudo_labels(proposed, rounds, reference)
    assert (first.round, second.round) == (1, 2)
    assert (first.this_round.accuracy, first.this_round.balanced_accuracy) == (0.5, 0.5)
    assert (second.this_round.n_proposed, second.this_round.n_compared) == (3, 2)
    assert (second.this_round.accuracy, second.so_far.accuracy) == (1.0, 0.75)
    # of the two polyps both are right, of the two others one
    assert second.so_far.balanced_accuracy == 0.75 and second.so_far.n_proposed == 5


def test_pseudo_label_scores_equal_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    names = np.array(["non_polyp", "polyp"])
    reference, proposed = names[generator.integers(0, 2, (2, 200))]
    rounds = generator.integers(1, 6, 200)
    last = score_pseudo_labels(proposed.tolist(), rounds.tolist(), reference.tolist())[-1].so_far
    assert last.accuracy == pytest.approx(accuracy_score(reference, proposed))
    assert last.balanced_accuracy == pytest.approx(balanced_accuracy_score(reference, proposed))


def test_pseudo_labels_without_what_is_needed_are_undefined_with_a_reason():
    (one_class,) = score_pseudo_labels(["polyp", "polyp"], [1, 1], ["polyp", "polyp"])
    assert one_class.this_round.accuracy == 1 and one_class.this_round.balanced_accuracy is None
    assert one_class.this_round.reason == "every item with a proposal is polyp by its reference label"
    (unknown,) = score_pseudo_labels(["polyp"], [1], [None])
    assert unknown.so_far.accuracy is None and unknown.so_far.reason == "no proposal has a reference label"
    assert score_pseudo_labels([None], [-1], ["polyp"]) == []
