"""Surrogates of every set of aspects, each judged on pictures whose group it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from medxai_core.surrogate.ridge import PENALTIES, LinearModel, Moments, compute_moments

N_FOLDS, N_INNER_FOLDS = 5, 4

Subset = tuple[str, ...]
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Material:
    """Hold what is explained, and by what.

    Attributes
    ----------
    features : (n, p) float64
        Global features, scaled by a `FeatureScale`.
    aspects : mapping of str to (k,) int64
        Columns of the features that look at one thing; together all columns, none twice.
    targets : mapping of str to (n, d) float64
        What is explained; all columns of a target count as one thing.
    groups : (n,) int64
        Patient, procedure, video or picture, numbered 0, 1, ...: a group is never split.
    """

    features: np.ndarray
    aspects: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    groups: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.features)
        wrong = [name for name, values in self.targets.items() if values.ndim != 2 or len(values) != n]
        if wrong or self.groups.shape != (n,):
            raise ValueError(f"targets must be ({n}, d) and groups ({n},); check {wrong or 'groups'}.")
        if not all(np.isfinite(values).all() for values in (self.features, *self.targets.values())):
            raise ValueError("features and targets must be finite. Leave out pictures without features.")
        columns = np.sort(np.concatenate(list(self.aspects.values())))
        if not np.array_equal(columns, np.arange(self.features.shape[1])):
            raise ValueError("aspects must name every column of the features exactly once.")

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(np.unique(self.groups))

    @property
    def everything(self) -> Subset:
        """All aspects."""
        return tuple(self.aspects)

    @cached_property
    def stacked(self) -> np.ndarray:
        """All targets side by side, (n, D) float64."""
        return np.hstack(list(self.targets.values()))

    @cached_property
    def owners(self) -> np.ndarray:
        """Number of the target that each stacked column belongs to, (D,) int64."""
        return np.repeat(np.arange(len(self.targets)), [values.shape[1] for values in self.targets.values()])

    def columns_of(self, subset: Subset) -> np.ndarray:
        """Return the columns of some aspects, (k,) int64."""
        return np.concatenate([self.aspects[name] for name in subset])

    def compute_moments(self, weights: np.ndarray) -> Moments:
        """Return what ridge regressions of all targets need to know of weighted rows."""
        return compute_moments(self.features, self.stacked, weights)

    def sum_by_target(self, squares: np.ndarray) -> np.ndarray:
        """Add up the columns (..., D) of each target, (..., n_targets)."""
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        sums: np.ndarray = np.add.reduceat(squares, starts, axis=-1)
        return sums


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Hold how well each set of aspects explains each target, on pictures of groups that were held out.

    Attributes
    ----------
    errors : dict of subset to (n, n_targets) float64
        Squared error of every picture; for the empty set: of the mean of the other groups, which explains nothing.
    penalties : dict of subset to (n_folds, n_targets) float64
    predictions : dict of subset to (n,) float64
        Of the first target.
    models : list of LinearModel, one a fold
        Of the first target, from all aspects.
    folds : (n,) int64
        The fold in which a picture was held out.
    """

    errors: dict[Subset, np.ndarray]
    penalties: dict[Subset, np.ndarray]
    predictions: dict[Subset, np.ndarray]
    models: list[LinearModel]
    folds: np.ndarray

    def score(self, target: int) -> dict[Subset, float]:
        """Return the share of variance that each set of aspects explains: 1 all, 0 as the mean, below 0 worse."""
        return compute_shares_explained({subset: rows[:, target].sum() for subset, rows in self.errors.items()})


def compute_shares_explained(sums: Mapping[Subset, float]) -> dict[Subset, float]:
    """Return 1 - error / error of the empty set, for every set of aspects.

    >>> compute_shares_explained({(): 4.0, ("edges",): 1.0})
    {(): 0.0, ('edges',): 0.75}
    """
    return {subset: 1.0 - float(found) / float(sums[()]) for subset, found in sums.items()}


def list_subsets(aspects: Sequence[str]) -> list[Subset]:
    """Return all sets of aspects but the empty one, small ones first.

    >>> list_subsets(["edges", "colour"])
    [('edges',), ('colour',), ('edges', 'colour')]
    """
    return [subset for size in range(1, len(aspects) + 1) for subset in combinations(aspects, size)]


def cut_folds(groups: np.ndarray, n_folds: int, *, seed: int) -> np.ndarray:
    """Put whole groups into folds of about the same size.

    Parameters
    ----------
    groups : (n,) int64
    n_folds : int
        At most the number of groups.
    seed : int

    Returns
    -------
    (n,) int64
        Fold of each row, 0 .. n_folds - 1.
    """
    names, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < n_folds:
        raise ValueError(f"groups must be at least {n_folds} to be held out in turn; got {len(names)}.")
    order = np.random.default_rng(seed).permutation(len(names))
    filled, fold_of = np.zeros(n_folds), np.empty(len(names), np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return fold_of[codes]


def cross_fit(
    material: Material, subsets: Sequence[Subset], *, seed: int = 0, on_progress: OnProgress | None = None
) -> CrossFit:
    """Fit each set of aspects on four fifths of the groups and judge it on the last fifth, five times over.

    Parameters
    ----------
    subsets : sequence of tuple of str
        Sets of aspects; the whole one is added when missing.
    seed : int, default 0
        Of the folds.
    on_progress : callable, optional
        Called as on_progress(done, total).

    Returns
    -------
    CrossFit

    Notes
    -----
    Penalties are chosen within the four fifths, by cross-validation of four folds of groups, for each set and target.
    """
    subsets = list(dict.fromkeys([*subsets, material.everything]))
    n, n_targets = len(material.features), len(material.targets)
    folds = cut_folds(material.groups, N_FOLDS, seed=seed)
    errors = {subset: np.empty((n, n_targets)) for subset in [(), *subsets]}
    penalties = {subset: np.empty((N_FOLDS, n_targets)) for subset in subsets}
    predictions = {subset: np.empty(n) for subset in subsets}
    models = []
    for fold in range(N_FOLDS):
        held, kept = folds == fold, folds != fold
        moments = material.compute_moments(kept.astype(float))
        inner = _prepare_inner(material, kept, seed=seed)
        rest = material.stacked[held] - moments.target_mean
        errors[()][held] = material.sum_by_target(rest**2)
        centred = material.features[held] - moments.mean
        for done, subset in enumerate(subsets, 1):
            columns = material.columns_of(subset)
            chosen = _choose_penalties(material, inner, columns)
            found = solve_for_targets(material, moments, columns, chosen)
            added = centred[:, columns] @ found
            errors[subset][held] = material.sum_by_target((rest - added) ** 2)
            penalties[subset][fold] = chosen
            predictions[subset][held] = moments.target_mean[0] + added[:, 0]
            if subset == material.everything:
                models.append(moments.make_model(columns, found, 0))
            if on_progress is not None:
                on_progress(fold * len(subsets) + done, N_FOLDS * len(subsets))
    return CrossFit(errors, penalties, predictions, models, folds)


def solve_for_targets(material: Material, moments: Moments, columns: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Return coefficients of some columns for all stacked targets, (k, D), each target with its own penalty."""
    wanted, place = np.unique(penalties, return_inverse=True)
    found = moments.solve(columns, wanted.tolist())  # (n_penalties, k, D)
    return np.take_along_axis(found, place[material.owners][None, None, :], axis=0)[0]


_Inner = list[tuple[Moments, np.ndarray, np.ndarray]]


def _prepare_inner(material: Material, kept: np.ndarray, *, seed: int) -> _Inner:
    """Return moments, held-out features and held-out targets, both less their mean, of each inner fold."""
    rows = np.flatnonzero(kept)
    n_folds = min(N_INNER_FOLDS, len(np.unique(material.groups[rows])))
    folds = cut_folds(material.groups[rows], n_folds, seed=seed + 1)
    inner = []
    for fold in range(n_folds):
        weights = np.zeros(len(kept))
        weights[rows[folds != fold]] = 1.0
        held = rows[folds == fold]
        moments = material.compute_moments(weights)
        rest = material.stacked[held] - moments.target_mean
        inner.append((moments, material.features[held] - moments.mean, rest))
    return inner


def _choose_penalties(material: Material, inner: _Inner, columns: np.ndarray) -> np.ndarray:
    """Return for each target the penalty with the smallest error on inner held-out groups, (n_targets,)."""
    sums = np.zeros((len(PENALTIES), len(material.targets)))
    for moments, centred, rest in inner:
        for place, found in enumerate(moments.solve(columns, PENALTIES)):
            error = ((rest - centred[:, columns] @ found) ** 2).sum(axis=0)
            sums[place] += material.sum_by_target(error)
    return np.asarray(PENALTIES)[sums.argmin(axis=0)]
