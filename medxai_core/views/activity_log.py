"""The log of a study as one list: events and review decisions, in the order they happened."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medxai_core.config import RESEARCH_USE
from medxai_core.events import list_events
from medxai_core.records.decisions import list_decision_rows
from medxai_core.study import Study

COLUMNS = ("at", "actor", "kind", "item_id", "what", "details")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class Activity:
    """Hold one line of the log.

    Attributes
    ----------
    at : str
        Moment, ISO 8601 in UTC.
    actor : str
        Pseudonym of a reader, or "system".
    kind : str
        What kind of event; decisions are "decision".
    item_id : str or None
        Picture or tile, where the line is about one.
    what : str
        In words, without what readers typed.
    details : dict
        All that is recorded; may hold text that readers typed.
    """

    at: str
    actor: str
    kind: str
    item_id: str | None
    what: str
    details: dict[str, Any]


_WORDS = {
    "import": "Imported {n_images} pictures ({n_items} items).",
    "features": "Extracted the {feature_set} features.",
    "cluster": "Made clustering {clustering_id} (k = {k}).",
    "pseudo-label": "Proposed labels: {n_labelled} items labelled, stopped: {stop_reason}.",
    "embed": "Drew the map {embedding_id}.",
    "train": "Began training run {run_id} on {labels} labels.",
    "train-done": "Finished training run {run_id}.",
    "train-stopped": "Stopped training run {run_id}.",
    "train-failed": "Training run {run_id} failed.",
    "evaluate-classifier": "Scored the classifier of {run_id} on the {split} items.",
    "lock": "Locked the setting of {run_id}: layer {layer}, above {low}, below {high}.",
    "unlock": "Unlocked the setting of {run_id}: later results count as tuned on test.",
    "evaluate": "Scored masks of the {split} pictures: {evaluation_id}.",
    "measure-speed": "Timed {run_id}: {mean_seconds} s a picture (n = {n}).",
    "add-masks": "Added masks to {n_masks} pictures that had none.",
    "sanity": "Tested the maps of {run_id}: {green} passed, {yellow} unclear, {red} failed, {grey} not tested.",
    "replay": "Replayed {run_id}: {same} steps gave the same, {differs} differ, {not_replayed} not replayed.",
    "surrogate": "Asked which global features explain {run_id}: {amount} of its answer (R2 {r2}).",
    "export": "Handed out as a file: {what}.",
    "remove-image": "Removed a picture and what was derived from it.",
}


def list_activity(study: Study) -> list[Activity]:
    """Return events and decisions of a study, oldest first."""
    events = [
        Activity(
            at=event["at"],
            actor=event["actor"],
            kind=event["kind"],
            item_id=event["details"].get("image_id"),
            what=_say_event(event["kind"], event["details"]),
            details=event["details"],
        )
        for event in list_events(study)
    ]
    decisions = [_from_decision(row) for row in list_decision_rows(study)]
    return sorted([*events, *decisions], key=lambda line: line.at)


def format_jsonl(lines: Sequence[Activity]) -> bytes:
    """Return the log as lines of JSON, after one line that states the intended use."""
    rows = [{"notice": RESEARCH_USE}, *(asdict(line) for line in lines)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def format_csv(lines: Sequence[Activity]) -> bytes:
    """Return the log as a table, after one comment line that states the intended use.

    Notes
    -----
    A value that a spreadsheet could take for a formula gets an apostrophe in front. UTF-8 with a byte order
    mark, as spreadsheets like it.
    """
    text = io.StringIO(newline="")
    text.write(f"# {RESEARCH_USE}\r\n")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for line in lines:
        row = asdict(line) | {"details": json.dumps(line.details, ensure_ascii=False)}
        table.writerow([_guard(row[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _from_decision(row: dict[str, Any]) -> Activity:
    """Turn a line of the decision log into one of the whole log."""
    before, after = (row[name] or "unlabelled" for name in ("label_before", "label_after"))
    what = f"Review: {row['action']}" + (f" {row['label']}" if row["label"] else "") + f" ({before} -> {after})."
    details = {name: value for name, value in row.items() if name not in ("at", "reader", "item_id")}
    return Activity(row["at"], row["reader"], "decision", row["item_id"], what, details)


def _say_event(kind: str, details: dict[str, Any]) -> str:
    """Say what happened; a kind without words of its own is named as it is."""
    try:
        return _WORDS[kind].format(**{name: _write_value(name, value) for name, value in details.items()})
    except KeyError:
        return kind.replace("-", " ").capitalize() + "."


def _write_value(name: str, value: Any) -> str:
    """Return a value as a reader would write it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value).replace("_", " ") if name == "stop_reason" else str(value)


def _guard(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
