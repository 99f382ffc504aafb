"""How far two readers agree, beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.review.decisions import Decision, list_in_force, pick_last


@dataclass(frozen=True)
class Agreement:
    """Tell how far two readers agree.

    Attributes
    ----------
    n_both : int
        Items that both gave a class.
    n_left_out : int
        Items that both looked at where one or both gave no class (unsure, skipped).
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
        The log. Of each reader the last decision in force on an item counts.
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
    in_force = list_in_force(decisions)
    judged_a, judged_b = (_list_judgements(in_force, reader, classes) for reader in (reader_a, reader_b))
    both = judged_a.keys() & judged_b.keys()
    pairs = [(judged_a[item], judged_b[item]) for item in both]
    table = Counter((a, b) for a, b in pairs if a is not None and b is not None)
    n, n_agree = table.total(), sum(count for (a, b), count in table.items() if a == b)
    kappa, interval, why = _compute_kappa(_tabulate(table), level)
    return Agreement(
        n_both=n,
        n_left_out=len(both) - n,
        n_agree=n_agree,
        observed=n_agree / n if n else None,
        kappa=kappa,
        interval=interval,
        why=why,
        table=dict(sorted(table.items())),
    )


def _list_judgements(in_force: Iterable[Decision], reader: str, classes: Sequence[str]) -> dict[str, str | None]:
    """Return the class a reader gave each item last; None where no class was given."""
    last = pick_last(decision for decision in in_force if decision.reader == reader)
    return {item_id: _name_class(decision, classes) for item_id, decision in last.items()}


def _name_class(decision: Decision, classes: Sequence[str]) -> str | None:
    """Return the class that a decision stands for, None if it stands for none."""
    if decision.action in ("unsure", "skip"):
        return None
    if decision.action != "reject":
        return decision.label
    others = [name for name in classes if name != decision.label]
    return others[0] if len(classes) == 2 and len(others) == 1 else None


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
