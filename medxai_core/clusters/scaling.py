"""Put descriptors side by side, as they are or with their scales evened out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SCALINGS = ("none", "standard", "descriptor")
"""``none``: as the paper. ``standard``: every number counts alike. ``descriptor``: every descriptor does."""


def scale_features(descriptors: Mapping[str, np.ndarray], scaling: str = "none") -> np.ndarray:
    """Return all descriptors side by side, in the order of the mapping.

    Parameters
    ----------
    descriptors : mapping of str to (n_images, n_columns) array
        One array for each descriptor, rows in the same order. The paper's order is edges,
        texture, brightness, colour: 80 + 18 + 64 + 64 = 226 columns.
    scaling : {"none", "standard", "descriptor"}, default "none"
        ``none`` leaves the numbers as they are (the paper). ``standard`` gives every column
        mean 0 and variance 1. ``descriptor`` gives every column mean 0 and every descriptor
        total variance 1, and leaves the balance within a descriptor as it is.

    Returns
    -------
    (n_images, total number of columns) float64 array
        A column or descriptor without any variance becomes 0 unless ``scaling`` is ``none``.

    Raises
    ------
    ValueError
        If arrays do not fit together, hold numbers that are not finite, or ``scaling`` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> descriptors = {"a": np.array([[0.0], [2.0]]), "b": np.array([[0.0, 7.0], [300.0, 7.0]])}
    >>> scale_features(descriptors, "standard").tolist()
    [[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return np.hstack(list(scale_descriptors(descriptors, scaling).values()))


def scale_descriptors(descriptors: Mapping[str, np.ndarray], scaling: str = "none") -> dict[str, np.ndarray]:
    """Return every descriptor scaled as `scale_features` does, still apart.

    Parameters
    ----------
    descriptors : mapping of str to (n_images, n_columns) array
        As for `scale_features`.
    scaling : {"none", "standard", "descriptor"}, default "none"
        As for `scale_features`.

    Returns
    -------
    dict of str to (n_images, n_columns) float64 array

    Raises
    ------
    ValueError
        As for `scale_features`.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling must be one of {', '.join(SCALINGS)}; got {scaling!r}")
    arrays = _check_descriptors(descriptors)
    return {name: fit_scale(values, scaling).apply(values) for name, values in arrays.items()}


@dataclass(frozen=True, eq=False)
class Scale:
    """Hold what the numbers of one descriptor are scaled by.

    Attributes
    ----------
    mean : (n_columns,) float64 or None
        Taken away; None: nothing is changed.
    varies : (n_columns,) bool
        A column that does not becomes 0.
    divisor : float64, one or (n_columns,)
    """

    mean: np.ndarray | None
    varies: np.ndarray
    divisor: np.ndarray | float

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Return rows of the descriptor scaled."""
        if self.mean is None:
            return values
        return np.where(self.varies, values - self.mean, 0.0) / self.divisor


def fit_scale(values: np.ndarray, scaling: str) -> Scale:
    """Return what a descriptor is scaled by; the whole of it must be given.

    Parameters
    ----------
    values : (n_images, n_columns) float64 array
    scaling : {"none", "standard", "descriptor"}
    """
    if scaling == "none" or not len(values):
        return Scale(None, np.zeros(values.shape[1], bool), 1.0)
    mean, varies = values.mean(axis=0), values.max(axis=0) > values.min(axis=0)
    if scaling == "standard":
        return Scale(mean, varies, np.where(varies, values.std(axis=0), 1.0))
    centred = np.where(varies, values - mean, 0.0)
    total = float(np.einsum("ij,ij->", centred, centred)) / len(values)
    return Scale(mean, varies, float(np.sqrt(total)) if varies.any() else 1.0)


def check_features(features: np.ndarray, name: str = "features") -> np.ndarray:
    """Return features as a (n, d) float64 array, or raise naming the rows that are not finite.

    Raises
    ------
    ValueError
        If the array is not two-dimensional, not numeric, or holds NaN or infinity.
    """
    values = np.asarray(features)
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must be (n_images, n_features) float64; got {values.shape} {values.dtype}. "
            "Extract the features again."
        )
    values = values.astype(np.float64, copy=False)
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        rows = ", ".join(str(row) for row in bad[:10]) + (", ..." if bad.size > 10 else "")
        raise ValueError(
            f"{name} must be finite; {bad.size} of {len(values)} rows hold NaN or infinity: rows {rows}. "
            "Leave these pictures out or extract their features again."
        )
    return values


def _check_descriptors(descriptors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return checked float64 arrays, all with the same number of rows."""
    if not descriptors:
        raise ValueError("descriptors must hold at least one array; got none")
    arrays = {name: check_features(values, f"descriptor {name!r}") for name, values in descriptors.items()}
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"descriptors must have one row for each picture; got rows {lengths}")
    return arrays
