"""Hold what lies in a study against its log: results that the log saw otherwise, and those that it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, func, select

from medxai_core import store
from medxai_core.records.result_digests import KINDS, SANITY_FILE, SURROGATE_FILE, digest_result, list_subjects

Events = Sequence[tuple[str, Mapping[str, Any]]]
"""Kind and details, in the order of the log."""


@dataclass
class ResultsCheck:
    """Hold what a comparison of the results with the log found.

    Attributes
    ----------
    problems : list of str
        Results that are not as the log saw them, or that it never saw, in words.
    n_compared : int
        Results that are as the log saw them.
    not_compared : list of str
        Results whose digest is in no event: recorded by an earlier version, or by a training that has not ended.
    """

    problems: list[str] = field(default_factory=list)
    n_compared: int = 0
    not_compared: list[str] = field(default_factory=list)


class _Told(NamedTuple):
    """Say which events tell of what a table holds."""

    words: str
    kind: str
    names: tuple[str, ...]
    columns: tuple[Column[Any], ...]


_TOLD = (
    _Told("training run", "train", ("run_id",), (store.runs.c.run_id,)),
    _Told("features", "features", ("feature_set",), (store.features.c.feature_set,)),
    _Told("clustering", "cluster", ("clustering_id",), (store.clusterings.c.clustering_id,)),
    _Told("rounds of proposals", "pseudo-label", ("labelling_id",), (store.labellings.c.labelling_id,)),
    _Told("map of the pictures", "embed", ("embedding_id",), (store.embeddings.c.embedding_id,)),
    _Told(
        "classifier scores",
        "evaluate-classifier",
        ("run_id", "split"),
        (store.classifier_scores.c.run_id, store.classifier_scores.c.split),
    ),
    _Told("scores", "evaluate", ("evaluation_id",), (store.evaluations.c.evaluation_id,)),
)
_TOLD_FILES = {"sanity": ("tests of the maps", SANITY_FILE), "surrogate": ("global features", SURROGATE_FILE)}


def check_results(connection: Connection, folder: Path, events: Events) -> ResultsCheck:
    """Compare every result with the newest event about it, and look for results without any.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    events : sequence of (str, dict)
        Kind and details, in the order of the log.
    """
    found = ResultsCheck(problems=list(_find_untold(connection, folder, events)))
    expected = collect_digests(events)
    for subject, digest in expected.items():
        if digest is None:
            continue
        problem = _compare(connection, folder, subject, digest)
        if problem:
            found.problems.append(problem)
        else:
            found.n_compared += 1
    for subject in list_subjects(connection, folder):
        if expected.get(subject) is None and _is_there(connection, folder, subject):
            found.not_compared.append(name_subject(subject))
    return found


def collect_digests(events: Events) -> dict[str, str | None]:
    """Return the digest of every result by the newest event about it; None where an event made it void.

    A picture that was removed changes results: its event says from which digest to which, so that a result that was
    something else before stays found.

    >>> removed = ("remove-image", {"changed": {"proposals:a": ["1", "2"], "proposals:b": ["7", "8"]}})
    >>> collect_digests([("pseudo-label", {"digests": {"proposals:a": "1", "proposals:b": "3"}}), removed])
    {'proposals:a': '2', 'proposals:b': '3'}
    """
    found: dict[str, str | None] = {}
    for _, details in events:
        found |= {one: digest for one, digest in details.get("digests", {}).items() if one.partition(":")[0] in KINDS}
        for one, (before, after) in details.get("changed", {}).items():
            if one in found and found[one] == before:
                found[one] = after
    return found


def name_subject(subject: str) -> str:
    """Return a result as a reader would name it.

    >>> name_subject("scores:test-centred disk")
    'scores recorded as test-centred disk'
    """
    kind, _, key = subject.partition(":")
    return f"{KINDS[kind].words} {key}"


def _compare(connection: Connection, folder: Path, subject: str, digest: str) -> str | None:
    """Return what is wrong with one result, and what to do; None when it is as the log saw it."""
    name, remedy = name_subject(subject), KINDS[subject.partition(":")[0]].remedy
    try:
        now = digest_result(connection, folder, subject)
    except ValueError:
        return f"The {name} cannot be read any more. {remedy}"
    if now is None:
        return f"The {name} are not there any more, and the log does not say why. {remedy}"
    return None if now == digest else f"The {name} are not those that the log saw: they were changed. {remedy}"


def _is_there(connection: Connection, folder: Path, subject: str) -> bool:
    """Say whether a result lies in the study, readable or not."""
    try:
        return digest_result(connection, folder, subject) is not None
    except ValueError:
        return True


def _find_untold(connection: Connection, folder: Path, events: Events) -> Iterator[str]:
    """Yield what the study holds though no event tells of it."""
    kinds = {kind for kind, _ in events}
    n_images = connection.execute(select(func.count()).select_from(store.images)).scalar() or 0
    if n_images and "import" not in kinds:
        yield _say_untold(f"{n_images} pictures", "their import")
    for words, kind, names, columns in _TOLD:
        known = {tuple(details.get(name) for name in names) for one, details in events if one == kind}
        for row in connection.execute(select(*columns).distinct()):
            if tuple(row) not in known:
                yield _say_untold(f"the {words} {', '.join(row)}", "it")
    for (run_id,) in connection.execute(select(store.runs.c.run_id)):
        for kind, (words, name) in _TOLD_FILES.items():
            known = {(details.get("run_id"),) for one, details in events if one == kind}
            if (run_id,) not in known and (folder / "runs" / run_id / name).is_file():
                yield _say_untold(f"the {words} of {run_id}", "them")


def _say_untold(what: str, which: str) -> str:
    """Say that the log knows nothing of something."""
    return (
        f"The study holds {what}, but the log has no event of {which}: lines were taken out, or it was put there by "
        "hand. Restore the study from a copy."
    )
