"""How far two readers agree, beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.review.decisions import ANSWERS, Decision, list_in_force

LANDIS_KOCH: tuple[tuple[float, str], ...] = (
    (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"), (1.0, "almost perfect"),
)  # fmt: skip
"""Largest kappa of each word; below 0 it is "poor". A convention: the borders rest on no data."""


@dataclass(frozen=True)
class Agreement:
    """Tell how far two readers agree.

    Attributes
    ----------
    n_both : int
        Items that both gave a class.
    n_left_out : int
        Items that both looked at where one or both gave no class (unsure, skipped).
    n_changed_later : int
        Items on which one of the two gave another answer after both had answered, so perhaps knowing
        what the other had said; the answers before that count.
    n_agree : int
        Items that both gave the same class.
    observed : float or None
        n_agree / n_both: 1 is full agreement. None without items.
    kappa : float or None
        Cohen's kappa: 1 is full agreement, 0 what chance gives, -1 the worst. None if undefined.
    interval : (float, float) or None
        95 % interval of kappa. None if undefined.
    why : str
        Why kappa or its interval is None; empty if both are there.
    table : dict of (str, str) to int
        Items by class of the first and of the second reader; only pairs that occur.
    """

    n_both: int
    n_left_out: int
    n_changed_later: int
    n_agree: int
    observed: float | None
    kappa: float | None
    interval: tuple[float, float] | None
    why: str
    table: dict[tuple[str, str], int]


def compute_agreement(
    decisions: Iterable[Decision],
    reader_a: str,
    reader_b: str,
    *,
    classes: Sequence[str] = CLASS_NAMES,
    level: float = 0.95,
) -> Agreement:
    """Return Cohen's kappa of two readers with its large-sample interval.

    Parameters
    ----------
    decisions : iterable of Decision
        The log. Of each reader the last answer in force counts that was given before both had answered:
        later ones may have been given to settle a disagreement, and would make any two readers agree.
    reader_a, reader_b : str
        The two readers.
    classes : sequence of str
        Classes of the study. With two classes a rejection counts as the other class; with more it
        stands for no class.
    level : float, default 0.95
        Level of the interval.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If the two readers are the same.

    Notes
    -----
    Undefined when no item was given a class by both, or when both gave all of them the same one class:
    chance alone would then agree always. The interval is undefined too when the readers agree on every
    item, or one of them gave a single class: its formula then gives no width at all.

    References
    ----------
    Cohen J. A coefficient of agreement for nominal scales. Educ. Psychol. Meas. 20, 1960.
    doi:10.1177/001316446002000104
    Fleiss J. L., Cohen J., Everitt B. S. Large sample standard errors of kappa and weighted kappa.
    Psychol. Bull. 72, 1969. doi:10.1037/h0028106
    """
    if reader_a == reader_b:
        raise ValueError(f"the readers must be two; got {reader_a!r} twice")
    pairs, n_changed_later = _pair_answers(list_in_force(decisions), reader_a, reader_b, classes)
    table = Counter((a, b) for a, b in pairs if a is not None and b is not None)
    n, n_agree = table.total(), sum(count for (a, b), count in table.items() if a == b)
    kappa, interval, why = _compute_kappa(_tabulate(table), level)
    return Agreement(
        n_both=n,
        n_left_out=len(pairs) - n,
        n_changed_later=n_changed_later,
        n_agree=n_agree,
        observed=n_agree / n if n else None,
        kappa=kappa,
        interval=interval,
        why=why,
        table=dict(sorted(table.items())),
    )


def name_kappa(kappa: float) -> str:
    """Return the word that Landis and Koch proposed for a kappa.

    References
    ----------
    Landis J. R., Koch G. G. The measurement of observer agreement for categorical data. Biometrics 33, 1977.
    doi:10.2307/2529310

    Examples
    --------
    >>> name_kappa(-0.1), name_kappa(0.41), name_kappa(0.8), name_kappa(0.81)
    ('poor', 'moderate', 'substantial', 'almost perfect')
    """
    if kappa < 0:
        return "poor"
    return next(word for limit, word in LANDIS_KOCH if round(kappa, 2) <= limit)


def name_class(decision: Decision, classes: Sequence[str] = CLASS_NAMES) -> str | None:
    """Return the class that a decision stands for, None if it stands for none.

    Parameters
    ----------
    decision : Decision
        No flag, and none that reverts another.
    classes : sequence of str
        With two classes a rejection stands for the other class; with more for none.
    """
    if decision.action in ("unsure", "skip"):
        return None
    if decision.action != "reject":
        return decision.label
    others = [name for name in classes if name != decision.label]
    return others[0] if len(classes) == 2 and len(others) == 1 else None


def _pair_answers(
    in_force: Iterable[Decision], reader_a: str, reader_b: str, classes: Sequence[str]
) -> tuple[list[tuple[str | None, str | None]], int]:
    """Return the classes that both gave each item without knowing the other's, and how many changed later."""
    by_item: dict[str, list[Decision]] = {}
    for one in in_force:
        if one.reader in (reader_a, reader_b) and (one.action in ANSWERS or one.action == "skip"):
            by_item.setdefault(one.item_id, []).append(one)
    pairs, n_changed = [], 0
    for decisions in by_item.values():
        blind, later = _split_at_both(decisions)
        if len(blind) == 2:
            given = {reader: name_class(one, classes) for reader, one in blind.items()}
            pairs.append((given[reader_a], given[reader_b]))
            n_changed += any(name_class(one, classes) != given[reader] for reader, one in later.items())
    return pairs, n_changed


def _split_at_both(decisions: Iterable[Decision]) -> tuple[dict[str, Decision], dict[str, Decision]]:
    """Return by reader the last answer until both had answered, and the last one after that.

    A skip stands in where a reader never answered; it does not end the blindness of the two.
    """
    blind: dict[str, Decision] = {}
    later: dict[str, Decision] = {}
    answered: set[str] = set()
    for one in decisions:
        if one.action not in ANSWERS:
            blind.setdefault(one.reader, one)
        elif len(answered) == 2:
            later[one.reader] = one
        else:
            blind[one.reader] = one
            answered.add(one.reader)
    return blind, later


def _tabulate(table: Counter[tuple[str, str]]) -> np.ndarray:
    """Return the counts as a square array, one row and column for each class that occurs."""
    names = sorted({name for pair in table for name in pair})
    return np.array([[table[a, b] for b in names] for a in names], dtype=float).reshape(len(names), len(names))


def _compute_kappa(counts: np.ndarray, level: float) -> tuple[float | None, tuple[float, float] | None, str]:
    """Return kappa, its interval, and why one of them is None."""
    n = counts.sum()
    if n == 0:
        return None, None, "No item was given a class by both readers."
    if len(counts) == 1:
        return None, None, "Both readers gave every item the same one class, so chance agrees always."
    shares = counts / n
    of_a, of_b = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float(np.trace(shares)), float(of_a @ of_b)
    kappa = (observed - expected) / (1 - expected)
    if np.trace(counts) == n:
        return 1.0, None, "The readers agree on every item, so the formula of the interval has no width."
    variance = _compute_variance(shares, kappa, expected) / n
    if variance < 1e-12:
        return kappa, None, "One reader gave a single class, so the formula of the interval has no width."
    half = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt(variance))
    return kappa, (max(kappa - half, -1.0), min(kappa + half, 1.0)), ""


def _compute_variance(shares: np.ndarray, kappa: float, expected: float) -> float:
    """Return n times the large-sample variance of kappa (Fleiss, Cohen and Everitt 1969, formula 13)."""
    of_a, of_b = shares.sum(axis=1), shares.sum(axis=0)
    on = float((np.diag(shares) * (1 - (of_a + of_b) * (1 - kappa)) ** 2).sum())
    weights = (of_b[:, None] + of_a[None, :]) ** 2  # cell (i, j): share of b in class i plus share of a in j
    np.fill_diagonal(weights, 0)
    off = (1 - kappa) ** 2 * float((shares * weights).sum())
    return (on + off - (kappa - expected * (1 - kappa)) ** 2) / (1 - expected) ** 2
