"""What a step of a replay says: an outcome in words; how arrays are compared, and how a likely cause is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Outcome = Literal["same", "differs", "not replayed"]

MOST_NAMED = 5
"""Pictures that are named one by one, at most."""

NO_ROUNDS = "No labels were proposed when this run began: it learned from seeds and from what readers decided."

OF_CHANGED = "They are of pictures whose files changed, see above."

SCORES_GONE = "The class map was made anew since; the scores that the run's bands were cut from are not kept."

WITHOUT_EFFECT = ("n_cpus",)
"""What is recorded of a machine and changes no bit: a replay takes the recorded number of threads."""


@dataclass(frozen=True)
class ReplayStep:
    """Say what came of one step.

    Attributes
    ----------
    name : str
        One of "pictures", "features", "clusters", "proposals", "labels", "training", "heat maps", "masks", "scores",
        "report".
    outcome : {"same", "differs", "not replayed"}
    words : str
        In plain sentences.
    numbers : dict
        What was counted, as plain values.
    """

    name: str
    outcome: Outcome
    words: str
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Count what differs between two arrays of the same shape.

    Attributes
    ----------
    n_rows, n_rows_different : int
    greatest : float
        Greatest difference of two values; infinite where one of them is missing.
    """

    n_rows: int
    n_rows_different: int
    greatest: float

    @property
    def is_same(self) -> bool:
        """Return True when all values are the same bits."""
        return self.n_rows_different == 0


def compare_arrays(then: np.ndarray, now: np.ndarray) -> Comparison:
    """Compare two arrays row by row; a value that is missing (NaN) in both is the same.

    Examples
    --------
    >>> compare_arrays(np.array([[1.0, np.nan], [2.0, 3.0]]), np.array([[1.0, np.nan], [2.0, 3.5]]))
    Comparison(n_rows=2, n_rows_different=1, greatest=0.5)
    """
    if then.shape != now.shape:
        return Comparison(len(then), max(len(then), len(now)), float("inf"))
    rows = find_different_rows(then, now)
    gaps = np.abs(np.asarray(then[rows], np.float64) - np.asarray(now[rows], np.float64))
    is_missing = np.isnan(then[rows]) & np.isnan(now[rows])
    greatest = np.where(is_missing, 0.0, np.nan_to_num(gaps, nan=np.inf)).max(initial=0.0)
    return Comparison(len(then), int(rows.sum()), float(greatest))


def find_different_rows(then: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Return which rows of two arrays of one shape are not the same bits, (n,) bool."""
    a, b = np.asarray(then, np.float64), np.asarray(now, np.float64)
    is_same = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
    rows: np.ndarray = ~is_same.reshape(len(a), -1).all(axis=1)
    return rows


def list_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say which versions are others now than were recorded; a version that was not recorded is not compared.

    >>> list_changes({"torch": "2.14", "numpy": "2.4", "n_cpus": 8}, {"torch": "2.15", "numpy": "2.4", "n_cpus": 2})
    ['torch 2.14, now 2.15']
    """
    names = {"code": "the code of this software", "medxai_core": "this software", "cpu_instructions": "the processor"}
    return [
        f"{names.get(name, name)} {then[name]}, now {now[name]}"
        for name in then
        if name in now and then[name] != now[name] and name not in WITHOUT_EFFECT
    ]


def say_cause(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the likely cause of a difference: other versions; or say that they do not explain it."""
    changes = list_changes(then, now)
    if changes:
        return f"The likely cause: {'; '.join(changes)}."
    recorded = "something that is recorded here was changed: a setting, the seed, a label, the number of threads"
    if "code" not in then:
        return (
            "Either this software was changed in between (then it did not record the state of its code yet), or "
            f"{recorded}."
        )
    return f"The versions are the same as then, so they are not the cause: {recorded}, or the processor is another."


def say_differ(n: int, name: str, *, of: int) -> str:
    """Say how many differ.

    >>> say_differ(1, "map", of=9), say_differ(2, "tensor of the weights", of=9)
    ('1 of 9 maps differs', '2 of 9 tensors of the weights differ')
    """
    first, *rest = name.split(" ", 1)
    return f"{' '.join([count(n, first, of=of), *rest])} {'differs' if n == 1 else 'differ'}"


def count(n: int, name: str, *, of: int | None = None) -> str:
    """Write a number with its word.

    >>> count(1, "picture"), count(2, "picture", of=9)
    ('1 picture', '2 of 9 pictures')
    """
    among = "" if of is None else f" of {of}"
    return f"{n}{among} {name}{'' if (n if of is None else of) == 1 else 's'}"
