"""The append-only log of what happened in a study: who, when, what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from medxai_core import store
from medxai_core.errors import StudyDamagedError
from medxai_core.provenance import now_text
from medxai_core.study import ACTOR, Study


def record_event(connection: Connection, kind: str, details: dict[str, Any], *, actor: str | None = None) -> None:
    """Append one event, by default of who records in this study. Details carry ids and numbers, never file names."""
    who = actor or connection.info.get(ACTOR, "system")
    row = {"at": now_text(), "actor": who, "kind": kind, "details": details}
    store.append_to_log(connection, "events", [row])


def log_export(study: Study, what: str, *, actor: str | None = None, **details: Any) -> None:
    """Note that something leaves the study as a file; a study that cannot be written notes nothing."""
    if not study.read_only:
        with study.begin() as connection:
            record_event(connection, "export", {"what": what} | details, actor=actor)


def list_events(study: Study, *, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the events in the order they happened.

    Raises
    ------
    StudyDamagedError
        The details of one cannot be read.
    """
    statement = select(store.events).order_by(store.events.c.event_number)
    if kind is not None:
        statement = statement.where(store.events.c.kind == kind)
    try:
        return [dict(row._mapping) for row in study.read(statement)]
    except ValueError as error:
        raise StudyDamagedError(
            f"study {study.name!r}: the details of an event in its log cannot be read ({error}).",
            "Run `log verify` to see which, and restore the study from a copy.",
        ) from error
