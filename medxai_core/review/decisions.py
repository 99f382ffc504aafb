"""Decisions of readers, and which of them are in force after undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from medxai_core.errors import DecisionError, Failure
from medxai_core.review.replay import Replay

Action = Literal["label", "accept", "reject", "other", "unsure", "skip", "flag", "undo", "redo"]
ACTIONS: tuple[str, ...] = get_args(Action)
"""What readers do about a picture."""

RESTORES = ("withdraw", "reinstate")
"""What a restore of earlier labels does to single decisions, whoever took them."""

REVERTS = frozenset({"undo", "redo", *RESTORES})
"""Actions that put other decisions in or out of force and say nothing about a picture themselves."""

ANSWERS = frozenset({"label", "accept", "reject", "other", "unsure"})
"""Actions by which a reader answers what a picture shows; "unsure" is an answer, "skip" is none."""

_KNOWN = frozenset({*ACTIONS, *RESTORES})
_NEEDS_LABEL = frozenset({"label", "accept", "reject", "other"})


@dataclass(frozen=True)
class Decision:
    """Hold one line of the review log.

    Attributes
    ----------
    decision_id : int
        Place in the log: decisions are read in this order.
    event_id : str
        Id given where the decision was taken; one that arrives twice counts once.
    reader : str
        Pseudonym of the reader.
    at : str
        Moment, ISO 8601.
    item_id : str
        The picture or tile.
    action : str
        label: give a class to a picture (a seed). accept, reject: of the proposed class. other: the
        picture is of another class than proposed. unsure, skip: no answer. flag: look at it again.
        undo, redo: of the reader's own decisions, see `undoes`. withdraw, reinstate: a restore of earlier
        labels takes a decision of any reader out of force, or puts it back.
    label : str or None
        label, other: the class given. accept, reject: the class that was proposed. Else None.
    reason : str
        Free text, may be empty.
    clustering_id : str or None
        The clustering that made the proposal.
    undoes : str or None
        For undo and redo: event id of the decision (for redo also of the undo); None: the reader's last one.
        For withdraw and reinstate: event id of the decision.
    """

    decision_id: int
    event_id: str
    reader: str
    at: str
    item_id: str
    action: str
    label: str | None = None
    reason: str = ""
    clustering_id: str | None = None
    undoes: str | None = None

    def __post_init__(self) -> None:
        """Check the action."""
        if self.action not in _KNOWN:
            raise ValueError(f"action must be one of {', '.join((*ACTIONS, *RESTORES))}; got {self.action!r}")


class InForce(list[Decision]):
    """Decisions that stand, in order: `list_in_force` returns them and takes them as they are."""


def list_in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that stand, in the order they were taken, without those that revert others.

    Parameters
    ----------
    decisions : iterable of Decision
        The log, or all of it that concerns one item or one reader. What this function returned before is
        returned as it is, so that many figures can rest on one reading of a long log.

    Returns
    -------
    list of Decision

    Notes
    -----
    Undo takes back the reader's own last decision in force, or the one it names; redo brings back what the
    reader undid last, or what it names. A new decision leaves nothing to redo without a name. A decision
    that is brought back stands at its old place. Undo and redo that do not apply change nothing. After a
    restore, undo takes back the reader's latest decision that stands.

    Examples
    --------
    >>> first = Decision(1, "a", "r1", "2024-05-01T10:00:00", "img1", "unsure")
    >>> undo = Decision(2, "b", "r1", "2024-05-01T10:00:05", "img1", "undo")
    >>> [decision.event_id for decision in list_in_force([first])], list_in_force([first, undo])
    (['a'], [])
    """
    if isinstance(decisions, InForce):
        return decisions
    return InForce(_read_log(decisions).list_in_force())


def pick_last(in_force: Iterable[Decision]) -> dict[str, Decision]:
    """Return by item the decision that settles it: the last one, flags left out.

    A skip answers nothing, so it does not stand in for an earlier answer to the same question.

    Parameters
    ----------
    in_force : iterable of Decision
        As `list_in_force` returns them.

    Returns
    -------
    dict of str to Decision
    """
    last: dict[str, Decision] = {}
    for decision in in_force:
        if decision.action == "flag":
            continue
        before = last.get(decision.item_id)
        if decision.action != "skip" or before is None or _leaves_open(before, decision.clustering_id):
            last[decision.item_id] = decision
    return last


def find_undo_target(decisions: Iterable[Decision], reader: str, *, event_id: str | None = None) -> Decision:
    """Return the decision that an undo of this reader would take back.

    Parameters
    ----------
    decisions : iterable of Decision
        The log; that of this reader is enough.
    reader : str
        Who wants to undo.
    event_id : str, optional
        Undo this decision instead of the last one.

    Returns
    -------
    Decision

    Raises
    ------
    DecisionError
        If there is nothing to undo, or the named decision is not the reader's or not in force.
    """
    log = _read_log(decisions)
    target = log.find_undo(reader, event_id)
    if target is None:
        raise _cannot_revert("undo", reader, event_id)
    return log.taken[target]


def find_redo_target(decisions: Iterable[Decision], reader: str, *, event_id: str | None = None) -> Decision:
    """Return the decision that a redo of this reader would bring back.

    Parameters
    ----------
    decisions : iterable of Decision
        The log; that of this reader is enough.
    reader : str
        Who wants to redo.
    event_id : str, optional
        Bring back this decision, or what this undo took back, instead of the last one undone.

    Returns
    -------
    Decision

    Raises
    ------
    DecisionError
        If there is nothing to redo, or the named decision is not the reader's or is in force.
    """
    log = _read_log(decisions)
    target = log.find_redo(reader, event_id)
    if target is None:
        raise _cannot_revert("redo", reader, event_id)
    return log.taken[target]


def export_decisions(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """Return the log as plain rows, undone decisions too.

    Parameters
    ----------
    decisions : iterable of Decision
        The log.

    Returns
    -------
    list of dict
        One for each decision, in order; keys are the fields of `Decision`.
    """
    return [asdict(decision) for decision in sort_log(decisions)]


def import_decisions(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Decision], list[Failure]]:
    """Return the decisions of plain rows, and the rows that are none.

    Parameters
    ----------
    rows : iterable of mapping
        As `export_decisions` returns them, or as read from a file: values may be text, an empty text
        stands for None where None is allowed.

    Returns
    -------
    decisions : list of Decision
        In order; a row whose event id came before is left out.
    failures : list of Failure
        One for each row that cannot be read, with the reason.

    Examples
    --------
    >>> row = {"decision_id": "1", "event_id": "e1", "reader": "r1", "at": "2024-05-01T10:00:00Z"}
    >>> found, failures = import_decisions([row | {"item_id": "img1", "action": "skip"}, row])
    >>> found[0].action, failures[0].reason
    ('skip', 'item_id is missing. Export the decisions again.')
    """
    decisions, failures = [], []
    for number, row in enumerate(rows, start=1):
        try:
            decisions.append(_parse_row(row))
        except ValueError as error:
            name = row.get("event_id") or f"row {number}"
            failures.append(Failure(str(name), f"{error}. Export the decisions again."))
    return sort_log(decisions), failures


def sort_log(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the log in order, each event once."""
    first: dict[str, Decision] = {}
    for decision in sorted(decisions, key=lambda decision: decision.decision_id):
        first.setdefault(decision.event_id, decision)
    return list(first.values())


def _leaves_open(decision: Decision, clustering_id: str | None) -> bool:
    """Say whether a decision leaves a proposal of this clustering without an answer."""
    return decision.action == "skip" or (decision.action == "reject" and decision.clustering_id != clustering_id)


def _read_log(decisions: Iterable[Decision]) -> Replay:
    """Follow the log from its start to its end."""
    log = Replay()
    for decision in sort_log(decisions):
        log.follow(decision)
    return log


def _cannot_revert(verb: str, reader: str, event_id: str | None) -> DecisionError:
    """Return the error for an undo or redo that does not apply."""
    if event_id is None:
        return DecisionError(f"{reader} has nothing to {verb}.", "Decide on a picture first.")
    state = "in force" if verb == "undo" else "undone"
    return DecisionError(
        f"decision {event_id!r} cannot be {'undone' if verb == 'undo' else 'redone'} by {reader}.",
        f"Name one of your own decisions that is {state}.",
    )


def _parse_row(row: Mapping[str, Any]) -> Decision:
    """Return the decision of one row, or raise ValueError with the reason."""
    for name in ("event_id", "reader", "at", "item_id", "action"):
        if not row.get(name):
            raise ValueError(f"{name} is missing")
    action, label = str(row["action"]), row.get("label") or None
    if action in _NEEDS_LABEL and label is None:
        raise ValueError(f"{action} needs a label")
    if action in RESTORES and not row.get("undoes"):
        raise ValueError(f"{action} needs the event id of the decision in undoes")
    if action == "reject" and not row.get("clustering_id"):
        raise ValueError("reject needs the clustering_id of the proposal")
    return Decision(
        decision_id=_parse_number(row.get("decision_id")),
        event_id=str(row["event_id"]),
        reader=str(row["reader"]),
        at=_check_moment(str(row["at"])),
        item_id=str(row["item_id"]),
        action=action,
        label=label,
        reason=str(row.get("reason") or ""),
        clustering_id=row.get("clustering_id") or None,
        undoes=row.get("undoes") or None,
    )


def _parse_number(value: Any) -> int:
    """Return a decision's number, or raise ValueError with the reason."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"decision_id must be a whole number; got {value!r}") from None


def _check_moment(text: str) -> str:
    """Return the text of a moment as it is, or raise ValueError with the reason."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"at must be a moment in ISO 8601; got {text!r}") from None
    return text
