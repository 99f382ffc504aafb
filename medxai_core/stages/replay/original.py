"""What is recorded of the run that is replayed, and whether it is still what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from medxai_core.errors import StageMissingError
from medxai_core.images import compute_file_hash
from medxai_core.records.clusterings import RecordedClustering, get_clustering, get_features
from medxai_core.records.decisions import list_decisions, list_decisions_before
from medxai_core.records.labellings import RecordedLabelling, get_labelling
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.runs import RecordedRun
from medxai_core.review import Decision
from medxai_core.stages.class_map_labels import name_bands
from medxai_core.stages.replay.steps import ReplayStep
from medxai_core.study import Study


@dataclass(frozen=True, eq=False)
class Original:
    """Hold what is recorded of the run that is replayed.

    Attributes
    ----------
    labelling, clustering : optional
        The rounds that were the newest when the run began, and what they stand on; None without any.
    changed : frozenset of str
        Ids of pictures whose file is not the one that was imported, as far as that was looked at.
    """

    study: Study
    run: RecordedRun
    images: Images
    items: Items
    labelling: RecordedLabelling | None
    clustering: RecordedClustering | None
    changed: frozenset[str] = frozenset()

    @property
    def n_threads(self) -> int:
        """Return the number of threads that the run was trained with."""
        return int(self.run.manifest.get("n_threads") or torch.get_num_threads())

    def get_scores(self) -> np.ndarray:
        """Return the recorded scores of the class map, (n_items,) float64; needs bands."""
        assert self.clustering is not None
        recorded = get_features(self.study, self.clustering.feature_set)
        return np.asarray(next(iter(recorded.values())))[:, 0]

    def has_scores_of_bands(self) -> bool:
        """Return whether the bands were cut from the scores that are recorded; needs bands."""
        assert self.clustering is not None
        return name_bands(self.get_scores(), self.clustering.created_at) == self.clustering.clustering_id

    def list_decisions_of_rounds(self) -> list[Decision]:
        """Return the decisions that the rounds started from; needs a labelling."""
        assert self.labelling is not None
        last = self.labelling.manifest.get("last_decision")
        if last is None:
            return list_decisions_before(self.study, "pseudo-label", "labelling_id", self.labelling.labelling_id)
        return [one for one in list_decisions(self.study) if one.decision_id <= last]


def read_original(study: Study, run: RecordedRun) -> Original:
    """Read what is recorded of a run.

    Raises
    ------
    StageMissingError
        Its rounds or their clusters are not in the study.
    """
    if run.best_epoch is None:
        raise StageMissingError(f"run {run.run_id!r} has no finished epoch.", "Train it first, or name another run.")
    labelling = get_labelling(study, run.labelling_id) if run.labelling_id else None
    clustering = get_clustering(study, labelling.clustering_id) if labelling else None
    return Original(study, run, list_images(study), list_items(study), labelling, clustering)


def is_array_whole(study: Study, array_id: str) -> bool:
    """Return whether the file of an array is the one that was written: its name is the SHA-256 of its bytes."""
    path = study.arrays_folder / f"{array_id}.npy"
    return path.is_file() and compute_file_hash(path) == array_id


def find_damaged(name: str, study: Study, array_ids: Mapping[str, str]) -> ReplayStep | None:
    """Return a step that says which of the recorded arrays, by what they hold, are not those that were written."""
    damaged = [what for what, array_id in array_ids.items() if not is_array_whole(study, array_id)]
    if not damaged:
        return None
    words = (
        f"What is kept here is not what was written then: the file of {', '.join(damaged)} was changed or is gone. "
        "Take the study from a copy that is whole."
    )
    return ReplayStep(name, "differs", words, {"damaged": damaged})


@contextmanager
def number_of_threads(n_threads: int) -> Iterator[None]:
    """Compute with the recorded number of threads, which decides the order of sums; put it back after."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
