"""How much of a score is where polyps usually lie: the masks of a method, each laid on other pictures.

A mask that is as good on another picture as on its own has not looked at the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.evaluation.intervals import Interval, bootstrap_mean

GRID = 64
MOST = 1000
"""So many pictures are exchanged at most, evenly spread: their pairs grow with the square."""


@dataclass(frozen=True)
class Exchanged:
    """Hold what masks score on other pictures than their own.

    Attributes
    ----------
    dice : float or None
        Mean Dice of the masks on the pictures of other groups, [0, 1]. None with fewer than two groups.
    own : float or None
        Mean Dice on their own pictures, on the same coarse grid: what `dice` is to be compared with.
    interval : Interval
        Of `dice`, 95 %; groups of pictures are drawn.
    n : int
        Pictures with a polyp that took part.
    """

    dice: float | None
    own: float | None
    interval: Interval
    n: int


class MaskExchange:
    """Collect masks and truths of pictures with a polyp, small, then lay each mask on the others."""

    def __init__(self) -> None:
        self._masks: list[np.ndarray] = []
        self._truths: list[np.ndarray] = []
        self._groups: list[str] = []

    def add(self, mask: np.ndarray, truth: np.ndarray, group: str) -> None:
        """Add one picture; one without a polyp is left out.

        Parameters
        ----------
        mask, truth : (H, W) bool
        group : str
            Pictures of one group are never laid on each other.
        """
        if truth.any():
            self._masks.append(np.packbits(_shrink(mask)))
            self._truths.append(np.packbits(_shrink(truth)))
            self._groups.append(group)

    def compare(self) -> Exchanged:
        """Score each mask on its own picture and on those of other groups.

        Examples
        --------
        >>> exchange = MaskExchange()
        >>> for place in (0, 1):
        ...     truth = np.zeros((64, 64), bool)
        ...     truth[:, 32 * place : 32 * place + 32] = True
        ...     exchange.add(truth, truth, str(place))
        >>> found = exchange.compare()
        >>> found.own, found.dice
        (1.0, 0.0)
        """
        chosen = np.unique(np.linspace(0, len(self._masks) - 1, min(len(self._masks), MOST)).round().astype(int))
        groups = np.array(self._groups, dtype=object)[chosen]
        if len(set(groups)) < 2:
            nothing = Interval(None, None, method="none", reason="fewer than two groups with a polyp")
            return Exchanged(None, None, nothing, len(chosen))
        masks, truths = (_unpack([parts[int(i)] for i in chosen]) for parts in (self._masks, self._truths))
        shared = masks @ truths.T  # (n, n): mask i on picture j
        areas = masks.sum(axis=1)[:, None] + truths.sum(axis=1)[None, :]
        dice = np.divide(2 * shared, areas, out=np.zeros_like(shared), where=areas > 0)
        is_other = groups[:, None] != groups[None, :]
        by_picture = np.where(is_other, dice, 0).sum(axis=0) / is_other.sum(axis=0)
        interval = bootstrap_mean(by_picture.astype(float), [str(group) for group in groups])
        return Exchanged(float(by_picture.mean()), float(np.diag(dice).mean()), interval, len(chosen))


def _shrink(mask: np.ndarray) -> np.ndarray:
    """Return a mask on the coarse grid, (GRID, GRID) bool: the pixel in the middle of each cell."""
    rows, columns = (((np.arange(GRID) + 0.5) * side / GRID).astype(np.intp) for side in mask.shape)
    return mask[np.ix_(rows, columns)]


def _unpack(parts: list[np.ndarray]) -> np.ndarray:
    """Return packed masks as (n, GRID * GRID) float32."""
    return np.unpackbits(np.stack(parts), axis=1).astype(np.float32)
