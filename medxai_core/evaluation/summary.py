"""Summarise the scores of a set of pictures: means, pooled scores, polyps, frames without polyp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from medxai_core.config import MASK_USES
from medxai_core.evaluation.intervals import (
    LEVEL,
    N_RESAMPLES,
    Interval,
    Resampling,
    bootstrap_ratios,
    encode_groups,
    proportion_interval,
)
from medxai_core.evaluation.scores import OUTCOMES, ImageScores
from medxai_core.formats.medico import METRIC_NAMES, OrganiserScores, average_scores

MEAN, POOLED, POLYPS, FRAMES = "mean", "pooled", "polyps", "frames"
STATISTICS = (MEAN, POOLED, POLYPS, FRAMES)


@dataclass(frozen=True)
class ScoreRow:
    """Hold one figure of a set of pictures, with all that is needed to judge it.

    Attributes
    ----------
    name : str
        What was scored (a run, a trivial mask).
    statistic : {"mean", "pooled", "polyps", "frames"}
        Mean over pictures, score of all pixels together, counts of lesions, counts of frames
        without polyp.
    metric : str
    value : float or None
        None, with `reason`, where no picture defines it.
    total, out_of : float
        The figure as a fraction: the value is ``total / out_of``.
    interval : Interval
    n_defined, n : int
        Pictures that define the figure, of all pictures.
    n_groups : int
        Groups that were resampled.
    masks_used_for : {"nothing", "tile_labels", "tuning", "baseline"}
        What masks were used for on the way to the figure.
    reason : str or None
    """

    name: str
    statistic: str
    metric: str
    value: float | None
    total: float
    out_of: float
    interval: Interval
    n_defined: int
    n: int
    n_groups: int
    masks_used_for: str
    reason: str | None = None


@dataclass(frozen=True)
class ScoreTable:
    """Hold all figures of one method on one set of pictures.

    Attributes
    ----------
    name : str
    masks_used_for : str
    rows : tuple of ScoreRow
    organisers : OrganiserScores
        Averages as the organisers' file has them; Dice is NaN when one picture's is.
    n_images, n_groups : int
    """

    name: str
    masks_used_for: str
    rows: tuple[ScoreRow, ...]
    organisers: OrganiserScores
    n_images: int
    n_groups: int

    def get(self, statistic: str, metric: str) -> ScoreRow:
        """Return one row, such as ``get("mean", "jaccard")`` or ``get("polyps", "polyps_found")``."""
        for row in self.rows:
            if (row.statistic, row.metric) == (statistic, metric):
                return row
        known = [(row.statistic, row.metric) for row in self.rows]
        raise ValueError(f"no row {(statistic, metric)}; there are {known}.")


@dataclass(frozen=True)
class _Ratio:
    """Hold a figure as sums over pictures: the value is sum(numerator) / sum(denominator)."""

    statistic: str
    metric: str
    numerator: np.ndarray
    denominator: np.ndarray
    reason: str
    is_proportion: bool = False


def summarize(
    scores: Sequence[ImageScores],
    groups: Sequence[str] | None = None,
    *,
    name: str,
    masks_used_for: str,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> ScoreTable:
    """Summarise the scores of a set of pictures.

    Parameters
    ----------
    scores : sequence of ImageScores
    groups : sequence of str, one a picture, optional
        Patient, procedure, video or source image; whole groups are resampled. Without groups every
        picture stands alone.
    name : str
        What was scored.
    masks_used_for : {"nothing", "tile_labels", "tuning", "baseline"}
    level, n_resamples, seed
        Level of the intervals, number of resamples, seed of the draws.

    Returns
    -------
    ScoreTable
        Rows "mean" and "pooled" of the six metrics; "polyps": polyps_found, polyps_touched,
        false_positives_per_frame (when polyps were counted on every picture); "frames": false_positive_frames,
        correctly_empty_frames, false_positive_area (mean share of a false-positive frame).

    Notes
    -----
    Means are over the pictures where the score is defined; `n_defined` of `n` says how many. The
    organisers' own averages, which count undefined scores as 0, are in `organisers`.
    """
    if masks_used_for not in MASK_USES:
        raise ValueError(f"masks_used_for must be one of {MASK_USES}; got {masks_used_for!r}.")
    if not scores:
        raise ValueError(f"{name!r} has no scored picture to summarise.")
    codes = encode_groups(groups, len(scores))
    ratios = [*_mean_ratios(scores), *_pooled_ratios(scores), *_polyp_ratios(scores), *_frame_ratios(scores)]
    intervals = bootstrap_ratios(
        np.stack([ratio.numerator for ratio in ratios], axis=1),
        np.stack([ratio.denominator for ratio in ratios], axis=1),
        codes=codes,
        resampling=Resampling(level, n_resamples, seed),
    )
    rows = tuple(
        _make_row(ratio, interval, codes=codes, name=name, masks_used_for=masks_used_for)
        for ratio, interval in zip(ratios, intervals, strict=True)
    )
    organisers = average_scores((score.item, score.organisers) for score in scores)
    return ScoreTable(name, masks_used_for, rows, organisers, len(scores), int(codes.max()) + 1)


def _make_row(ratio: _Ratio, interval: Interval, *, codes: np.ndarray, name: str, masks_used_for: str) -> ScoreRow:
    """Turn sums over pictures into a row of the table."""
    total, out_of = float(ratio.numerator.sum()), float(ratio.denominator.sum())
    if ratio.is_proportion and out_of:
        interval = proportion_interval(ratio.numerator, ratio.denominator, codes=codes, resampled=interval)
    return ScoreRow(
        name=name,
        statistic=ratio.statistic,
        metric=ratio.metric,
        value=total / out_of if out_of else None,
        total=total,
        out_of=out_of,
        interval=interval,
        n_defined=int(np.count_nonzero(ratio.denominator)),
        n=len(codes),
        n_groups=int(codes.max()) + 1,
        masks_used_for=masks_used_for,
        reason=None if out_of else ratio.reason,
    )


def _mean_ratios(scores: Sequence[ImageScores]) -> list[_Ratio]:
    """Return the mean of each metric over the pictures that define it."""
    get_values = attrgetter(*METRIC_NAMES)
    values = np.array([get_values(score.organisers) for score in scores])  # (n, 6)
    defined = np.array([[score.reason(metric) is None for metric in METRIC_NAMES] for score in scores])
    values = np.where(defined, values, 0.0)
    reasons = ["no picture has a polyp"] * 5 + ["no picture has a polyp and a mask"]
    return [
        _Ratio(MEAN, metric, values[:, column], defined[:, column].astype(np.float64), reasons[column])
        for column, metric in enumerate(METRIC_NAMES)
    ]


def _pooled_ratios(scores: Sequence[ImageScores]) -> list[_Ratio]:
    """Return each metric of all pixels of the set together, frames without polyp included."""
    table = np.array([(s.counts.tp, s.counts.fp, s.counts.fn, s.counts.tn) for s in scores], dtype=np.float64)
    tp, fp, fn, tn = table.T
    dice = (2 * tp, 2 * tp + fp + fn)
    fractions = ((tp + tn, tp + fp + fn + tn), (tp, tp + fp + fn), dice, dice, (tp, tp + fn), (tp, tp + fp))
    nothing = "no pixel of polyp or mask in the set"
    reasons = ("", nothing, nothing, nothing, "no polyp in the set", "every mask is empty")
    return [
        _Ratio(POOLED, metric, above, below, reason)
        for metric, (above, below), reason in zip(METRIC_NAMES, fractions, reasons, strict=True)
    ]


def _polyp_ratios(scores: Sequence[ImageScores]) -> list[_Ratio]:
    """Return the shares of polyps found and touched, and false parts a frame; nothing when polyps were not counted."""
    counts = [score.polyps for score in scores if score.polyps is not None]
    if len(counts) != len(scores):
        return []
    table = np.array([(c.n_polyps, c.n_found, c.n_false, c.n_touched) for c in counts], dtype=np.float64)
    n_polyps, n_found, n_false, n_touched = table.T
    return [
        _Ratio(POLYPS, "polyps_found", n_found, n_polyps, "no polyp in the set", is_proportion=True),
        _Ratio(POLYPS, "polyps_touched", n_touched, n_polyps, "no polyp in the set", is_proportion=True),
        _Ratio(POLYPS, "false_positives_per_frame", n_false, np.ones(len(counts)), ""),
    ]


def _frame_ratios(scores: Sequence[ImageScores]) -> list[_Ratio]:
    """Return what became of the frames without polyp."""
    outcomes = np.array([score.outcome for score in scores])
    false = (outcomes == OUTCOMES[2]).astype(np.float64)
    correct = (outcomes == OUTCOMES[3]).astype(np.float64)
    areas = np.array([score.counts.fp / score.counts.n_pixels for score in scores]) * false
    no_frame = "every picture has a polyp"
    return [
        _Ratio(FRAMES, "false_positive_frames", false, false + correct, no_frame, is_proportion=True),
        _Ratio(FRAMES, "correctly_empty_frames", correct, false + correct, no_frame, is_proportion=True),
        _Ratio(FRAMES, "false_positive_area", areas, false, "no false-positive frame"),
    ]
