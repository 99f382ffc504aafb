"""How far a segmenter's probabilities can be trusted, from pictures whose truth is known: by place and by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from medxai_core.evaluation.expected import expect_dice
from medxai_core.evaluation.sweeps import count_levels
from medxai_core.masks import MAX_LEVEL

N_TENTHS = 10
FEWEST_ALIKE, MOST_ALIKE = 5, 50
NEAR = 0.1
"""Promises that differ by more are not about the same."""

_SHARE_ALIKE = 4  # a quarter of the pictures is called alike
_USUAL_ALIKE = 10


class PictureReliability(NamedTuple):
    """Hold what one picture says of the probabilities.

    Attributes
    ----------
    tenths : ndarray of shape (3, 10), float64
        For each tenth of the probability: share of the picture, the same times its mean probability, and the share of
        the picture that is polyp and has such a probability.
    expected : float or None
        The Dice that the probabilities themselves make expected; None without a mask.
    reached : float or None
        The Dice of the mask above .5; 0 without a mask, None without a polyp.
    """

    tenths: np.ndarray
    expected: float | None
    reached: float | None


@dataclass(frozen=True, eq=False)
class Reliability:
    """Hold what pictures with a known truth say of the probabilities together; each picture counts alike.

    Attributes
    ----------
    shares : ndarray of shape (10,), float64
        Share of all places whose probability lies in each tenth.
    said, is_polyp : ndarray of shape (10,), float64
        Mean probability of these places, and the share of them that is polyp; NaN where there are none.
    expected, reached : ndarray of shape (n,), float64
        Of the pictures with a polyp and a mask, by rising expected Dice.
    n_empty, n_missed : int
        Pictures without a mask, and how many of them show a polyp.
    """

    shares: np.ndarray
    said: np.ndarray
    is_polyp: np.ndarray
    expected: np.ndarray
    reached: np.ndarray
    n_empty: int
    n_missed: int

    @property
    def calibration_error(self) -> float:
        """Return the expected calibration error: the mean gap of the tenths, weighed by their shares; best 0.

        References
        ----------
        .. [1] M. P. Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
           https://doi.org/10.1609/aaai.v29i1.9602
        """
        return float(np.nansum(self.shares * np.abs(self.said - self.is_polyp)))


class Reached(NamedTuple):
    """Hold what the masks of pictures with about the same expectation reached: n, and three quartiles of their Dice."""

    n: int
    low: float
    median: float
    high: float


def measure_reliability(probabilities: np.ndarray, truth: np.ndarray) -> PictureReliability:
    """Hold the probabilities of one picture against its truth.

    Parameters
    ----------
    probabilities : ndarray of shape (H, W), float32
        How likely each pixel is polyp, 0..1; above .5 is the mask.
    truth : ndarray of shape (H, W), bool

    Returns
    -------
    PictureReliability

    Examples
    --------
    >>> found = measure_reliability(np.array([[0.75, 0.25]]), np.array([[True, False]]))
    >>> found.tenths[:, [2, 7]].round(3).tolist(), found.reached
    ([[0.5, 0.5], [0.125, 0.375], [0.0, 0.5]], 1.0)
    """
    levels = count_levels(probabilities, truth)
    polyp, other = np.diff(levels.polyp_below), np.diff(levels.other_below)  # pixels by level
    said = np.arange(MAX_LEVEL + 1) / MAX_LEVEL
    starts = np.searchsorted(said, np.arange(N_TENTHS) / N_TENTHS)
    tenths = np.stack([np.add.reduceat(row, starts) for row in (polyp + other, (polyp + other) * said, polyp)])
    mask = probabilities > 0.5
    hits, wanted = int((mask & truth).sum()), int(truth.sum())
    reached = 2 * hits / (int(mask.sum()) + wanted) if wanted else None
    return PictureReliability(tenths / truth.size, expect_dice(probabilities, 0.5), reached)


def combine_reliability(pictures: Sequence[PictureReliability]) -> Reliability:
    """Put pictures together.

    Raises
    ------
    ValueError
        There is no picture.
    """
    if not pictures:
        raise ValueError("reliability needs at least one picture; got none.")
    shares, sums, polyp = np.mean([one.tenths for one in pictures], axis=0)
    pairs = [(one.expected, one.reached) for one in pictures if one.expected is not None and one.reached is not None]
    expected, reached = np.array(sorted(pairs), float).reshape(-1, 2).T
    empty = [one for one in pictures if one.expected is None]
    with np.errstate(invalid="ignore"):
        said, is_polyp = sums / shares, polyp / shares
    n_missed = sum(one.reached is not None for one in empty)
    return Reliability(shares, said, is_polyp, expected, reached, len(empty), n_missed)


def find_reached(expected: float, reliability: Reliability) -> Reached | None:
    """Say what masks reached of which about as much was expected: a quarter of the pictures, 10 to 50, within 0.1.

    Parameters
    ----------
    expected : float
        From `evaluation.expected.expect_dice`.
    reliability : Reliability

    Returns
    -------
    Reached or None
        Quartiles of the Dice of the pictures that lie nearest; None where fewer than 5 lie within 0.1.

    Examples
    --------
    >>> known = np.linspace(0.85, 0.95, 11)
    >>> said = np.full(10, np.nan)
    >>> find_reached(0.9, Reliability(said, said, said, known, known - 0.2, 0, 0)).median.round(2)
    np.float64(0.7)
    """
    gaps = np.abs(reliability.expected - expected)
    n = min(max(len(gaps) // _SHARE_ALIKE, _USUAL_ALIKE), MOST_ALIKE)
    nearest = [row for row in np.argsort(gaps, kind="stable")[:n] if gaps[row] <= NEAR]
    if len(nearest) < FEWEST_ALIKE:
        return None
    return Reached(len(nearest), *np.percentile(reliability.reached[nearest], [25, 50, 75]))
