"""From reference labels, proposals and decisions to the label of each picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import DecisionError
from medxai_core.review.decisions import ACTIONS, REVERTS, Decision, list_in_force, pick_last

Proposal = tuple[str, str]
"""Proposed label and id of the clustering that proposed it."""

Source = Literal["reference", "review", "cluster"]

_GIVING_WORDS = {"accept": "accepted", "other": "corrected it to", "label": "labelled it"}
_GIVES_LABEL = frozenset(_GIVING_WORDS)


@dataclass(frozen=True)
class LabelState:
    """Tell the label of one item and where it comes from.

    Attributes
    ----------
    label : str or None
        Class to train with. None: unlabelled.
    source : {"reference", "review", "cluster"} or None
        Where the label comes from; None without a label.
    why : str
        The reason in plain words; never the reference label.
    decided_by : str or None
        Event id of the decision that settled it, if one did.
    flagged : bool
        True while a reader's flag is in force.
    """

    label: str | None
    source: Source | None
    why: str
    decided_by: str | None = None
    flagged: bool = False


def compute_labels(
    item_ids: Sequence[str],
    reference_labels: Mapping[str, str],
    proposals: Mapping[str, Proposal],
    decisions: Iterable[Decision],
) -> dict[str, LabelState]:
    """Return the label of every item: reference before review before cluster.

    Parameters
    ----------
    item_ids : sequence of str
        The items asked for.
    reference_labels : mapping of str to str
        Known labels that may be used, by item.
    proposals : mapping of str to (label, clustering_id)
        What the clusters propose, by item.
    decisions : iterable of Decision
        The log, of any order and with repeated events; all of it, or all that concerns these items.

    Returns
    -------
    dict of str to LabelState
        In the order of `item_ids`.

    Notes
    -----
    Of several readers the last decision in force wins. Accepted, other class and label: trains as review.
    Rejected: no label; the same class is not taken from the same clustering again, a new proposal stands.
    Unsure and skipped: unlabelled, whatever is proposed later, until someone decides. A skip does not take
    back an earlier answer, and a flag changes no label.

    Examples
    --------
    >>> accept = Decision(1, "e1", "r1", "2024-05-01T10:00:00", "b", "accept", "polyp", "", "c1")
    >>> states = compute_labels(["a", "b", "c"], {"a": "polyp"}, {"b": ("polyp", "c1")}, [accept])
    >>> [(state.label, state.source) for state in states.values()]
    [('polyp', 'reference'), ('polyp', 'review'), (None, None)]
    """
    in_force = list_in_force(decisions)
    flagged = {decision.item_id for decision in in_force if decision.action == "flag"}
    last = pick_last(in_force)
    rejected = _collect_rejected(in_force)
    untouched: dict[tuple[str | None, Proposal | None], LabelState] = {}  # most items: one state for all alike
    states = {}
    for item_id in item_ids:
        reference, proposal = reference_labels.get(item_id), proposals.get(item_id)
        if item_id in last or item_id in flagged:
            answers = last.get(item_id), rejected.get(item_id, set())
            states[item_id] = _settle(reference, proposal, *answers, flagged=item_id in flagged)
            continue
        alike = untouched.get((reference, proposal))
        if alike is None:
            alike = untouched[reference, proposal] = _settle(reference, proposal, None, set(), flagged=False)
        states[item_id] = alike
    return states


def name_given_label(in_force: Iterable[Decision]) -> str | None:
    """Return the label that readers gave one item; None when they gave none.

    Parameters
    ----------
    in_force : iterable of Decision
        Decisions in force about the item, in order.

    Examples
    --------
    >>> at = "2024-05-01T10:00:00"
    >>> first, second = Decision(1, "a", "r1", at, "x", "label", "polyp"), Decision(2, "b", "r2", at, "x", "unsure")
    >>> name_given_label([first]), name_given_label([first, second])
    ('polyp', None)
    """
    last = next(iter(pick_last(in_force).values()), None)
    return last.label if last is not None and last.action in _GIVES_LABEL else None


def list_not_again(decisions: Iterable[Decision]) -> set[tuple[str, str, str | None]]:
    """Return what was rejected: (item_id, label, clustering_id) that must not be proposed again.

    Parameters
    ----------
    decisions : iterable of Decision
        The log.

    Returns
    -------
    set of (str, str, str)
        Rejections in force, without those that a later decision for the same class took back.
    """
    return {
        (item_id, label, clustering_id)
        for item_id, proposals in _collect_rejected(list_in_force(decisions)).items()
        for label, clustering_id in proposals
    }


def check_decision(
    state: LabelState,
    proposal: Proposal | None,
    action: str,
    *,
    label: str | None = None,
    classes: Sequence[str] = CLASS_NAMES,
) -> None:
    """Raise if a decision cannot be taken on an item as it stands.

    Parameters
    ----------
    state : LabelState
        The item as `compute_labels` returns it.
    proposal : (label, clustering_id) or None
        What is proposed for the item.
    action : str
        One of `ACTIONS` but those of `REVERTS`, for which see `find_undo_target`.
    label : str, optional
        The class, for label and other.
    classes : sequence of str
        Classes of the study.

    Raises
    ------
    DecisionError
        If there is nothing to accept or reject, the class is missing, unknown or the proposed one, or the
        item has a reference label, which a review cannot change.
    ValueError
        If the action is unknown, or reverts others.
    """
    if action not in ACTIONS or action in REVERTS:
        raise ValueError(f"action must be a decision about a picture; got {action!r}")
    if state.source == "reference" and action != "flag":
        raise DecisionError("this picture has a reference label, which a review does not change.", "Flag it.")
    if action in ("accept", "reject", "other") and proposal is None:
        raise DecisionError(
            f"there is no proposal to {'correct' if action == 'other' else action}.",
            "Give the picture a label, or run the pseudo-label rounds first.",
        )
    if action in ("label", "other"):
        _check_class(label, classes)
    if proposal is None or label is None:
        return
    if action in ("accept", "reject") and label != proposal[0]:
        raise DecisionError(f"{label!r} is not what is proposed.", "Load the picture again and decide anew.")
    if action == "other" and label == proposal[0]:
        raise DecisionError(f"{label!r} is the proposed class.", "Accept it, or choose another class.")


def _check_class(label: str | None, classes: Sequence[str]) -> None:
    """Raise if a label is not one of the classes."""
    if label not in classes:
        what = "no class was given" if label is None else f"{label!r} is not a class of the study"
        raise DecisionError(f"{what}.", f"Choose one of {', '.join(classes)}.")


def _collect_rejected(in_force: Iterable[Decision]) -> dict[str, set[tuple[str, str | None]]]:
    """Return by item the (label, clustering_id) that were rejected and not taken back since."""
    rejected: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for decision in in_force:
        if decision.label is None:
            continue
        if decision.action == "reject":
            rejected[decision.item_id].add((decision.label, decision.clustering_id))
        elif decision.action in _GIVES_LABEL and decision.item_id in rejected:
            rejected[decision.item_id] = {pair for pair in rejected[decision.item_id] if pair[0] != decision.label}
    return rejected


def _settle(
    reference: str | None,
    proposal: Proposal | None,
    last: Decision | None,
    rejected: set[tuple[str, str | None]],
    *,
    flagged: bool,
) -> LabelState:
    """Return the state of one item from what is known about it."""
    if reference is not None:
        return LabelState(reference, "reference", "It has a reference label.", flagged=flagged)
    if last is not None and last.action in _GIVES_LABEL and last.label is not None:
        return LabelState(last.label, "review", _say_given(last), last.event_id, flagged)
    if last is not None and last.action in ("unsure", "skip"):
        verb = "was unsure about" if last.action == "unsure" else "skipped"
        return LabelState(None, None, f"Reader {last.reader} {verb} it on {last.at}.", last.event_id, flagged)
    if proposal is not None and proposal not in rejected:
        why = f"Proposed by clustering {proposal[1]}; no reader has decided on this proposal."
        return LabelState(proposal[0], "cluster", why, flagged=flagged)
    if last is not None and last.action == "reject":
        why = f"Reader {last.reader} rejected {last.label} on {last.at}."
        return LabelState(None, None, why, last.event_id, flagged)
    if proposal is not None:
        return LabelState(None, None, f"A reader rejected {proposal[0]} before.", flagged=flagged)
    return LabelState(None, None, "No label, and no cluster proposes one.", flagged=flagged)


def _say_given(decision: Decision) -> str:
    """Say in plain words who gave a label."""
    return f"Reader {decision.reader} {_GIVING_WORDS[decision.action]} {decision.label} on {decision.at}."
