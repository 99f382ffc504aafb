"""Decisions about many items at once: told from those taken one by one, and taken back together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from medxai_core.errors import DecisionError
from medxai_core.records.decisions import list_decisions, new_event_id
from medxai_core.review import Decision, list_in_force
from medxai_core.stages.review_events import ReviewEvent, record_all
from medxai_core.study import Study

SEVERAL, WHOLE_CLUSTER = "several at once", "whole cluster"
_MARK = " #"


def name_batch(kind: str) -> str:
    """Return the reason to write beside all decisions of one batch.

    Parameters
    ----------
    kind : {SEVERAL, WHOLE_CLUSTER}

    Examples
    --------
    >>> name_batch(SEVERAL).startswith("several at once #")
    True
    """
    return join_batch(kind, new_event_id()[:8])


def join_batch(kind: str, mark: str) -> str:
    """Return the reason of a batch whose mark is known.

    Examples
    --------
    >>> join_batch(WHOLE_CLUSTER, "ab12")
    'whole cluster #ab12'
    """
    return f"{kind}{_MARK}{mark}"


def is_batch(decision: Decision) -> bool:
    """Return True when a decision was taken about many items at once."""
    return describe_batch(decision) in (SEVERAL, WHOLE_CLUSTER)


def describe_batch(decision: Decision) -> str:
    """Return the reason of a decision without the mark of its batch.

    Examples
    --------
    >>> describe_batch(Decision(1, "e1", "r1", "2024-05-01T10:00:00", "a", "skip", None, "whole cluster #ab"))
    'whole cluster'
    """
    return decision.reason.partition(_MARK)[0]


def group_batches(decisions: Sequence[Decision]) -> list[list[Decision]]:
    """Return decisions in groups: those of one batch that follow each other, every other one alone.

    Examples
    --------
    >>> def decide(number, reason):
    ...     return Decision(number, f"e{number}", "r1", "2024-05-01T10:00:00", "a", "skip", None, reason)
    >>> log = [decide(1, ""), decide(2, ""), decide(3, "several at once #1"), decide(4, "several at once #1")]
    >>> [len(group) for group in group_batches(log)]
    [1, 1, 2]
    """
    keys = [(one.reason if is_batch(one) else one.event_id, one) for one in decisions]
    return [[one for _, one in group] for _, group in groupby(keys, key=lambda pair: pair[0])]


def revert_batch(study: Study, verb: Literal["undo", "redo"], *, reader: str, reason: str) -> list[Decision]:
    """Take back, or bring back, all of a reader's decisions of one batch, in one transaction.

    Parameters
    ----------
    reason : str
        From `name_batch`, as written beside the decisions.

    Returns
    -------
    list of Decision
        The undos or redos, as they stand in the log.

    Raises
    ------
    DecisionError
        Nothing of this batch is there to be taken back or brought back.
    """
    own = list_decisions(study, reader=reader)
    standing = {one.event_id for one in list_in_force(own)}
    taken = [one for one in own if one.reason == reason and is_batch(one)]
    wanted = [one for one in taken if (one.event_id in standing) == (verb == "undo")]
    if not wanted:
        raise DecisionError(f"{reader} has nothing to {verb} here.", "Reload the page.")
    events = [ReviewEvent(new_event_id(), one.item_id, verb, undoes=one.event_id) for one in reversed(wanted)]
    return record_all(study, events, reader=reader)
