"""How much each aspect has to say: alone, beyond the others, and its fair share of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

from medxai_core.surrogate.crossfit import Subset

NOTABLE = 0.01
"""An aspect that alone explains less than this share of the variance is not compared with others."""

SEPARABLE = 0.5
"""Two aspects are told apart when less than this part of what the weaker one explains is in the other, too."""


@dataclass(frozen=True)
class Overlap:
    """Say how far two aspects tell the same.

    Attributes
    ----------
    target : str
    first, second : str
    overlap : float
        Part of what the weaker one explains alone that is lost when it joins the other, 0..1.
    correlation : float or None
        Of what each alone says of pictures that it never saw; None where it was not kept.
    is_separable : bool
    """

    target: str
    first: str
    second: str
    overlap: float
    correlation: float | None
    is_separable: bool


def share_out(explained: Mapping[Subset, float], aspects: Sequence[str]) -> dict[str, float]:
    """Share what all aspects explain together out among them.

    Parameters
    ----------
    explained : mapping of subset to float
        Share of variance by every set of aspects, in the order of `aspects`.
    aspects : sequence of str

    Returns
    -------
    dict of str to float
        They add up to what all explain. What two aspects both know is halved between them.

    Notes
    -----
    The mean over all orders in which aspects can be added of what each adds (the Shapley value). Permuting the columns
    of one aspect instead would ask the surrogate about pictures that cannot be, where aspects go together.

    References
    ----------
    Lindeman R. H., Merenda P. F., Gold R. Z. Introduction to bivariate and multivariate analysis. 1980.
    Owen A. B., Prieur C. On Shapley value for measuring importance of dependent inputs. SIAM/ASA J. Uncertain.
    Quantif. 5 (2017). doi:10.1137/16M1097717
    Hooker G., Mentch L., Zhou S. Unrestricted permutation forces extrapolation. Stat. Comput. 31 (2021).
    doi:10.1007/s11222-021-10057-z

    Examples
    --------
    >>> both = {(): 0.0, ("edges",): 0.4, ("colour",): 0.4, ("edges", "colour"): 0.4}
    >>> share_out(both, ["edges", "colour"])
    {'edges': 0.2, 'colour': 0.2}
    """
    n = len(aspects)
    found = {}
    for aspect in aspects:
        others = [other for other in aspects if other != aspect]
        total = 0.0
        for size in range(n):
            orders = factorial(size) * factorial(n - size - 1) / factorial(n)
            for before in combinations(others, size):
                after = tuple(one for one in aspects if one == aspect or one in before)
                total += orders * (explained[after] - explained[before])
        found[aspect] = total
    return found


def compute_unique(explained: Mapping[Subset, float], aspects: Sequence[str]) -> dict[str, float]:
    """Return what is lost when one aspect is left out: what only it knows.

    >>> compute_unique({(): 0.0, ("edges",): 0.4, ("colour",): 0.1, ("edges", "colour"): 0.45}, ["edges", "colour"])
    {'edges': 0.35, 'colour': 0.05}
    """
    everything = tuple(aspects)
    return {
        aspect: round(explained[everything] - explained[tuple(one for one in aspects if one != aspect)], 12)
        for aspect in aspects
    }


def compute_overlap(explained: Mapping[Subset, float], first: str, second: str) -> float | None:
    """Return which part of what the weaker of two aspects explains the other one explains, too.

    Parameters
    ----------
    explained : mapping of subset to float

    Returns
    -------
    float or None
        0 they tell different things, 1 the weaker one adds nothing. None when either alone explains next to nothing.

    Examples
    --------
    >>> compute_overlap({("edges",): 0.4, ("colour",): 0.2, ("edges", "colour"): 0.5}, "edges", "colour")
    0.5
    """
    weaker = min(explained[(first,)], explained[(second,)])
    if weaker < NOTABLE:
        return None
    lost = explained[(first,)] + explained[(second,)] - explained[(first, second)]
    return round(min(1.0, max(0.0, lost / weaker)), 12)
