"""One picture's answer in parts: what each aspect adds, and what the surrogate leaves unexplained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.surrogate.fidelity import Estimate
from medxai_core.surrogate.parts import SMALLEST, Part, add_up_aspects, add_up_parts, average_parts
from medxai_core.surrogate.refits import estimate
from medxai_core.surrogate.ridge import LinearModel
from medxai_core.surrogate.scaling import FeatureScale

N_WORDS = 5


@dataclass(frozen=True, eq=False)
class FittedSurrogate:
    """Hold the surrogates of a network's answer: those of the five folds and those of the refits.

    Attributes
    ----------
    parts : sequence of Part
    scale : FeatureScale
    part_means, part_spreads : (n_parts,) float64
        Of the means of each part's columns, unscaled, over the pictures.
    folds, refits : list of LinearModel
    """

    parts: Sequence[Part]
    scale: FeatureScale
    part_means: np.ndarray
    part_spreads: np.ndarray
    folds: list[LinearModel]
    refits: list[LinearModel]

    def choose(self, fold: int | None) -> LinearModel:
        """Return the surrogate that never saw the pictures of a fold; None: the mean of all, for pictures beyond."""
        if fold is not None:
            return self.folds[fold]
        coefficients = np.mean([one.coefficients for one in self.folds], axis=0)
        return LinearModel(coefficients, float(np.mean([one.baseline for one in self.folds])))

    def contribute(self, features: np.ndarray, model: LinearModel) -> np.ndarray:
        """Return what each part adds, (n, n_parts) float64, of unscaled features (n, p)."""
        return add_up_parts(model.contribute(self.scale.apply(features)), self.parts)


@dataclass(frozen=True)
class ItemPart:
    """Name one thing that moves the surrogate's answer for one picture.

    Attributes
    ----------
    words, aspect, technical_name : str
        What the picture has more or less of than others.
    deviation : float
        How much, in standard deviations.
    pushes : Estimate
        Logits, positive towards polyp; the interval is the spread over refits.
    """

    words: str
    aspect: str
    technical_name: str
    deviation: float
    pushes: Estimate


@dataclass(frozen=True)
class ItemExplanation:
    """Hold one picture's answer in parts: logit = baseline + all aspects + residual.

    Attributes
    ----------
    item_id : str
    logit : float or None
        The network's answer, positive towards polyp; None where it was never computed.
    baseline : float
        What the surrogate says of a picture with mean features.
    aspects : dict of str to Estimate
        What each aspect adds, in logits; not to be read when its interval holds 0.
    words : list of ItemPart
        The strongest parts that can be said in words.
    residual : float or None
        What the surrogate does not explain for this picture.
    was_held_out : bool
        True: one of the pictures that the surrogates were made of; told by the one that never saw its group.
    """

    item_id: str
    logit: float | None
    baseline: float
    aspects: dict[str, Estimate]
    words: list[ItemPart]
    residual: float | None
    was_held_out: bool

    @property
    def said(self) -> float:
        """The surrogate's answer."""
        return self.baseline + sum(one.value for one in self.aspects.values())


def explain_row(
    surrogate: FittedSurrogate, features: np.ndarray, *, item_id: str, fold: int | None, logit: float | None
) -> ItemExplanation:
    """Take one picture's answer apart.

    Parameters
    ----------
    features : (p,) float64
        Global features, unscaled.
    fold : int or None
        The fold in which it was held out; None for a picture that took no part.
    logit : float or None
    """
    model, row = surrogate.choose(fold), features[None]
    by_part = surrogate.contribute(row, model)  # (1, n_parts)
    samples = np.concatenate([surrogate.contribute(row, one) for one in surrogate.refits])  # (n_refits, n_parts)
    summed = add_up_aspects(samples, surrogate.parts)
    aspects = {
        name: estimate(float(value[0]), summed[name])
        for name, value in add_up_aspects(by_part, surrogate.parts).items()
    }
    said = model.baseline + float(by_part.sum())
    return ItemExplanation(
        item_id=item_id,
        logit=logit,
        baseline=model.baseline,
        aspects=aspects,
        words=_find_words(surrogate, row, by_part[0], samples),
        residual=None if logit is None else logit - said,
        was_held_out=fold is not None,
    )


def _find_words(surrogate: FittedSurrogate, row: np.ndarray, values: np.ndarray, samples: np.ndarray) -> list[ItemPart]:
    """Return the strongest parts whose interval does not hold 0, in words."""
    spreads = surrogate.part_spreads
    deviation = average_parts(row, surrogate.parts)[0] - surrogate.part_means
    deviation = np.divide(deviation, spreads, out=np.zeros_like(spreads), where=spreads > 0)
    found = [
        ItemPart(
            words=part.more if deviation[place] > 0 else part.less,
            aspect=part.aspect,
            technical_name=part.technical_name,
            deviation=float(deviation[place]),
            pushes=estimate(float(values[place]), samples[:, place]),
        )
        for place, part in enumerate(surrogate.parts)
        if abs(deviation[place]) >= SMALLEST
    ]
    stable = [one for one in found if one.pushes.is_off_zero]
    return sorted(stable, key=lambda one: -abs(one.pushes.value))[:N_WORDS]
