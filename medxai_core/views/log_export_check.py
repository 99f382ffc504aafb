"""Check a log that was exported as JSON lines by itself: order, gaps, digests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medxai_core import store
from medxai_core.errors import SettingError
from medxai_core.records.log_check import MOST_TOLD, LogCheck


def check_export(path: Path, *, head: store.Head | None = None) -> LogCheck:
    """Compute every digest of an exported log anew and compare.

    Parameters
    ----------
    path : Path
        What `activity_log.format_jsonl` wrote.
    head : store.Head, optional
        A head that was kept elsewhere, as a report states it: the file must hold that line.

    Returns
    -------
    LogCheck
        Of the lines of the file; nothing of results, which are not in it.

    Notes
    -----
    The digests cover all that is recorded, but not `what`: those words are written anew by each version.

    Raises
    ------
    SettingError
        The file is no such export, or one of an earlier version, without digests.
    """
    about, *rows = _read(path)
    if any("digest" not in row for row in rows):
        raise SettingError(
            f"{path.name} holds lines without digests: an earlier version exported it.", "Export the log again."
        )
    lines = [row for row in rows if row["number"] is not None]
    problems = [*_follow(lines), *_find_unlinked(rows)]
    last = store.Head(lines[-1]["number"], lines[-1]["digest"]) if lines else None
    if about.get("head") != (str(last) if last else None) or about.get("n_lines") != len(rows):
        problems.append(
            f"The file says that it has {about.get('n_lines')} lines and ends with {about.get('head')}; it has "
            f"{len(rows)} and ends with {last}."
        )
    if head is not None and head.digest not in [one["digest"] for one in lines if one["number"] == head.number]:
        problems.append(f"The head that was given is line {head.number}; the file does not hold it.")
    return LogCheck(len(rows), last, tuple(problems[:MOST_TOLD]), len(problems), is_end_known=True)


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of an exported file; the first says what it is."""
    remedy = "Give a .jsonl file that `log export` wrote."
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise SettingError(f"{path.name} cannot be read as JSON lines ({error}).", remedy) from error
    if not rows or not all(isinstance(row, dict) for row in rows) or "notice" not in rows[0]:
        raise SettingError(f"{path.name} is no exported log.", remedy)
    return rows


def _follow(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong along the chain."""
    number, before = 0, store.BEGINNING
    for line in lines:
        what = f"Line {line['number']} ({line['kind']}, {line['at']})"
        if line["number"] <= number:
            yield f"{what} stands after line {number}: the order was changed."
        elif line["number"] > number + 1:
            gap = f"Lines {number + 1} to {line['number'] - 1} are" if line["number"] > number + 2 else None
            yield f"{gap or f'Line {number + 1} is'} not in the file: they were taken out, or left out by a filter."
        elif line["previous"] != before:
            yield f"{what} does not follow from line {number}: one of the two was changed."
        if not _is_as_written(line):
            yield f"{what} was changed."
        number, before = line["number"], line["digest"]


def _is_as_written(line: dict[str, Any]) -> bool:
    """Say whether the digest of an exported line is that of what it tells."""
    try:
        if line["log"] == "events" and line["item_id"] != line["details"].get("image_id"):
            return False
        return store.compute_digest(line["previous"], line, _restore_row(line)) == line["digest"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _restore_row(line: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a log as it was stored, from its exported line."""
    if line["log"] == "events":
        named = {name: line[name] for name in ("at", "actor", "kind", "details")}
        return named | {"event_number": line["row_key"]}
    row = line["details"] | {"at": line["at"], "reader": line["actor"]}
    return row | ({"item_id": line["item_id"]} if line["log"] == "decisions" else {})


def _find_unlinked(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines that were in no line of the chain."""
    for row in rows:
        if row["number"] is None:
            yield f"The {row['kind']} of {row['at']} is in no line of the chain: it was added by hand."
