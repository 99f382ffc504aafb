"""A second reader blind to the first: what may be seen, what is left to read, where two readers disagree."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from medxai_core.config import CLASS_NAMES
from medxai_core.review import ANSWERS, Agreement, Decision, compute_agreement, list_in_force, name_class, name_kappa
from medxai_core.review.decisions import InForce
from medxai_core.stages.review_batches import is_batch

FEW_READ_BY_BOTH = 30
"""Pictures read by both, below which it is said that they are few."""


ABOUT_KAPPA = (
    "Kappa is 1 for full agreement and 0 for what chance gives. The word follows Landis and Koch (1977), a convention; "
    "where one class is rare, kappa is low although readers mostly agree."
)


@dataclass(frozen=True)
class Disagreement:
    """Hold one item on which two readers gave different classes.

    Attributes
    ----------
    item_id : str
    line : int
        Number of the log line at which the disagreement arose.
    answers : dict of str to str
        The class that each reader gave then, by reader, in the order they answered.
    settled_by : str or None
        Who answered last after it arose: that answer is the label in force. None: it is open.
    """

    item_id: str
    line: int
    answers: dict[str, str]
    settled_by: str | None

    @property
    def is_open(self) -> bool:
        """True when no one has answered since."""
        return self.settled_by is None


@dataclass(frozen=True)
class PairReading:
    """Say how far two readers agree, in numbers and in words.

    Attributes
    ----------
    readers : (str, str)
    agreement : Agreement
    headline : str
    details : tuple of str
        What it rests on, and what it does not say.
    """

    readers: tuple[str, str]
    agreement: Agreement
    headline: str
    details: tuple[str, ...]


def list_looked_at(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions in force that were taken one by one, without those about many items at once."""
    return InForce(decision for decision in list_in_force(decisions) if not is_batch(decision))


def list_visible_decisions(decisions: Sequence[Decision], reader: str) -> list[Decision]:
    """Return the part of the log that a reader may see.

    Of others nothing about an item is seen until the reader has answered on it themselves, one by one.
    A skip, a flag or a decision about many items at once is no answer.

    Parameters
    ----------
    decisions : sequence of Decision
        The whole log.
    reader : str
        Who looks.

    Returns
    -------
    list of Decision
        In the same order.

    Examples
    --------
    >>> at = "2024-05-01T10:00:00"
    >>> log = [Decision(1, "e1", "r1", at, "a", "unsure"), Decision(2, "e2", "r1", at, "b", "unsure")]
    >>> [line.event_id for line in list_visible_decisions(log, "r2")]
    []
    >>> log.append(Decision(3, "e3", "r2", at, "b", "unsure"))
    >>> [line.event_id for line in list_visible_decisions(log, "r2")]
    ['e2', 'e3']
    """
    answered = list_answered(decisions, reader)
    return [line for line in decisions if line.reader == reader or line.item_id in answered]


def list_answered(decisions: Sequence[Decision], reader: str) -> set[str]:
    """Return the ids of the items on which a reader's own answer stands, given one by one."""
    return {one.item_id for one in list_looked_at(decisions) if one.reader == reader and one.action in ANSWERS}


def queue_second_reading(
    decisions: Sequence[Decision], reader: str, *, among: Collection[str], seed: int = 0
) -> list[str]:
    """Return the items that another reader has judged and this one has not.

    Parameters
    ----------
    decisions : sequence of Decision
        The whole log.
    reader : str
        The second reader.
    among : collection of str
        Items that may be asked about: the present training items without a reference label.
    seed : int, default 0
        Seed of the order.

    Returns
    -------
    list of str
        By chance. The order among those that stay does not change while the first reader goes on, and tells
        nothing of what was said.
    """
    others: set[str] = set()
    own: set[str] = set()
    for one in list_looked_at(decisions):
        if one.action in ANSWERS:
            (own if one.reader == reader else others).add(one.item_id)
    wanted = (item_id for item_id in others - own if item_id in among)
    return sorted(wanted, key=lambda item_id: hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=8).digest())


def list_disagreements(decisions: Sequence[Decision], *, classes: Sequence[str] = CLASS_NAMES) -> list[Disagreement]:
    """Return the items on which readers gave different classes, in the order in which that arose.

    Parameters
    ----------
    decisions : sequence of Decision
        The whole log.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    list of Disagreement
        Open and settled ones.

    Notes
    -----
    The label in force is the last answer, whoever gave it; a disagreement does not change that. It counts as
    settled as soon as anyone, one of the two or a third reader, has answered after it arose. Decisions about
    many items at once are no reading and make no disagreement.

    Examples
    --------
    >>> at = "2024-05-01T10:00:00"
    >>> log = [
    ...     Decision(1, "e1", "r1", at, "a", "label", "polyp"),
    ...     Decision(2, "e2", "r2", at, "a", "label", "non_polyp"),
    ... ]
    >>> [(one.item_id, one.answers, one.is_open) for one in list_disagreements(log)]
    [('a', {'r1': 'polyp', 'r2': 'non_polyp'}, True)]
    """
    by_item: dict[str, list[Decision]] = {}
    for one in list_looked_at(decisions):
        if one.action in ANSWERS:
            by_item.setdefault(one.item_id, []).append(one)
    found = (_find_disagreement(answers, classes) for answers in by_item.values())
    return sorted((one for one in found if one is not None), key=lambda one: one.line)


def queue_disagreements(
    decisions: Sequence[Decision], *, among: Collection[str], classes: Sequence[str] = CLASS_NAMES
) -> list[str]:
    """Return the items with an open disagreement, oldest first, for whoever asks to settle them.

    Notes
    -----
    One of the two who disagree sees what both said; a third reader does not, see `list_visible_decisions`,
    and answers blind.
    """
    found = list_disagreements(decisions, classes=classes)
    return [one.item_id for one in found if one.is_open and one.item_id in among]


def describe_pairs(decisions: Sequence[Decision], *, classes: Sequence[str] = CLASS_NAMES) -> list[PairReading]:
    """Return how far every two readers agree who read the same pictures, most pictures first.

    Parameters
    ----------
    decisions : sequence of Decision
        The whole log; decisions about many items at once do not count.
    """
    looked = list_looked_at(decisions)
    read: dict[str, set[str]] = {}
    for one in looked:
        if one.action in ANSWERS:
            read.setdefault(one.reader, set()).add(one.item_id)
    pairs = [(a, b) for a, b in combinations(sorted(read), 2) if read[a] & read[b]]
    found = [describe_pair(looked, a, b, classes=classes) for a, b in pairs]
    return sorted(found, key=lambda one: -one.agreement.n_both)


def describe_pair(
    looked: Sequence[Decision], reader_a: str, reader_b: str, *, classes: Sequence[str] = CLASS_NAMES
) -> PairReading:
    """Say in plain words how far two readers agree.

    Parameters
    ----------
    looked : sequence of Decision
        From `list_looked_at`.
    """
    found = compute_agreement(looked, reader_a, reader_b, classes=classes)
    return PairReading((reader_a, reader_b), found, _say_agreement(found), tuple(_list_caveats(found)))


def _find_disagreement(answers: list[Decision], classes: Sequence[str]) -> Disagreement | None:
    """Return the disagreement on one item, from the answers about it in order; None if there is none."""
    current: dict[str, str] = {}
    for n, one in enumerate(answers):
        current.pop(one.reader, None)
        name = name_class(one, classes)
        if name is not None:
            current[one.reader] = name
        if len(set(current.values())) > 1:
            settled_by = answers[-1].reader if n + 1 < len(answers) else None
            return Disagreement(one.item_id, one.decision_id, current, settled_by)
    return None


def _say_agreement(found: Agreement) -> str:
    """Say how far two readers agree in one sentence."""
    if not found.n_both:
        return "No picture has a class from both, so nothing can be said."
    same = f"the same on {found.n_agree} of {found.n_both} ({100 * (found.observed or 0):.0f} %)"
    if found.kappa is None:
        return f"They said {same}."
    words = (
        f"They said {same}; beyond chance the agreement is {name_kappa(found.kappa)} (Cohen's kappa {found.kappa:.2f}"
    )
    if found.interval is None:
        return f"{words})."
    return f"{words}, 95 % interval {found.interval[0]:.2f} to {found.interval[1]:.2f})."


def _list_caveats(found: Agreement) -> list[str]:
    """Say what an agreement rests on, and what it does not say."""
    caveats = []
    if found.why:
        caveats.append(found.why)
    if 0 < found.n_both < FEW_READ_BY_BOTH:
        caveats.append(f"{found.n_both} pictures are few: with {FEW_READ_BY_BOTH} or more it becomes reliable.")
    if found.n_left_out:
        caveats.append(f"{found.n_left_out} more were left unsure or skipped by one of them and do not count.")
    if found.n_changed_later:
        caveats.append(
            f"On {found.n_changed_later} an answer was changed after both had answered; the blind answers count here."
        )
    return caveats
