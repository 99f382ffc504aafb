"""How far a review has come, and what it says about the proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from medxai_core.review.decisions import Decision, list_in_force, pick_last
from medxai_core.review.labels import Proposal

Outcome = Literal["open", "accepted", "rejected", "other", "unsure", "skipped"]


@dataclass(frozen=True)
class ReviewSummary:
    """Count proposals by what became of them. Counts are of items, not of clicks.

    Attributes
    ----------
    n_proposals : int
        Items with a proposal: the sum of the next six.
    n_open, n_accepted, n_rejected, n_other, n_unsure, n_skipped : int
        By the last decision in force. Giving the proposed class in any way is accepted, giving another
        class is other. A rejection of an earlier proposal leaves the present one open.
    n_labelled_without_proposal : int
        Items that a reader labelled and no cluster proposes: seeds.
    n_flagged : int
        Items with a flag in force.
    n_by_reader : dict of str to int
        Decisions in force by reader, flags too.
    """

    n_proposals: int
    n_open: int
    n_accepted: int
    n_rejected: int
    n_other: int
    n_unsure: int
    n_skipped: int
    n_labelled_without_proposal: int
    n_flagged: int
    n_by_reader: dict[str, int]

    @property
    def n_judged(self) -> int:
        """Proposals found right or wrong."""
        return self.n_accepted + self.n_wrong

    @property
    def n_wrong(self) -> int:
        """Proposals found wrong: rejected, or given another class."""
        return self.n_rejected + self.n_other


def summarize_review(
    proposals: Mapping[str, Proposal],
    decisions: Iterable[Decision],
    *,
    item_ids: Collection[str] | None = None,
) -> ReviewSummary:
    """Count what became of the proposals.

    Parameters
    ----------
    proposals : mapping of str to (label, clustering_id)
        What the clusters propose, by item.
    decisions : iterable of Decision
        The log.
    item_ids : collection of str, optional
        Count these items only: the sample of a random audit, say. The error of the proposals is then
        ``n_wrong`` of ``n_judged``; give it with an interval.

    Returns
    -------
    ReviewSummary

    Examples
    --------
    >>> reject = Decision(1, "e1", "r1", "2024-05-01T10:00:00", "a", "reject", "polyp", "", "c1")
    >>> found = summarize_review({"a": ("polyp", "c1"), "b": ("polyp", "c1")}, [reject])
    >>> found.n_open, found.n_rejected, found.n_judged
    (1, 1, 1)
    """
    wanted = None if item_ids is None else frozenset(item_ids)
    in_force = [decision for decision in list_in_force(decisions) if wanted is None or decision.item_id in wanted]
    last = pick_last(in_force)
    outcomes = Counter(
        name_outcome(last.get(item_id), proposal)
        for item_id, proposal in proposals.items()
        if wanted is None or item_id in wanted
    )
    return ReviewSummary(
        n_proposals=outcomes.total(),
        n_open=outcomes["open"],
        n_accepted=outcomes["accepted"],
        n_rejected=outcomes["rejected"],
        n_other=outcomes["other"],
        n_unsure=outcomes["unsure"],
        n_skipped=outcomes["skipped"],
        n_labelled_without_proposal=sum(
            item_id not in proposals and decision.action in ("label", "accept", "other")
            for item_id, decision in last.items()
        ),
        n_flagged=len({decision.item_id for decision in in_force if decision.action == "flag"}),
        n_by_reader=dict(sorted(Counter(decision.reader for decision in in_force).items())),
    )


def name_outcome(last: Decision | None, proposal: Proposal) -> Outcome:
    """Return what the last decision in force on an item means for its present proposal.

    Parameters
    ----------
    last : Decision or None
        Last decision in force on the item, flags left out.
    proposal : (label, clustering_id)
        What is proposed now.

    Returns
    -------
    {"open", "accepted", "rejected", "other", "unsure", "skipped"}
    """
    if last is None:
        return "open"
    if last.action == "unsure":
        return "unsure"
    if last.action == "skip":
        return "skipped"
    if last.action == "reject":
        return "rejected" if (last.label, last.clustering_id) == proposal else "open"
    return "accepted" if last.label == proposal[0] else "other"
