"""Score many thresholds at once: one histogram a heat map instead of one mask a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.scores import PixelCounts
from medxai_core.masks import MAX_LEVEL, ROUND_UP, Band, quantize_heatmap

BandCounts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Pixels of each band's mask: tp, fp, fn, tn, each (n_bands,) int64."""


@dataclass(frozen=True)
class LevelCounts:
    """Count the pixels below each level of a heat map, inside and outside the polyp.

    Attributes
    ----------
    polyp_below, other_below : ndarray (65537,) int64
        Entry i: pixels with level < i, in the polyp and outside it.
    """

    polyp_below: np.ndarray
    other_below: np.ndarray

    def count(self, band: Band) -> PixelCounts:
        """Return the counts of the mask that `band` makes, without making it."""
        return PixelCounts(*(int(counts[0]) for counts in self.count_many([band])))

    def count_many(self, bands: Sequence[Band]) -> BandCounts:
        """Return tp, fp, fn, tn, each (n_bands,) int64."""
        limits = np.array([band.levels for band in bands], dtype=np.int64).reshape(-1, 2)
        inverted = np.array([band.inverted for band in bands], dtype=bool)
        tp, fn = _select(self.polyp_below, limits, inverted)
        fp, tn = _select(self.other_below, limits, inverted)
        return tp, fp, fn, tn


@dataclass(frozen=True)
class ThresholdCounts:
    """Hold pixel counts of ``h > threshold`` for a grid of thresholds.

    Attributes
    ----------
    thresholds : ndarray (n,) float64 in [0, 1]
    tp, fp, fn, tn : ndarray (n,) int64, pixels
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray


@dataclass(frozen=True)
class SweepRow:
    """Hold the mean scores of one band over the pictures with a polyp.

    Attributes
    ----------
    band : Band
    jaccard, dice : float or None
        Means in [0, 1]; None with a reason when no picture has a polyp.
    mean_area : float
        Mean share of the picture in the mask, over all pictures.
    n_defined, n : int
        Pictures with a polyp, of all pictures.
    reason : str or None
    """

    band: Band
    jaccard: float | None
    dice: float | None
    mean_area: float
    n_defined: int
    n: int
    reason: str | None = None


class ThresholdSweep:
    """Add up the scores of many bands, one picture after the other.

    Keeps four numbers a band, and the Dice of each picture with a polyp as float32. One sweep a layer gives the
    table layer x threshold.

    Parameters
    ----------
    bands : sequence of Band
    """

    def __init__(self, bands: Sequence[Band]) -> None:
        self.bands = tuple(bands)
        self._jaccard, self._dice, self._area = np.zeros((3, len(self.bands)))
        self._n_defined = self._n = 0
        self._dice_by_picture: list[np.ndarray] = []

    def add(self, heatmap: np.ndarray, truth: np.ndarray) -> None:
        """Score one picture under every band.

        Parameters
        ----------
        heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
        truth : ndarray (H, W) bool
        """
        self.add_counts(count_levels(heatmap, truth).count_many(self.bands))

    def add_counts(self, counts: BandCounts) -> None:
        """Score one picture whose pixels were counted before, for instance in another thread.

        Parameters
        ----------
        counts : (tp, fp, fn, tn), each ndarray (n_bands,) int64
            From `LevelCounts.count_many`.
        """
        tp, fp, fn, tn = counts
        self._area += (tp + fp) / (tp + fp + fn + tn)
        self._n += 1
        if (tp + fn).any():
            self._jaccard += tp / (tp + fp + fn)
            dice = 2 * tp / (2 * tp + fp + fn)
            self._dice += dice
            self._dice_by_picture.append(dice.astype(np.float32))
            self._n_defined += 1

    @property
    def dice_by_picture(self) -> np.ndarray:
        """Return the Dice of each picture with a polyp under each band, (n_defined, n_bands) float32."""
        return np.array(self._dice_by_picture, np.float32).reshape(-1, len(self.bands))

    def rows(self) -> list[SweepRow]:
        """Return the means so far, one row a band."""
        if not self._n:
            raise ValueError("a sweep needs at least one picture; got none. Call add first.")
        n = self._n_defined
        reason = None if n else "no picture has a polyp"
        sums = zip(self.bands, self._jaccard, self._dice, self._area, strict=True)
        return [
            SweepRow(
                band,
                jaccard=float(jaccard) / n if n else None,
                dice=float(dice) / n if n else None,
                mean_area=float(area) / self._n,
                n_defined=n,
                n=self._n,
                reason=reason,
            )
            for band, jaccard, dice, area in sums
        ]


def count_levels(heatmap: np.ndarray, truth: np.ndarray) -> LevelCounts:
    """Count pixels by level of heat, from one histogram.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
    truth : ndarray (H, W) bool

    Returns
    -------
    LevelCounts
    """
    from medxai_core.evaluation.level_loops import count_by_level  # here: numba takes a third of a second

    heatmap = np.asarray(heatmap)
    if truth.dtype != bool or truth.shape != heatmap.shape:
        raise ValueError(f"truth must be bool {heatmap.shape}; got {truth.dtype} {truth.shape}.")
    if heatmap.dtype not in (np.float32, np.float64) or heatmap.ndim != 2:
        heatmap = quantize_heatmap(heatmap) / MAX_LEVEL  # levels: each falls on itself again
    counts = np.zeros((2, 2 * (MAX_LEVEL + 1)), np.int32)
    # one form of arrays: numba compiles once
    heat, is_polyp = np.require(heatmap, requirements=["C", "W"]), np.require(truth, requirements=["C", "W"])
    if count_by_level(heat, is_polyp, MAX_LEVEL, ROUND_UP, counts):
        quantize_heatmap(heatmap)  # says what is wrong, beyond what rounding may do
    below = np.zeros((2, MAX_LEVEL + 2), np.int64)
    np.cumsum(counts.sum(axis=0).reshape(2, -1), axis=1, out=below[:, 1:])
    return LevelCounts(polyp_below=below[1], other_below=below[0])


def count_by_threshold(heatmap: np.ndarray, truth: np.ndarray, *, n_bins: int = 100) -> ThresholdCounts:
    """Count tp, fp, fn, tn of ``h > t`` for t = 0, 1/n_bins, ... 1.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
    truth : ndarray (H, W) bool
    n_bins : int, default 100
        Number of steps from 0 to 1.

    Returns
    -------
    ThresholdCounts
        Equal to counting the pixels of `masks.make_mask` at each threshold.

    Examples
    --------
    >>> counts = count_by_threshold(np.array([[0.2, 0.8]]), np.array([[False, True]]), n_bins=2)
    >>> counts.tp.tolist(), counts.fp.tolist()
    ([1, 1, 0], [1, 0, 0])
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be 1 or more; got {n_bins}.")
    thresholds = np.arange(n_bins + 1) / n_bins
    tp, fp, fn, tn = count_levels(heatmap, truth).count_many([Band(low=float(t)) for t in thresholds])
    return ThresholdCounts(thresholds, tp, fp, fn, tn)


def _select(below: np.ndarray, limits: np.ndarray, inverted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pixels each mask takes and leaves: the mask is low < level < high, or the rest."""
    # two limits that fall on one level select nothing, never a negative number
    inside = np.maximum(below[limits[:, 1]] - below[limits[:, 0] + 1], 0)
    outside = below[-1] - inside
    return np.where(inverted, outside, inside), np.where(inverted, inside, outside)
