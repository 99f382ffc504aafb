"""The other way to propose labels: pictures in bands of probability, the surest band first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.pseudo_labels.rounds import (
    N_RUNNERS_UP,
    PseudoLabelling,
    Round,
    RunnerUp,
    check_arrays,
    check_limits,
    check_seeds,
    collect_proposals,
)

N_BANDS = 40
LEAST_SURE = 0.8
"""Mean probability of its class that a band needs to propose it."""
LEAST_SHARE = 0.3
"""A class that would have a smaller share of the labels goes first, as long as a band is sure of it."""


@dataclass(frozen=True, eq=False)
class _Band:
    """A band that is sure of a class, and holds pictures it may give it to."""

    band: int
    label: str
    sureness: float
    range: tuple[float, float]
    rows: np.ndarray
    n_labelled: int
    n_agreeing: int


def say_chance(chance: float) -> str:
    """Return a probability in percent; never as if it were sure.

    >>> say_chance(0.934), say_chance(0.9999), say_chance(0.002)
    ('93 %', 'over 99 %', 'under 1 %')
    """
    if chance > 0.99:
        return "over 99 %"
    return "under 1 %" if chance < 0.01 else f"{100 * chance:.0f} %"


def cut_bands(scores: np.ndarray, n_bands: int = N_BANDS) -> np.ndarray:
    """Cut pictures into bands of equally many, by their score.

    Parameters
    ----------
    scores : (n,) float array
        NaN: not looked at.
    n_bands : int, default 40

    Returns
    -------
    (n,) int32 array
        0 holds the lowest scores, -1 what was not looked at.

    Examples
    --------
    >>> cut_bands(np.array([0.9, 0.1, np.nan, 0.5, 0.2]), 2).tolist()
    [1, 0, -1, 1, 0]
    """
    known = np.flatnonzero(np.isfinite(scores))
    bands = np.full(len(scores), -1, np.int32)
    order = known[np.argsort(scores[known], kind="stable")]
    bands[order] = np.arange(len(order)) * n_bands // max(len(order), 1)
    return bands


def propose_by_bands(
    bands: np.ndarray,
    probabilities: np.ndarray,
    labels: Sequence[str | None] | np.ndarray,
    *,
    target: int = 1000,
    max_rounds: int | None = None,
    not_again: Collection[tuple[int, str]] = (),
) -> PseudoLabelling:
    """Let bands give their unlabelled pictures the class they are sure of, one band a round.

    In each round the band is chosen whose unlabelled pictures have the highest mean probability of their class; while
    one class would have less than `LEAST_SHARE` of all labels after it, the surest band of that class. Bands below
    `LEAST_SURE` propose nothing.

    Parameters
    ----------
    bands : (n,) int array
        From `cut_bands`.
    probabilities : (n,) float array
        Of polyp, calibrated, 0..1; NaN where the band is -1.
    labels : (n,) sequence of str or None
        What is labelled already, None for the others.
    target, max_rounds, not_again
        As of `propose_labels`.

    Returns
    -------
    PseudoLabelling
        Its cluster ids are bands.

    Raises
    ------
    NoSeedsError
        If no picture is labelled, or all are of one class.

    Examples
    --------
    >>> found = propose_by_bands(
    ...     np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9]), ["non_polyp", None, "polyp", None]
    ... )
    >>> found.proposals.rows.tolist(), found.proposals.labels.tolist(), found.stop_reason
    ([3, 1], ['polyp', 'non_polyp'], 'no_sure_band_left')
    """
    bands, known = check_arrays(bands, labels)
    check_limits(target, max_rounds)
    seed_rows = np.flatnonzero([label is not None for label in known])
    counts = Counter(label for label in known if label is not None)
    check_seeds(set(counts))
    excluded = frozenset(not_again)
    left = _list_sure_bands(bands, probabilities, known, excluded)
    rounds: list[Round] = []
    while left and counts.total() < target and (max_rounds is None or len(rounds) < max_rounds):
        after = counts.total() + len(left[0].rows)
        scarce = [one for one in left if one.label != left[0].label and counts[one.label] < LEAST_SHARE * after]
        chosen = (scarce or left)[0]
        left = [one for one in left if one is not chosen]
        counts[chosen.label] += len(chosen.rows)
        rounds.append(_describe_round(chosen, left, n=len(rounds) + 1, n_after=counts.total(), is_scarce=bool(scarce)))
    reached = counts.total() >= target
    return PseudoLabelling(
        rounds=tuple(rounds),
        proposals=collect_proposals(rounds, None),
        stop_reason="target_reached" if reached else "round_limit" if left else "no_sure_band_left",
        seed_rows=seed_rows,
        target=target,
        not_again=excluded,
    )


def _list_sure_bands(
    bands: np.ndarray, probabilities: np.ndarray, labels: list[str | None], not_again: frozenset[tuple[int, str]]
) -> list[_Band]:
    """Return the bands that may propose, the surest first; of equals the higher."""
    found = []
    for band in range(int(bands.max(initial=-1)), -1, -1):
        members = np.flatnonzero(bands == band)
        free = [row for row in members.tolist() if labels[row] is None]
        if not free:
            continue
        chance = float(np.mean(probabilities[free]))
        label, sureness = (CLASS_NAMES[1], chance) if chance >= 0.5 else (CLASS_NAMES[0], 1 - chance)
        given = [row for row in free if (row, label) not in not_again]
        if given and sureness >= LEAST_SURE:
            known = [labels[row] for row in members.tolist() if labels[row] is not None]
            span = (float(probabilities[members].min()), float(probabilities[members].max()))
            rows = np.array(given, np.int64)
            found.append(_Band(band, label, sureness, span, rows, len(known), known.count(label)))
    return sorted(found, key=lambda one: -one.sureness)


def _describe_round(chosen: _Band, left: list[_Band], *, n: int, n_after: int, is_scarce: bool) -> Round:
    """Return the round in which a band proposes its class."""
    lowest, highest = (say_chance(chance) for chance in chosen.range)
    given = lowest if lowest == highest else f"{lowest} to {highest}"
    labelled = (
        f"{chosen.n_agreeing} of its {chosen.n_labelled} labelled pictures are {chosen.label}"
        if chosen.n_labelled
        else "it holds no labelled picture"
    )
    turn = (
        f"of those for {chosen.label}, which would else have too few labels" if is_scarce else "of all that were left"
    )
    why = (
        f"Band {chosen.band} holds what the class map gives {given} for polyp; {labelled}. "
        f"It was the surest band {turn}."
    )
    following = [RunnerUp(one.band, one.label, one.n_labelled, len(one.rows)) for one in left[:N_RUNNERS_UP]]
    return Round(n, chosen.band, chosen.label, chosen.n_labelled, chosen.rows, n_after, why, tuple(following))
