"""Is the classifier getting better? Said in plain words from the figures of its epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medxai_core.evaluation.intervals import wilson_interval

Verdict = Literal["too_early", "improving", "paused", "no_longer", "learns_by_heart", "guessing", "unknown"]

PATIENCE = 3
"""Epochs without a better one before it is said that it no longer improves."""

GUESSING = 0.55
"""Balanced accuracy up to which an answer counts as hardly better than guessing (0.5)."""

BY_HEART = 0.15
"""How much better on the training pictures than on the others, for it to count as learning by heart."""


@dataclass(frozen=True)
class Learning:
    """Say how a training goes.

    Attributes
    ----------
    verdict : str
        For a sign or a colour.
    headline : str
        One sentence.
    details : tuple of str
        What it rests on, in sentences.
    """

    verdict: Verdict
    headline: str
    details: tuple[str, ...]


def describe_learning(epochs: Sequence[Mapping[str, Any]], *, n_validation: int, is_over: bool = False) -> Learning:
    """Say in plain words whether a training improves.

    Parameters
    ----------
    epochs : sequence of mapping
        Finished epochs in order, as `records.runs.list_epochs` returns them.
    n_validation : int
        Pictures that each epoch is judged by.
    is_over : bool, default False
        The training has ended: say how it went, not how it goes.

    Returns
    -------
    Learning

    Examples
    --------
    >>> one = {"epoch": 1, "train_accuracy": 0.6, "validation_accuracy": 0.7, "is_best": True}
    >>> one |= {"train_loss": 0.6, "validation_loss": 0.6, "validation_balanced_accuracy": 0.7}
    >>> describe_learning([one], n_validation=10).headline
    'Too early to say: one pass over the pictures is finished.'
    """
    if not epochs:
        return Learning("too_early", "The first pass over the pictures is not finished yet.", ())
    judged = [epoch for epoch in epochs if epoch["validation_accuracy"] is not None]
    if not judged:
        words = "There are no pictures with a known answer to judge by, so no one can tell."
        return Learning("unknown", words, ("The last pass is the one that is kept.",))
    best = next(epoch for epoch in reversed(judged) if epoch["is_best"])
    verdict = _judge(judged, best)
    headline = _HEADLINES[is_over][verdict].format(best=best["epoch"], since=len(epochs) - best["epoch"])
    details = [_say_score(best, n_validation)]
    if verdict == "guessing":
        share = _percent(best["validation_balanced_accuracy"])
        details.append(f"With both classes counted alike it is right on {share}; tossing a coin gives 50 %.")
    if verdict == "learns_by_heart":
        last = judged[-1]
        details.append(
            f"In the last pass it answered as labelled on {_percent(last['train_accuracy'])} of the pictures it "
            f"learns from, but only on {_percent(last['validation_accuracy'])} of the check pictures (overfitting)."
        )
    return Learning(verdict, headline, tuple(details))


def describe_rounds(
    epochs: Sequence[Mapping[str, Any]], *, n_validation: int, n_rounds: int, is_over: bool = False
) -> Learning:
    """Say in plain words how far a segmenter has come; the last round is kept, none is chosen.

    Parameters
    ----------
    epochs : sequence of mapping
        What drawn frames taught, then the finished rounds in order.
    n_validation : int
        Pictures with a known label that each round is looked at with.
    n_rounds : int
        Rounds on real pictures that are asked for.
    is_over : bool, default False
        No process works on it.

    Examples
    --------
    >>> describe_rounds([], n_validation=0, n_rounds=3).headline
    'It has not finished its first lessons yet.'
    >>> describe_rounds([{"epoch": 1}], n_validation=0, n_rounds=3, is_over=True).headline
    'It has seen drawn frames only: 0 of 3 rounds on your pictures are learned.'
    """
    if not epochs:
        return Learning("too_early", "It has not finished its first lessons yet.", ())
    done = len(epochs) - 1
    if not done:
        headline = "It has learned outlines from drawn frames, and goes on to your pictures."
        if is_over:
            headline = f"It has seen drawn frames only: 0 of {n_rounds} rounds on your pictures are learned."
        return Learning("too_early", headline, ())
    headline = f"Round {done} of {n_rounds} on your pictures is finished."
    details = ["The last round is the one that is used: none is chosen by scores."]
    if epochs[-1]["validation_accuracy"] is not None:
        details.insert(0, _say_score(epochs[-1], n_validation))
    unfinished: Verdict = "paused" if is_over else "improving"
    verdict: Verdict = "no_longer" if done >= n_rounds else unfinished
    return Learning(verdict, headline, tuple(details))


_HEADLINES: dict[bool, dict[str, str]] = {
    False: {
        "too_early": "Too early to say: one pass over the pictures is finished.",
        "improving": "Yes, it is improving: the last pass was the best so far.",
        "paused": "Not in the last pass; pass {best} was the best so far.",
        "no_longer": "No longer: the {since} passes since pass {best} were not better.",
        "learns_by_heart": "No longer: since pass {best} it rather learns its own pictures by heart.",
        "guessing": "Not yet: it is hardly better than guessing.",
    },
    True: {
        "too_early": "One pass over the pictures was made; that is too little to tell.",
        "improving": "It was still improving: the last pass was the best. More passes may help.",
        "paused": "It improved until pass {best}; too few came after it to say more.",
        "no_longer": "It improved until pass {best}; the {since} passes after it were not better.",
        "learns_by_heart": "It improved until pass {best}; after that it rather learned its own pictures by heart.",
        "guessing": "It did not learn: even its best pass is hardly better than guessing.",
    },
}


def _judge(judged: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> Verdict:
    """Return the verdict from the epochs that could be judged."""
    if len(judged) == 1:
        return "too_early"
    balanced = best["validation_balanced_accuracy"]
    if balanced is not None and balanced <= GUESSING:
        return "guessing"
    since = judged[-1]["epoch"] - best["epoch"]
    if since == 0:
        return "improving"
    if since < PATIENCE:
        return "paused"
    gap = judged[-1]["train_accuracy"] - judged[-1]["validation_accuracy"]
    rising = judged[-1]["validation_loss"] > best["validation_loss"]
    return "learns_by_heart" if gap > BY_HEART and rising else "no_longer"


def _say_score(best: Mapping[str, Any], n_validation: int) -> str:
    """Say how many pictures the best epoch got right, and how far that may be off."""
    n_right = round(best["validation_accuracy"] * n_validation)
    interval = wilson_interval(n_right, n_validation)
    share = _percent(best["validation_accuracy"])
    words = f"Pass {best['epoch']} got {n_right} of {n_validation} check pictures right ({share})"
    if interval.low is None or interval.high is None:
        return f"{words}."
    return f"{words}; on others like these it may be {_percent(interval.low)} to {_percent(interval.high)}."


def _percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.0f} %"
