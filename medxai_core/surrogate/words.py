"""What the figures of a surrogate say, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from medxai_core.surrogate.fidelity import N_SHUFFLES, Estimate, Fidelity
from medxai_core.surrogate.item import ItemExplanation
from medxai_core.surrogate.refits import AspectShare, Stability
from medxai_core.surrogate.shares import Overlap

TARGETS = {
    "answer": "the network's answer",
    "line": "the direction in which its deep features part the two answers",
    "space": "all its deep features",
}


def say_percent(share: float) -> str:
    """Return a share as whole percent; less than nothing is nothing.

    >>> say_percent(0.144), say_percent(-0.02), say_percent(0.004)
    ('14 %', '0 %', 'below 1 %')
    """
    if 0 < share < 0.005:
        return "below 1 %"
    return f"{round(100 * max(share, 0.0))} %"


def say_fidelity(fidelity: Fidelity) -> str:
    """Say first how far the surrogate may be believed.

    >>> print(say_fidelity(Fidelity("answer", Estimate(0.14, 0.05, 0.2), 0.0, 0.01)))
    The global features explain little of the network's answer: 14 % of its variance (95 % interval 5 % to 20 %). The \
other 86 % lies elsewhere: do not take what follows for its reasons.
    >>> print(say_fidelity(Fidelity("answer", Estimate(0.01, -0.05, 0.04), 0.0, 0.02)))
    The global features explain nothing of the network's answer that could be told from chance: 1 % of its variance \
(95 % interval 0 % to 4 %). Read nothing below as its reasons.
    """
    what, r2 = TARGETS.get(fidelity.target, fidelity.target), fidelity.r2
    figure = f"{say_percent(r2.value)} of its variance{_say_interval(r2)}"
    rest = say_percent(1 - max(r2.value, 0.0))
    if fidelity.amount == "nothing":
        words = f"The global features explain nothing of {what} that could be told from chance: {figure}."
        return f"{words} Read nothing below as its reasons."
    if fidelity.amount == "little":
        words = f"The global features explain little of {what}: {figure}."
        return f"{words} The other {rest} lies elsewhere: do not take what follows for its reasons."
    how_much = {"part": "a part of", "half": "half or more of", "most": "most of"}[fidelity.amount]
    return f"The global features explain {how_much} {what}: {figure}. The other {rest} they do not explain."


def say_controls(fidelity: Fidelity) -> str:
    """Say what the figure is held against."""
    said = [
        f"Held against: features that belong to other pictures explain {say_percent(fidelity.shuffled)} "
        f"(the highest of {N_SHUFFLES} times: {say_percent(fidelity.shuffled_most)})."
    ]
    if fidelity.by_class is not None:
        said.append(f"Who knows only whether it answered polyp or not explains {say_percent(fidelity.by_class)}.")
    if fidelity.forest is not None:
        said.append(
            f"A forest of trees, which may use the same features in any way but cannot be read, explains "
            f"{say_percent(fidelity.forest)}."
        )
    if fidelity.agreement is not None and fidelity.majority is not None:
        said.append(
            f"The surrogate gives the same class as the network for {say_percent(fidelity.agreement.value)} of the "
            f"pictures{_say_interval(fidelity.agreement)}; always saying the more frequent class does so for "
            f"{say_percent(fidelity.majority)}."
        )
    if fidelity.rank_correlation is not None:
        rank = fidelity.rank_correlation
        said.append(f"Rank correlation of the two answers: {rank.value:.2f}{_say_limits(rank)}.")
    return " ".join(said)


def say_order(stability: Stability) -> str:
    """Say how often the order of the aspects stays."""
    unread = "" if 2 * stability.same_first > stability.n_refits else " So no order can be read."
    return (
        f"Fitted anew {stability.n_refits} times on other draws of patients or pictures, {stability.order[0]} came "
        f"first {stability.same_first} times, and the whole order ({', '.join(stability.order)}) stayed "
        f"{stability.same_order} times.{unread}"
    )


def say_unstable(shares: Sequence[AspectShare]) -> str:
    """Name the aspects that are not to be read; empty when there are none."""
    names = [one.aspect for one in shares if not one.is_stable]
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    them = "it" if len(names) == 1 else "them"
    return f"{_join(names).capitalize()} {verb} not stable: the interval of the share holds 0. Do not read {them}."


def say_overlap(overlap: Overlap) -> str:
    """Say how far two aspects can be told apart.

    >>> print(say_overlap(Overlap("answer", "edges", "texture", 0.9, 0.8, False)))
    Edges and texture cannot be told apart here: 90 % of what the weaker one explains the other explains, too \
(correlation .80).
    """
    correlation = "" if overlap.correlation is None else f" (correlation {_say_decimal(overlap.correlation)})"
    names = f"{overlap.first.capitalize()} and {overlap.second}"
    can = "can be told apart" if overlap.is_separable else "cannot be told apart here"
    shared = f"{say_percent(overlap.overlap)} of what the weaker one explains the other explains, too"
    return f"{names} {can}: {shared}{correlation}."


def say_item(found: ItemExplanation) -> str:
    """Say one picture's answer in parts, in logits."""
    aspects = ", ".join(
        f"{name} {one.value:+.2f}{'' if one.is_off_zero else ' (not stable)'}" for name, one in found.aspects.items()
    )
    start = f"A picture with mean features gets {found.baseline:+.2f}; here {aspects}: {found.said:+.2f} in all."
    if found.logit is None or found.residual is None:
        return f"{start} The network's own answer to this picture was not computed, so what is left out is not known."
    return (
        f"{start} The network says {found.logit:+.2f}: {found.residual:+.2f} of it the global features do not explain "
        "for this picture."
    )


def _say_interval(figure: Estimate) -> str:
    """Return the interval of a share in brackets; empty without one."""
    if figure.low is None or figure.high is None:
        return ""
    return f" (95 % interval {say_percent(figure.low)} to {say_percent(figure.high)})"


def _say_limits(figure: Estimate) -> str:
    """Return the interval of a plain number in brackets; empty without one."""
    if figure.low is None or figure.high is None:
        return ""
    return f" ({figure.low:.2f} to {figure.high:.2f})"


def _say_decimal(value: float) -> str:
    """Return a correlation with two digits and no zero before the point."""
    return f"{value:.2f}".replace("0.", ".", 1)


def _join(names: Sequence[str]) -> str:
    """Return names as a list in words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
