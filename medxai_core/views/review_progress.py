"""How far the review of a study has come, and what a random audit says about its proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from medxai_core import store
from medxai_core.config import CLASS_NAMES
from medxai_core.evaluation.intervals import Interval, wilson_interval
from medxai_core.review import Decision, LabelState, list_in_force
from medxai_core.review.decisions import pick_last
from medxai_core.review.labels import Proposal
from medxai_core.review.summary import Outcome, name_outcome
from medxai_core.stages.review_batches import is_batch
from medxai_core.study import Study


@dataclass(frozen=True)
class AuditShare:
    """Say how many randomly chosen proposals of one class a reader found right.

    Attributes
    ----------
    label : str
        The proposed class.
    n_looked_at : int
        Proposals of this class in the audited sample.
    n_judged : int
        Those found right or wrong; the others are unsure or skipped.
    n_accepted : int
        Those found right.
    share : float or None
        n_accepted / n_judged, 1 is best; None when nothing is judged.
    interval : Interval
        95 %, Wilson; it takes the pictures for independent of each other.
    """

    label: str
    n_looked_at: int
    n_judged: int
    n_accepted: int
    share: float | None
    interval: Interval


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


def list_flagged(decisions: Sequence[Decision]) -> set[str]:
    """Return the ids of the items with a flag in force."""
    return {decision.item_id for decision in list_in_force(decisions) if decision.action == "flag"}


def audit_proposals(
    random_order: Sequence[str], proposals: Mapping[str, Proposal], decisions: Sequence[Decision]
) -> list[AuditShare]:
    """Estimate how many proposals are right, from those looked at in a random order.

    Only the unbroken beginning of the order counts: it is a random sample of the proposals whatever else
    was reviewed in other orders, and wherever the reader stops. Decisions about many items at once do not
    count as looking.

    Parameters
    ----------
    random_order : sequence of str
        Item ids, as `stages.proposal_queue.order_proposals` returns them for "random".
    proposals : mapping of str to (label, clustering_id)
    decisions : sequence of Decision
        The whole log.

    Returns
    -------
    list of AuditShare
        One for each proposed class, then one for all under the label "all".

    Examples
    --------
    >>> log = [Decision(1, "e1", "r1", "2024-05-01T10:00:00", "b", "reject", "polyp", "", "c1")]
    >>> found = audit_proposals(["b", "a"], {"a": ("polyp", "c1"), "b": ("polyp", "c1")}, log)
    >>> [(share.label, share.n_looked_at, share.share) for share in found]
    [('polyp', 1, 0.0), ('all', 1, 0.0)]
    """
    outcomes = list_outcomes(proposals, decisions, one_by_one=True)
    sample = []
    for item_id in random_order:
        if outcomes[item_id] == "open":
            break
        sample.append(item_id)
    classes = sorted({label for label, _ in proposals.values()})
    by_class = {label: [outcomes[one] for one in sample if proposals[one][0] == label] for label in classes}
    by_class["all"] = [outcomes[one] for one in sample]
    return [_summarize_share(label, found) for label, found in by_class.items()]


def count_labels(states: Mapping[str, LabelState]) -> dict[str, dict[str, int]]:
    """Count items by the source of their label and its class.

    Returns
    -------
    dict
        By source (reference, review, cluster): the number by class.

    Examples
    --------
    >>> count_labels({"a": LabelState("polyp", "review", "")})["review"]
    {'non_polyp': 0, 'polyp': 1}
    """
    found = Counter((state.source, state.label) for state in states.values())
    return {
        source: {name: found[source, name] for name in CLASS_NAMES} for source in ("reference", "review", "cluster")
    }


def list_own_decisions(decisions: Sequence[Decision], reader: str, *, n: int = 20) -> list[Decision]:
    """Return a reader's last decisions that stand, newest first."""
    own = [decision for decision in list_in_force(decisions) if decision.reader == reader]
    return own[::-1][:n]


def list_readers(decisions: Sequence[Decision]) -> list[str]:
    """Return the pseudonyms of all who took a decision that stands, by name."""
    return sorted({decision.reader for decision in list_in_force(decisions)})


def _summarize_share(label: str, outcomes: list[Outcome]) -> AuditShare:
    """Count the outcomes of one class."""
    counts = Counter(outcomes)
    n_accepted = counts["accepted"]
    n_judged = n_accepted + counts["rejected"] + counts["other"]
    return AuditShare(
        label=label,
        n_looked_at=len(outcomes),
        n_judged=n_judged,
        n_accepted=n_accepted,
        share=n_accepted / n_judged if n_judged else None,
        interval=wilson_interval(n_accepted, n_judged),
    )
