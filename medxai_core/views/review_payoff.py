"""Whether more decisions would still change much: how often a reader's last judgements were corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from medxai_core.evaluation.intervals import Interval, wilson_interval
from medxai_core.review import Decision
from medxai_core.review.labels import Proposal
from medxai_core.views.review_effects import WrongLeft
from medxai_core.views.review_second_reading import list_looked_at

BLOCK = 20
"""Judged proposals a point of the curve."""

LOOK_BACK = 2
"""Blocks that the verdict on the last ones rests on."""

Verdict = Literal["too_early", "pays", "little"]


@dataclass(frozen=True)
class CorrectionBlock:
    """Say how many of some judgements that follow each other were corrections.

    Attributes
    ----------
    first, last : int
        Places among the reader's judgements, from 1.
    n_wrong : int
        Those that found the proposal wrong.
    interval : Interval
        Of the share found wrong: 95 %, Wilson.
    """

    first: int
    last: int
    n_wrong: int
    interval: Interval

    @property
    def n(self) -> int:
        """Judgements in the block."""
        return self.last - self.first + 1

    @property
    def share(self) -> float:
        """Share found wrong, in [0, 1]."""
        return self.n_wrong / self.n


@dataclass(frozen=True)
class Payoff:
    """Say whether more decisions still change much.

    Attributes
    ----------
    blocks : tuple of CorrectionBlock
        Full blocks of 20 judgements of the present proposals by this reader, in order.
    n_judged : int
        All of these judgements, also those of a block that is not full yet.
    verdict : {"too_early", "pays", "little"}
    headline : str
        One sentence.
    hint : str
        What to do about it where that is not plain; may be empty.
    """

    blocks: tuple[CorrectionBlock, ...]
    n_judged: int
    verdict: Verdict
    headline: str
    hint: str


def describe_payoff(
    decisions: Sequence[Decision],
    reader: str,
    *,
    proposals: Mapping[str, Proposal],
    left: WrongLeft | None = None,
) -> Payoff:
    """Say whether a reader's last judgements still corrected much.

    Parameters
    ----------
    decisions : sequence of Decision
        The whole log.
    reader : str
        Whose judgements; those about many items at once do not count.
    proposals : mapping of str to (label, clustering_id)
        Judgements about these only: earlier proposals say nothing about the present ones.
    left : WrongLeft, optional
        What the audit says about the proposals that no one has looked at.
    """
    judged = [
        one.action != "accept"
        for one in list_looked_at(decisions)
        if one.reader == reader and one.action in ("accept", "reject", "other") and one.item_id in proposals
    ]
    blocks = tuple(_make_block(judged, start, start + BLOCK) for start in range(0, len(judged) - BLOCK + 1, BLOCK))
    verdict, headline = _judge(judged)
    return Payoff(blocks, len(judged), verdict, headline, _hint(verdict, left))


def _make_block(judged: Sequence[bool], start: int, stop: int) -> CorrectionBlock:
    """Count the corrections in one block."""
    n_wrong = sum(judged[start:stop])
    return CorrectionBlock(start + 1, stop, n_wrong, wilson_interval(n_wrong, stop - start))


def _judge(judged: Sequence[bool]) -> tuple[Verdict, str]:
    """Return the verdict on the last judgements, with its sentence."""
    wanted = LOOK_BACK * BLOCK
    if len(judged) < wanted:
        return "too_early", (
            f"It cannot be said yet: you have judged {len(judged)} of the {wanted} proposals that it takes to tell."
        )
    block = _make_block(judged, len(judged) - wanted, len(judged))
    low, high = (round(100 * float(limit or 0.0)) for limit in (block.interval.low, block.interval.high))
    if block.n_wrong <= 1:
        what = "no proposal" if not block.n_wrong else "one proposal"
        return "little", (
            f"Your last {wanted} judgements corrected {what}: more of the same kind will change little "
            f"(0 to {high} of 100 would be corrections)."
        )
    return "pays", (
        f"It still pays: your last {wanted} judgements corrected {block.n_wrong} proposals "
        f"({low} to {high} of 100 of this kind)."
    )


def _hint(verdict: Verdict, left: WrongLeft | None) -> str:
    """Say where the wrong proposals are, when the last judgements found none."""
    if verdict != "little" or left is None or not left.n_unseen:
        return ""
    if left.low is None:
        return "That holds for pictures like the last ones only; how many are wrong elsewhere, the random order tells."
    if left.low > 0:
        return "There are wrong ones elsewhere: take another order, such as the most doubtful first."
    return ""
