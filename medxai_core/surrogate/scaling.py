"""Global features as the surrogates take them: every aspect counts alike, and no single number runs away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MOST = 2.0
"""A number counts for at most so many standard deviations from its mean."""


@dataclass(frozen=True, eq=False)
class FeatureScale:
    """Hold how features are scaled.

    Attributes
    ----------
    mean, spread : (p,) float64
        Of the features; a spread of 0 marks a column that does not vary and becomes 0.
    centre : (p,) float64
        Mean of what is left after the cut at `MOST` standard deviations.
    size : (p,) float64
        Root of the number of columns of the aspect that vary: all aspects have about the same variance.
    """

    mean: np.ndarray
    spread: np.ndarray
    centre: np.ndarray
    size: np.ndarray

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Return features (n, p) scaled; the mean of the pictures that the scale is of is 0 in every column."""
        scaled: np.ndarray = (_cut(features, self.mean, self.spread) - self.centre) / self.size
        return scaled


def fit_feature_scale(features: np.ndarray, aspects: Iterable[np.ndarray]) -> FeatureScale:
    """Return how features (n, p) are scaled.

    Parameters
    ----------
    features : (n, p) float64
    aspects : iterable of (k,) int64
        Columns that look at one thing.

    Notes
    -----
    Groups of columns that are scaled to one variance before a common penalty are a ridge regression with a penalty a
    group, so an aspect of many numbers is no cheaper to use than one of few. The cut is there because colours that
    are rare (a green overlay in three pictures) lie ten and more deviations out, and one such picture would decide.
    The scale is that of all pictures, held-out ones too: no answer takes part in it.

    References
    ----------
    Nunez-Elizalde A. O. et al. Voxelwise encoding models with non-spherical multivariate normal priors.
    NeuroImage 197 (2019). doi:10.1016/j.neuroimage.2019.04.012

    Examples
    --------
    >>> scale = fit_feature_scale(np.array([[0.0], [2.0]]), [np.array([0])])
    >>> scale.apply(np.array([[0.0], [1.0], [90.0]])).ravel().tolist()
    [-1.0, 0.0, 2.0]
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 1e-9 * np.maximum(np.abs(features).max(axis=0), 1e-300), spread, 0.0)
    size = np.ones(features.shape[1])
    for columns in aspects:
        size[columns] = max(1, int(np.count_nonzero(spread[columns]))) ** 0.5
    return FeatureScale(mean, spread, _cut(features, mean, spread).mean(axis=0), size)


def _cut(features: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return deviations from the mean in standard deviations, at most `MOST` to either side."""
    return np.clip((features - mean) / np.where(spread > 0, spread, np.inf), -MOST, MOST)
