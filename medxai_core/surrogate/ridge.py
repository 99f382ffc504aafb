"""Ridge regression of several targets on weighted rows, for many sets of columns and penalties at little cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PENALTIES = tuple(10.0 ** (step / 2) for step in range(-8, 7))
"""1e-4 to 1e3; the features of one aspect have a variance of about 1 together."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Hold a surrogate of one number.

    Attributes
    ----------
    coefficients : (p,) float64
        Of scaled features.
    baseline : float
        What it says of a picture with mean features.
    """

    coefficients: np.ndarray
    baseline: float

    def contribute(self, features: np.ndarray) -> np.ndarray:
        """Return what each scaled feature adds to the baseline, (n, p) float64, of scaled features (n, p)."""
        added: np.ndarray = features * self.coefficients
        return added

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the surrogate's answer, (n,) float64: the baseline and all contributions."""
        return self.baseline + features @ self.coefficients


@dataclass(frozen=True, eq=False)
class Moments:
    """Hold what ridge regressions need to know of weighted rows.

    Attributes
    ----------
    mean : (p,) float64
    gram : (p, p) float64
        Weighted mean of products of centred features.
    cross : (p, d) float64
        Weighted mean of products of centred features with centred targets.
    target_mean : (d,) float64
    """

    mean: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    target_mean: np.ndarray

    def solve(self, columns: np.ndarray, penalties: Sequence[float]) -> np.ndarray:
        """Return the coefficients of some columns, (n_penalties, n_columns, d) float64, one fit a penalty."""
        values, vectors = np.linalg.eigh(self.gram[np.ix_(columns, columns)])
        turned = vectors.T @ self.cross[columns]
        shrunk = 1.0 / (np.maximum(values, 0.0) + np.asarray(penalties)[:, None])  # (n_penalties, n_columns)
        return vectors @ (shrunk[:, :, None] * turned)

    def make_model(self, columns: np.ndarray, coefficients: np.ndarray, target: int) -> LinearModel:
        """Return the surrogate of one target; columns that are not named count for nothing."""
        whole = np.zeros(len(self.mean))
        whole[columns] = coefficients[:, target]
        return LinearModel(whole, float(self.target_mean[target] - self.mean @ whole))


def compute_moments(features: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> Moments:
    """Compute what ridge regressions need to know of rows.

    Parameters
    ----------
    features : (n, p) float64
        Scaled.
    targets : (n, d) float64
    weights : (n,) float64
        How often a row counts; rows of weight 0 take no part.

    References
    ----------
    Hoerl A. E., Kennard R. W. Ridge regression. Technometrics 12 (1970). doi:10.1080/00401706.1970.10488634
    """
    used = weights > 0
    rows, answers, share = features[used], targets[used], (weights[used] / weights.sum())[:, None]
    mean, target_mean = (share * rows).sum(axis=0), (share * answers).sum(axis=0)
    centred = rows - mean
    weighted = (share * centred).T
    return Moments(mean, weighted @ centred, weighted @ (answers - target_mean), target_mean)
