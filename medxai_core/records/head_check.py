"""Hold the end of the log against the heads that are known of it: beside the database, and kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from medxai_core import store

_RESTORE = "Restore the study from a copy."
_ELSEWHERE = (
    "Compare with a head that was kept elsewhere (`log verify --head`); the next record writes the file anew, and "
    "notes in the log that it did."
)


class HeadsCheck(NamedTuple):
    """Hold what is wrong with the heads, and what is no problem and should be known."""

    problems: list[str]
    notices: list[str]


def check_heads(
    lines: Sequence[Mapping[str, Any]],
    kept: store.KeptHead,
    *,
    odd: Sequence[Mapping[str, Any]] = (),
    given: store.Head | None = None,
) -> HeadsCheck:
    """Compare the chain with the file beside the database, with earlier oddities of it, and with a head from elsewhere.

    Parameters
    ----------
    lines : sequence of dict
        The chain, in order.
    odd : sequence of dict
        "found" and "expected" head of each event that notes a file that did not fit.
    given : store.Head, optional
        A head that was kept elsewhere.

    Notes
    -----
    The file is written before a record, with the line that the record will end with, and after it. A program that
    ends between leaves a file that says both; any other file that is older than the log was put there.
    """
    digests = {0: store.BEGINNING} | {line["number"]: line["digest"] for line in lines}
    end = store.Head(lines[-1]["number"], lines[-1]["digest"]) if lines else store.Head(0, store.BEGINNING)
    problems = [*_judge_kept(kept, digests, end)]
    if given is not None and digests.get(given.number) != given.digest:
        problems.append(_say_lost(given, digests, "that was given"))
    notices = []
    if end == kept.announced:
        notices.append(
            f"The program ended just after it recorded line {end.number}, or another was writing: {store.HEAD_FILE} is "
            "one record behind, as it was announced. The next record mends it."
        )
    for details in odd:
        told, is_problem = _judge_odd(details, digests)
        (problems if is_problem else notices).append(told)
    return HeadsCheck(problems, notices)


def _judge_kept(kept: store.KeptHead, digests: Mapping[int, str], end: store.Head) -> Iterator[str]:
    """Yield what is wrong with the file beside the database."""
    if kept.fits(end):
        return
    if kept.head is None:
        state = "cannot be read: something else stands in it" if kept.is_there else "is missing"
        yield (
            f"The head beside the database ({store.HEAD_FILE}) {state}. Whether lines were cut off after line "
            f"{end.number} cannot be told. {_ELSEWHERE}"
        )
    elif digests.get(kept.head.number) != kept.head.digest:
        yield _say_lost(kept.head, digests, "beside the database")
    else:
        yield (
            f"The head beside the database is line {kept.head.number}, but the log goes on to line {end.number}: a "
            f"crash would leave it one announced record behind. An older {store.HEAD_FILE} was put there, or lines "
            f"were added past the application. {_ELSEWHERE}"
        )


def _say_lost(known: store.Head, digests: Mapping[int, str], where: str) -> str:
    """Say that the line of a head is not in the chain, or is another one."""
    has_line = known.number in digests
    found = "has another digest" if has_line else f"is missing: the chain ends at {max(digests)}"
    return f"The head {where} is line {known.number}; that line {found}. {_RESTORE}"


def _judge_odd(details: Mapping[str, Any], digests: Mapping[int, str]) -> tuple[str, bool]:
    """Say what an earlier oddity of the file means, and whether it proves that lines were lost."""
    number = str(details.get("expected")).partition(":")[0]
    when = f"When the record after line {number} was made, {store.HEAD_FILE}"
    if details.get("found") is None:
        return f"{when} was missing or could not be read: whether lines were cut off there cannot be told.", False
    try:
        head = store.Head.parse(details["found"])
    except (AttributeError, ValueError):
        return f"{when} is said to have held no head.", False
    if digests.get(head.number) == head.digest and head.number <= int(number):
        return f"{when} was behind, at line {head.number}.", False
    return f"{when} knew a line {head.number} that this log does not hold: lines were cut off, or replaced.", True
