"""Which weights of a run are used, in words: the best pass, the last round, or those of an unfinished training."""

from __future__ import annotations

from medxai_core.records.runs import RecordedRun

REMEDY = "Let the training finish, or go on with it on the Training page."
"""What is to be done about a network that is not finished."""


def name_kept_pass(run: RecordedRun) -> str:
    """Name the pass whose weights are used, for lists and marks; a segmenter with fewer rounds than planned says so."""
    if run.rounds is None:
        return f"best pass {run.best_epoch}"
    learned, planned = run.rounds
    return "last round" if learned >= planned else f"unfinished: {learned} of {planned} rounds"


def describe_unfinished(run: RecordedRun) -> str | None:
    """Say that the masks of a run are those of an unfinished segmenter; None for a finished one and a classifier."""
    if run.rounds is None or run.rounds[0] >= run.rounds[1]:
        return None
    learned, planned = run.rounds
    if not learned:
        return (
            f"This training is not finished: its masks are those of a network that has seen drawn frames only "
            f"(0 of {planned} rounds on your pictures)."
        )
    return (
        f"This training is not finished: its masks are those of a network that has learned {learned} of {planned} "
        "rounds on your pictures."
    )
