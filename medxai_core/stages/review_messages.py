"""Read what a browser sends about a review: the acts of a reader that it does not know to be stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from medxai_core.review import ACTIONS
from medxai_core.stages.review_batches import SEVERAL, WHOLE_CLUSTER, join_batch
from medxai_core.stages.review_events import REVERTS, EventFailure, ReviewEvent

BATCH_KINDS = {"several": SEVERAL, "cluster": WHOLE_CLUSTER}
LONGEST = 200
_EVENT_ID = re.compile(r"[0-9a-f]{32}")
_MARK = re.compile(r"[0-9a-f]{8}")


def read_acts(
    message: Mapping[str, Any], *, now: datetime | None = None
) -> tuple[list[ReviewEvent], list[EventFailure]]:
    """Return the events of a message in order, and those that cannot be read.

    Parameters
    ----------
    message : mapping
        sent: the browser's clock in milliseconds; acts: list of {at, action, kind, mark, pairs}, in order;
        pairs: list of [event_id, item_id, label or None] or, for undo and redo, [event_id, item_id, undone
        event_id]. kind is "one", "several" or "cluster"; mark names the batch of the last two.
    now : datetime, optional
        This moment, by default the clock's.

    Returns
    -------
    events : list of ReviewEvent
    failures : list of EventFailure

    Notes
    -----
    The browser's clock may be wrong, so it only says how long ago an act was: by how much `at` is before `sent`.

    Examples
    --------
    >>> act = {"at": 1000, "action": "skip", "kind": "one", "pairs": [["0" * 32, "picture", None]]}
    >>> events, _ = read_acts({"sent": 3000, "acts": [act]}, now=datetime(2024, 5, 1, 10, 0, 2, tzinfo=UTC))
    >>> events[0].action, events[0].at
    ('skip', '2024-05-01T10:00:00.000000+00:00')
    """
    now = now or datetime.now(UTC)
    events: list[ReviewEvent] = []
    failures: list[EventFailure] = []
    acts = message.get("acts")
    for act in acts if isinstance(acts, list) else []:
        pairs = act.get("pairs") if isinstance(act, Mapping) else None
        for pair in pairs if isinstance(pairs, list) else []:
            try:
                events.append(_read_event(act, pair, at=_find_moment(act.get("at"), message.get("sent"), now)))
            except ValueError as error:
                event_id = pair[0] if isinstance(pair, list) and pair and isinstance(pair[0], str) else ""
                failures.append(EventFailure(event_id[:LONGEST], f"{error}.", "Reload the page and decide again."))
    return events, failures


def _read_event(act: Mapping[str, Any], pair: Any, *, at: str) -> ReviewEvent:
    """Return one event, or raise ValueError with the reason."""
    if not isinstance(pair, list) or len(pair) != 3:
        raise ValueError("the message names no picture")
    event_id, item_id, extra = pair
    action, reverts = act.get("action"), act.get("action") in REVERTS
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise ValueError("the decision has no proper id")
    if not _is_text(item_id) or not (_is_text(extra) or (extra is None and not reverts)) or action not in ACTIONS:
        raise ValueError("the browser sent a decision that is not known here")
    label, undoes = (None, extra) if reverts else (extra, None)
    return ReviewEvent(event_id, item_id, action, label=label, undoes=undoes, reason=_name_reason(act), at=at)


def _is_text(value: Any) -> bool:
    """Say whether a value is a text of a length that an id may have."""
    return isinstance(value, str) and len(value) <= LONGEST


def _name_reason(act: Mapping[str, Any]) -> str:
    """Return what is written beside the decisions of a batch; nothing beside one taken alone."""
    kind, mark = act.get("kind", "one"), act.get("mark")
    if kind == "one" or act.get("action") in REVERTS:
        return ""
    if kind not in BATCH_KINDS or not isinstance(mark, str) or not _MARK.fullmatch(mark):
        raise ValueError("the batch has no proper name")
    return join_batch(BATCH_KINDS[kind], mark)


def _find_moment(at: Any, sent: Any, now: datetime) -> str:
    """Return the moment of an act by this computer's clock."""
    age = 0.0
    if all(isinstance(one, int | float) and abs(one) < 1e15 for one in (at, sent)):
        age = max(0.0, (sent - at) / 1000)
    return (now - timedelta(seconds=age)).isoformat(timespec="microseconds")
