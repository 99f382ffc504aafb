"""Which settings of a table are not shown to be worse than its best one: the flat region around the best cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.intervals import Resampling, encode_groups, resample_totals

LEAST_GROUPS = 2


@dataclass(frozen=True, eq=False)
class NearBest:
    """Hold how sure the mean of each cell of a table is, and which cells lie in its flat region.

    Attributes
    ----------
    low, high : (n_cells,) float64
        95 % bootstrap interval of each mean; whole groups of pictures are drawn.
    is_near : (n_cells,) bool
        True where the paired difference to the best cell may be chance: its interval reaches 0. The best cell is.
    """

    low: np.ndarray
    high: np.ndarray
    is_near: np.ndarray


def find_near_best(
    values: np.ndarray, groups: Sequence[str] | None = None, *, resampling: Resampling | None = None
) -> NearBest | None:
    """Compare every cell of a table with its best cell, picture by picture.

    Parameters
    ----------
    values : (n_pictures, n_cells) float64
        Score of each picture under each setting; all defined.
    groups : sequence of str, length n_pictures, optional
        Whole groups are drawn.
    resampling : Resampling, optional

    Returns
    -------
    NearBest or None
        None with fewer than two groups.

    Notes
    -----
    The best cell of many flatters itself, so a region that is found this way is rather too small than too large.

    References
    ----------
    B. Efron, Ann. Stat. 7 (1979) 1-26, doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> values = np.array([[0.5, 0.6, 0.1], [0.7, 0.6, 0.2], [0.6, 0.7, 0.1], [0.6, 0.6, 0.3]])
    >>> find_near_best(values).is_near.tolist()
    [True, True, False]
    """
    resampling = resampling or Resampling()
    codes = encode_groups(groups, len(values))
    n_groups = int(codes.max()) + 1 if len(codes) else 0
    if n_groups < LEAST_GROUPS:
        return None
    totals = resample_totals(np.hstack([values, np.ones((len(values), 1))]), codes, resampling)
    means = totals[:, :-1] / totals[:, -1:]  # (n_resamples, n_cells)
    tail = (1 - resampling.level) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    best = int(np.argmax(values.mean(axis=0)))
    is_near = np.quantile(means[:, [best]] - means, tail, axis=0) <= 0
    return NearBest(low, high, is_near)
