"""Scores of labels: the classifier's, and the error of pseudo-labels round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.intervals import (
    FEW_GROUPS,
    LEVEL,
    N_RESAMPLES,
    NO_WIDTH,
    Interval,
    Resampling,
    bootstrap_ratios,
    draw_group_weights,
    encode_groups,
    percentile_interval,
    proportion_interval,
    resample_totals,
)

NO_POSITIVE = "no item is polyp by its reference label"
NO_NEGATIVE = "every item is polyp by its reference label"


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Count items by reference label (truth) and prediction. Class 1 is polyp."""

    tn: int
    fp: int
    fn: int
    tp: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a figure with its interval, or the reason why it is undefined.

    Attributes
    ----------
    value : float or None
    interval : Interval
    n : int
        Items that the figure rests on.
    reason : str or None
    """

    value: float | None
    interval: Interval
    n: int
    reason: str | None = None


@dataclass(frozen=True)
class ClassifierScores:
    """Hold the scores of a classifier on one split.

    Attributes
    ----------
    confusion : ConfusionMatrix
    accuracy, balanced_accuracy, sensitivity, specificity, roc_auc : Estimate
        In [0, 1]; 1 is best, 0.5 is chance for balanced accuracy and AUC.
    prevalence : float
        Share of polyps: the accuracy of "always polyp".
    threshold : float
    n, n_groups : int
    """

    confusion: ConfusionMatrix
    accuracy: Estimate
    balanced_accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate
    roc_auc: Estimate
    prevalence: float
    threshold: float
    n: int
    n_groups: int


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Say how often proposed labels equal the reference labels.

    Attributes
    ----------
    n_proposed, n_compared : int
        Proposals, and those whose item has a reference label.
    accuracy, balanced_accuracy : float or None
        None, with `reason`, without a reference label, or (balanced) with one class only.
    reason : str or None
    """

    n_proposed: int
    n_compared: int
    accuracy: float | None
    balanced_accuracy: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RoundAgreement:
    """Hold the agreement of one round's proposals, and of all rounds up to it."""

    round: int
    this_round: LabelAgreement
    so_far: LabelAgreement


def score_classifier(
    y_true: Sequence[int] | np.ndarray,
    y_score: Sequence[float] | np.ndarray,
    *,
    groups: Sequence[str] | None = None,
    threshold: float = 0.5,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> ClassifierScores:
    """Score a classifier on items with reference labels.

    Parameters
    ----------
    y_true : (n,) int, 1 polyp, 0 non-polyp
    y_score : (n,) float in [0, 1]
        Predicted probability of polyp; polyp is predicted at ``y_score >= threshold``.
    groups : sequence of str, length n, optional
        Patient, procedure, video or source image; whole groups are resampled.
    threshold : float, default 0.5
    level, n_resamples, seed
        Level of the intervals, number of resamples, seed of the draws.

    Returns
    -------
    ClassifierScores
        With one class only, the figures that need the other are None with the reason.
    """
    y_true, y_score = _check_labels(y_true, y_score)
    codes = encode_groups(groups, len(y_true))
    positive, hit = y_true == 1, (y_score >= threshold) == (y_true == 1)
    tp, fn = np.count_nonzero(hit & positive), np.count_nonzero(~hit & positive)
    tn, fp = np.count_nonzero(hit & ~positive), np.count_nonzero(~hit & ~positive)
    resampling = Resampling(level, n_resamples, seed)
    everything = np.ones(len(y_true), dtype=bool)
    accuracy, sensitivity, specificity = (
        _estimate_share(hit & part, part, codes=codes, missing=missing, resampling=resampling)
        for part, missing in ((everything, ""), (positive, NO_POSITIVE), (~positive, NO_NEGATIVE))
    )
    return ClassifierScores(
        confusion=ConfusionMatrix(tn=int(tn), fp=int(fp), fn=int(fn), tp=int(tp)),
        accuracy=accuracy,
        balanced_accuracy=_estimate_balanced_accuracy(hit, positive, codes=codes, resampling=resampling),
        sensitivity=sensitivity,
        specificity=specificity,
        roc_auc=_estimate_auc(y_score, positive, codes=codes, resampling=resampling),
        prevalence=float(positive.mean()),
        threshold=threshold,
        n=len(y_true),
        n_groups=int(codes.max()) + 1,
    )


def compute_roc_auc(y_score: np.ndarray, positive: np.ndarray) -> float | None:
    """Compute the area under the ROC curve: how often a polyp scores above a non-polyp, ties half.

    Parameters
    ----------
    y_score : ndarray (n,) float
    positive : ndarray (n,) bool

    Returns
    -------
    float in [0, 1], or None
        1 is best, 0.5 is chance; None when one class is absent.

    References
    ----------
    J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29-36, doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> compute_roc_auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True]))
    0.875
    """
    ranks = np.unique(y_score, return_inverse=True)[1]
    items = np.arange(len(ranks))
    polyps, others = (ranks[positive], items[positive]), (ranks[~positive], items[~positive])
    return _auc_of_ranks(polyps, others, np.ones(len(ranks)))


def score_pseudo_labels(
    proposed: Sequence[str | None],
    rounds: Sequence[int],
    reference: Sequence[str | None],
) -> list[RoundAgreement]:
    """Compare the labels that each round proposed with reference labels.

    Parameters
    ----------
    proposed : sequence of str or None, one an item
        Proposed label; None where no round proposed one (left out).
    rounds : sequence of int, one an item
        Round of the proposal; not read where `proposed` is None.
    reference : sequence of str or None, one an item
        Reference label; None where it is not known (counted in `n_proposed` only).

    Returns
    -------
    list of RoundAgreement
        One for each round with a proposal, in rising order.

    Examples
    --------
    >>> result = score_pseudo_labels(["polyp", "polyp", None], [1, 2, 0], ["polyp", "non_polyp", "polyp"])
    >>> [(r.round, r.this_round.accuracy, r.so_far.accuracy) for r in result]
    [(1, 1.0, 1.0), (2, 0.0, 0.5)]
    """
    if not len(proposed) == len(rounds) == len(reference):
        raise ValueError(
            "proposed, rounds and reference must have one entry an item; "
            f"got {len(proposed)}, {len(rounds)}, {len(reference)}."
        )
    rows = [(int(r), p, t) for p, r, t in zip(proposed, rounds, reference, strict=True) if p is not None]
    rows.sort(key=lambda row: row[0])
    result, so_far, start = [], _Tally(), 0
    while start < len(rows):
        number, this_round = rows[start][0], _Tally()
        while start < len(rows) and rows[start][0] == number:
            this_round.add(rows[start][1], rows[start][2])
            so_far.add(rows[start][1], rows[start][2])
            start += 1
        result.append(RoundAgreement(number, this_round.agreement(), so_far.agreement()))
    return result


class _Tally:
    """Count proposals and agreements by class of the reference label."""

    def __init__(self) -> None:
        self.n_proposed = 0
        self.by_class: dict[str, list[int]] = {}

    def add(self, proposed: str, reference: str | None) -> None:
        """Count one proposal."""
        self.n_proposed += 1
        if reference is not None:
            counts = self.by_class.setdefault(reference, [0, 0])
            counts[0] += 1
            counts[1] += proposed == reference

    def agreement(self) -> LabelAgreement:
        """Return the shares so far."""
        n_compared = sum(n for n, _ in self.by_class.values())
        if not n_compared:
            return LabelAgreement(self.n_proposed, 0, None, None, "no proposal has a reference label")
        accuracy = sum(right for _, right in self.by_class.values()) / n_compared
        if len(self.by_class) < 2:
            reason = f"every item with a proposal is {next(iter(self.by_class))} by its reference label"
            return LabelAgreement(self.n_proposed, n_compared, accuracy, None, reason)
        recalls = [right / n for n, right in self.by_class.values()]
        return LabelAgreement(self.n_proposed, n_compared, accuracy, sum(recalls) / len(recalls))


def _check_labels(
    y_true: Sequence[int] | np.ndarray, y_score: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays, or raise with what is wrong."""
    labels, scores = np.asarray(y_true), np.asarray(y_score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape or not labels.size:
        raise ValueError(f"y_true and y_score must be (n,), n >= 1; got {labels.shape} and {scores.shape}.")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"y_true must hold 0 and 1 only; got {np.unique(labels)[:5]}.")
    if not (scores.min() >= 0 and scores.max() <= 1):
        raise ValueError(f"y_score must be finite and in [0, 1]; got {scores.min()} to {scores.max()}.")
    return labels.astype(np.int64), scores


def _estimate_share(
    hit: np.ndarray,
    part: np.ndarray,
    *,
    codes: np.ndarray,
    missing: str,
    resampling: Resampling,
) -> Estimate:
    """Return the share of a part of the items that is right."""
    above, below = hit.astype(np.float64), part.astype(np.float64)
    n = int(below.sum())
    if not n:
        return Estimate(None, Interval(None, None, resampling.level, "none", missing), 0, missing)
    interval = bootstrap_ratios(above[:, None], below[:, None], codes=codes, resampling=resampling)[0]
    if above.sum() in (0, n):
        interval = proportion_interval(above, below, codes=codes, resampled=interval)
    return Estimate(float(above.sum() / n), interval, n)


def _estimate_balanced_accuracy(
    hit: np.ndarray, positive: np.ndarray, *, codes: np.ndarray, resampling: Resampling
) -> Estimate:
    """Return the mean of sensitivity and specificity."""
    n, missing = len(hit), _missing_class(positive)
    if missing:
        return Estimate(None, Interval(None, None, resampling.level, "none", missing), n, missing)
    columns = np.stack([hit & positive, positive, hit & ~positive, ~positive], axis=1).astype(np.float64)
    totals = np.vstack([columns.sum(axis=0), resample_totals(columns, codes, resampling)])
    above, below = totals[:, 0::2], totals[:, 1::2]
    recalls = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    value, *samples = recalls.mean(axis=1)
    return Estimate(float(value), _resampled_interval(np.array(samples), codes, level=resampling.level), n)


def _estimate_auc(y_score: np.ndarray, positive: np.ndarray, *, codes: np.ndarray, resampling: Resampling) -> Estimate:
    """Return the area under the ROC curve."""
    n, missing = len(y_score), _missing_class(positive)
    if missing:
        return Estimate(None, Interval(None, None, resampling.level, "none", missing), n, missing)
    ranks = np.unique(y_score, return_inverse=True)[1]
    polyps, others = (ranks[positive], codes[positive]), (ranks[~positive], codes[~positive])
    n_groups = int(codes.max()) + 1
    draws = draw_group_weights(n_groups, resampling)
    samples = np.array([_auc_of_ranks(polyps, others, drawn) for drawn in draws], dtype=np.float64)
    value = _auc_of_ranks(polyps, others, np.ones(n_groups))
    return Estimate(value, _resampled_interval(samples, codes, level=resampling.level), n)


def _auc_of_ranks(
    polyps: tuple[np.ndarray, np.ndarray], others: tuple[np.ndarray, np.ndarray], weights: np.ndarray
) -> float | None:
    """Return the area under the ROC curve of (ranks, groups) by class; None when a class has no weight.

    Ranks number the scores upward, ties share one; weights say how often each group counts.
    """
    n_ranks = 1 + max(int(ranks.max(initial=0)) for ranks, _ in (polyps, others))
    polyps_at, others_at = (np.bincount(ranks, weights[groups], n_ranks) for ranks, groups in (polyps, others))
    pairs = polyps_at.sum() * others_at.sum()
    if not pairs:
        return None
    below = np.cumsum(others_at) - others_at
    return float((polyps_at * (below + 0.5 * others_at)).sum() / pairs)


def _missing_class(positive: np.ndarray) -> str | None:
    """Return the reason why figures of two classes are undefined, or None."""
    if not positive.any():
        return NO_POSITIVE
    return NO_NEGATIVE if positive.all() else None


def _resampled_interval(samples: np.ndarray, codes: np.ndarray, *, level: float) -> Interval:
    """Return the percentile interval, or the reason why resampling cannot give one."""
    if np.unique(codes).size < 2:
        return Interval(None, None, level, "none", FEW_GROUPS)
    interval = percentile_interval(samples, level=level)
    if interval.low is not None and interval.low == interval.high:
        return Interval(None, None, level, "none", NO_WIDTH)
    return interval
