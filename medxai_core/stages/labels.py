"""Stage 4: the labels in force, and the decisions of readers about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medxai_core.errors import Failure
from medxai_core.formats.decisions_csv import (
    read_decisions_csv,
    read_decisions_jsonl,
    write_decisions_csv,
    write_decisions_jsonl,
)
from medxai_core.json_values import to_plain
from medxai_core.records.decisions import append_decisions, list_decisions, new_event_id
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.pictures import Items, find_training_items, list_items
from medxai_core.review import (
    Decision,
    LabelState,
    compute_labels,
    find_redo_target,
    find_undo_target,
    summarize_review,
)
from medxai_core.review import export_decisions as list_as_rows
from medxai_core.review import import_decisions as parse_decisions
from medxai_core.stages.review_events import ReviewEvent, record_all
from medxai_core.study import Study


def get_reference_seeds(items: Items) -> dict[str, str]:
    """Return the reference labels of the seeds by item id: all that the rounds may see."""
    rows = np.flatnonzero(items.is_seed & items.is_present)
    return {items.item_ids[row]: items.reference_labels[row] for row in rows}


def get_proposals(labelling: RecordedLabelling | None) -> dict[str, tuple[str, str]]:
    """Return the proposed labels by item id, each with the clustering it comes from."""
    if labelling is None:
        return {}
    found = labelling.proposals
    pairs = {label: (label, labelling.clustering_id) for label in set(found.labels)}
    return {item_id: pairs[label] for item_id, label in zip(found.item_ids, found.labels, strict=True)}


def get_label_states(
    study: Study, items: Items | None = None, *, labelling: RecordedLabelling | None = None
) -> dict[str, LabelState]:
    """Return the label in force of every present training item, with its source and its reason.

    Notes
    -----
    A pure function of the seeds, the newest rounds and the decision log.
    """
    items = items or list_items(study)
    labelling = labelling or find_labelling(study)
    rows = items.positions_in("train")
    return compute_labels(
        [str(item_id) for item_id in items.item_ids[rows]],
        get_reference_seeds(items),
        get_proposals(labelling),
        list_decisions(study),
    )


def get_starting_labels(study: Study, items: Items, *, decisions: Sequence[Decision] | None = None) -> np.ndarray:
    """Return the labels that the rounds start from, (n_items,) object: seeds and reviewed labels.

    Parameters
    ----------
    decisions : sequence of Decision, optional
        The log, or the part of it that counts; by default all of it.

    Notes
    -----
    Only items that a reader has decided on are looked at one by one.
    """
    log = list_decisions(study) if decisions is None else decisions
    labels = np.full(len(items), None, object)
    seeds = items.is_seed & items.is_present
    labels[seeds] = items.reference_labels[seeds]
    rows = {one.item_id: items.rows_by_id[one.item_id] for one in log if one.item_id in items.rows_by_id}
    given = {item_id: labels[row] for item_id, row in rows.items() if seeds[row]}
    for item_id, state in compute_labels(list(rows), given, {}, log).items():
        labels[rows[item_id]] = state.label
    return labels


def decide(
    study: Study,
    item_id: str,
    action: str,
    *,
    reader: str,
    label: str | None = None,
    reason: str = "",
    event_id: str | None = None,
) -> Decision:
    """Record one reader's decision about one item.

    Parameters
    ----------
    action : {"label", "accept", "reject", "other", "unsure", "skip", "flag"}
    label : str, optional
        The class, for "label" and "other".
    event_id : str, optional
        The client's id of this decision: one that is sent again counts once.

    Raises
    ------
    DecisionError
        The decision does not fit the item, such as accepting where nothing is proposed.
    ImageNotFoundError
        No such item.
    """
    return decide_many(study, [item_id], action, reader=reader, label=label, reason=reason, event_ids=[event_id])[0]


def decide_many(
    study: Study,
    item_ids: list[str],
    action: str,
    *,
    reader: str,
    label: str | None = None,
    reason: str = "",
    event_ids: list[str | None] | None = None,
) -> list[Decision]:
    """Record the same decision about several items in one transaction; see `decide`. All of them, or none."""
    ids = [event_id or new_event_id() for event_id in event_ids or [None] * len(item_ids)]
    events = [
        ReviewEvent(event_id, item_id, action, label=label, reason=reason)
        for event_id, item_id in zip(ids, item_ids, strict=True)
    ]
    return record_all(study, events, reader=reader)


def undo(study: Study, *, reader: str, event_id: str | None = None) -> Decision:
    """Take back a reader's last decision that still stands, or a named one of theirs.

    Raises
    ------
    DecisionError
        There is nothing to undo.
    """
    return _revert(study, "undo", reader=reader, event_id=event_id)


def redo(study: Study, *, reader: str) -> Decision:
    """Take back a reader's last undo.

    Raises
    ------
    DecisionError
        There is nothing to redo.
    """
    return _revert(study, "redo", reader=reader, event_id=None)


def _revert(study: Study, action: str, *, reader: str, event_id: str | None) -> Decision:
    """Append an undo or a redo of a named decision, or of the one that is next in line."""
    find_target = find_undo_target if action == "undo" else find_redo_target
    target = find_target(list_decisions(study, reader=reader), reader, event_id=event_id)
    event = ReviewEvent(new_event_id(), target.item_id, action, undoes=target.event_id)
    return record_all(study, [event], reader=reader)[0]


def export_decisions(study: Study, path: Path) -> int:
    """Write the whole log to a CSV or, by its ending, JSONL file; return the number of decisions."""
    decisions = list_decisions(study)
    write = write_decisions_jsonl if path.suffix == ".jsonl" else write_decisions_csv
    write(list_as_rows(decisions), path)
    return len(decisions)


def import_decisions(study: Study, source: Path) -> tuple[int, int, list[Failure]]:
    """Add the decisions of a file to the log, as they were taken: reader, moment, reason.

    Returns
    -------
    n_added, n_known : int
        Decisions that are new, and those whose event id was in the log already.
    failures : list of Failure
        Rows that cannot be read, and decisions about items that the study does not hold.
    """
    read = read_decisions_jsonl if source.suffix == ".jsonl" else read_decisions_csv
    decisions, failures = parse_decisions(read(source))
    found = find_training_items(study, list({one.item_id for one in decisions}))
    unknown = [one for one in decisions if one.item_id not in found]
    failures += [Failure(one.item_id, "no such training item in this study") for one in unknown]
    known = {one.event_id for one in list_decisions(study)}
    new = [one for one in decisions if one.item_id in found and one.event_id not in known]
    append_decisions(study, [(one, None, one.label) for one in new])
    return len(new), len(decisions) - len(new) - len(unknown), failures


def summarize_study_review(study: Study) -> dict[str, Any]:
    """Count training items by the source of their label, and proposals by what readers made of them."""
    items, labelling = list_items(study), find_labelling(study)
    states = get_label_states(study, items, labelling=labelling)
    by_source = Counter(state.source or "unlabelled" for state in states.values())
    review = summarize_review(get_proposals(labelling), list_decisions(study))
    return {"labels": dict(by_source), "review": to_plain(review)}
