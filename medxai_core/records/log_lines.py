"""The logs and their chain as they are stored, readable or not."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, Connection, String, select, type_coerce

from medxai_core import store

UNREADABLE = "\0unreadable"
"""Stands where the database holds no JSON though it should: someone wrote there by hand."""


def read_chain(connection: Connection) -> list[dict[str, Any]]:
    """Return the lines of the chain in order: number, log, row_key, software, digest."""
    return [dict(row._mapping) for row in connection.execute(select(store.chain).order_by(store.chain.c.number))]


def read_log(connection: Connection, log: str) -> dict[int, dict[str, Any]]:
    """Return the rows of one of `store.LOGS` by their key, in its order; what is no JSON is `UNREADABLE`."""
    key, table = store.get_key(log), store.LOGS[log]
    names = {column.name for column in table.c if isinstance(column.type, JSON)}
    columns = [type_coerce(one, String).label(one.name) if one.name in names else one for one in table.c]
    found = {}
    for row in connection.execute(select(*columns).order_by(key)):
        values = dict(row._mapping)
        values |= {name: _read_json(values[name]) for name in names}
        found[values[key.name]] = values
    return found


def _read_json(text: Any) -> Any:
    """Return what a text holds, or the mark of one that cannot be read."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return UNREADABLE
