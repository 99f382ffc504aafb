"""Digests of results: the event that records a result holds them, and the check of the log compares what lies there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, select

from medxai_core import store

WEIGHTS_FILE, CLASS_MAP_FILE = "best.safetensors", "class_map.safetensors"
SANITY_FILE, SURROGATE_FILE, REPLAY_FILE = "sanity.json", "surrogate.json", "replay.json"
"""Files in the folder of a run whose digests the log holds."""

_MANIFEST = "medxai_manifest"
_CHUNK = 1 << 20
_ARRAYS = {
    "pixel-counts": (store.evaluations, ("evaluation_id",), "per_image_array"),
    "classifier-answers": (store.classifier_scores, ("run_id", "split"), "scores_array"),
    "cluster-ids": (store.clusterings, ("clustering_id",), "ids_array"),
    "cluster-distances": (store.clusterings, ("clustering_id",), "distances_array"),
}
"""Arrays by kind of result: the table that names them, its key, and the column."""


class ResultKind(NamedTuple):
    """Say what one kind of result is called, how it is made again, and how its digest is computed."""

    words: str
    remedy: str
    digest: Callable[[Connection, Path, str], str | None]


def digest_results(connection: Connection, folder: Path, subjects: Iterable[str]) -> dict[str, str]:
    """Return the digests of results as they lie in a study.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    subjects : iterable of str
        "KIND:KEY" with a kind of `KINDS`, such as "scores:EVALUATION_ID".

    Returns
    -------
    dict of str to str
        SHA-256 by subject, without those that are not there.
    """
    found = {subject: digest_result(connection, folder, subject) for subject in subjects}
    return {subject: digest for subject, digest in found.items() if digest is not None}


def digest_result(connection: Connection, folder: Path, subject: str) -> str | None:
    """Return the digest of one result; None when it is not there.

    Raises
    ------
    ValueError
        It is there and cannot be read.
    """
    kind, _, key = subject.partition(":")
    return KINDS[kind].digest(connection, folder, key)


def list_run_subjects(run_id: str) -> list[str]:
    """Return what the end of a training records."""
    return [f"{kind}:{run_id}" for kind in ("run", "epochs", "weights", "class-map")]


def list_evaluation_subjects(evaluation_id: str) -> list[str]:
    """Return what recording the scores of masks records."""
    return [f"scores:{evaluation_id}", f"pixel-counts:{evaluation_id}"]


def list_classifier_subjects(run_id: str, split: str) -> list[str]:
    """Return what recording the scores of a classifier records."""
    return [f"classifier-scores:{run_id}/{split}", f"classifier-answers:{run_id}/{split}"]


def list_clustering_subjects(clustering_id: str) -> list[str]:
    """Return what recording a clustering records."""
    return [f"{kind}:{clustering_id}" for kind in ("clustering", "cluster-ids", "cluster-distances")]


def list_labelling_subjects(labelling_id: str) -> list[str]:
    """Return what recording the rounds of proposals records."""
    return [f"rounds:{labelling_id}", f"proposals:{labelling_id}"]


def list_subjects(connection: Connection, folder: Path) -> Iterator[str]:
    """Yield all results that lie in a study and whose digests belong into the log."""
    for (one,) in connection.execute(select(store.evaluations.c.evaluation_id)):
        yield from list_evaluation_subjects(one)
    for run_id, split in connection.execute(select(store.classifier_scores.c.run_id, store.classifier_scores.c.split)):
        yield from list_classifier_subjects(run_id, split)
    for (one,) in connection.execute(select(store.clusterings.c.clustering_id)):
        yield from list_clustering_subjects(one)
    for (one,) in connection.execute(select(store.labellings.c.labelling_id)):
        yield from list_labelling_subjects(one)
    for (one,) in connection.execute(select(store.study_facts.c.key)):
        if one.startswith(("tuning-table:", "speed:")):
            yield one
    for (one,) in connection.execute(select(store.runs.c.run_id)):
        yield from list_run_subjects(one)
        yield from (f"{kind}:{one}" for kind in _FILES if (folder / "runs" / one / _FILES[kind]).is_file())


def list_subjects_of_pictures(connection: Connection, folder: Path) -> list[str]:
    """Return the results that change when a picture is removed: what holds a row for each picture or tile."""
    kinds = (*_ARRAYS, "proposals")
    return [one for one in list_subjects(connection, folder) if one.partition(":")[0] in kinds]


def digest_json(value: Any) -> str:
    """Return the SHA-256 of a value as JSON with sorted names and without spaces, in UTF-8.

    >>> digest_json({"b": 1, "a": 2}) == digest_json({"a": 2, "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_file(path: Path) -> str | None:
    """Return the SHA-256 of a file; None without it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def digest_weights(path: Path) -> str | None:
    """Return the SHA-256 of a checkpoint without its operating point, which is a record of the log itself.

    Raises
    ------
    ValueError
        The file is no checkpoint.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            digest = hashlib.sha256(digest_json(_without_operating_point(header)).encode())
            while part := file.read(_CHUNK):
                digest.update(part)
    except FileNotFoundError:
        return None
    except (MemoryError, OverflowError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is no checkpoint.") from error
    return digest.hexdigest()


def _without_operating_point(header: dict[str, Any]) -> dict[str, Any]:
    """Return the header of a checkpoint's file without what locking a setting writes into it."""
    about = dict(header.get("__metadata__", {}))
    if _MANIFEST in about:
        manifest = json.loads(about[_MANIFEST])
        about[_MANIFEST] = {name: value for name, value in manifest.items() if name != "operating_point"}
    return header | {"__metadata__": about}


def _digest_rows(
    connection: Connection, table: Table, key: Mapping[str, str], *, without: Iterable[str] = (), order_by: str = ""
) -> str | None:
    """Return the digest of the rows under a key, in order; None without any."""
    kept = [column for column in table.c if column.name not in without]
    where = [table.c[name] == value for name, value in key.items()]
    order: list[Column[Any]] = [table.c[order_by]] if order_by else []
    rows = connection.execute(select(*kept).where(*where).order_by(*order)).all()
    return digest_json([dict(row._mapping) for row in rows]) if rows else None


def _split_key(names: tuple[str, ...], key: str) -> dict[str, str]:
    """Return the columns of a key; one of two parts has a stroke before the last."""
    parts = key.rsplit("/", len(names) - 1)
    return dict(zip(names, parts, strict=True))


def _read_rows(table: Table, *names: str, without: Iterable[str] = ()) -> Callable[[Connection, Path, str], str | None]:
    """Return what computes the digest of rows of a table."""

    def digest(connection: Connection, folder: Path, key: str) -> str | None:
        return _digest_rows(connection, table, _split_key(names, key), without=without)

    return digest


def _read_parts(
    whole: Table, parts: Table, name: str, *, order_by: str
) -> Callable[[Connection, Path, str], str | None]:
    """Return what computes the digest of the rows that belong to one of another table: also of none of them."""

    def digest(connection: Connection, folder: Path, key: str) -> str | None:
        found = _digest_rows(connection, parts, {name: key}, order_by=order_by)
        is_known = connection.execute(select(whole.c[name]).where(whole.c[name] == key)).first() is not None
        return found or (digest_json([]) if is_known else None)

    return digest


def _read_array(kind: str) -> Callable[[Connection, Path, str], str | None]:
    """Return what computes the digest of an array's file."""
    table, names, column = _ARRAYS[kind]

    def digest(connection: Connection, folder: Path, key: str) -> str | None:
        where = [table.c[name] == value for name, value in _split_key(names, key).items()]
        array_id = connection.execute(select(table.c[column]).where(*where)).scalar()
        return None if array_id is None else digest_file(folder / "arrays" / f"{array_id}.npy")

    return digest


def _read_fact(prefix: str) -> Callable[[Connection, Path, str], str | None]:
    """Return what computes the digest of a fact of the study."""
    return lambda connection, folder, key: _digest_rows(connection, store.study_facts, {"key": f"{prefix}:{key}"})


def _read_file(name: str) -> Callable[[Connection, Path, str], str | None]:
    """Return what computes the digest of a file of a run."""
    return lambda connection, folder, key: digest_file(folder / "runs" / key / name)


def _read_rounds(connection: Connection, folder: Path, key: str) -> str | None:
    """Return the digest of how labels were proposed: the facts of the rounds, and each of them."""
    one = {"labelling_id": key}
    head = _digest_rows(connection, store.labellings, one)
    return head and digest_json([head, _digest_rows(connection, store.rounds, one, order_by="round")])


_FILES = {"class-map": CLASS_MAP_FILE, "sanity": SANITY_FILE, "surrogate": SURROGATE_FILE, "replay": REPLAY_FILE}
_RESTORE = "or restore the study from a copy."
_TRAIN = f"Replay the run to see what differs, train again, {_RESTORE}"
_SCORE = f"Score again, {_RESTORE}"
_PROPOSE = f"Make the clusters and their proposals again, {_RESTORE}"

KINDS: dict[str, ResultKind] = {
    "scores": ResultKind(
        "scores recorded as", _SCORE, _read_rows(store.evaluations, "evaluation_id", without=["per_image_array"])
    ),
    "pixel-counts": ResultKind("scores by picture of", _SCORE, _read_array("pixel-counts")),
    "classifier-scores": ResultKind(
        "classifier scores of",
        _SCORE,
        _read_rows(store.classifier_scores, "run_id", "split", without=["scores_array"]),
    ),
    "classifier-answers": ResultKind("answers of the classifier of", _SCORE, _read_array("classifier-answers")),
    "run": ResultKind("facts of the run", _TRAIN, _read_rows(store.runs, "run_id")),
    "epochs": ResultKind(
        "figures of the epochs of", _TRAIN, _read_parts(store.runs, store.epochs, "run_id", order_by="epoch")
    ),
    "weights": ResultKind(
        "weights of", _TRAIN, lambda connection, folder, key: digest_weights(folder / "runs" / key / WEIGHTS_FILE)
    ),
    "class-map": ResultKind("class map of", _TRAIN, _read_file(CLASS_MAP_FILE)),
    "sanity": ResultKind("tests of the maps of", f"Test the maps again, {_RESTORE}", _read_file(SANITY_FILE)),
    "surrogate": ResultKind("global features of", f"Ask for them again, {_RESTORE}", _read_file(SURROGATE_FILE)),
    "replay": ResultKind("replay of", f"Replay the run again, {_RESTORE}", _read_file(REPLAY_FILE)),
    "rounds": ResultKind("rounds of proposals", _PROPOSE, _read_rounds),
    "proposals": ResultKind(
        "proposed labels of",
        _PROPOSE,
        _read_parts(store.labellings, store.proposals, "labelling_id", order_by="item_id"),
    ),
    "clustering": ResultKind(
        "facts of the clustering",
        _PROPOSE,
        _read_rows(store.clusterings, "clustering_id", without=["ids_array", "distances_array"]),
    ),
    "cluster-ids": ResultKind("clusters of the pictures in", _PROPOSE, _read_array("cluster-ids")),
    "cluster-distances": ResultKind("distances to the centres in", _PROPOSE, _read_array("cluster-distances")),
    "tuning-table": ResultKind(
        "table of layers and thresholds of", f"Compute it again, {_RESTORE}", _read_fact("tuning-table")
    ),
    "speed": ResultKind("times of single pictures of", f"Time them again, {_RESTORE}", _read_fact("speed")),
}
"""Kinds of results by the name that events give them."""
