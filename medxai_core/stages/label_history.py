"""Earlier states of a study's labels: list them, say what going back would change, and go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import DecisionError
from medxai_core.events import record_event
from medxai_core.provenance import now_text
from medxai_core.records.decisions import DecisionRow, list_decisions, new_event_id, write_decisions
from medxai_core.records.labellings import find_proposals
from medxai_core.records.pictures import find_training_items
from medxai_core.review import (
    Decision,
    LabelState,
    Moment,
    Switch,
    compute_labels,
    cut_log,
    list_in_force,
    list_moments,
    plan_restore,
    plan_take_back,
)
from medxai_core.study import Study

Key = TypeVar("Key", bound=Hashable)

RESTORED, TAKEN_BACK = "restored to line", "restore taken back"


@dataclass(frozen=True)
class RestorePreview:
    """Say what a restore changes, or what it changed.

    Attributes
    ----------
    last : int
        Number of the last line of the log that this rests on.
    n_withdrawn, n_reinstated : int
        Decisions that go out of force, and that come back.
    withdrawn_of : dict of str to int
        Decisions that go out of force, by the reader who took them.
    gained, lost : dict of str to int
        Training items that get a label, and that lose theirs, by class.
    turned : dict of (str, str) to int
        Training items whose label becomes another, by the class before and after.
    n_source : int
        Training items that keep their label while it comes from elsewhere: a proposal that is open again, say.
    """

    last: int
    n_withdrawn: int
    n_reinstated: int
    withdrawn_of: dict[str, int]
    gained: dict[str, int]
    lost: dict[str, int]
    turned: dict[tuple[str, str], int]
    n_source: int

    @property
    def changes_nothing(self) -> bool:
        """True when the same decisions stand already."""
        return not self.n_withdrawn and not self.n_reinstated


@dataclass(frozen=True)
class Restored:
    """Say what a restore did.

    Attributes
    ----------
    mark : str
        Names it, for `take_back_restore`.
    first, last : int
        Numbers of the lines that it added.
    """

    mark: str
    first: int
    last: int
    preview: RestorePreview


def list_label_states_over_time(
    study: Study, *, decisions: Sequence[Decision] | None = None, among: Collection[str] | None = None
) -> list[Moment]:
    """Return the moments that the labels can go back to, oldest first.

    Parameters
    ----------
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.
    among : collection of str, optional
        Ids of the training items without a reference label, when they are at hand.

    Returns
    -------
    list of Moment
        With who did what, and how many items had a label from readers afterwards.
    """
    log = list_decisions(study) if decisions is None else decisions
    if among is None:
        found = find_training_items(study, list({one.item_id for one in log}))
        among = {item_id for item_id, reference in found.items() if reference is None}
    return list_moments(log, classes=CLASS_NAMES, among=among)


def preview_restore(study: Study, at: int | datetime, *, decisions: Sequence[Decision] | None = None) -> RestorePreview:
    """Say what going back to an earlier state of the labels would change now.

    Parameters
    ----------
    at : int or datetime
        Number of the last line to keep, 0 for the state before any decision; or a moment.
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.

    Raises
    ------
    DecisionError
        The log has no such line yet.
    """
    log = list_decisions(study) if decisions is None else list(decisions)
    _check_line(log, at)
    return _describe(study, log, plan_restore(log, at))[0]


def preview_take_back(study: Study, mark: str, *, decisions: Sequence[Decision] | None = None) -> RestorePreview:
    """Say what undoing one restore would change now; see `preview_restore`."""
    log = list_decisions(study) if decisions is None else list(decisions)
    return _describe(study, log, plan_take_back(log, mark))[0]


def restore_labels(study: Study, at: int | datetime, *, reader: str, expected_last: int | None = None) -> Restored:
    """Bring back the labels that readers had given at an earlier moment; nothing is deleted.

    Parameters
    ----------
    at : int or datetime
        Number of the last line to keep, 0 for the state before any decision; or a moment: what was written
        before the first line taken later.
    reader : str
        Who restores.
    expected_last : int, optional
        `RestorePreview.last` of what was shown: refuse when the log has grown since.

    Returns
    -------
    Restored

    Raises
    ------
    DecisionError
        There is no such line, the labels are as they were then already, or the log has grown.

    Notes
    -----
    One line is added for each decision that goes out of force or comes back, all in one transaction. The
    decisions of every reader are as they were; what clusters propose is not part of it and stays as it is today.
    """
    with study.begin() as connection:  # the write lock: no line can come in between
        log = list_decisions(study)
        _check_line(log, at)
        _check_grown(log, expected_last)
        line = cut_log(log, at)[-1:]
        reason = f"{RESTORED} {line[0].decision_id if line else 0}"
        rows, restored = _make_rows(study, log, plan_restore(log, at), reader=reader, reason=reason)
        write_decisions(connection, rows)
        _record(connection, restored, reader)
    return restored


def take_back_restore(study: Study, mark: str, *, reader: str, expected_last: int | None = None) -> Restored:
    """Undo one restore; what was decided since stays.

    Parameters
    ----------
    mark : str
        `Restored.mark`, or `Moment.mark` of its lines.

    Raises
    ------
    DecisionError
        There is nothing of it to take back, or the log has grown.
    """
    with study.begin() as connection:
        log = list_decisions(study)
        _check_grown(log, expected_last)
        rows, restored = _make_rows(study, log, plan_take_back(log, mark), reader=reader, reason=TAKEN_BACK)
        write_decisions(connection, rows)
        _record(connection, restored, reader)
    return restored


def list_changes(preview: RestorePreview) -> list[str]:
    """Say what a restore changes, in sentences.

    >>> list_changes(RestorePreview(9, 2, 0, {"r1": 2}, {}, {"polyp": 1}, {}, 0))
    ['Decisions that no longer count: 2 (2 of r1).', 'Pictures that lose their label: 1 polyp.']
    """
    if preview.changes_nothing:
        return ["The same decisions stand now: nothing would change."]
    sentences = []
    if preview.n_withdrawn:
        of = ", ".join(f"{n} of {reader}" for reader, n in preview.withdrawn_of.items())
        sentences.append(f"Decisions that no longer count: {preview.n_withdrawn} ({of}).")
    if preview.n_reinstated:
        sentences.append(f"Decisions that count again: {preview.n_reinstated}.")
    for counts, words in ((preview.gained, "get a label"), (preview.lost, "lose their label")):
        if counts:
            sentences.append(f"Pictures that {words}: {', '.join(f'{n} {name}' for name, n in counts.items())}.")
    if preview.turned:
        parts = ", ".join(f"{n} from {before} to {after}" for (before, after), n in preview.turned.items())
        sentences.append(f"Pictures whose label turns: {parts}.")
    if preview.n_source:
        words = "Pictures whose label stays but comes from elsewhere (an open proposal, say)"
        sentences.append(f"{words}: {preview.n_source}.")
    return sentences


def is_restore(moment: Moment) -> bool:
    """Return True when a moment is a restore, or one taken back."""
    return bool(moment.counts.keys() & {"withdraw", "reinstate"})


def _make_rows(
    study: Study, log: list[Decision], plan: list[Switch], *, reader: str, reason: str
) -> tuple[list[DecisionRow], Restored]:
    """Return the lines of a plan with the labels before and after, and what they do."""
    if not plan:
        raise DecisionError("the decisions that stood then stand now: nothing would change.", "Choose another moment.")
    mark, at, last = f"{reason} #{new_event_id()[:8]}", now_text(), log[-1].decision_id
    preview, before, after = _describe(study, log, plan)
    rows: list[DecisionRow] = []
    for number, switch in enumerate(plan, start=last + 1):
        taken = switch.decision
        line = Decision(
            number, new_event_id(), reader, at, taken.item_id, switch.action, reason=mark, undoes=taken.event_id
        )
        rows.append((line, before[taken.item_id].label, after[taken.item_id].label))
    return rows, Restored(mark, last + 1, last + len(plan), preview)


def _describe(
    study: Study, log: list[Decision], plan: list[Switch]
) -> tuple[RestorePreview, dict[str, LabelState], dict[str, LabelState]]:
    """Return what a plan changes, and the states of the touched items before and after."""
    item_ids = list(dict.fromkeys(switch.decision.item_id for switch in plan))
    found = find_training_items(study, item_ids)
    seeds = {item_id: label for item_id, label in found.items() if label}
    proposals = find_proposals(study, item_ids)
    now = list_in_force(log)
    then = _switch(log, now, plan)
    before, after = (compute_labels(item_ids, seeds, proposals, one) for one in (now, then))
    kinds = Counter(
        (before[item_id].label, after[item_id].label, before[item_id].source != after[item_id].source)
        for item_id in found
    )
    actions = Counter(switch.action for switch in plan)
    preview = RestorePreview(
        last=max((line.decision_id for line in log), default=0),
        n_withdrawn=actions["withdraw"],
        n_reinstated=actions["reinstate"],
        withdrawn_of=dict(Counter(one.decision.reader for one in plan if one.action == "withdraw")),
        gained=_add_up((b, n) for (a, b, _), n in kinds.items() if a is None and b is not None),
        lost=_add_up((a, n) for (a, b, _), n in kinds.items() if b is None and a is not None),
        turned=_add_up(((a, b), n) for (a, b, _), n in kinds.items() if a is not None and b is not None and a != b),
        n_source=sum(n for (a, b, moved), n in kinds.items() if a == b and moved),
    )
    return preview, before, after


def _switch(log: list[Decision], in_force: list[Decision], plan: list[Switch]) -> list[Decision]:
    """Return the decisions that stand after a plan, in the order they were taken."""
    withdrawn = {switch.decision.event_id for switch in plan if switch.action == "withdraw"}
    standing = {one.event_id for one in in_force} - withdrawn
    standing |= {switch.decision.event_id for switch in plan if switch.action == "reinstate"}
    return [one for one in log if one.event_id in standing]


def _add_up(pairs: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Add up numbers by class."""
    total: Counter[Key] = Counter()
    for name, n in pairs:
        total[name] += n
    return dict(total)


def _check_line(log: Sequence[Decision], at: int | datetime) -> None:
    """Raise unless a line number is one of the log."""
    last = max((line.decision_id for line in log), default=0)
    if isinstance(at, int) and not 0 <= at <= last:
        raise DecisionError(f"the log has {last} lines; there is no line {at}.", "Take a number from `review history`.")


def _check_grown(log: Sequence[Decision], expected_last: int | None) -> None:
    """Raise when there are more lines than were shown."""
    last = max((line.decision_id for line in log), default=0)
    if expected_last is not None and last != expected_last:
        raise DecisionError(
            "someone has decided since this was shown, so it would change more than it said.",
            "Look at the change again, then confirm.",
        )


def _record(connection: Connection, restored: Restored, reader: str) -> None:
    """Append the event of a restore."""
    details = {
        "mark": restored.mark,
        "n_withdrawn": restored.preview.n_withdrawn,
        "n_reinstated": restored.preview.n_reinstated,
    }
    record_event(connection, "restore-labels", details, actor=reader)
