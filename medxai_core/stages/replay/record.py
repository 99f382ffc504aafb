"""Replay a run: do every step again from what is recorded of it, and say what came out the same."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import (
    IncompatibleCheckpointError,
    MedxaiError,
    RunNotFoundError,
    StageMissingError,
    StudyDamagedError,
)
from medxai_core.events import record_event
from medxai_core.formats.report_facts import ReportDigests
from medxai_core.json_values import to_plain
from medxai_core.memory import keep_freed_memory
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import now_text
from medxai_core.records.pictures import compute_dataset_digest
from medxai_core.records.result_digests import REPLAY_FILE, digest_results
from medxai_core.records.runs import RecordedRun, get_run
from medxai_core.stages.replay.inputs import replay_features, replay_pictures
from medxai_core.stages.replay.labels import replay_clusters, replay_labels, replay_proposals
from medxai_core.stages.replay.masks import replay_maps, replay_masks, replay_scores
from medxai_core.stages.replay.original import Original, number_of_threads, read_original
from medxai_core.stages.replay.steps import ReplayStep, list_changes
from medxai_core.stages.replay.training import Network, load_kept, replay_training
from medxai_core.stages.runs import describe_software
from medxai_core.study import Study

FILE = REPLAY_FILE
AFTER_TRAINING = ("heat maps", "masks", "scores")


@dataclass(frozen=True)
class Replay:
    """Hold what came of a replay.

    Attributes
    ----------
    best_epoch : int
        Epoch whose weights the run kept.
    steps : tuple of ReplayStep
        In the order of the method.
    masks_digest : str or None
        One digest over the masks of the tuning and test pictures as they came out now: two people compare this line.
        See `masks.compute_masks_digest`. None: there is no setting to make masks with.
    dataset_digest : str
        Over the pictures that were imported, see `records.pictures.compute_dataset_digest`.
    n_threads : int
        Threads that were computed with, then and now.
    versions_then, versions_now : dict
    changes : tuple of str
        Versions that are others now, in words: the likely cause of any difference.
    """

    run_id: str
    best_epoch: int
    steps: tuple[ReplayStep, ...]
    masks_digest: str | None
    dataset_digest: str
    n_threads: int
    versions_then: dict[str, Any]
    versions_now: dict[str, Any]
    changes: tuple[str, ...]
    created_at: str

    @property
    def is_same(self) -> bool:
        """Return True when no step gave something else."""
        return all(step.outcome != "differs" for step in self.steps)


def replay_run(
    study: Study,
    run_id: str | None = None,
    *,
    with_training: bool = True,
    report: ReportDigests | None = None,
    stage: Stage = silent_stage,
) -> Replay:
    """Do a run again from what is recorded of it, in a temporary folder, and compare each step.

    Parameters
    ----------
    run_id : str, optional
        Default: that of the report, or the newest trained run.
    with_training : bool, default True
        False: maps are made with the network that was kept.
    report : ReportDigests, optional
        Compare its digests too.

    Returns
    -------
    Replay
        Kept with the run, and noted in the log; nothing else of the study is changed.

    Raises
    ------
    RunNotFoundError
        There is no such run, or the report is about another one.
    StageMissingError
        The run has no finished epoch.
    StopRequested
        The user stopped it: nothing is kept.

    Notes
    -----
    Each step starts from what is recorded of the step before, not from what came out anew: so a difference shows in the
    step that it belongs to. Maps, masks and scores alone follow from the network that was trained again.
    """
    keep_freed_memory()
    if report is not None and run_id not in (None, report.run_id):
        raise RunNotFoundError(f"the report is about run {report.run_id!r}, not {run_id!r}.", "Leave out one of them.")
    run = get_run(study, run_id or (report.run_id if report else None))
    original = read_original(study, run)
    with number_of_threads(original.n_threads):
        pictures = _try("pictures", lambda: replay_pictures(original, stage=stage))
        changed = frozenset([*pictures.numbers.get("changed", ()), *pictures.numbers.get("missing", ())])
        original = replace(original, changed=changed)
        labels = _replay_labels(original, with_training, stage)
        later, masks_digest = _replay_network(original, with_training, stage)
    steps = [pictures, *labels, *later]
    dataset_digest = compute_dataset_digest(study)
    if report is not None:
        steps.append(compare_report(report, masks_digest=masks_digest, dataset_digest=dataset_digest))
    then, now = run.manifest.get("versions", {}), describe_software()
    found = Replay(
        run_id=run.run_id,
        best_epoch=int(run.best_epoch or 0),
        steps=tuple(steps),
        masks_digest=masks_digest,
        dataset_digest=dataset_digest,
        n_threads=original.n_threads,
        versions_then=then,
        versions_now=now,
        changes=tuple(list_changes(then, now)),
        created_at=now_text(),
    )
    _record(study, found)
    return found


def find_replay(study: Study, run: RecordedRun) -> Replay | None:
    """Return the last replay of a run; None when there is none, or when the run was trained on since."""
    try:
        values = json.loads((study.run_folder(run.run_id) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    values.pop("notice", None)
    steps = tuple(ReplayStep(**one) for one in values["steps"])
    found = Replay(**values | {"steps": steps, "changes": tuple(values["changes"])})
    return found if found.best_epoch == (run.best_epoch or 0) else None


def compare_report(report: ReportDigests, *, masks_digest: str | None, dataset_digest: str) -> ReplayStep:
    """Hold the digests of a report against those that came out now."""
    pairs = {"pictures": (report.dataset_digest, dataset_digest), "masks": (report.masks_digest, masks_digest)}
    known = {name: then == now for name, (then, now) in pairs.items() if then is not None and now is not None}
    numbers = {"then": report.__dict__, "masks_digest": masks_digest, "dataset_digest": dataset_digest}
    other = [name for name, is_same in known.items() if not is_same]
    if other:
        words = f"The {' and the '.join(other)} are not those that the report is about: other digests."
        return ReplayStep("report", "differs", words, numbers)
    if not known:
        return ReplayStep("report", "not replayed", "The report states no digest to compare.", numbers)
    words = f"The {' and the '.join(known)} are those that the report is about: the same digests."
    left = [name for name in pairs if name not in known]
    words += f" There is no digest of the {left[0]} to compare." if left else ""
    return ReplayStep("report", "same", words, numbers)


def _replay_labels(original: Original, with_training: bool, stage: Stage) -> list[ReplayStep]:
    """Replay the steps from the features to what the run learned from."""
    return [
        _try("features", lambda: replay_features(original, with_class_map=with_training, stage=stage)),
        _try("clusters", lambda: replay_clusters(original, stage=stage)),
        _try("proposals", lambda: replay_proposals(original)),
        _try("labels", lambda: replay_labels(original)),
    ]


def _replay_network(original: Original, with_training: bool, stage: Stage) -> tuple[list[ReplayStep], str | None]:
    """Replay the training, and what follows from it; return the digest over the masks too."""
    network: Network | None = None
    training = ReplayStep("training", "not replayed", "Left out as asked; the kept network made the maps.")
    if with_training:
        with tempfile.TemporaryDirectory(dir=original.study.folder, prefix="replaying-") as folder:
            try:
                training, network = replay_training(original, Path(folder), stage=stage)
            except MedxaiError as error:
                training = ReplayStep("training", "differs", f"It cannot be done any more: {error}")
    try:
        kept = load_kept(original)
    except IncompatibleCheckpointError as error:
        kept = None
        if network is None:
            lost = f"The network that was kept cannot be used: {error.message}"
            left = [ReplayStep(name, "not replayed", "There is no network.") for name in AFTER_TRAINING]
            return [ReplayStep("training", "differs", lost), *left], None
    chosen = network or kept
    assert chosen is not None
    is_other = training.outcome == "differs"
    step, maps = replay_maps(original, kept, chosen, is_other_network=is_other, stage=stage)
    masks, digest = replay_masks(original, maps, stage=stage)
    scores = _try("scores", lambda: replay_scores(original, maps, stage=stage))
    return [training, step, masks, scores], digest


def _try(name: str, replay: Callable[[], ReplayStep]) -> ReplayStep:
    """Run a step; what is missing is said, and what is damaged counts as a difference."""
    try:
        step = replay()
    except StageMissingError as error:
        return ReplayStep(name, "not replayed", str(error))
    except StudyDamagedError as error:
        return ReplayStep(name, "differs", str(error))
    except MedxaiError as error:
        return ReplayStep(name, "differs", f"It cannot be done any more: {error}")
    return step


def _record(study: Study, found: Replay) -> None:
    """Write what came of it into the folder of the run, and a line into the log."""
    path = study.run_folder(found.run_id) / FILE
    unfinished = path.with_name(f"{FILE}.{os.getpid()}.part")
    unfinished.touch(mode=0o600)
    text = json.dumps({"notice": RESEARCH_USE} | to_plain(asdict(found)), indent=1, ensure_ascii=False)
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
    outcomes = Counter(step.outcome for step in found.steps)
    details = {"same": outcomes["same"], "differs": outcomes["differs"], "not_replayed": outcomes["not replayed"]}
    with study.begin() as connection:
        digests = digest_results(connection, study.folder, [f"replay:{found.run_id}"])
        about = {"run_id": found.run_id, "masks_digest": found.masks_digest} | details
        record_event(connection, "replay", about | {"digests": digests})
