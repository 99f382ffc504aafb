"""Measure two or more ways of doing the same, in turn, so that what else the computer does falls on all alike."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

N_DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """How many times faster one way is than another: median over the turns, with a 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return "4.1x [3.9, 4.3]"."""
        return f"{self.value:.3g}x [{self.low:.3g}, {self.high:.3g}]"


def take_turns(
    ways: Mapping[str, Callable[[], object]], n_turns: int, *, warm_up: bool = True
) -> dict[str, np.ndarray]:
    """Run the ways A B A B ... and return the seconds that each took.

    Parameters
    ----------
    ways : dict of str -> callable
        Name -> what to run, without arguments. All must do the same work.
    n_turns : int
        How many times each runs.
    warm_up : bool, optional
        Run each once before, without counting it (compilation, caches).

    Returns
    -------
    dict of str -> numpy.ndarray, (n_turns,) float64
        Seconds by the wall clock.
    """
    if warm_up:
        for run in ways.values():
            run()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(n_turns):
        for name, run in ways.items():
            begun = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - begun)
    return {name: np.array(seconds) for name, seconds in found.items()}


def compare(slower: np.ndarray, faster: np.ndarray) -> Ratio:
    """Return how many times faster one way is, from seconds taken in turn, both (n_turns,); pairs stay together."""
    ratios = np.asarray(slower) / np.asarray(faster)
    drawn = np.random.default_rng(0).integers(0, len(ratios), (N_DRAWS, len(ratios)))
    low, high = np.percentile(np.median(ratios[drawn], axis=1), [2.5, 97.5])
    return Ratio(float(np.median(ratios)), float(low), float(high))


def describe_computer() -> str:
    """Return what the figures were measured on, for the line above a table."""
    import torch  # here: processes whose memory is measured hold only what the product needs

    return f"{torch.get_num_threads()} cores ({platform.machine()})"
