"""Review decisions as a table (CSV) or as lines of JSON, out and in again without a change.

Values are written so that no spreadsheet takes them for a formula, and read back as they were.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import LayoutError

DECISION_COLUMNS = (
    "decision_id",
    "event_id",
    "reader",
    "at",
    "item_id",
    "action",
    "label",
    "reason",
    "clustering_id",
    "undoes",
)

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NOTICE = "notice"


def write_decisions_csv(rows: Iterable[Mapping[str, Any]], path: str | Path) -> None:
    """Write decisions as a table, after one comment line that states the intended use.

    Parameters
    ----------
    rows : iterable of mapping
        One for each decision, with the keys of `DECISION_COLUMNS`. None becomes an empty cell.
    path : str or Path
        File to write; one that is there is replaced. UTF-8 with a byte order mark, as spreadsheets like it.

    Notes
    -----
    A value that a spreadsheet could take for a formula gets an apostrophe in front, as OWASP advises
    against CSV injection; `read_decisions_csv` takes it off again.
    """
    with Path(path).open("w", newline="", encoding="utf-8-sig") as file:
        file.write(f"# {RESEARCH_USE}\r\n")
        table = csv.writer(file)
        table.writerow(DECISION_COLUMNS)
        for row in rows:
            table.writerow([_guard(row.get(name)) for name in DECISION_COLUMNS])


def read_decisions_csv(path: str | Path) -> list[dict[str, str]]:
    """Read a table of decisions as text.

    Parameters
    ----------
    path : str or Path
        File that `write_decisions_csv` wrote, or one with the same columns in any order.

    Returns
    -------
    list of dict
        One for each line; the review turns them into decisions and says which are none.

    Raises
    ------
    LayoutError
        If a column is missing or the file is not such a table.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            lines = [line for line in csv.reader(file) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _not_a_table(path, f"it cannot be read: {error}") from error
    if lines and lines[0][0].startswith("#"):
        lines = lines[1:]
    header = lines[0] if lines else []
    missing = [name for name in DECISION_COLUMNS if name not in header]
    if missing:
        raise _not_a_table(path, f"columns are missing: {', '.join(missing)}")
    return [dict(zip(header, map(_unguard, line), strict=False)) for line in lines[1:]]


def write_decisions_jsonl(rows: Iterable[Mapping[str, Any]], path: str | Path) -> None:
    """Write decisions as lines of JSON, after one line that states the intended use.

    Parameters
    ----------
    rows : iterable of mapping
        One for each decision, with the keys of `DECISION_COLUMNS`.
    path : str or Path
        File to write; one that is there is replaced. UTF-8.
    """
    with Path(path).open("w", newline="\n", encoding="utf-8") as file:
        file.write(json.dumps({_NOTICE: RESEARCH_USE}) + "\n")
        for row in rows:
            values = {name: row.get(name) for name in DECISION_COLUMNS}
            file.write(json.dumps(values, ensure_ascii=False) + "\n")


def read_decisions_jsonl(path: str | Path) -> list[dict[str, Any]]:
    """Read lines of JSON, one decision each.

    Parameters
    ----------
    path : str or Path
        File that `write_decisions_jsonl` wrote.

    Returns
    -------
    list of dict

    Raises
    ------
    LayoutError
        If a line is not a JSON object.
    """
    rows = []
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        for line in text.split("\n"):
            if line.strip():
                rows.append(json.loads(line))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _not_a_table(path, f"it cannot be read: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise _not_a_table(path, "every line must be one object")
    return [row for row in rows if set(row) != {_NOTICE}]


def _guard(value: Any) -> str:
    """Return the text of a cell, with an apostrophe in front if it could be taken for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if _looks_like_formula(text) else text


def _unguard(text: str) -> str:
    """Return the text of a cell as it was before `_guard`."""
    return text[1:] if text.startswith("'") and _looks_like_formula(text) else text


def _looks_like_formula(text: str) -> bool:
    """Say whether a spreadsheet could take a text for a formula, apostrophes in front left aside.

    Leaving them aside makes the apostrophe that is added the one that is taken off again.
    """
    bare = text.lstrip("'")
    return bare[:1] in ("\t", "\r", "\n") or bare.lstrip().startswith(_FORMULA_STARTS)


def _not_a_table(path: str | Path, reason: str) -> LayoutError:
    """Return the error for a file that does not hold decisions."""
    return LayoutError(f"{Path(path).name!r} does not hold review decisions: {reason}.", "Export the decisions again.")
