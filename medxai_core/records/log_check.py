"""Check the logs of a study against their chain: is any line changed, missing, moved or added by hand?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from medxai_core import store
from medxai_core.study import Study

WORDS = {"events": "event", "decisions": "decision", "settings": "setting"}
MOST_TOLD = 50


@dataclass(frozen=True)
class LogCheck:
    """Hold what a check of the logs found.

    Attributes
    ----------
    n_lines : int
        Lines of the chain.
    head : store.Head or None
        The last line; kept elsewhere (on paper, in a report), it proves later that nothing before it was changed.
    problems : tuple of str
        What is wrong, in words, at most `MOST_TOLD`. Empty: the log is whole.
    n_problems : int
        All of them.
    is_end_known : bool
        A head was kept beside the database, or given: then a log cut at its end would have been found.
    """

    n_lines: int
    head: store.Head | None
    problems: tuple[str, ...]
    n_problems: int
    is_end_known: bool

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is wrong."""
        return self.n_problems == 0


def check_log(study: Study, *, head: store.Head | None = None) -> LogCheck:
    """Compute every digest anew and compare.

    Parameters
    ----------
    head : store.Head, optional
        A head that was kept elsewhere: the log must still hold that line, as it was.

    Notes
    -----
    A chain without a secret finds what was changed by accident or by hand. Whoever writes all lines, digests and the
    head beside the database anew is found only by a head that was kept elsewhere.
    """
    table = store.chain
    lines = [dict(row._mapping) for row in study.read(select(table).order_by(table.c.number))]
    rows = {log: _read_rows(study, log) for log in store.LOGS}
    kept = store.read_kept_head(study.folder)
    problems = [*_follow(lines, rows), *_find_unlinked(lines, rows)]
    digests = {line["number"]: line["digest"] for line in lines}
    for known, where in ((kept, "beside the database"), (head, "that was given")):
        if known is not None and digests.get(known.number) != known.digest:
            has_line = known.number in digests
            found = "has another digest" if has_line else f"is missing: the chain ends at {max(digests, default=0)}"
            problems.append(f"The head {where} is line {known.number}; that line {found}.")
    last = store.Head(lines[-1]["number"], lines[-1]["digest"]) if lines else None
    return LogCheck(len(lines), last, tuple(problems[:MOST_TOLD]), len(problems), kept is not None or head is not None)


def _read_rows(study: Study, log: str) -> dict[int, dict[str, Any]]:
    """Return the rows of a log by their key."""
    key = store.get_key(log)
    return {row._mapping[key]: dict(row._mapping) for row in study.read(select(store.LOGS[log]))}


def _follow(lines: list[dict[str, Any]], rows: dict[str, dict[int, dict[str, Any]]]) -> Iterator[str]:
    """Yield what is wrong along the chain. Each line is held against the digest that stands before it."""
    number, before, last_keys = 0, store.BEGINNING, dict.fromkeys(rows, 0)
    for line in lines:
        what = f"{WORDS.get(line['log'], line['log'])} {line['row_key']}"
        if line["number"] != number + 1:
            yield f"Line {number + 1} is missing: line {line['number']} follows line {number}."
        row = rows.get(line["log"], {}).get(line["row_key"])
        if row is None:
            yield f"Line {line['number']} ({what}) is missing from its log."
        elif store.compute_digest(before, line, row) != line["digest"]:
            yield f"Line {line['number']} ({what}, {row['at']}) was changed, or stands in another place."
        if line["row_key"] <= last_keys.get(line["log"], 0):
            yield f"Line {line['number']} ({what}) stands after a later one: the order was changed."
        last_keys[line["log"]] = line["row_key"]
        number, before = line["number"], line["digest"]


def _find_unlinked(lines: list[dict[str, Any]], rows: dict[str, dict[int, dict[str, Any]]]) -> Iterator[str]:
    """Yield the rows that no line of the chain names."""
    linked = {(line["log"], line["row_key"]) for line in lines}
    for log, known in rows.items():
        for key in sorted(known):
            if (log, key) not in linked:
                yield f"{WORDS[log].capitalize()} {key} is in no line of the chain: it was added by hand."
