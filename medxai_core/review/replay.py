"""Follow a review log line by line: which decisions are in force after undo, redo and restore."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medxai_core.review.decisions import Decision


class Replay:
    """Know which decisions are in force after the part of the log that was followed.

    The two stacks of a reader may hold decisions that were since undone or redone by name; these are
    dropped when they come to the top, so that every step costs the same however long the log is.

    Attributes
    ----------
    taken : dict of str to Decision
        All decisions so far by event id, in the order they were taken, without those that revert others.
    in_force : dict of str to bool
        By event id of `taken`.
    """

    def __init__(self) -> None:
        self.taken: dict[str, Decision] = {}
        self.in_force: dict[str, bool] = {}
        self._done: dict[str, list[str]] = defaultdict(list)
        self._undone: dict[str, list[str]] = defaultdict(list)
        self._undo_of: dict[str, str] = {}
        self._restored: set[str] = set()  # readers whose stack of decisions no longer tells what is in force

    def follow(self, decision: Decision) -> str | None:
        """Take one more line of the log into account.

        Returns
        -------
        str or None
            Item that the line is about; None when the line changes nothing.
        """
        action, reader = decision.action, decision.reader
        if action == "undo":
            target = self.find_undo(reader, decision.undoes)
            if target is not None:
                self._undo_of[decision.event_id] = target
                self._switch(target, False, self._undone[reader])
        elif action == "redo":
            target = self.find_redo(reader, decision.undoes)
            if target is not None:
                self._switch(target, True, self._done[reader])
        elif action in ("withdraw", "reinstate"):  # `RESTORES`
            target = self._restore(decision.undoes, action == "reinstate")
        else:
            target = decision.event_id
            self.taken[target] = decision
            self._switch(target, True, self._done[reader])
            self._undone[reader].clear()
        return None if target is None else self.taken[target].item_id

    def find_undo(self, reader: str, named: str | None) -> str | None:
        """Return the event id that an undo takes back, None if there is none."""
        if named is not None:
            return named if self._is_own(named, reader) and self.in_force[named] else None
        if reader in self._restored:
            self._restored.discard(reader)
            self._done[reader] = [one for one, taken in self.taken.items() if taken.reader == reader]
        return self._find_top(self._done[reader], True)

    def find_redo(self, reader: str, named: str | None) -> str | None:
        """Return the event id that a redo brings back, None if there is none."""
        if named is not None:
            target = self._undo_of.get(named, named)
            return target if self._is_own(target, reader) and not self.in_force[target] else None
        return self._find_top(self._undone[reader], False)

    def list_in_force(self) -> list[Decision]:
        """Return the decisions in force, in the order they were taken."""
        return [decision for event_id, decision in self.taken.items() if self.in_force[event_id]]

    def _restore(self, event_id: str | None, in_force: bool) -> str | None:
        """Put any reader's decision in or out of force by name; return it if that changes anything."""
        if event_id is None or self.in_force.get(event_id, in_force) == in_force:
            return None
        self.in_force[event_id] = in_force
        self._restored.add(self.taken[event_id].reader)
        return event_id

    def _switch(self, event_id: str, in_force: bool, stack: list[str]) -> None:
        """Put a decision in or out of force, and on the stack of what can be reverted."""
        self.in_force[event_id] = in_force
        stack.append(event_id)

    def _is_own(self, event_id: str, reader: str) -> bool:
        """Say whether this is a decision of the reader."""
        return event_id in self.taken and self.taken[event_id].reader == reader

    def _find_top(self, stack: list[str], in_force: bool) -> str | None:
        """Return the last entry of a stack that is still as it was put there."""
        while stack and self.in_force[stack[-1]] != in_force:
            stack.pop()
        return stack[-1] if stack else None
