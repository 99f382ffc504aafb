"""Compare two sets of masks picture by picture: what is hard for one is hard for the other too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medxai_core.evaluation.intervals import LEVEL, N_RESAMPLES, Interval, bootstrap_mean

Verdict = Literal["better", "worse", "unclear", "undefined"]

NO_PAIR = "no picture has a value for both"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Hold the mean difference of two scores over the pictures that define both.

    Attributes
    ----------
    difference : float or None
        Mean of first minus second; above 0 the first is better. None, with `reason`, without a pair.
    interval : Interval
        Bootstrap interval of the difference; whole groups of pictures are resampled.
    mean_first, mean_second : float or None
        Means over the same pictures.
    n, n_groups : int
        Pictures that define both scores, and the groups they are in.
    n_first_better, n_second_better : int
        Pictures where the first, or the second, is better; the others are equal.
    reason : str or None
    """

    difference: float | None
    interval: Interval
    mean_first: float | None
    mean_second: float | None
    n: int
    n_groups: int
    n_first_better: int
    n_second_better: int
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Say whether the first is better: "unclear" where the interval holds 0 or is not known."""
        if self.difference is None:
            return "undefined"
        if self.interval.low is None or self.interval.high is None:
            return "unclear"
        if self.interval.low > 0:
            return "better"
        return "worse" if self.interval.high < 0 else "unclear"


def compare_paired(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """Compare two scores of the same pictures.

    Parameters
    ----------
    first, second : (n,) float
        Scores by picture, in the same order; NaN where a score is undefined.
    groups : sequence of str, length n, optional
        Patient, procedure, video or source image of each picture; without groups each stands alone.
    level, n_resamples, seed
        Level of the interval, number of resamples, seed of the draws.

    Returns
    -------
    PairedDifference

    Notes
    -----
    The interval is that of the differences. Two single intervals that overlap say less: most of their
    width is that pictures differ, which is the same for both.

    References
    ----------
    B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, 1993, doi:10.1201/9780429246593.

    Examples
    --------
    >>> found = compare_paired([0.9, 0.6, 0.5] * 20, [0.5, 0.3, 0.2] * 20)
    >>> round(found.difference, 3), found.verdict, found.n_first_better
    (0.333, 'better', 60)
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"first and second must be (n,), one value a picture; got {first.shape}, {second.shape}.")
    if groups is not None and len(groups) != len(first):
        raise ValueError(f"groups must have one entry a picture; got {len(groups)} for {len(first)} pictures.")
    both = np.isfinite(first) & np.isfinite(second)
    if not both.any():
        nothing = Interval(None, None, level, "none", NO_PAIR)
        return PairedDifference(None, nothing, None, None, 0, 0, 0, 0, NO_PAIR)
    names = None if groups is None else [groups[int(row)] for row in np.flatnonzero(both)]
    differences = first[both] - second[both]
    return PairedDifference(
        difference=float(differences.mean()),
        interval=bootstrap_mean(differences, names, level=level, n_resamples=n_resamples, seed=seed),
        mean_first=float(first[both].mean()),
        mean_second=float(second[both].mean()),
        n=int(both.sum()),
        n_groups=int(both.sum()) if names is None else len(set(names)),
        n_first_better=int((differences > 0).sum()),
        n_second_better=int((differences < 0).sum()),
    )
