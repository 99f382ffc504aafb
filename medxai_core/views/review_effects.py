"""What a block of decisions changed: labels, the estimated error of the proposals, the balance of the classes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medxai_core.records.decisions import list_decisions
from medxai_core.review import REVERTS, Decision, LabelState, list_in_force
from medxai_core.review.decisions import pick_last
from medxai_core.review.history import PAUSE, read_moment
from medxai_core.review.summary import name_outcome
from medxai_core.study import Study
from medxai_core.views.review_audit import AuditShare, audit_proposals, bound_wrong, say_error
from medxai_core.views.review_basis import ReviewBasis, count_sources, load_review_basis, settle_items
from medxai_core.views.review_second_reading import list_looked_at

LINE_WORDS = {
    "confirmed": "confirmed",
    "corrected": "corrected",
    "gained": "newly labelled",
    "removed": "label taken away",
    "unsure": "unsure",
    "skip": "skipped",
    "flag": "flagged",
    "same": "same answer as before",
    "replaced": "answered again later",
    "taken back": "taken back",
    "undo": "undo",
    "redo": "redo",
    "restored": "earlier state restored",
}
"""What became of a line of the log, in words."""


@dataclass(frozen=True)
class WrongLeft:
    """Estimate how many wrong proposals are still in force without anyone having looked at them.

    Attributes
    ----------
    n_unseen : int
        Proposals whose label is in force and that no reader judged one by one.
    low, high : int or None
        How many of them are wrong: 95 %. None with a reason.
    why : str
        Why there is no estimate; empty if there is one.
    """

    n_unseen: int
    low: int | None
    high: int | None
    why: str


@dataclass(frozen=True)
class BlockEffect:
    """Say what one reader's decisions changed.

    Attributes
    ----------
    reader : str
    since, until : int
        Numbers of the log: the block is what this reader wrote after the first up to the second.
    n_lines : int
        The reader's lines in the block, undos too.
    n_gained, n_corrected, n_removed, n_confirmed : int
        Items that got a label, whose label became another, that lost theirs, and whose proposal was accepted.
    counts_before, counts_after : dict of str to int
        Labels in force by class, from all sources.
    error_before, error_after : AuditShare or None
        The audit of all proposals; None without proposals.
    sentences : tuple of str
        All this in words.
    """

    reader: str
    since: int
    until: int
    n_lines: int
    n_gained: int
    n_corrected: int
    n_removed: int
    n_confirmed: int
    counts_before: dict[str, int]
    counts_after: dict[str, int]
    error_before: AuditShare | None
    error_after: AuditShare | None
    sentences: tuple[str, ...]


def describe_block(
    study: Study,
    *,
    reader: str,
    since: int | None,
    basis: ReviewBasis | None = None,
    decisions: Sequence[Decision] | None = None,
) -> BlockEffect:
    """Say what a reader's decisions after one line of the log changed.

    What others decided in the meantime is left out, so that all of the change is this reader's.

    Parameters
    ----------
    since : int or None
        Number of the last line before the block, 0 for all; None: the reader's last sitting, which ends where
        there was a pause of more than 30 minutes.
    basis : ReviewBasis, optional
        Of the study, when it is at hand.
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.
    """
    basis = load_review_basis(study) if basis is None else basis
    log = list_decisions(study) if decisions is None else list(decisions)
    since = find_sitting(log, reader) if since is None else since
    own = [line for line in log if line.reader == reader and line.decision_id > since]
    before = [line for line in log if line.decision_id <= since]
    standing = [list_in_force(one) for one in (before, [*before, *own])]
    touched = _list_touched(own, log)
    states = [settle_items(basis, touched, one) for one in standing]
    changes = _count_changes(*states)
    counts = [_add_sources(count_sources(basis, standing[0]))]
    counts.append(_follow_changes(counts[0], *states))
    errors = [_audit_all(basis, one, stands) for one, stands in zip((before, [*before, *own]), standing, strict=True)]
    return BlockEffect(
        reader=reader,
        since=since,
        until=own[-1].decision_id if own else since,
        n_lines=len(own),
        n_gained=changes["gained"],
        n_corrected=changes["corrected"],
        n_removed=changes["removed"],
        n_confirmed=changes["confirmed"],
        counts_before=counts[0],
        counts_after=counts[1],
        error_before=errors[0],
        error_after=errors[1],
        sentences=tuple(_say_block(_sort_lines(own, standing[1], *states), changes, counts, errors)),
    )


def find_sitting(decisions: Sequence[Decision], reader: str) -> int:
    """Return the number of the line after which a reader's last sitting began; that of the last line without one.

    Examples
    --------
    >>> moments = ("2024-05-01T10:00:00", "2024-05-01T12:00:00", "2024-05-01T12:10:00")
    >>> log = [Decision(n, f"e{n}", "r1", at, "a", "skip") for n, at in enumerate(moments, start=1)]
    >>> find_sitting(log, "r1"), find_sitting(log, "r2")
    (1, 3)
    """
    own = [line for line in decisions if line.reader == reader]
    first = None
    for line in reversed(own):
        if first is not None and read_moment(first.at) - read_moment(line.at) > PAUSE:
            break
        first = line
    if first is None:
        return decisions[-1].decision_id if decisions else 0
    return max((line.decision_id for line in decisions if line.decision_id < first.decision_id), default=0)


def estimate_wrong_left(
    basis: ReviewBasis, decisions: Sequence[Decision], error: AuditShare | None
) -> WrongLeft | None:
    """Estimate how many wrong proposals no one has looked at are in force.

    Parameters
    ----------
    basis : ReviewBasis
    decisions : sequence of Decision
        The whole log.
    error : AuditShare or None
        The audit of all proposals.

    Returns
    -------
    WrongLeft or None
        None without proposals.

    Notes
    -----
    The audit bounds how many of all proposals are wrong (`bound_wrong`). Those that readers found wrong are
    taken off; of those without a label in force (unsure, skipped, taken out many at a time) none or all may be
    among the wrong ones, which makes the range wider.
    """
    if error is None:
        return None
    in_force = list_in_force(decisions)
    last, looked = pick_last(in_force), pick_last(list_looked_at(in_force))
    kinds = Counter(unseen=len(basis.proposals))
    for item_id, decision in last.items():
        proposal = basis.proposals.get(item_id)
        if proposal is None:
            continue
        seen, now = name_outcome(looked.get(item_id), proposal), name_outcome(decision, proposal)
        kinds["unseen"] -= seen != "open" or now not in ("open", "accepted")
        if seen in ("rejected", "other"):
            kinds["wrong"] += 1
        elif seen in ("unsure", "skipped") or (seen == "open" and now not in ("open", "accepted")):
            kinds["out"] += 1
    n_unseen = kinds["unseen"]
    if not n_unseen:
        return WrongLeft(0, 0, 0, "")
    bounds = bound_wrong(error)
    if bounds is None:
        return WrongLeft(n_unseen, None, None, "No proposal was judged in random order yet.")
    high = max(0, min(n_unseen, math.ceil(bounds[1]) - kinds["wrong"]))
    low = max(0, math.floor(bounds[0]) - kinds["wrong"] - kinds["out"])
    return WrongLeft(n_unseen, min(low, high), high, "")


def say_left(left: WrongLeft) -> str:
    """Say how many wrong proposals no one has looked at.

    >>> say_left(WrongLeft(15, 2, 12, ""))
    'Of the 15 proposals in force that no one has looked at, about 2 to 12 are wrong (95 %).'
    """
    if not left.n_unseen:
        return "Every proposal in force was looked at."
    if left.low is None or left.high is None:
        return f"{left.n_unseen} proposals in force were not looked at; how many are wrong is not known. {left.why}"
    return (
        f"Of the {left.n_unseen} proposals in force that no one has looked at, about {left.low} to {left.high} "
        "are wrong (95 %)."
    )


def _list_touched(own: Sequence[Decision], log: Sequence[Decision]) -> list[str]:
    """Return the items that some lines may have changed; an undo without a name may be about any own one."""
    by_event = {line.event_id: line.item_id for line in log}
    found = dict.fromkeys(line.item_id for line in own)
    for line in own:
        if line.action in REVERTS and line.undoes in by_event:
            found[by_event[line.undoes]] = None
    return list(found)


def _count_changes(before: Mapping[str, LabelState], after: Mapping[str, LabelState]) -> Counter[str]:
    """Count items by what became of their label."""
    kinds = (_name_change(then, after[item_id]) for item_id, then in before.items())
    return Counter(kind for kind in kinds if kind)


def _name_change(then: LabelState, now: LabelState) -> str:
    """Return what became of one item's label; empty: nothing."""
    if then.label is None and now.label is not None:
        return "gained"
    if then.label is not None and now.label is None:
        return "removed"
    if then.label != now.label:
        return "corrected"
    return "confirmed" if then.source == "cluster" and now.source == "review" else ""


def _sort_lines(
    own: Sequence[Decision],
    in_force: Sequence[Decision],
    before: Mapping[str, LabelState],
    after: Mapping[str, LabelState],
) -> Counter[str]:
    """Count a reader's lines by what became of each: every line counts once, so that the numbers add up."""
    standing, last = {line.event_id for line in in_force}, pick_last(in_force)
    kinds: Counter[str] = Counter()
    for line in own:
        if line.action in REVERTS:
            kind = line.action if line.action in ("undo", "redo") else "restored"
        elif line.event_id not in standing:
            kind = "taken back"
        elif line.action in ("flag", "skip"):
            kind = line.action
        elif line.item_id in last and last[line.item_id].event_id != line.event_id:
            kind = "replaced"
        elif line.action == "unsure":
            kind = "unsure"
        else:
            kind = _name_change(before[line.item_id], after[line.item_id]) or "same"
        kinds[kind] += 1
    return kinds


def _add_sources(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the labels in force by class, from all sources."""
    total: Counter[str] = Counter()
    for by_class in counts.values():
        total.update(by_class)
    return dict(total)


def _follow_changes(
    counts: Mapping[str, int], before: Mapping[str, LabelState], after: Mapping[str, LabelState]
) -> dict[str, int]:
    """Return the labels in force by class after some items changed."""
    moved = Counter(counts)
    for states, sign in ((before, -1), (after, 1)):
        for state in states.values():
            if state.label is not None:
                moved[state.label] += sign
    return dict(moved)


def _audit_all(basis: ReviewBasis, log: Sequence[Decision], in_force: Sequence[Decision]) -> AuditShare | None:
    """Return the audit of all proposals; None without proposals."""
    if not basis.proposals:
        return None
    return audit_proposals(basis.random_order, basis.proposals, log, in_force=in_force)[-1]


def _say_block(
    lines: Counter[str],
    changes: Mapping[str, int],
    counts: Sequence[Mapping[str, int]],
    errors: Sequence[AuditShare | None],
) -> list[str]:
    """Say what a block of decisions changed."""
    n_lines = lines.total()
    if not n_lines:
        return ["No decision yet."]
    parts = ", ".join(f"{words} {lines[kind]}" for kind, words in LINE_WORDS.items() if lines[kind])
    unchanged = "" if changes else "; no label changed"
    sentences = [f"{n_lines} decision{'s' * (n_lines != 1)}: {parts}{unchanged}."]
    if errors[0] is not None and errors[1] is not None:
        sentences.append(f"Wrong proposals before: {_shorten_error(errors[0])}; now: {_shorten_error(errors[1])}.")
    sentences.append(f"Labels in force before: {_say_balance(counts[0])}; now: {_say_balance(counts[1])}.")
    return sentences


def _shorten_error(share: AuditShare) -> str:
    """Say the error of the audit in a few words."""
    return say_error(share)[0].lower() + say_error(share)[1:].rstrip(".") if share.n_judged else "not known"


def _say_balance(counts: Mapping[str, int]) -> str:
    """Say how many labels of each class there are, and how far they are from balance.

    >>> _say_balance({"non_polyp": 30, "polyp": 12}), _say_balance({"non_polyp": 3, "polyp": 0})
    ('30 non_polyp and 12 polyp (2.5 to 1)', '3 non_polyp and 0 polyp')
    """
    words = " and ".join(f"{n} {name}" for name, n in counts.items())
    fewest, most = min(counts.values(), default=0), max(counts.values(), default=0)
    return f"{words} ({most / fewest:.1f} to 1)" if fewest else words
