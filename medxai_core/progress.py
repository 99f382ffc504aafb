"""How long work tells how far it is: one callback a stage."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int], None]
"""Called as on_progress(done, total); may raise `errors.StopRequested`."""

Stage = Callable[[str], OnProgress]
"""Called with the title of a stage that begins; gives its callback."""


def silent_stage(title: str) -> OnProgress:
    """Return a callback that tells no one: for callers that need no progress."""
    return lambda done, total: None
