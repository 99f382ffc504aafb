"""Earlier states of the labels: where the log may be cut, and what brings such a state back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from medxai_core.review.decisions import REVERTS, Decision, sort_log
from medxai_core.review.labels import name_given_label
from medxai_core.review.replay import Replay

PAUSE = timedelta(minutes=30)
"""A pause that ends a sitting."""

_MARK = re.compile(r" #[0-9a-f]{8}$")

LONGEST_SITTING = 50
"""Lines after which a new moment begins, so that no more than these are lost by going back to the one before."""


@dataclass(frozen=True)
class Moment:
    """Hold one point of the log that the labels can go back to.

    Attributes
    ----------
    number : int
        Number of the last line; 0 is the state before any decision.
    first : int
        Number of the first line since the moment before.
    began, at : str
        Moments of the first and the last line, ISO 8601; empty for number 0.
    readers : dict of str to int
        Who wrote these lines, and how many each.
    mark : str
        What is written beside all lines of a batch or a restore; empty for decisions taken one by one.
    counts : dict of str to int
        Lines by action.
    n_labels : dict of str to int
        Items that have a label from readers after the last line, by class.
    """

    number: int
    first: int
    began: str
    at: str
    readers: dict[str, int]
    mark: str
    counts: dict[str, int]
    n_labels: dict[str, int]

    @property
    def n_lines(self) -> int:
        """Lines since the moment before."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Switch:
    """Say that a decision goes out of force ("withdraw") or comes back ("reinstate")."""

    decision: Decision
    action: str


def list_moments(
    decisions: Iterable[Decision], *, classes: Sequence[str], among: Collection[str] | None = None
) -> list[Moment]:
    """Return the moments of a log, oldest first: who did what, and how many labels of readers stood then.

    Parameters
    ----------
    decisions : iterable of Decision
        The whole log.
    classes : sequence of str
        Classes to count.
    among : collection of str, optional
        Count the labels of these items only: those that have no reference label, say.

    Returns
    -------
    list of Moment
        The first is the state before any decision. A new moment begins when someone decides who had not done
        so in the last 30 minutes, after 50 lines, and with a batch or a restore, which is one of its own.

    Notes
    -----
    Only the labels that readers gave are counted: they follow from the log alone, whatever the clusters
    propose today.

    Examples
    --------
    >>> log = [Decision(1, "e1", "r1", "2024-05-01T10:00:00", "a", "label", "polyp")]
    >>> [(moment.number, moment.n_labels) for moment in list_moments(log, classes=["polyp"])]
    [(0, {'polyp': 0}), (1, {'polyp': 1})]
    """
    tally = _Tally(classes, None if among is None else frozenset(among))
    moments = [Moment(0, 0, "", "", {}, "", {}, tally.count())]
    for lines in _group_lines(sort_log(decisions)):
        tally.follow(lines)
        moments.append(
            Moment(
                number=lines[-1].decision_id,
                first=lines[0].decision_id,
                began=lines[0].at,
                at=lines[-1].at,
                readers=dict(Counter(line.reader for line in lines)),
                mark=_get_mark(lines[0]),
                counts=dict(Counter(line.action for line in lines)),
                n_labels=tally.count(),
            )
        )
    return moments


def cut_log(decisions: Iterable[Decision], at: int | datetime) -> list[Decision]:
    """Return the log as it was.

    Parameters
    ----------
    decisions : iterable of Decision
        The whole log.
    at : int or datetime
        Number of the last line to keep; or a moment: what was written before the first line taken later.
        Not all lines up to the moment: those that were imported later carry an earlier one.

    Returns
    -------
    list of Decision
        In order, each event once.
    """
    log = sort_log(decisions)
    if isinstance(at, int):
        return [line for line in log if line.decision_id <= at]
    moment = _as_utc(at)
    for n, line in enumerate(log):
        if read_moment(line.at) > moment:
            return log[:n]
    return log


def plan_restore(decisions: Iterable[Decision], at: int | datetime) -> list[Switch]:
    """Return what brings back the decisions that stood at an earlier moment, and no others.

    Parameters
    ----------
    decisions : iterable of Decision
        The whole log.
    at : int or datetime
        As for `cut_log`.

    Returns
    -------
    list of Switch
        In the order the decisions were taken; empty when the same ones stand now.

    Notes
    -----
    A decision that comes back stands at its old place, so the decisions in force are the same, in the same
    order, as they were then: every label of a reader is too.
    """
    log = sort_log(decisions)
    then, now = _replay(cut_log(log, at)), _replay(log)
    return [
        Switch(decision, "withdraw" if stands else "reinstate")
        for decision, stands in ((now.taken[event_id], stands) for event_id, stands in now.in_force.items())
        if stands != then.in_force.get(decision.event_id, False)
    ]


def plan_take_back(decisions: Iterable[Decision], mark: str) -> list[Switch]:
    """Return what undoes one restore; decisions that were switched again since are left as they are.

    Parameters
    ----------
    decisions : iterable of Decision
        The whole log.
    mark : str
        What is written beside all lines of the restore, see `Moment.mark`.

    Returns
    -------
    list of Switch
    """
    log = sort_log(decisions)
    now = _replay(log)
    lines = {line.undoes: line.action for line in log if line.reason == mark and line.action in REVERTS}
    return [
        Switch(now.taken[event_id], "withdraw" if action == "reinstate" else "reinstate")
        for event_id, action in lines.items()
        if event_id in now.taken and now.in_force[event_id] == (action == "reinstate")
    ]


def read_moment(text: str) -> datetime:
    """Return the moment of a log line; one without a time zone is taken for UTC, as the log is written.

    Examples
    --------
    >>> read_moment("2024-05-01T10:00:00") == read_moment("2024-05-01T12:00:00+02:00")
    True
    """
    return _as_utc(datetime.fromisoformat(text))


class _Tally:
    """Count the labels that readers gave while the log is followed; only what a line touches is looked at."""

    def __init__(self, classes: Sequence[str], among: frozenset[str] | None) -> None:
        self._replay = Replay()
        self._taken: dict[str, list[Decision]] = {}  # by item, in order
        self._labels: dict[str, str] = {}
        self._counts = dict.fromkeys(classes, 0)
        self._among = among

    def follow(self, lines: Iterable[Decision]) -> None:
        """Take some more lines into account."""
        touched = set()
        for line in lines:
            item_id = self._replay.follow(line)
            if item_id is None or (self._among is not None and item_id not in self._among):
                continue
            touched.add(item_id)
            if line.action not in REVERTS:
                self._taken.setdefault(item_id, []).append(line)
        for item_id in touched:
            self._settle(item_id)

    def count(self) -> dict[str, int]:
        """Return the number of labels by class."""
        return dict(self._counts)

    def _settle(self, item_id: str) -> None:
        """Count an item anew."""
        in_force = self._replay.in_force
        label = name_given_label([one for one in self._taken[item_id] if in_force[one.event_id]])
        before = self._labels.pop(item_id, None)
        if before in self._counts:
            self._counts[before] -= 1
        if label is not None:
            self._labels[item_id] = label
            if label in self._counts:
                self._counts[label] += 1


def _group_lines(log: Sequence[Decision]) -> list[list[Decision]]:
    """Return the lines of a log in groups that belong together."""
    groups: list[list[Decision]] = []
    last_of: dict[str, datetime] = {}  # by reader
    for line in log:
        mark, at = _get_mark(line), read_moment(line.at)
        goes_on = bool(groups) and mark == _get_mark(groups[-1][-1])
        if goes_on and not mark:
            last = last_of.get(line.reader)
            goes_on = last is not None and abs(at - last) <= PAUSE and len(groups[-1]) < LONGEST_SITTING
        if goes_on:
            groups[-1].append(line)
        else:
            groups.append([line])
        last_of[line.reader] = at
    return groups


def _get_mark(line: Decision) -> str:
    """Return what is written beside all lines of a batch or a restore; empty for others."""
    return line.reason if _MARK.search(line.reason) else ""


def _replay(log: Iterable[Decision]) -> Replay:
    """Follow a log that is in order."""
    replay = Replay()
    for line in log:
        replay.follow(line)
    return replay


def _as_utc(moment: datetime) -> datetime:
    """Return a moment with a time zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
