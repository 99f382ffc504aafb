"""The head of the log beside the database: what it says before and after each record, and what an odd one means."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, exc

from medxai_core.store.chain import BEGINNING, HEAD, HEAD_BEFORE, Head, append_to_log, get_head
from medxai_core.store.connection import BUSY_SECONDS

HEAD_FILE = "log_head.txt"
"""Beside the database: its last line, so that a log that was cut at its end, or an older database, shows."""
CONFIRM_WITHIN_MS = 2000
HEAD_EVENT = "log-head"
"""Kind of the event that notes that the file did not say what the log said when the next record was made."""


class KeptHead(NamedTuple):
    """Hold what the file beside the database says.

    Attributes
    ----------
    head : Head or None
        The last line that was recorded; None without the file, or when it cannot be read.
    announced : Head or None
        The line that a record was about to end with: it stands there only between announcing and recording.
    is_there : bool
        There is such a file.
    """

    head: Head | None
    announced: Head | None
    is_there: bool

    def fits(self, end: Head) -> bool:
        """Say whether a log may end so: as the file says, or one record later when that was announced."""
        return end in (self.head, self.announced) or (end.number == 0 and not self.is_there)


def read_kept(folder: Path) -> KeptHead:
    """Return what the file beside the database says."""
    try:
        first, *rest = (folder / HEAD_FILE).read_text(encoding="ascii").splitlines()
        return KeptHead(Head.parse(first), Head.parse(rest[0]) if rest else None, True)
    except FileNotFoundError:
        return KeptHead(None, None, False)
    except (OSError, ValueError):
        return KeptHead(None, None, True)


def read_kept_head(folder: Path) -> Head | None:
    """Return the head beside the database; None where there is none, or something else stands there."""
    return read_kept(folder).head


def announce_head(folder: Path, connection: Connection, *, at: str) -> bool:
    """Write beside the database what the open transaction is about to record; return False when it records no line.

    A file that does not say what the log said until now is noted in the log for good, before it is written anew.

    Notes
    -----
    The open transaction holds the write lock, so no two announce at once. A full disk must not undo what is recorded:
    the file is then behind, and that is noted with the next record.
    """
    before: Head | None = connection.info.pop(HEAD_BEFORE, None)
    if before is None:
        return False
    kept = read_kept(folder)
    if not kept.fits(before):
        details = {"found": str(kept.head) if kept.head else None, "expected": str(before)}
        row = {"at": at, "actor": "system", "kind": HEAD_EVENT, "details": details}
        append_to_log(connection, "events", [row])
        connection.info.pop(HEAD_BEFORE, None)
    with suppress(OSError):
        _write(folder, f"{before}\n{connection.info.pop(HEAD)}\n")
    return True


def confirm_head(folder: Path, engine: Engine) -> None:
    """Write beside the database what is recorded by now.

    Notes
    -----
    Under the write lock, as announcing is: else a slow program could write an older line over a newer one. Where
    another holds the lock for long, what was announced is left to stand: the next record confirms it.
    """
    with suppress(OSError, exc.OperationalError), engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={CONFIRM_WITHIN_MS}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            head = get_head(connection) or Head(0, BEGINNING)
            if read_kept(folder) != KeptHead(head, None, True):
                _write(folder, f"{head}\n")
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")


def _write(folder: Path, text: str) -> None:
    """Write the file as a whole or not at all, for its owner only."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{HEAD_FILE}.", suffix=".part")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(name, folder / HEAD_FILE)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
