"""Stages 1 to 3 in one go: all that a study needs before someone looks at it."""

from __future__ import annotations

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import StageMissingError
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.clusterings import get_features
from medxai_core.records.pictures import list_items
from medxai_core.stages.clusters import cluster_study, embed_study, pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.stages.labels import get_starting_labels
from medxai_core.study import Study


def prepare_study(study: Study, *, k: int, target: int = 1000, stage: Stage = silent_stage) -> None:
    """Extract the features, cluster, propose labels where there are labels to start from, and draw the map.

    Parameters
    ----------
    k : int
        Number of clusters.
    target : int
        The rounds stop when this many items are labelled.

    Notes
    -----
    Features that are there are kept. The settings are the paper's: features as they are, seed 0.
    """
    if not _has_features(study):
        extract_study_features(study, on_progress=stage("Describing the pictures (features)"))
    known = set(get_starting_labels(study, list_items(study))) - {None}
    if set(CLASS_NAMES) <= known:
        pseudo_label_study(study, k=k, target=target, stage=stage)
    else:
        cluster_study(study, k=k, stage=stage)
    embed_study(study, stage=stage)


def _has_features(study: Study) -> bool:
    """Return True when the features have been extracted."""
    try:
        get_features(study)
    except StageMissingError:
        return False
    return True
