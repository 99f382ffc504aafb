"""How far a figure may be off by the choice of pictures: bootstrap by group, and Wilson's interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import NormalDist

import numpy as np

LEVEL = 0.95
N_RESAMPLES = 1000
RESAMPLES_AT_ONCE = 16
"""Resamples that are added up together: bounds the memory, 14 MB for 110,000 groups."""

FEW_GROUPS = "fewer than two groups of pictures have a value"
NO_WIDTH = "every resample gives the same value, so resampling cannot tell the uncertainty"


@dataclass(frozen=True, slots=True)
class Resampling:
    """Say how to resample.

    Attributes
    ----------
    level : float in (0, 1)
        Level of the interval.
    n_resamples : int
    seed : int
        The same seed gives the same draws.
    """

    level: float = LEVEL
    n_resamples: int = N_RESAMPLES
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"level must be in (0, 1); got {self.level}.")
        if self.n_resamples < 1:
            raise ValueError(f"n_resamples must be 1 or more; got {self.n_resamples}.")


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold an interval for a figure, or the reason why there is none.

    Attributes
    ----------
    low, high : float or None
    level : float in (0, 1)
        Share of repetitions in which such an interval holds the true figure.
    method : {"bootstrap", "wilson", "none"}
    reason : str or None
        Why `low` and `high` are None.
    """

    low: float | None
    high: float | None
    level: float = LEVEL
    method: str = "bootstrap"
    reason: str | None = None


def wilson_interval(successes: int, n: int, *, level: float = LEVEL) -> Interval:
    """Compute Wilson's score interval of a proportion.

    Parameters
    ----------
    successes, n : int
        Successes among n independent trials.
    level : float in (0, 1), default 0.95

    Returns
    -------
    Interval
        Without limits, with a reason, when n is 0.

    References
    ----------
    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, doi:10.1080/01621459.1927.10502953.
    R. G. Newcombe, Stat. Med. 17 (1998) 857-872 (method 3).

    Examples
    --------
    >>> interval = wilson_interval(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be in 0..n; got {successes} of {n}.")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be in (0, 1); got {level}.")
    if n == 0:
        return Interval(None, None, level, "none", "there is no trial")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high, level, "wilson")


def encode_groups(groups: Sequence[str] | None, n_items: int) -> np.ndarray:
    """Number the groups 0, 1, ...; without groups every item is its own.

    Parameters
    ----------
    groups : sequence of str, length n_items, or None
        Patient, procedure, video or source image of each item. Unknown groups must be given as the
        item's own id, not as None.
    n_items : int

    Returns
    -------
    ndarray (n_items,) int64
    """
    if groups is None:
        return np.arange(n_items)
    if len(groups) != n_items:
        raise ValueError(f"groups must have one entry an item; got {len(groups)} for {n_items} items.")
    if any(group is None for group in groups):
        raise ValueError("a group is None. Give an item without known group its own id as group.")
    return np.unique(np.array(list(groups), dtype=str), return_inverse=True)[1].astype(np.int64)


def draw_group_weights(n_groups: int, resampling: Resampling) -> Iterator[np.ndarray]:
    """Draw groups with replacement, again and again.

    Yields
    ------
    ndarray (n_groups,) int64
        How often each group was drawn; sums to n_groups.
    """
    generator = np.random.default_rng(resampling.seed)
    for _ in range(resampling.n_resamples):
        yield np.bincount(generator.integers(n_groups, size=n_groups), minlength=n_groups)


def resample_totals(totals: np.ndarray, codes: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Add up items over resampled groups.

    Parameters
    ----------
    totals : ndarray (n_items, n_columns) float64
    codes : ndarray (n_items,) int64
        Group of each item, from `encode_groups`.
    resampling : Resampling

    Returns
    -------
    ndarray (n_resamples, n_columns) float64
        Column sums of each resample. All columns share the draws.
    """
    n_groups = int(codes.max()) + 1
    by_group = np.stack([np.bincount(codes, column, n_groups) for column in totals.T], axis=1)
    weights = draw_group_weights(n_groups, resampling)
    batches = []
    while batch := list(islice(weights, RESAMPLES_AT_ONCE)):
        batches.append(np.array(batch, dtype=np.float64) @ by_group)  # (batch, n_columns)
    return np.concatenate(batches)


def percentile_interval(samples: np.ndarray, *, level: float = LEVEL) -> Interval:
    """Take the middle `level` of resampled figures.

    Parameters
    ----------
    samples : ndarray (n_resamples,) float64
        NaN where a resample leaves the figure undefined; those are left out.

    Returns
    -------
    Interval
        Without limits, with a reason, when fewer than half of the resamples define the figure.
    """
    defined = samples[~np.isnan(samples)]
    if 2 * defined.size < samples.size or not defined.size:
        reason = f"only {defined.size} of {samples.size} resamples define the figure"
        return Interval(None, None, level, "none", reason)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, "bootstrap")


def bootstrap_ratios(
    numerators: np.ndarray,
    denominators: np.ndarray,
    *,
    codes: np.ndarray,
    resampling: Resampling,
) -> list[Interval]:
    """Compute bootstrap intervals of ratios of sums, resampling groups.

    A mean is such a ratio (sum of values over number of values), a pooled score too.

    Parameters
    ----------
    numerators, denominators : ndarray (n_items, n_ratios) float64
    codes : ndarray (n_items,) int64
        Group of each item, from `encode_groups`; items of one group are drawn together.
    resampling : Resampling

    Returns
    -------
    list of Interval, one a ratio
        Without limits, with a reason, where fewer than two groups have a denominator.

    References
    ----------
    B. Efron, Ann. Stat. 7 (1979) 1-26, doi:10.1214/aos/1176344552; percentile interval, whole groups
    drawn (cluster bootstrap).
    """
    n_items, n_ratios = denominators.shape
    if n_items == 0:
        return [Interval(None, None, resampling.level, "none", FEW_GROUPS)] * n_ratios
    sums = resample_totals(np.hstack([numerators, denominators]), codes, resampling)
    above, below = sums[:, :n_ratios], sums[:, n_ratios:]
    ratios = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    intervals = []
    for index in range(n_ratios):
        if np.unique(codes[denominators[:, index] > 0]).size < 2:
            intervals.append(Interval(None, None, resampling.level, "none", FEW_GROUPS))
        else:
            intervals.append(percentile_interval(ratios[:, index], level=resampling.level))
    return intervals


def bootstrap_mean(
    values: Sequence[float] | np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    level: float = LEVEL,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Compute the bootstrap interval of a mean, resampling groups.

    Parameters
    ----------
    values : (n,) float
        Defined values only.
    groups : sequence of str, length n, optional
        Group of each value; without groups every value stands alone.
    level, n_resamples, seed
        As in `Resampling`.

    Returns
    -------
    Interval

    Examples
    --------
    >>> interval = bootstrap_mean([0.0, 1.0] * 50)
    >>> 0.35 < interval.low < 0.5 < interval.high < 0.65
    True
    """
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    if not np.isfinite(column).all():
        raise ValueError("values must be finite. Leave undefined ones out and state how many are defined.")
    resampling = Resampling(level, n_resamples, seed)
    codes = encode_groups(groups, len(column))
    return bootstrap_ratios(column, np.ones_like(column), codes=codes, resampling=resampling)[0]


def proportion_interval(
    successes: np.ndarray, trials: np.ndarray, *, codes: np.ndarray, resampled: Interval
) -> Interval:
    """Choose the interval of a proportion: Wilson's where trials are independent, else the bootstrap.

    Where none or all succeed, resampling whole groups would give an interval without width; Wilson's
    with the number of groups as n is given instead, which errs on the wide side.

    Parameters
    ----------
    successes, trials : ndarray (n_items,) float64
    codes : ndarray (n_items,) int64
        Group of each item.
    resampled : Interval
        Bootstrap interval of the same proportion.

    Returns
    -------
    Interval
    """
    total, n_trials = round(successes.sum()), round(trials.sum())
    tried = trials > 0
    n_groups = np.unique(codes[tried]).size
    if n_groups == n_trials:
        return wilson_interval(total, n_trials, level=resampled.level)
    if total in (0, n_trials):
        return wilson_interval(n_groups if total else 0, n_groups, level=resampled.level)
    return resampled
