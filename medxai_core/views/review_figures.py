"""All figures of a review at one moment, from one reading of the log, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medxai_core.review import Decision, ReviewSummary, list_in_force, summarize_review
from medxai_core.views.review_audit import FEW_JUDGED, AuditShare, audit_proposals
from medxai_core.views.review_basis import ReviewBasis, count_sources
from medxai_core.views.review_effects import WrongLeft, estimate_wrong_left
from medxai_core.views.review_payoff import Payoff, describe_payoff
from medxai_core.views.review_second_reading import (
    PairReading,
    describe_pairs,
    list_disagreements,
    queue_second_reading,
)

Step = Literal["audit", "disagreements", "open", "propose"]


@dataclass(frozen=True)
class NextStep:
    """Say what is worth doing next, and why.

    Attributes
    ----------
    step : {"audit", "disagreements", "open", "propose"}
        Judge in random order, settle what readers disagree about, judge what is open, propose again.
    words : str
        Why, in one sentence.
    """

    step: Step
    words: str


@dataclass(frozen=True, eq=False)
class ReviewFigures:
    """Hold what a review says at one moment to one reader.

    Attributes
    ----------
    in_force : list of Decision
        The decisions that stand.
    summary : ReviewSummary
        What became of the proposals.
    sources : dict
        Labels in force by source and class.
    n_unlabelled : int
        Training items without any label.
    audit : tuple of AuditShare
        One for each proposed class, then all; empty without proposals.
    left : WrongLeft or None
    payoff : Payoff
        Of this reader.
    pairs : tuple of PairReading
    n_open_disagreements, n_settled : int
        Items on which readers disagree, and on which that was settled.
    n_to_read_second : int
        Items that another reader has judged and this one has not.
    next_step : NextStep or None
        None without proposals.
    """

    in_force: list[Decision]
    summary: ReviewSummary
    sources: dict[str, dict[str, int]]
    n_unlabelled: int
    audit: tuple[AuditShare, ...]
    left: WrongLeft | None
    payoff: Payoff
    pairs: tuple[PairReading, ...]
    n_open_disagreements: int
    n_settled: int
    n_to_read_second: int
    next_step: NextStep | None


def compute_review_figures(basis: ReviewBasis, decisions: Sequence[Decision], reader: str) -> ReviewFigures:
    """Compute all figures of a review.

    Parameters
    ----------
    basis : ReviewBasis
    decisions : sequence of Decision
        The whole log.
    reader : str
        Who looks: rates of corrections and the second reading are theirs.
    """
    in_force = list_in_force(decisions)
    audit: list[AuditShare] = []
    if basis.proposals:
        audit = audit_proposals(basis.random_order, basis.proposals, decisions, in_force=in_force)
    left = estimate_wrong_left(basis, in_force, audit[-1] if audit else None)
    sources = count_sources(basis, in_force)
    disagreements = [one for one in list_disagreements(in_force) if one.item_id in basis.open_items]
    n_open = sum(one.is_open for one in disagreements)
    summary = summarize_review(basis.proposals, in_force)
    payoff = describe_payoff(in_force, reader, proposals=basis.proposals, left=left)
    n_items = len(basis.open_items) + len(basis.reference_labels)
    return ReviewFigures(
        in_force=in_force,
        summary=summary,
        sources=sources,
        n_unlabelled=n_items - sum(sum(by_class.values()) for by_class in sources.values()),
        audit=tuple(audit),
        left=left,
        payoff=payoff,
        pairs=tuple(describe_pairs(in_force)),
        n_open_disagreements=n_open,
        n_settled=len(disagreements) - n_open,
        n_to_read_second=len(queue_second_reading(in_force, reader, among=basis.open_items)),
        next_step=choose_next_step(summary, audit[-1] if audit else None, payoff, n_open_disagreements=n_open),
    )


def choose_next_step(
    summary: ReviewSummary, audit: AuditShare | None, payoff: Payoff, *, n_open_disagreements: int
) -> NextStep | None:
    """Say what is worth doing next; None without proposals.

    Notes
    -----
    First know how many proposals are wrong, as all else depends on it; then settle what readers disagree
    about; then go on as long as judgements still correct something.
    """
    if audit is None:
        return None
    wanted = min(FEW_JUDGED, audit.n_proposals - audit.n_unanswered)
    if audit.n_judged < wanted and summary.n_open:
        missing = wanted - audit.n_judged
        return NextStep("audit", f"Judge {missing} more in random order: then it is known how many are wrong.")
    if n_open_disagreements:
        pictures = "picture" if n_open_disagreements == 1 else "pictures"
        return NextStep("disagreements", f"Readers disagree on {n_open_disagreements} {pictures}: settle them.")
    if not summary.n_open:
        return NextStep("propose", "Every proposal has an answer: let the clusters propose more from these labels.")
    if payoff.verdict == "little":
        return NextStep("propose", "Your last judgements corrected almost nothing: use the labels you have.")
    return NextStep("open", f"{summary.n_open:,} proposals are open: go on in random order.")
