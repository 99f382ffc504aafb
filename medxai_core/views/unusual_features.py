"""What is unusual about one picture, in words: its features against those of the other pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from medxai_core.clusters.words import find_descriptor, list_concepts

SMALLEST = 1.0
"""Differences below one standard deviation are ordinary and not named."""


@dataclass(frozen=True)
class UnusualFeature:
    """Name one thing that sets a picture apart from the others.

    Attributes
    ----------
    words : str
        For a clinician: "more dark red".
    technical_name : str
        Descriptor it comes from, such as "SimpleColorHistogram".
    aspect : str
        "edges", "texture", "brightness" or "colour".
    deviation : float
        Value minus mean of all, in standard deviations.
    percentile : float
        Percentage of the other pictures with a lower value, 0..100; ties count half.
    n : int
        Pictures compared with.
    """

    words: str
    technical_name: str
    aspect: str
    deviation: float
    percentile: float
    n: int


def find_unusual_features(
    descriptors: Mapping[str, np.ndarray], row: int, *, n_features: int = 6, smallest: float = SMALLEST
) -> list[UnusualFeature]:
    """Say in words what is unusual about one row, strongest first.

    Parameters
    ----------
    descriptors : mapping of str to (n_items, n_columns) float64
        As extracted; rows without features are NaN and left out.
    row : int
        The picture or tile.
    n_features : int, default 6
        Most differences to return.
    smallest : float, default 1
        Leave out what is nearer to the mean than this many standard deviations.

    Returns
    -------
    list of UnusualFeature
        Empty when all is ordinary, when the row has no features, or when there is nothing to compare with.

    Notes
    -----
    Columns that mean one thing are averaged first, as in `clusters.explain_cluster`.

    Examples
    --------
    >>> tamura = np.tile(np.arange(18.0), (5, 1))
    >>> tamura[4, 0] = 9.0
    >>> [found] = find_unusual_features({"tamura": tamura}, 4)
    >>> found.words, round(found.deviation, 1), found.percentile, found.n
    ('coarser texture', 2.0, 100.0, 4)
    """
    found = []
    for name, values in descriptors.items():
        values = np.asarray(values)
        known = np.isfinite(values[:, 0])
        if not known[row] or known.sum() < 2:
            continue
        descriptor = find_descriptor(name, values.shape[1])
        for concept in list_concepts(name, values.shape[1]):
            numbers = values[known][:, concept.columns].mean(axis=1)
            own, spread = float(values[row, concept.columns].mean()), float(numbers.std())
            if spread <= 1e-12 * max(float(np.abs(numbers).max()), 1e-300):
                continue
            deviation = (own - float(numbers.mean())) / spread
            if abs(deviation) < smallest:
                continue
            found.append(
                UnusualFeature(
                    words=concept.more if deviation > 0 else concept.less,
                    technical_name=descriptor.column_prefix,
                    aspect=descriptor.aspect,
                    deviation=deviation,
                    percentile=_rank(own, numbers),
                    n=len(numbers) - 1,
                )
            )
    return sorted(found, key=lambda feature: -abs(feature.deviation))[:n_features]


def _rank(own: float, numbers: np.ndarray) -> float:
    """Return the percentage of the other values that are lower, ties half; `own` is one of the numbers."""
    lower, equal = int((numbers < own).sum()), int((numbers == own).sum()) - 1
    return 100 * (lower + equal / 2) / (len(numbers) - 1)
