"""The chain of the logs: each line holds the digest of the line before it, so that a change or a gap shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects.sqlite import insert

from medxai_core import __version__
from medxai_core.store.tables import chain, decisions, events, operating_points

LOGS: Mapping[str, Table] = {"events": events, "decisions": decisions, "settings": operating_points}
"""The append-only logs by the name that the chain gives them. Each has a whole number as its key."""
BEGINNING = "0" * 64
"""Digest before the first line."""
HEAD, HEAD_BEFORE = "log_head", "log_head_before"
"""Where a connection keeps the head that its open transaction made, and the one that it found."""


class Head(NamedTuple):
    """Name the last line of a chain: whoever keeps it elsewhere can tell later that nothing before it was changed.

    Examples
    --------
    >>> str(Head(3, "ab12"))
    '3:ab12'
    """

    number: int
    digest: str

    def __str__(self) -> str:
        """Return "3:ab12..."."""
        return f"{self.number}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read what `str` wrote.

        Raises
        ------
        ValueError
            It is something else.
        """
        number, _, digest = text.strip().partition(":")
        if not number.isdigit() or len(digest) != len(BEGINNING) or set(digest) - set("0123456789abcdef"):
            raise ValueError(f"a head is NUMBER:DIGEST with 64 hexadecimal digits; got {text!r}.")
        return cls(int(number), digest)


def append_to_log(
    connection: Connection, log: str, rows: Sequence[Mapping[str, Any]], *, once_by: str | None = None
) -> None:
    """Append rows to one of the logs, and a line a row to the chain, in an open transaction.

    Parameters
    ----------
    log : str
        One of `LOGS`.
    rows : sequence of dict
        Columns -> values, without the key.
    once_by : str, optional
        Column whose values are unique: a row whose value is in the log already is not written again.
    """
    if not rows:
        return
    table, key = LOGS[log], get_key(log)
    last = connection.execute(select(func.max(key))).scalar() or 0
    statement = insert(table)
    connection.execute(statement.on_conflict_do_nothing(index_elements=[once_by]) if once_by else statement, list(rows))
    head = found = get_head(connection) or Head(0, BEGINNING)
    lines = []
    for row in connection.execute(select(table).where(key > last).order_by(key)):
        number, row_key = head.number + 1, row._mapping[key]
        line = {"number": number, "log": log, "row_key": row_key, "software": f"medxai_core {__version__}"}
        head = Head(number, compute_digest(head.digest, line, dict(row._mapping)))
        lines.append(line | {"digest": head.digest})
    if lines:
        connection.execute(chain.insert(), lines)
        connection.info[HEAD] = head
        connection.info.setdefault(HEAD_BEFORE, found)


def get_head(connection: Connection) -> Head | None:
    """Return the last line of the chain; None when there is none."""
    found = connection.execute(select(chain.c.number, chain.c.digest).order_by(chain.c.number.desc()).limit(1)).first()
    return Head(*found) if found else None


def get_key(log: str) -> Any:
    """Return the key column of a log."""
    return next(iter(LOGS[log].primary_key.columns))


def compute_digest(before: str, line: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return the digest of one line.

    Parameters
    ----------
    before : str
        Digest of the line before it.
    line : dict
        number, log, row_key, software.
    row : dict
        All columns of the row as they are stored.

    Returns
    -------
    str
        SHA-256 as 64 hexadecimal digits, of the three as JSON with sorted names and without spaces, in UTF-8.
    """
    named = {name: line[name] for name in ("number", "log", "row_key", "software")}
    text = json.dumps([before, named, dict(row)], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
