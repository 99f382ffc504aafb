"""The surrogate of a run as it is kept with it: figures, and the fitted models that take a picture apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from medxai_core.surrogate import (
    AspectShare,
    ClassContribution,
    Estimate,
    FeatureScale,
    Fidelity,
    FittedSurrogate,
    LinearModel,
    Overlap,
    Stability,
    WordedContribution,
    list_parts,
)

_DIGITS = 6


@dataclass(frozen=True)
class SurrogateRecord:
    """Hold how far the global features explain what the network of one run separates.

    Attributes
    ----------
    n_items, n_groups, n_left_out : int
        Training and validation items that took part, their patients or pictures, and items that could not be read.
    class_counts : dict of str to int
        Items by what the network answered.
    space : dict
        "n_features" of the network, "n_directions" that were looked at, "kept_share" of variance in them, and
        "line_share" of variance along the line between the answers, None with one answer only.
    fidelities : list of Fidelity
        Of "answer", "line" (with two answers) and "space".
    shares, overlaps, stabilities : lists
        By aspect, by pair of aspects, by target.
    classes, words : lists
        What moves the answer for the pictures of each class.
    models : dict
        The fitted surrogates of the answer; see `surrogate`.
    items : dict of str to list
        Fold and logit of each item that took part.
    """

    run_id: str
    best_epoch: int
    seed: int
    n_items: int
    n_groups: int
    n_left_out: int
    class_counts: dict[str, int]
    space: dict[str, Any]
    fidelities: list[Fidelity]
    shares: list[AspectShare]
    overlaps: list[Overlap]
    stabilities: list[Stability]
    classes: list[ClassContribution]
    words: list[WordedContribution]
    models: dict[str, Any]
    items: dict[str, list[float]]
    created_at: str
    versions: dict[str, Any]

    def fidelity_of(self, target: str) -> Fidelity:
        """Return how well one target is explained."""
        return next(one for one in self.fidelities if one.target == target)

    def shares_of(self, target: str) -> list[AspectShare]:
        """Return what each aspect explains of one target."""
        return [one for one in self.shares if one.target == target]

    @cached_property
    def surrogate(self) -> FittedSurrogate:
        """The fitted surrogates of the answer."""
        arrays = {name: np.array(self.models[name], float) for name in _ARRAYS}
        return FittedSurrogate(
            parts=list_parts(self.models["descriptors"]),
            scale=FeatureScale(arrays["mean"], arrays["spread"], arrays["centre"], arrays["size"]),
            part_means=arrays["part_means"],
            part_spreads=arrays["part_spreads"],
            folds=_read_models(self.models["folds"]),
            refits=_read_models(self.models["refits"]),
        )


_ARRAYS = ("mean", "spread", "centre", "size", "part_means", "part_spreads")


def pack_models(surrogate: FittedSurrogate, descriptors: dict[str, int]) -> dict[str, Any]:
    """Return fitted surrogates as plain values, rounded to six digits.

    Parameters
    ----------
    descriptors : dict of str to int
        Number of columns by name, in order.
    """
    scale = surrogate.scale
    arrays = (scale.mean, scale.spread, scale.centre, scale.size, surrogate.part_means, surrogate.part_spreads)
    return {
        "descriptors": descriptors,
        **{name: _round(values) for name, values in zip(_ARRAYS, arrays, strict=True)},
        "folds": [{"baseline": one.baseline, "coefficients": _round(one.coefficients)} for one in surrogate.folds],
        "refits": [{"baseline": one.baseline, "coefficients": _round(one.coefficients)} for one in surrogate.refits],
    }


def read_record(values: dict[str, Any]) -> SurrogateRecord:
    """Return a record from what its file holds."""
    values = {name: value for name, value in values.items() if name != "notice"}
    return SurrogateRecord(
        **values
        | {
            "fidelities": [Fidelity(**_read(one)) for one in values["fidelities"]],
            "shares": [AspectShare(**_read(one)) for one in values["shares"]],
            "overlaps": [Overlap(**one) for one in values["overlaps"]],
            "stabilities": [Stability(**one) for one in values["stabilities"]],
            "classes": [ClassContribution(**_read(one)) for one in values["classes"]],
            "words": [WordedContribution(**_read(one)) for one in values["words"]],
        }
    )


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of one figure, its estimates as such."""
    return {name: Estimate(**value) if isinstance(value, dict) else value for name, value in values.items()}


def _read_models(rows: list[dict[str, Any]]) -> list[LinearModel]:
    """Return linear models from what their file holds."""
    return [LinearModel(np.array(one["coefficients"], float), float(one["baseline"])) for one in rows]


def _round(values: np.ndarray) -> list[float]:
    """Return numbers with six digits that count."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]
