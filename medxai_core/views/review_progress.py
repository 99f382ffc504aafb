"""How far the review of a study has come: what became of the proposals, and what a reader decided last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from medxai_core import store
from medxai_core.review import Decision, list_in_force
from medxai_core.review.decisions import pick_last
from medxai_core.review.labels import Proposal
from medxai_core.review.summary import Outcome, name_outcome
from medxai_core.stages.review_batches import is_batch
from medxai_core.study import Study


def count_log_lines(study: Study) -> int:
    """Return the number of the last decision: as nothing is ever deleted, it tells one log from a longer one."""
    return study.read(select(func.max(store.decisions.c.decision_id)))[0][0] or 0


def list_outcomes(
    proposals: Mapping[str, Proposal],
    decisions: Sequence[Decision],
    *,
    reader: str | None = None,
    one_by_one: bool = False,
) -> dict[str, Outcome]:
    """Return what became of every proposal.

    Parameters
    ----------
    proposals : mapping of str to (label, clustering_id)
        What is proposed, by item.
    decisions : sequence of Decision
        The whole log.
    reader : str, optional
        Count this reader's decisions only, as a second reading needs it.
    one_by_one : bool, default False
        Leave out decisions that were taken about many items at once.

    Returns
    -------
    dict of str to {"open", "accepted", "rejected", "other", "unsure", "skipped"}

    Examples
    --------
    >>> log = [Decision(1, "e1", "r1", "2024-05-01T10:00:00", "a", "accept", "polyp", "whole cluster #1", "c1")]
    >>> found = {"a": ("polyp", "c1"), "b": ("polyp", "c1")}
    >>> list_outcomes(found, log)
    {'a': 'accepted', 'b': 'open'}
    >>> list_outcomes(found, log, one_by_one=True)["a"], list_outcomes(found, log, reader="r2")["a"]
    ('open', 'open')
    """
    counted = [
        decision
        for decision in list_in_force(decisions)
        if reader in (None, decision.reader) and not (one_by_one and is_batch(decision))
    ]
    last = pick_last(counted)
    return {item_id: name_outcome(last.get(item_id), proposal) for item_id, proposal in proposals.items()}


def list_own_decisions(decisions: Sequence[Decision], reader: str, *, n: int = 20) -> list[Decision]:
    """Return a reader's last decisions that stand, newest first."""
    own = [decision for decision in list_in_force(decisions) if decision.reader == reader]
    return own[::-1][:n]
