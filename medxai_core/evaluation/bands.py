"""Scores by what a polyp is like: how much of the picture it covers, how far it lies from the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.intervals import LEVEL, N_RESAMPLES, Interval, bootstrap_mean

AREA_EDGES = (0.0, 0.03, 0.08, 0.15, 0.30, 1.0)
"""Share of the picture that the polyp covers."""

AREA_LABELS = ("< 3 %", "3-8 %", "8-15 %", "15-30 %", "> 30 %")

DISTANCE_EDGES = (0.0, 0.15, 0.30, 0.45, 1.0)
"""Distance of the polyp from the centre of the picture: 0 the centre, 1 a corner."""

DISTANCE_LABELS = ("at the centre (< 0.15)", "0.15-0.30", "0.30-0.45", "at the edge (> 0.45)")

EMPTY_BAND = "no picture in this band"


@dataclass(frozen=True, slots=True)
class BandScore:
    """Hold the mean score of the pictures in one band.

    Attributes
    ----------
    label : str
    low, high : float
        A picture is in the band when ``low <= measure < high``; the last band holds its upper end too.
    mean : float or None
        None, with `reason`, for a band without pictures.
    interval : Interval
    n : int
        Pictures in the band that define the score.
    reason : str or None
    """

    label: str
    low: float
    high: float
    mean: float | None
    interval: Interval
    n: int
    reason: str | None = None


def score_bands(
    values: np.ndarray,
    measure: np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    edges: Sequence[float] = AREA_EDGES,
    labels: Sequence[str] = AREA_LABELS,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> list[BandScore]:
    """Average a score over the pictures of each band.

    Parameters
    ----------
    values : (n,) float64
        Score by picture; NaN where it is undefined (left out).
    measure : (n,) float64
        What the bands are of, such as the share of the picture that is polyp; NaN is left out.
    groups : sequence of str, length n, optional
        Whole groups are resampled for the intervals.
    edges, labels
        Limits of the bands, rising, and their names: one name less than limits.
    level, n_resamples, seed
        As for `bootstrap_mean`.

    Returns
    -------
    list of BandScore
        One a band, in order, empty ones too.

    Examples
    --------
    >>> found = score_bands(np.array([0.2, 0.6, 0.8]), np.array([0.01, 0.1, 0.12]))
    >>> [(band.label, band.n, band.mean) for band in found if band.n]
    [('< 3 %', 1, 0.2), ('8-15 %', 2, 0.7)]
    """
    if len(edges) != len(labels) + 1 or list(edges) != sorted(edges):
        raise ValueError(f"edges must rise and be one more than labels; got {edges} and {labels}.")
    defined = np.isfinite(values) & np.isfinite(measure)
    found = []
    for i, label in enumerate(labels):
        low, high = float(edges[i]), float(edges[i + 1])
        below = measure <= high if i == len(labels) - 1 else measure < high
        rows = np.flatnonzero(defined & (measure >= low) & below)
        if not len(rows):
            nothing = Interval(None, None, level, "none", EMPTY_BAND)
            found.append(BandScore(label, low, high, None, nothing, 0, EMPTY_BAND))
            continue
        names = None if groups is None else [groups[int(row)] for row in rows]
        interval = bootstrap_mean(values[rows], names, level=level, n_resamples=n_resamples, seed=seed)
        found.append(BandScore(label, low, high, float(values[rows].mean()), interval, len(rows)))
    return found


def compute_centre_distance(truth: np.ndarray) -> float | None:
    """Return how far the middle of a polyp's pixels lies from the centre of the picture.

    Parameters
    ----------
    truth : (H, W) bool

    Returns
    -------
    float in [0, 1], or None
        0 is the centre, 1 a corner (half the diagonal); None without a polyp.

    Examples
    --------
    >>> truth = np.zeros((5, 5), dtype=bool)
    >>> truth[2, 2] = True
    >>> compute_centre_distance(truth), compute_centre_distance(np.zeros((5, 5), dtype=bool))
    (0.0, None)
    """
    if truth.dtype != bool or truth.ndim != 2:
        raise TypeError(f"truth must be (H, W) bool; got {truth.shape} {truth.dtype}.")
    by_row, by_column = truth.sum(axis=1), truth.sum(axis=0)
    n_pixels = int(by_row.sum())
    if not n_pixels:
        return None
    down, right = (
        float((counts * (np.arange(len(counts)) + 0.5)).sum() / n_pixels) - len(counts) / 2
        for counts in (by_row, by_column)
    )
    return float(np.hypot(down, right) / np.hypot(*(side / 2 for side in truth.shape)))
