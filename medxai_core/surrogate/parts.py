"""What the surrogate's features mean in a clinician's words: by aspect, by class, for one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.clusters.words import find_descriptor, list_concepts
from medxai_core.surrogate.fidelity import Estimate
from medxai_core.surrogate.refits import Refits, estimate

SMALLEST = 0.2
"""A class or picture that differs by fewer standard deviations gets no words: what it has more of could not be said."""


@dataclass(frozen=True)
class Part:
    """Name columns that mean one thing.

    Attributes
    ----------
    aspect : str
        "edges", "texture", "brightness", "colour", or another that the descriptor looks at.
    technical_name : str
        Descriptor it comes from, such as "SimpleColorHistogram".
    more, less : str
        "more dark red", "less dark red".
    columns : tuple of int
        Of all features side by side.
    """

    aspect: str
    technical_name: str
    more: str
    less: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class ClassContribution:
    """Say how an aspect moves the surrogate's answer for the pictures of one class, in logits.

    Attributes
    ----------
    label : str
        What the network answered.
    aspect : str
    pushes : Estimate
        Mean over these pictures; positive towards polyp. Not to be read when its interval holds 0.
    """

    label: str
    aspect: str
    pushes: Estimate


@dataclass(frozen=True)
class WordedContribution:
    """Say in words what moves the surrogate's answer for the pictures of one class.

    Attributes
    ----------
    label, aspect, technical_name : str
    words : str
        What these pictures have more or less of than the others: "more dark red".
    difference : float
        How much, in standard deviations.
    pushes : Estimate
        Logits, positive towards polyp.
    """

    label: str
    aspect: str
    technical_name: str
    words: str
    difference: float
    pushes: Estimate


def list_parts(widths: Mapping[str, int]) -> list[Part]:
    """Return the parts of descriptors side by side; every column is in exactly one.

    Parameters
    ----------
    widths : mapping of str to int
        Number of columns by name of descriptor, in order.

    Examples
    --------
    >>> list_parts({"edge_histogram": 80, "tamura": 18})[20].more
    'coarser texture'
    """
    parts, start = [], 0
    for name, width in widths.items():
        descriptor = find_descriptor(name, width)
        for concept in list_concepts(name, width):
            columns = tuple(start + column for column in concept.columns)
            parts.append(Part(descriptor.aspect, descriptor.column_prefix, concept.more, concept.less, columns))
        start += width
    return parts


def group_columns(parts: Sequence[Part]) -> dict[str, np.ndarray]:
    """Return the columns of each aspect, in the order in which aspects come."""
    columns: dict[str, list[int]] = {}
    for part in parts:
        columns.setdefault(part.aspect, []).extend(part.columns)
    return {aspect: np.sort(np.array(found)) for aspect, found in columns.items()}


def average_parts(features: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
    """Return the mean of the columns of each part, (n, n_parts) float64, of features (n, p)."""
    return np.stack([features[:, list(part.columns)].mean(axis=1) for part in parts], axis=1)


def add_up_parts(contributions: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
    """Return the sum of the contributions of each part, (n, n_parts) float64, of contributions (n, p)."""
    return np.stack([contributions[:, list(part.columns)].sum(axis=1) for part in parts], axis=1)


def add_up_aspects(by_part: np.ndarray, parts: Sequence[Part]) -> dict[str, np.ndarray]:
    """Return the sum of the contributions of each aspect, (n,) float64 by aspect, of those of parts (n, n_parts)."""
    names = list(dict.fromkeys(part.aspect for part in parts))
    return {name: by_part[:, [part.aspect == name for part in parts]].sum(axis=1) for name in names}


def explain_classes(
    by_part: np.ndarray, refitted: np.ndarray, numbers: np.ndarray, *,
    parts: Sequence[Part], labels: np.ndarray, refits: Refits, n_words: int = 6,
) -> tuple[list[ClassContribution], list[WordedContribution]]:  # fmt: skip
    """Say which aspects, and what within them, move the surrogate's answer for the pictures of each class.

    Parameters
    ----------
    by_part : (n, n_parts) float64
        Contributions of each picture by a surrogate that never saw it.
    refitted : (n_refits, n, n_parts) float64
        The same by each refit.
    numbers : (n, n_parts) float64
        Means of the columns, unscaled.
    labels : (n,) of str
        What the network answered.
    n_words : int
        Most words a class.

    Returns
    -------
    aspects : list of ClassContribution
    words : list of WordedContribution
        The strongest first, within a class; only those whose interval does not hold 0.
    """
    spread = numbers.std(axis=0)
    aspects: list[ClassContribution] = []
    words: list[WordedContribution] = []
    for label in sorted(set(labels.tolist()), reverse=True):
        chosen = labels == label
        samples = _average_class(refitted, refits.is_out & chosen)  # (n_refits, n_parts)
        values = by_part[chosen].mean(axis=0)
        summed, summed_samples = add_up_aspects(values[None], parts), add_up_aspects(samples, parts)
        aspects += [
            ClassContribution(label, name, estimate(float(value[0]), summed_samples[name]))
            for name, value in summed.items()
        ]
        if chosen.all():
            continue
        difference = numbers[chosen].mean(axis=0) - numbers[~chosen].mean(axis=0)
        relative = np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 0)
        found = [
            WordedContribution(
                label=label,
                aspect=part.aspect,
                technical_name=part.technical_name,
                words=part.more if relative[place] > 0 else part.less,
                difference=float(relative[place]),
                pushes=estimate(float(values[place]), samples[:, place]),
            )
            for place, part in enumerate(parts)
            if abs(relative[place]) >= SMALLEST
        ]
        stable = [one for one in found if one.pushes.is_off_zero]
        words += sorted(stable, key=lambda one: -abs(one.pushes.value))[:n_words]
    return aspects, words


def _average_class(refitted: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the mean contributions by refit, (n_refits, n_parts), of chosen pictures, (n_refits, n); or NaN."""
    counts = chosen.sum(axis=1)
    sums = np.einsum("rnp,rn->rp", refitted, chosen.astype(float))
    return np.divide(sums, counts[:, None], out=np.full(sums.shape, np.nan), where=counts[:, None] > 0)
