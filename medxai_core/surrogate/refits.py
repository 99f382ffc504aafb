"""Would the surrogate say the same of other pictures? It is fitted anew on drawn groups, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from medxai_core.evaluation.intervals import Resampling, draw_group_weights
from medxai_core.surrogate.crossfit import (
    CrossFit,
    Material,
    OnProgress,
    Subset,
    compute_shares_explained,
    solve_for_targets,
)
from medxai_core.surrogate.fidelity import Estimate
from medxai_core.surrogate.ridge import LinearModel
from medxai_core.surrogate.shares import SEPARABLE, Overlap, compute_overlap, compute_unique, share_out

N_REFITS = 50
"""Enough for the spread of a figure, too few for its outer percentiles (Efron and Tibshirani 1993, chapter 6)."""

_NORMAL = 1.96


@dataclass(frozen=True, eq=False)
class Refits:
    """Hold surrogates of drawn groups.

    Attributes
    ----------
    shares : (n_refits, n_targets, n_aspects) float64
        Fair share of each aspect, on the pictures of groups that were not drawn.
    models : list of LinearModel, one a refit
        Of the first target, from all aspects.
    is_out : (n_refits, n) bool
        Pictures of groups that were not drawn.
    """

    shares: np.ndarray
    models: list[LinearModel]
    is_out: np.ndarray


@dataclass(frozen=True)
class AspectShare:
    """Say how much one aspect explains of one target, as shares of its variance.

    Attributes
    ----------
    target, aspect : str
    share : Estimate
        Fair share; those of all aspects add up to what all explain.
    alone, unique : float
        With this aspect only; lost when it is left out.
    is_stable : bool
        The interval of the share lies above 0. If not: do not read it.
    """

    target: str
    aspect: str
    share: Estimate
    alone: float
    unique: float
    is_stable: bool


@dataclass(frozen=True)
class Stability:
    """Say how often the refits put the aspects in the same order.

    Attributes
    ----------
    target : str
    n_refits : int
    order : list of str
        Aspects, the one with the largest share first.
    same_first, same_order : int
        Refits with the same first aspect, with the same whole order.
    """

    target: str
    n_refits: int
    order: list[str]
    same_first: int
    same_order: int


def refit(
    material: Material, found: CrossFit, *, n_refits: int = N_REFITS, seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Refits:  # fmt: skip
    """Fit every set of aspects on groups drawn with replacement, and judge it on those that were not drawn.

    Parameters
    ----------
    found : CrossFit
        Of all sets of aspects. Each set keeps the penalty that was chosen there (the middle of its folds).

    Notes
    -----
    A refit knows about 63 % of the groups and is judged on the others: it explains a little less, and varies a little
    more, than the surrogate that is shown. So the intervals are rather too wide.
    """
    draws = draw_group_weights(material.n_groups, Resampling(n_resamples=2 * n_refits, seed=seed))
    judgeable = islice((weights for weights in draws if not weights.all()), n_refits)
    codes = np.unique(material.groups, return_inverse=True)[1]
    shares, models, is_out = [], [], []
    for done, weights in enumerate(judgeable, 1):
        counts = weights[codes].astype(float)
        sums, model = _refit_once(material, found, counts)
        aspects = list(material.aspects)
        by_target = [
            share_out(compute_shares_explained({one: rows[place] for one, rows in sums.items()}), aspects)
            for place in range(len(material.targets))
        ]
        shares.append([[shared[name] for name in aspects] for shared in by_target])
        models.append(model)
        is_out.append(counts == 0)
        if on_progress is not None:
            on_progress(done, n_refits)
    return Refits(np.array(shares), models, np.array(is_out))


def _refit_once(
    material: Material, found: CrossFit, counts: np.ndarray
) -> tuple[dict[Subset, np.ndarray], LinearModel]:
    """Return the summed squared errors of each set of aspects by target, of rows not drawn; and the whole surrogate."""
    moments, out = material.compute_moments(counts), counts == 0
    rest = material.stacked[out] - moments.target_mean
    centred = material.features[out] - moments.mean
    sums: dict[Subset, np.ndarray] = {(): material.sum_by_target((rest**2).sum(axis=0))}
    for subset, chosen in found.penalties.items():
        columns = material.columns_of(subset)
        coefficients = solve_for_targets(material, moments, columns, np.median(chosen, axis=0))
        sums[subset] = material.sum_by_target(((rest - centred[:, columns] @ coefficients) ** 2).sum(axis=0))
        if subset == material.everything:
            model = moments.make_model(columns, coefficients, 0)
    return sums, model


def estimate(value: float, samples: np.ndarray) -> Estimate:
    """Return a figure with the interval that the spread of its refits gives: 1.96 standard deviations to each side.

    Parameters
    ----------
    value : float
    samples : (n_refits,) float64
        NaN where a refit leaves it undefined. With fewer than two left there is no interval.
    """
    known = samples[np.isfinite(samples)]
    if len(known) < 2:
        return Estimate(value)
    half = _NORMAL * float(known.std(ddof=1))
    return Estimate(value, value - half, value + half)


def compare_aspects(material: Material, found: CrossFit, refits: Refits) -> list[AspectShare]:
    """Return how much each aspect explains of each target."""
    aspects, rows = list(material.aspects), []
    for place, target in enumerate(material.targets):
        explained = found.score(place)
        shares, unique = share_out(explained, aspects), compute_unique(explained, aspects)
        for number, aspect in enumerate(aspects):
            share = estimate(shares[aspect], refits.shares[:, place, number])
            is_stable = share.low is not None and share.low > 0
            rows.append(AspectShare(target, aspect, share, explained[(aspect,)], unique[aspect], is_stable))
    return rows


def judge_order(material: Material, found: CrossFit, refits: Refits) -> list[Stability]:
    """Return how often the order of the aspects stays, by target."""
    aspects = list(material.aspects)
    judged = []
    for place, target in enumerate(material.targets):
        shares = share_out(found.score(place), aspects)
        order = sorted(aspects, key=lambda name: -shares[name])
        others = [_order(aspects, one) for one in refits.shares[:, place]]
        same_first = sum(one[0] == order[0] for one in others)
        judged.append(Stability(target, len(others), order, same_first, sum(one == order for one in others)))
    return judged


def find_overlaps(material: Material, found: CrossFit, shares: Sequence[AspectShare]) -> list[Overlap]:
    """Return how far each pair of aspects whose shares are stable tells the same, by target."""
    overlaps = []
    for place, target in enumerate(material.targets):
        explained = found.score(place)
        aspects = [one.aspect for one in shares if one.target == target and one.is_stable]
        for number, first in enumerate(aspects):
            for second in aspects[number + 1 :]:
                overlap = compute_overlap(explained, first, second)
                if overlap is None:
                    continue
                said = np.stack([found.predictions[(name,)] for name in (first, second)])
                correlation = float(np.corrcoef(said)[0, 1]) if place == 0 else None
                overlaps.append(Overlap(target, first, second, overlap, correlation, overlap < SEPARABLE))
    return overlaps


def _order(aspects: Sequence[str], shares: np.ndarray) -> list[str]:
    """Return the aspects, the one with the largest share first."""
    return [aspects[place] for place in np.argsort(-shares, kind="stable")]
