"""How faithful a surrogate is, what it is held against, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesRegressor

from medxai_core.evaluation.intervals import (
    Interval,
    Resampling,
    bootstrap_ratios,
    draw_group_weights,
    percentile_interval,
)
from medxai_core.surrogate.crossfit import N_FOLDS, CrossFit, Material, OnProgress, cross_fit

LITTLE, PART, MOST = 0.25, 0.5, 0.8
"""Shares of variance: below the first the features explain little, from the last on most. A convention."""

N_SHUFFLES = 20


@dataclass(frozen=True)
class Estimate:
    """Hold a figure with its 95 % interval; None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_off_zero(self) -> bool:
        """Whether the interval does not hold 0: what it says may be read."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Fidelity:
    """Say how well the global features explain one target, on pictures of groups that the surrogate never saw.

    Attributes
    ----------
    target : {"answer", "line", "space"}
    r2 : Estimate
        Share of variance: 1 all, 0 no more than the mean, below 0 worse.
    shuffled, shuffled_most : float
        The same when the features belong to other pictures: mean and highest of `N_SHUFFLES` times.
    by_class : float or None
        The same of who knows nothing but whether the network answered polyp.
    forest : float or None
        The same of a forest of trees of the same features, which no one can read: what a sum misses.
    rank_correlation, agreement : Estimate or None
        Of the answer: Spearman's correlation; share of pictures with the same class.
    majority : float or None
        Agreement of who always says the more frequent class.
    """

    target: str
    r2: Estimate
    shuffled: float
    shuffled_most: float
    by_class: float | None = None
    forest: float | None = None
    rank_correlation: Estimate | None = None
    agreement: Estimate | None = None
    majority: float | None = None

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval lies above 0 and above all that shuffled features explained."""
        return self.r2.low is not None and self.r2.low > max(0.0, self.shuffled_most)

    @property
    def amount(self) -> str:
        """How much is explained, as one word: nothing, little, part, half or most."""
        if not self.is_beyond_chance:
            return "nothing"
        return next(
            (word for word, limit in (("little", LITTLE), ("part", PART), ("half", MOST)) if self.r2.value < limit),
            "most",
        )


def measure_fidelity(
    material: Material, found: CrossFit, *, is_polyp: np.ndarray, seed: int = 0, on_progress: OnProgress | None = None
) -> list[Fidelity]:
    """Measure how well all aspects together explain each target, and what that is held against.

    Parameters
    ----------
    material : Material
        Its first target is the answer, (n, 1): positive means polyp.
    is_polyp : (n,) bool
        What the network answered.

    Notes
    -----
    Intervals: whole groups drawn anew 1000 times, the surrogates as they are.
    """
    resampling = Resampling(seed=seed)
    all_errors, nothing = found.errors[material.everything], found.errors[()]
    ratios = bootstrap_ratios(all_errors, nothing, codes=material.groups, resampling=resampling)
    shuffled = _shuffle(material, seed=seed, on_progress=on_progress)  # (n_shuffles, n_targets)
    by_class = _explain_by_class(material, found.folds, is_polyp)
    answer = material.targets[next(iter(material.targets))][:, 0]
    forest = _explain_by_forest(material.features, answer, found.folds, seed=seed)
    of_answer = _compare_answers(answer, found.predictions[material.everything], material.groups, resampling)
    fidelities = []
    for place, name in enumerate(material.targets):
        value = found.score(place)[material.everything]
        fidelities.append(
            Fidelity(
                target=name,
                r2=_turn(value, ratios[place]),
                shuffled=float(shuffled[:, place].mean()),
                shuffled_most=float(shuffled[:, place].max()),
                by_class=None if by_class is None else by_class[place],
                forest=forest if place == 0 else None,
                rank_correlation=of_answer[0] if place == 0 else None,
                agreement=of_answer[1] if place == 0 else None,
                majority=float(max(is_polyp.mean(), 1 - is_polyp.mean())) if place == 0 else None,
            )
        )
    return fidelities


def _turn(value: float, ratio: Interval) -> Estimate:
    """Return 1 - ratio as an estimate."""
    if ratio.low is None or ratio.high is None:
        return Estimate(value)
    return Estimate(value, 1 - ratio.high, 1 - ratio.low)


def _shuffle(material: Material, *, seed: int, on_progress: OnProgress | None) -> np.ndarray:
    """Return what features of other pictures explain, (n_shuffles, n_targets)."""
    rng, rows = np.random.default_rng([seed, 1]), []
    for done in range(1, N_SHUFFLES + 1):
        features = material.features[rng.permutation(len(material.features))]
        other = Material(features, material.aspects, material.targets, material.groups)
        found = cross_fit(other, [], seed=seed)
        rows.append([found.score(place)[material.everything] for place in range(len(material.targets))])
        if on_progress is not None:
            on_progress(done, N_SHUFFLES)
    return np.array(rows)


def _explain_by_class(material: Material, folds: np.ndarray, is_polyp: np.ndarray) -> list[float] | None:
    """Return what the mean of the class that was answered explains of each target; None with one class only."""
    errors, nothing = np.zeros(len(material.targets)), np.zeros(len(material.targets))
    for fold in range(N_FOLDS):
        held, kept = folds == fold, folds != fold
        if is_polyp[kept].all() or not is_polyp[kept].any():
            return None
        means = np.stack([material.stacked[kept & (is_polyp == one)].mean(axis=0) for one in (False, True)])
        rows = material.stacked[held]
        errors += material.sum_by_target((rows - means[is_polyp[held].astype(int)]) ** 2).sum(axis=0)
        nothing += material.sum_by_target((rows - material.stacked[kept].mean(axis=0)) ** 2).sum(axis=0)
    return [float(one) for one in 1 - errors / nothing]


def _explain_by_forest(features: np.ndarray, answer: np.ndarray, folds: np.ndarray, *, seed: int) -> float:
    """Return what a forest of trees of the same features explains of the answer."""
    error = nothing = 0.0
    for fold in range(N_FOLDS):
        held, kept = folds == fold, folds != fold
        forest = ExtraTreesRegressor(200, max_features=1 / 3, min_samples_leaf=3, random_state=seed, n_jobs=-1)
        forest.fit(features[kept], answer[kept])
        said = forest.set_params(n_jobs=1).predict(features[held])  # threads would add up in another order each time
        error += float(((said - answer[held]) ** 2).sum())
        nothing += float(((answer[held] - answer[kept].mean()) ** 2).sum())
    return 1 - error / nothing


def _compare_answers(
    answer: np.ndarray, said: np.ndarray, groups: np.ndarray, resampling: Resampling
) -> tuple[Estimate | None, Estimate]:
    """Return rank correlation and agreement of the class, with intervals by group."""
    agrees = ((answer > 0) == (said > 0)).astype(float)[:, None]
    [interval] = bootstrap_ratios(agrees, np.ones_like(agrees), codes=groups, resampling=resampling)
    agreement = Estimate(float(agrees.mean()), interval.low, interval.high)
    if np.ptp(said) == 0 or np.ptp(answer) == 0:
        return None, agreement
    rows = np.arange(len(answer))
    draws = [
        _correlate_ranks(answer[drawn], said[drawn])
        for weights in draw_group_weights(int(groups.max()) + 1, resampling)
        for drawn in [np.repeat(rows, weights[groups])]
    ]
    interval = percentile_interval(np.array(draws))
    return Estimate(_correlate_ranks(answer, said), interval.low, interval.high), agreement


def _correlate_ranks(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation; NaN when one does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
