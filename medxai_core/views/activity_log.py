"""The log of a study as one list: events, review decisions and locked settings, in the order they happened."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medxai_core import store
from medxai_core.config import RESEARCH_USE
from medxai_core.records.log_lines import read_chain, read_log
from medxai_core.study import Study

LINK_COLUMNS = ("number", "log", "row_key", "software", "previous", "digest")
COLUMNS = ("at", "actor", "kind", "item_id", "what", "details", *LINK_COLUMNS)
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
        What kind of event; decisions are "decision", settings that were locked or unlocked "setting".
    item_id : str or None
        Picture or tile, where the line is about one.
    what : str
        In words, without what readers typed.
    details : dict
        All that is recorded; may hold text that readers typed.
    log, row_key : str, int
        One of `store.LOGS`, and the key of the line in it.
    number, software, digest, previous : int, str, str, str or None
        Its place in the chain, the version that wrote it, its digest, and the digest of the line before; None for a
        line that no line of the chain names.
    """

    at: str
    actor: str
    kind: str
    item_id: str | None
    what: str
    details: dict[str, Any]
    log: str
    row_key: int
    number: int | None = None
    software: str | None = None
    previous: str | None = None
    digest: str | None = None


_WORDS = {
    "import": "Imported {n_images} pictures ({n_items} items).",
    "features": "Extracted the {feature_set} features.",
    "cluster": "Made clustering {clustering_id} (k = {k}).",
    "pseudo-label": "Proposed labels: {n_labelled} items labelled, stopped: {stop_reason}.",
    "embed": "Drew the map {embedding_id}.",
    "train": "Began training run {run_id} on {labels} labels.",
    "train-resumed": "Went on with training run {run_id}.",
    "train-done": "Finished training run {run_id}.",
    "train-stopped": "Stopped training run {run_id}.",
    "train-failed": "Training run {run_id} failed.",
    "evaluate-classifier": "Scored the classifier of {run_id} on the {split} items.",
    "tuning-table": "Scored layers and thresholds of {run_id} on {n_images} tuning pictures ({method}).",
    "lock": "Locked the setting of {run_id}: layer {layer}, above {low}, below {high}.",
    "unlock": "Unlocked the setting of {run_id}: later results count as tuned on test.",
    "evaluate": "Scored masks of the {split} pictures: {evaluation_id}.",
    "measure-speed": "Timed {run_id}: {mean_seconds} s a picture (n = {n}).",
    "add-masks": "Added masks to {n_masks} pictures that had none.",
    "sanity": "Tested the maps of {run_id}: {green} passed, {yellow} unclear, {red} failed, {grey} not tested.",
    "replay": "Replayed {run_id}: {same} steps gave the same, {differs} differ, {not_replayed} not replayed.",
    "surrogate": "Asked which global features explain {run_id}: {amount} of its answer (R2 {r2}).",
    "log-head": "Found another end of the log beside the database than expected: {found} instead of {expected}.",
    "export": "Handed out as a file: {what}.",
    "remove-image": "Removed a picture and what was derived from it.",
}


def list_activity(study: Study) -> list[Activity]:
    """Return events, decisions and settings of a study, oldest first: all lines of its chain."""
    make = {"events": _from_event, "decisions": _from_decision, "settings": _from_setting}
    with store.translate_errors(f"study {study.name!r}"), study.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # all is read as it is at one moment
        links = _list_links(read_chain(connection))
        rows = {log: read_log(connection, log) for log in store.LOGS}
    found = [
        make[log](row, log=log, row_key=key, **links.get((log, key), {}))
        for log, known in rows.items()
        for key, row in known.items()
    ]
    return sorted(found, key=lambda line: (line.at, line.number or 0))


def _list_links(lines: Sequence[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what the chain says of each row, by log and key."""
    found, previous = {}, store.BEGINNING
    for line in lines:
        about = {name: line[name] for name in ("number", "software", "digest")}
        found[line["log"], line["row_key"]] = about | {"previous": previous}
        previous = line["digest"]
    return found


def format_jsonl(lines: Sequence[Activity]) -> bytes:
    """Return the log as lines of JSON in the order of the chain, after one with the intended use and the last line.

    Notes
    -----
    `views.log_export_check` tells from such a file alone whether a line was changed, taken out or moved.
    """
    ordered = _order(lines)
    numbered = [line for line in ordered if line.number is not None]
    head = f"{numbered[-1].number}:{numbered[-1].digest}" if numbered else None
    rows = [{"notice": RESEARCH_USE, "n_lines": len(ordered), "head": head}, *(asdict(line) for line in ordered)]
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode()


def format_csv(lines: Sequence[Activity]) -> bytes:
    """Return the log as a table in the order of the chain, after one comment line that states the intended use.

    Notes
    -----
    A value that a spreadsheet could take for a formula gets an apostrophe in front. UTF-8 with a byte order
    mark, as spreadsheets like it.
    """
    text = io.StringIO(newline="")
    text.write(f"# {RESEARCH_USE}\r\n")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for line in _order(lines):
        row = asdict(line) | {"details": json.dumps(line.details, ensure_ascii=False)}
        table.writerow([_guard(row[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _order(lines: Sequence[Activity]) -> list[Activity]:
    """Return lines in the order of the chain; those that are in none of its lines come last."""
    return sorted(lines, key=lambda line: (line.number is None, line.number or 0))


def _from_event(row: dict[str, Any], **link: Any) -> Activity:
    """Turn an event into a line of the whole log; one whose details were written over by hand says so."""
    if not isinstance(row["details"], dict):
        what = "Its details cannot be read: they were changed by hand."
        return Activity(str(row["at"]), str(row["actor"]), str(row["kind"]), None, what, {"unreadable": True}, **link)
    what = _say_event(row["kind"], row["details"])
    item_id = row["details"].get("image_id")
    return Activity(str(row["at"]), str(row["actor"]), str(row["kind"]), item_id, what, row["details"], **link)


def _from_decision(row: dict[str, Any], **link: Any) -> Activity:
    """Turn a line of the decision log into one of the whole log."""
    before, after = (row[name] or "unlabelled" for name in ("label_before", "label_after"))
    what = f"Review: {row['action']}" + (f" {row['label']}" if row["label"] else "") + f" ({before} -> {after})."
    details = {name: value for name, value in row.items() if name not in ("at", "reader", "item_id")}
    return Activity(str(row["at"]), str(row["reader"]), "decision", row["item_id"], what, details, **link)


def _from_setting(row: dict[str, Any], **link: Any) -> Activity:
    """Turn a line of the settings log into one of the whole log; beside it stands the event of who locked it."""
    what = f"The setting itself, as it is in force for {row['run_id']}: {row['action']}."
    details = {name: value for name, value in row.items() if name not in ("at", "reader")}
    return Activity(str(row["at"]), str(row["reader"]), "setting", None, what, details, **link)


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
