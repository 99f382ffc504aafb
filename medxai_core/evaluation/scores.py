"""Compare one mask with its ground truth: pixel counts, and the scores that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.polyps import PolypCounts, count_polyps
from medxai_core.formats.medico import METRIC_NAMES, OrganiserScores

NO_POLYP = "the picture has no polyp"
EMPTY_MASK = "the mask is empty"

OUTCOMES = ("polyp_with_mask", "polyp_without_mask", "false_positive_frame", "correctly_empty_frame")
"""The four rows of the table of empty truths and empty predictions."""


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """Count the pixels of one picture, or of a set, by truth and mask.

    Attributes
    ----------
    tp, fp, fn, tn : int, pixels
        In both, in the mask only, in the polyp only, in neither.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def n_pixels(self) -> int:
        """Return the number of pixels of the picture."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def has_polyp(self) -> bool:
        """Return True when the truth holds a pixel."""
        return self.tp + self.fn > 0

    @property
    def has_mask(self) -> bool:
        """Return True when the mask holds a pixel."""
        return self.tp + self.fp > 0


@dataclass(frozen=True, slots=True)
class ImageScores:
    """Hold the scores of one picture; a score is None where it is undefined.

    Scores are in [0, 1], 1 is best. Accuracy is always defined. On a picture without polyp the other
    five are undefined; without a mask precision is undefined.

    Attributes
    ----------
    item : str
        Name of the picture.
    counts : PixelCounts
    polyps : PolypCounts or None
        Lesions found; None when they were not counted.
    """

    item: str
    counts: PixelCounts
    polyps: PolypCounts | None = None

    @property
    def outcome(self) -> str:
        """Return which of `OUTCOMES` the picture is."""
        with_polyp, with_mask = self.counts.has_polyp, self.counts.has_mask
        if with_polyp:
            return OUTCOMES[0] if with_mask else OUTCOMES[1]
        return OUTCOMES[2] if with_mask else OUTCOMES[3]

    @property
    def accuracy(self) -> float | None:
        """Return the share of pixels that are right."""
        return self.value("accuracy")

    @property
    def jaccard(self) -> float | None:
        """Return intersection over union."""
        return self.value("jaccard")

    @property
    def dice(self) -> float | None:
        """Return twice the intersection over the sum of both areas."""
        return self.value("dice")

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall: the same number as Dice."""
        return self.value("f1")

    @property
    def recall(self) -> float | None:
        """Return the share of the polyp that the mask covers."""
        return self.value("recall")

    @property
    def precision(self) -> float | None:
        """Return the share of the mask that is polyp."""
        return self.value("precision")

    @property
    def organisers(self) -> OrganiserScores:
        """Return the row of the organisers' file, by their rules for empty pictures."""
        return compute_organiser_scores(self.counts)

    def value(self, metric: str) -> float | None:
        """Return one score by name, or None where `reason` says why it is undefined."""
        return None if self.reason(metric) else getattr(self.organisers, metric)

    def reason(self, metric: str) -> str | None:
        """Return why a score is undefined on this picture, or None when it is defined."""
        if metric not in METRIC_NAMES:
            raise ValueError(f"metric must be one of {METRIC_NAMES}; got {metric!r}.")
        if metric == "accuracy":
            return None
        if not self.counts.has_polyp:
            return NO_POLYP
        return EMPTY_MASK if metric == "precision" and not self.counts.has_mask else None


def count_pixels(mask: np.ndarray, truth: np.ndarray) -> PixelCounts:
    """Count hit, false, missed and right empty pixels.

    Parameters
    ----------
    mask, truth : ndarray (H, W) bool, of the same size

    Returns
    -------
    PixelCounts

    Examples
    --------
    >>> count_pixels(np.array([[True, True, False]]), np.array([[True, False, False]]))
    PixelCounts(tp=1, fp=1, fn=0, tn=1)
    """
    for name, array in (("mask", mask), ("truth", truth)):
        if array.dtype != bool:
            raise TypeError(f"{name} must be bool; got {array.dtype}. Binarise it at > 127.")
    if mask.ndim != 2 or mask.shape != truth.shape or mask.size == 0:
        raise ValueError(f"mask and truth must be (H, W) of one size; got {mask.shape} and {truth.shape}.")
    tp = int(np.count_nonzero(mask & truth))
    fp = int(np.count_nonzero(mask)) - tp
    fn = int(np.count_nonzero(truth)) - tp
    return PixelCounts(tp, fp, fn, mask.size - tp - fp - fn)


def compute_organiser_scores(counts: PixelCounts) -> OrganiserScores:
    """Compute the six scores as the organisers' file has them.

    Parameters
    ----------
    counts : PixelCounts
        Of one picture with at least one pixel.

    Returns
    -------
    OrganiserScores
        A score without denominator is 0, except Dice, which is NaN when truth and mask are both empty.

    Examples
    --------
    >>> compute_organiser_scores(PixelCounts(tp=1, fp=1, fn=0, tn=2)).jaccard
    0.5
    """
    tp, fp, fn = counts.tp, counts.fp, counts.fn
    recall, precision = _divide(tp, tp + fn), _divide(tp, tp + fp)
    return OrganiserScores(
        accuracy=(tp + counts.tn) / counts.n_pixels,
        jaccard=_divide(tp, tp + fp + fn),
        dice=2 * tp / (2 * tp + fp + fn) if tp + fp + fn else float("nan"),
        f1=_divide(2 * precision * recall, precision + recall),
        recall=recall,
        precision=precision,
    )


def score_counts(counts: PixelCounts, *, item: str = "", polyps: PolypCounts | None = None) -> ImageScores:
    """Score a picture whose pixels are counted already.

    Parameters
    ----------
    counts : PixelCounts
    item : str
        Name of the picture.
    polyps : PolypCounts, optional

    Returns
    -------
    ImageScores

    Examples
    --------
    >>> scores = score_counts(PixelCounts(tp=0, fp=3, fn=0, tn=22))
    >>> scores.outcome, scores.dice, scores.reason("dice"), scores.accuracy
    ('false_positive_frame', None, 'the picture has no polyp', 0.88)
    """
    if counts.n_pixels < 1 or min(counts.tp, counts.fp, counts.fn, counts.tn) < 0:
        raise ValueError(f"counts must be 0 or more, with at least one pixel; got {counts}.")
    return ImageScores(item, counts, polyps)


def score_mask(mask: np.ndarray, truth: np.ndarray, *, item: str = "") -> ImageScores:
    """Score a mask against its ground truth, by pixel and by polyp.

    Parameters
    ----------
    mask, truth : ndarray (H, W) bool, of the same size
    item : str
        Name of the picture.

    Returns
    -------
    ImageScores

    References
    ----------
    D. Jha et al., Medico Multimedia Task at MediaEval 2021 (definitions of the six scores).
    """
    return score_counts(count_pixels(mask, truth), item=item, polyps=count_polyps(mask, truth))


def _divide(numerator: float, denominator: float) -> float:
    """Divide; 0 without a denominator, as the organisers' file."""
    return numerator / denominator if denominator else 0.0
