"""The connection to a study's database, and its errors in the user's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, exc, text
from sqlalchemy.pool import QueuePool

from medxai_core.errors import (
    SchemaVersionError,
    StudyBusyError,
    StudyDamagedError,
    StudyNotFoundError,
    StudyNotWritableError,
)
from medxai_core.store.tables import study_facts, tables

SCHEMA_VERSION = 2
BUSY_SECONDS = 30.0


def open_engine(database: Path, *, read_only: bool = False) -> Engine:
    """Return a connection pool to a study's database.

    Parameters
    ----------
    database : Path
        File ``study.db``.
    read_only : bool
        Open without writing anything, for a folder that cannot be written.
    """
    target = f"{database.resolve().as_uri()}?mode={'ro&immutable=1' if read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(target, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        if not read_only:
            connection.execute("PRAGMA synchronous=NORMAL")
        connection.isolation_level = None  # transactions are opened by `begin`, as IMMEDIATE
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=5, max_overflow=20)


def create_tables(engine: Engine) -> None:
    """Write the empty tables and the schema version, with write-ahead logging on."""
    with translate_errors("the study"):
        with engine.connect() as connection:
            mode = connection.execute(text("PRAGMA journal_mode=WAL")).scalar()
        if mode != "wal":
            raise StudyNotWritableError(
                f"write-ahead logging is not possible here (got {mode!r}), as on most network drives.",
                "Put the study folder on a local disk.",
            )
        with begin(engine, "the study") as connection:
            tables.create_all(connection)
            connection.execute(study_facts.insert(), {"key": "schema_version", "value": SCHEMA_VERSION})


def check_schema(engine: Engine, name: str) -> None:
    """Raise unless the database was written by this version of the schema.

    Raises
    ------
    StudyDamagedError
        The file is no database, or its tables are missing.
    SchemaVersionError
        The schema is of another version.
    StudyNotWritableError
        The disk is full, so the database cannot be opened for writing.
    """
    try:
        with engine.connect() as connection:
            found = connection.execute(study_facts.select().where(study_facts.c.key == "schema_version")).one_or_none()
            complete = connection.execute(study_facts.select().where(study_facts.c.key == "created_at")).one_or_none()
    except exc.DatabaseError as error:
        if "disk I/O error" in str(error.orig) or "disk is full" in str(error.orig):
            raise StudyNotWritableError(
                f"study {name!r} cannot be opened for writing ({error.orig}).",
                "Free space on the disk; nothing that was there is lost.",
            ) from error
        raise StudyDamagedError(
            f"study {name!r}: study.db cannot be read ({error.orig}).",
            "Restore the folder from a copy, or create the study again.",
        ) from error
    if found is None:
        raise StudyDamagedError(f"study {name!r} is half-written.", "Delete its folder and create the study again.")
    if found.value != SCHEMA_VERSION:
        raise SchemaVersionError(
            f"study {name!r} has schema version {found.value}; this software reads version {SCHEMA_VERSION}.",
            "Create the study again with this version, or open it with the version that wrote it.",
        )
    if complete is None:
        raise StudyDamagedError(f"study {name!r} is half-written.", "Delete its folder and create the study again.")


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Turn what SQLite and the disk say into errors that a user can act on."""
    try:
        yield
    except exc.OperationalError as error:
        raise _explain_operational_error(str(error.orig), name) from error
    except OSError as error:
        if error.errno in {28, 30, 13, 122}:
            raise StudyNotWritableError(
                f"{name} cannot be written ({error.strerror}).",
                "Free space on the disk, or make the folder writable; nothing that was there is lost.",
            ) from error
        raise


def _explain_operational_error(words: str, name: str) -> Exception:
    """Return the error that fits what SQLite said."""
    if "readonly" in words or "disk is full" in words or "disk I/O error" in words or "unable to open" in words:
        return StudyNotWritableError(
            f"{name} cannot be written ({words}).",
            "Free space on the disk, or make the folder writable; nothing that was there is lost.",
        )
    if "locked" in words:
        return StudyBusyError(
            f"{name} is busy: another program has been writing to it for {BUSY_SECONDS:.0f} s.",
            "Wait for the other job, then try again.",
        )
    if "malformed" in words or "not a database" in words or "no such table" in words:
        return StudyDamagedError(f"{name} is damaged ({words}).", "Restore the folder from a copy.")
    return StudyNotFoundError(f"{name} cannot be read ({words}).", "Check the folder.")


@contextmanager
def begin(engine: Engine, name: str) -> Iterator[Connection]:
    """Open one transaction: all of it is recorded, or nothing.

    Notes
    -----
    ``BEGIN IMMEDIATE`` takes the write lock first, so that two writers wait for each other instead of
    failing half-way (SQLite cannot upgrade a read snapshot once another writer has committed).
    """
    with translate_errors(name), engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
