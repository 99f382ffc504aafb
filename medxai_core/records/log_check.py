"""Check the logs of a study: is any line changed, missing, moved or added by hand; are the results as it saw them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medxai_core import store
from medxai_core.records.head_check import check_heads
from medxai_core.records.log_lines import UNREADABLE, read_chain, read_log
from medxai_core.records.results_check import ResultsCheck, check_results
from medxai_core.study import Study

WORDS = {"events": "event", "decisions": "decision", "settings": "setting"}
MOST_TOLD, MOST_NAMED = 50, 5
_RESTORE = "Restore the study from a copy."


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
        What is wrong, in words, at most `MOST_TOLD`: of the log first, then of the results. Empty: the log is whole.
    n_problems : int
        All of them.
    is_end_known : bool
        A head was kept beside the database, or given: then a log cut at its end would have been found.
    notices : tuple of str
        What is no problem and should be known.
    n_compared : int
        Results that are as the log saw them: scores, weights, proposals, tests of the maps ...
    n_not_compared : int
        Results whose digest is not in the log, as those that an earlier version recorded.
    result_problems : tuple of str
        Those of `problems` that are about results: not as the log saw them, or never seen by it; at most `MOST_TOLD`.
    n_result_problems : int
        All of them.
    """

    n_lines: int
    head: store.Head | None
    problems: tuple[str, ...]
    n_problems: int
    is_end_known: bool
    notices: tuple[str, ...] = ()
    n_compared: int = 0
    n_not_compared: int = 0
    result_problems: tuple[str, ...] = ()
    n_result_problems: int = 0

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is wrong."""
        return self.n_problems == 0

    @property
    def is_chain_whole(self) -> bool:
        """Say whether the lines themselves are as they were written, whatever became of the results."""
        return self.n_problems == self.n_result_problems


def check_log(study: Study, *, head: store.Head | None = None) -> LogCheck:
    """Compute every digest anew and compare: those of the lines, and those of the results that they record.

    Parameters
    ----------
    head : store.Head, optional
        A head that was kept elsewhere: the log must still hold that line, as it was.

    Notes
    -----
    A chain without a secret finds what was changed by accident or by hand. Whoever writes all lines, digests and the
    head beside the database anew is found only by a head that was kept elsewhere.
    """
    kept = store.read_kept(study.folder)  # before the lines: a record that is made meanwhile must not look cut off
    with store.translate_errors(f"study {study.name!r}"), study.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # all is read as it is at one moment
        lines = read_chain(connection)
        rows = {log: read_log(connection, log) for log in store.LOGS}
        events = _list_told(rows["events"])
        results = check_results(connection, study.folder, events)
    last = store.Head(lines[-1]["number"], lines[-1]["digest"]) if lines else None
    if not kept.fits(last or store.Head(0, store.BEGINNING)):
        kept = store.read_kept(study.folder)  # another program was about to confirm it
    odd = [details for kind, details in events if kind == store.HEAD_EVENT]
    heads = check_heads(lines, kept, odd=odd, given=head)
    problems = [*_follow(lines, rows), *_find_unlinked(lines, rows), *heads.problems, *results.problems]
    return LogCheck(
        len(lines),
        last,
        tuple(problems[:MOST_TOLD]),
        len(problems),
        kept.head is not None or head is not None,
        notices=(*heads.notices, *_say_not_compared(results)),
        n_compared=results.n_compared,
        n_not_compared=len(results.not_compared),
        result_problems=tuple(results.problems[:MOST_TOLD]),
        n_result_problems=len(results.problems),
    )


def _list_told(events: dict[int, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return kind and details of the events that can be read, in their order."""
    return [(one["kind"], one["details"]) for one in events.values() if isinstance(one["details"], dict)]


def _say_not_compared(results: ResultsCheck) -> Iterator[str]:
    """Say which results could not be compared."""
    named, n = results.not_compared[:MOST_NAMED], len(results.not_compared)
    if named:
        more = f" and {n - len(named)} more" if n > len(named) else ""
        yield (
            f"{n} results could not be compared, because the log holds no digest of them (an earlier version recorded "
            f"them, or a training has not ended): {'; '.join(named)}{more}."
        )


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
        elif UNREADABLE in row.values():
            yield f"Line {line['number']} ({what}) was changed: its details are no valid JSON. {_RESTORE}"
        elif not _is_as_written(before, line, row):
            yield f"Line {line['number']} ({what}, {row['at']}) was changed, or stands in another place."
        if not isinstance(line["row_key"], int):
            yield f"Line {line['number']} ({what}) was changed: it names no line of a log."
        elif line["row_key"] <= last_keys.get(line["log"], 0):
            yield f"Line {line['number']} ({what}) stands after a later one: the order was changed."
        else:
            last_keys[line["log"]] = line["row_key"]
        number, before = line["number"], line["digest"]


def _is_as_written(before: str, line: dict[str, Any], row: dict[str, Any]) -> bool:
    """Say whether the digest of a line is that of its row; a row that no JSON can hold is not what was written."""
    try:
        return store.compute_digest(before, line, row) == line["digest"]
    except (TypeError, ValueError):
        return False


def _find_unlinked(lines: list[dict[str, Any]], rows: dict[str, dict[int, dict[str, Any]]]) -> Iterator[str]:
    """Yield the rows that no line of the chain names."""
    linked = {(line["log"], line["row_key"]) for line in lines}
    for log, known in rows.items():
        for key in sorted(known):
            if (log, key) not in linked:
                yield f"{WORDS[log].capitalize()} {key} is in no line of the chain: it was added by hand."
