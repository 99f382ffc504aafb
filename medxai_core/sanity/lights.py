"""From figures to lights: green, yellow, red, or grey where something is not known. The limits are fixed here.

They were set before any network was tested, from the literature where it gives one. A light says what was measured and
against what; it does not say that a mask is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medxai_core.evaluation.intervals import bootstrap_mean, wilson_interval
from medxai_core.evaluation.paired import compare_paired
from medxai_core.sanity.sameness import LEAST_PICTURES, SAME_LIMIT

Color = Literal["green", "yellow", "red", "grey"]
Better = Literal["higher", "lower"]

BLANK_LIMITS = (0.95, 0.8)
"""Share of pictures with a map that is not blank: green from the first, yellow from the second."""
BORDER_LIMITS = (1.1, 1.5)
"""How much denser than even a map may be on the rim of the picture: yellow above the first, red above the second."""


@dataclass(frozen=True)
class Light:
    """Hold one test of the maps.

    Attributes
    ----------
    key : str
        Short name, the same in all records.
    question : str
        What is asked, in plain words.
    color : {"green", "yellow", "red", "grey"}
        Grey: not known, and `words` say why.
    value, low, high : float or None
        What was measured, with a 95 % bootstrap interval over pictures.
    limit : float or None
        What it is held against.
    words : str
        What was found, in plain words with the figures.
    source : str
        Where test and limit come from.
    n : int
        Pictures.
    """

    key: str
    question: str
    color: Color
    value: float | None
    low: float | None
    high: float | None
    limit: float | None
    words: str
    source: str
    n: int


def judge(
    key: str, question: str, first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray | float, *,
    better: Better, what: str, against: str, source: str, groups: Sequence[str] | None = None,
) -> Light:  # fmt: skip
    """Hold figures of pictures against those of a baseline on the same pictures, or against one number.

    Parameters
    ----------
    first : (n,) float
        What was measured, by picture; NaN where it is undefined.
    second : (n,) float, or float
        The baseline on the same pictures; or one limit for all.
    better : {"higher", "lower"}
        Which side of the baseline is good.
    what, against : str
        Names of both for the words.
    groups : sequence of str, optional
        Source of each picture; whole groups are resampled.

    Returns
    -------
    Light
        Green when the 95 % interval of the difference lies on the good side, red when the mean itself lies on the bad
        side, yellow between: better in the mean, but it may be chance.

    Examples
    --------
    >>> judge("x", "?", [0.9, 0.8] * 10, 0.5, better="higher", what="Found", against="by chance", source="-").color
    'green'
    """
    values = np.asarray(first, np.float64)
    baseline = np.broadcast_to(np.asarray(second, np.float64), values.shape)
    found = compare_paired(values, baseline, groups)
    if found.difference is None or found.n < LEAST_PICTURES:
        why = f"{found.n} pictures are too few; {LEAST_PICTURES} are needed."
        return make_grey(key, question, why, source, found.n)
    defined = np.isfinite(values) & np.isfinite(baseline)
    chosen = None if groups is None else [groups[int(i)] for i in np.flatnonzero(defined)]
    interval = bootstrap_mean(values[defined], chosen)
    sign = 1 if better == "higher" else -1
    edge = found.interval.low if better == "higher" else found.interval.high
    if sign * found.difference <= 0:
        color: Color = "red"
    else:
        color = "green" if edge is not None and sign * edge > 0 else "yellow"
    value, limit = float(values[defined].mean()), float(baseline[defined].mean())
    span = "" if interval.low is None else f" [{interval.low:.2f}, {interval.high:.2f}]"
    end = {
        "green": "",
        "yellow": " The difference may be chance.",
        "red": f" It should be {better}.",
        "grey": "",
    }[color]
    words = f"{what}: {value:.2f}{span}; {against}: {limit:.2f} ({found.n} pictures).{end}"
    return Light(key, question, color, value, interval.low, interval.high, limit, words, source, found.n)


def make_grey(key: str, question: str, why: str, source: str, n: int = 0) -> Light:
    """Return the light of a test that could not be made."""
    return Light(key, question, "grey", None, None, None, None, why, source, n)


def judge_blank(is_blank: Sequence[bool] | np.ndarray, *, of: str = "pictures") -> Light:
    """Judge whether there is a map at all, from which pictures have a blank one; `of` says which pictures these are."""
    key, question = "blank", "Is there a map at all?"
    source = "Limits 95 % and 80 % of the pictures: a convention of this software."
    n = len(is_blank)
    if n < LEAST_PICTURES:
        return make_grey(key, question, f"{n} pictures are too few; {LEAST_PICTURES} are needed.", source, n)
    shown = 1 - np.asarray(is_blank, np.float64)
    value, interval = float(shown.mean()), wilson_interval(int(shown.sum()), n)
    color: Color = "green" if value >= BLANK_LIMITS[0] else "yellow" if value >= BLANK_LIMITS[1] else "red"
    words = f"{value:.0%} of {n} {of} have a map that is not blank. A blank map gives no mask."
    return Light(key, question, color, value, interval.low, interval.high, BLANK_LIMITS[0], words, source, n)


def judge_same_map(correlation: float | None, n: int) -> Light:
    """Judge whether the map is much the same for every picture, from its correlation with the mean of the others."""
    key, question = "same_map", "Does the map change from picture to picture?"
    source = "Limit .95: a convention of this software."
    if correlation is None:
        return make_grey(key, question, f"Too few maps to compare ({n}).", source, n)
    is_same = correlation > SAME_LIMIT
    color: Color = "red" if is_same else "yellow" if correlation > 0.8 else "green"
    words = f"Half of {n} maps agree with the mean of the others by more than {correlation:.2f} (1 is the same map)."
    return Light(key, question, color, correlation, None, None, SAME_LIMIT, words, source, n)


def judge_border(ratios: Sequence[float] | np.ndarray) -> Light:
    """Judge whether maps hug the border of the picture, from how much denser they are there than an even map."""
    key, question = "border", "Does the map keep away from the border of the picture?"
    source = "Limits 1.1 and 1.5: a convention of this software."
    known = np.asarray(ratios, np.float64)
    known = known[np.isfinite(known)]
    if len(known) < LEAST_PICTURES:
        return make_grey(key, question, f"{len(known)} pictures are too few; {LEAST_PICTURES} are needed.", source)
    value, interval = float(known.mean()), bootstrap_mean(known)
    color: Color = "green" if value <= BORDER_LIMITS[0] else "yellow" if value <= BORDER_LIMITS[1] else "red"
    words = f"On the rim maps are {value:.2f} times as dense as an even map would be ({len(known)} pictures)."
    return Light(key, question, color, value, interval.low, interval.high, BORDER_LIMITS[0], words, source, len(known))
