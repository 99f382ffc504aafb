"""How many proposals are wrong: an estimate from those that readers looked at in a random order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from medxai_core.evaluation.intervals import LEVEL, Interval, wilson_interval
from medxai_core.review import ANSWERS, Decision
from medxai_core.review.decisions import pick_last
from medxai_core.review.labels import Proposal
from medxai_core.review.summary import Outcome, name_outcome
from medxai_core.stages.review_batches import is_batch
from medxai_core.views.review_second_reading import list_looked_at

FEW_JUDGED = 30
"""Proposals found right or wrong, below which the interval is too wide to be of use."""


@dataclass(frozen=True)
class AuditShare:
    """Say how many randomly chosen proposals of one class readers found right.

    Attributes
    ----------
    label : str
        The proposed class, or "all".
    n_proposals : int
        Proposals of this class: what the estimate is about.
    n_looked_at : int
        Those in the audited sample.
    n_judged : int
        Those of the sample found right or wrong; the others are unsure, skipped or taken back.
    n_accepted : int
        Those found right.
    n_disputed : int
        Those judged on which readers differ; the last answer counts.
    share : float or None
        n_accepted / n_judged, 1 is best; None when nothing is judged.
    interval : Interval
        Of the share, 95 %, Wilson; it takes the pictures for independent of each other.
    error : Interval
        The same for the share of wrong proposals.
    error_if_unanswered_wrong : float or None
        Upper end of the error's interval if all that have no answer were wrong: the worst case.
    """

    label: str
    n_proposals: int
    n_looked_at: int
    n_judged: int
    n_accepted: int
    n_disputed: int
    share: float | None
    interval: Interval
    error: Interval
    error_if_unanswered_wrong: float | None

    @property
    def n_wrong(self) -> int:
        """Proposals of the sample found wrong."""
        return self.n_judged - self.n_accepted

    @property
    def n_unanswered(self) -> int:
        """Proposals of the sample without an answer."""
        return self.n_looked_at - self.n_judged


def audit_proposals(
    random_order: Sequence[str],
    proposals: Mapping[str, Proposal],
    decisions: Sequence[Decision],
    *,
    reader: str | None = None,
    in_force: Sequence[Decision] | None = None,
) -> list[AuditShare]:
    """Estimate how many proposals are right, from those looked at in a random order.

    Only the unbroken beginning of the order counts: it is a random sample of the proposals whatever else
    was reviewed in other orders, and wherever the reader stops. Decisions about many items at once do not
    count as looking. A proposal that was answered and whose answer was taken back since stays in the sample
    as one without an answer; it does not end it.

    Parameters
    ----------
    random_order : sequence of str
        Item ids, as `views.proposal_queue.order_proposals` returns them for "random".
    proposals : mapping of str to (label, clustering_id)
    decisions : sequence of Decision
        The whole log.
    reader : str, optional
        Count the answers of this reader only. By default those of all; of several the last counts.
    in_force : sequence of Decision, optional
        What `list_in_force` returns for the log, when it is at hand.

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
    looked = [one for one in list_looked_at(in_force or decisions) if reader in (None, one.reader)]
    outcomes = _take_sample(random_order, proposals, pick_last(looked), _list_taken_back(decisions, proposals, reader))
    disputed = _find_disputed(looked, proposals, outcomes)
    n_proposals = Counter(label for label, _ in proposals.values())
    shares = []
    for label in [*sorted(n_proposals), "all"]:
        of_class = {one: outcome for one, outcome in outcomes.items() if label in (proposals[one][0], "all")}
        n = n_proposals.total() if label == "all" else n_proposals[label]
        n_disputed = len(disputed & of_class.keys())
        shares.append(_make_share(label, Counter(of_class.values()), n_proposals=n, n_disputed=n_disputed))
    return shares


def bound_wrong(share: AuditShare, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Bound how many of all proposals are wrong, those that were judged among them.

    Parameters
    ----------
    share : AuditShare
        Of a class, or of all.
    level : float in (0, 1), default 0.95

    Returns
    -------
    (float, float) or None
        None when nothing was judged. Without width once every proposal was judged.

    Notes
    -----
    Wilson's interval for a sample without replacement: its variance is smaller by (N - n) / (N - 1), as if
    n (N - 1) / (N - n) proposals of an endless number had been judged.

    References
    ----------
    Cochran W. G. Sampling Techniques, 3rd ed., Wiley 1977, section 2.6.

    Examples
    --------
    >>> from collections import Counter
    >>> share = _make_share("all", Counter(accepted=6, rejected=4), n_proposals=10, n_disputed=0)
    >>> bound_wrong(share)
    (4.0, 4.0)
    """
    n_judged, n_all = share.n_judged, share.n_proposals
    if not n_judged:
        return None
    if n_judged >= n_all:
        return float(share.n_wrong), float(share.n_wrong)
    n = n_judged * (n_all - 1) / (n_all - n_judged)
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = share.n_wrong / n_judged
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    rest = n_all - n_judged
    low, high = n_all * (centre - half), n_all * (centre + half)
    return max(low, share.n_wrong), min(high, share.n_wrong + rest)


def say_error(share: AuditShare) -> str:
    """Say in one sentence how many proposals are wrong, as far as it is known.

    Parameters
    ----------
    share : AuditShare
        From `audit_proposals`.

    Returns
    -------
    str
        Its figures are rounded; the class is not named.
    """
    if not share.n_judged or share.error.low is None or share.error.high is None:
        return "Not known yet: no proposal was judged in random order."
    if share.n_judged == share.n_proposals:
        return f"All {share.n_proposals} were judged: {share.n_wrong} {'is' if share.n_wrong == 1 else 'are'} wrong."
    low, high = round(100 * share.error.low), round(100 * share.error.high)
    return f"Of 100 proposals about {low} to {high} are wrong."


def list_caveats(share: AuditShare) -> list[str]:
    """Say what the estimate of `say_error` rests on, one sentence a caveat."""
    if not share.n_judged:
        return []
    words = [f"{share.n_wrong} of {share.n_judged} were wrong when judged one by one in random order (95 % interval)."]
    if share.n_judged < FEW_JUDGED and share.n_judged < share.n_proposals:
        words.append(f"That is few: from {FEW_JUDGED} on the range becomes useful.")
    if share.n_unanswered and share.error_if_unanswered_wrong is not None:
        worst = round(100 * share.error_if_unanswered_wrong)
        words.append(
            f"{share.n_unanswered} more had no clear answer and are left out; were they all wrong, it could be up to "
            f"{worst} of 100."
        )
    if share.n_disputed:
        words.append(f"On {share.n_disputed} of them readers differ; the last answer counts.")
    return words


def _take_sample(
    random_order: Sequence[str], proposals: Mapping[str, Proposal], last: Mapping[str, Decision], taken_back: set[str]
) -> dict[str, Outcome]:
    """Return the outcomes of the unbroken beginning of the random order."""
    sample: dict[str, Outcome] = {}
    for item_id in random_order:
        outcome = name_outcome(last.get(item_id), proposals[item_id])
        if outcome == "open" and item_id not in taken_back:
            break
        sample[item_id] = outcome
    while sample and sample[next(reversed(sample))] == "open":
        sample.popitem()  # nothing was decided after these: the sample ends before them
    return sample


def _list_taken_back(decisions: Sequence[Decision], proposals: Mapping[str, Proposal], reader: str | None) -> set[str]:
    """Return the items whose present proposal was ever answered one by one, whether or not that stands."""
    found = set()
    for one in decisions:
        label, clustering_id = proposals.get(one.item_id, (None, None))
        is_about = label is not None and one.clustering_id == clustering_id
        is_same = one.action not in ("accept", "reject") or one.label == label
        if one.action in ANSWERS and is_about and is_same and reader in (None, one.reader) and not is_batch(one):
            found.add(one.item_id)
    return found


def _find_disputed(looked: Sequence[Decision], proposals: Mapping[str, Proposal], sample: Collection[str]) -> set[str]:
    """Return the items of a sample that one reader finds right and another wrong."""
    verdicts: dict[str, dict[str, bool]] = {}
    for one in looked:
        if one.item_id in sample and one.action != "flag":
            outcome = name_outcome(one, proposals[one.item_id])
            if outcome in ("accepted", "rejected", "other"):
                verdicts.setdefault(one.item_id, {})[one.reader] = outcome == "accepted"
    return {item_id for item_id, found in verdicts.items() if len(set(found.values())) > 1}


def _make_share(label: str, found: Counter[Outcome], *, n_proposals: int, n_disputed: int) -> AuditShare:
    """Count the outcomes of one class."""
    n_accepted = found["accepted"]
    n_wrong = found["rejected"] + found["other"]
    n_judged, n_looked_at = n_accepted + n_wrong, found.total()
    worst = wilson_interval(n_wrong + n_looked_at - n_judged, n_looked_at).high
    return AuditShare(
        label=label,
        n_proposals=n_proposals,
        n_looked_at=n_looked_at,
        n_judged=n_judged,
        n_accepted=n_accepted,
        n_disputed=n_disputed,
        share=n_accepted / n_judged if n_judged else None,
        interval=wilson_interval(n_accepted, n_judged),
        error=wilson_interval(n_wrong, n_judged),
        error_if_unanswered_wrong=worst if n_judged else None,
    )
