"""What the Evaluation and Transparency pages ask the core for, remembered until something changes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.evaluation.bands import BandScore
from medxai_core.evaluation.paired import PairedDifference
from medxai_core.events import list_events
from medxai_core.records.clusterings import BANDS_SET, get_clustering, list_clusterings
from medxai_core.records.labellings import find_labelling
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.failures import list_circumstances
from medxai_core.views.polyp_places import measure_centre_distances
from medxai_core.views.recorded_scores import PictureScores, compare_rows, get_picture_scores
from medxai_core.views.round_errors import RoundError, score_study_rounds
from medxai_core.views.score_groups import say_no_clusters, score_by_brightness, score_by_cluster
from pages.components.cached import (
    get_images,
    get_items,
    get_model,
    get_state,
    get_version,
    remember,
    remember_drawing,
)


def get_scores_by_picture(study: Study, row: RecordedEvaluation) -> PictureScores:
    """Return the scores of a recorded row by picture; the core refuses what is hidden."""
    return remember(
        str(study.folder),
        "scores by picture",
        _key_of(study, row),
        lambda: get_picture_scores(study, row, images=get_images(study)),
    )


def get_comparison(study: Study, first: RecordedEvaluation, second: RecordedEvaluation) -> PairedDifference:
    """Return the paired difference of Dice of two recorded rows."""
    one, other = get_scores_by_picture(study, first), get_scores_by_picture(study, second)
    with st.spinner("Comparing picture by picture"):
        key = (*_key_of(study, first), *_key_of(study, second))
        return remember(str(study.folder), "comparison", key, lambda: compare_rows(one, other))


def get_scores_by_brightness(study: Study, row: RecordedEvaluation) -> list[BandScore]:
    """Return the mean Dice of a row by brightness of the pictures."""
    pictures = get_scores_by_picture(study, row)
    key = _key_of(study, row)
    return remember(str(study.folder), "scores by brightness", key, lambda: score_by_brightness(study, pictures))


def get_scores_by_cluster(study: Study, row: RecordedEvaluation) -> list[BandScore]:
    """Return the mean Dice of a row by the newest clusters of looks; empty without any."""

    def score() -> list[BandScore]:
        found = [one["clustering_id"] for one in list_clusterings(study) if one["feature_set"] != BANDS_SET]
        if not found:
            return []
        clustering = get_clustering(study, found[0])
        return score_by_cluster(study, get_scores_by_picture(study, row), get_items(study), clustering)

    return remember(str(study.folder), "scores by cluster", (*_key_of(study, row), get_state(study)), score)


def explain_no_clusters(study: Study, row: RecordedEvaluation) -> str:
    """Say why `get_scores_by_cluster` is empty."""
    found = [one["clustering_id"] for one in list_clusterings(study) if one["feature_set"] != BANDS_SET]
    if not found:
        return "Nothing is clustered by looks."
    return say_no_clusters(study, get_scores_by_picture(study, row), get_items(study), get_clustering(study, found[0]))


def get_circumstances(study: Study, row: RecordedEvaluation) -> dict[str, list[str]]:
    """Return what about each scored picture is unusual and may matter, by image id."""
    pictures = get_scores_by_picture(study, row)
    key = _key_of(study, row)
    return remember(str(study.folder), "circumstances", key, lambda: list_circumstances(study, pictures))


def get_centre_distances(study: Study, row: RecordedEvaluation) -> np.ndarray:
    """Return how far the polyp of each scored picture lies from the centre, (n,) float64."""
    pictures = get_scores_by_picture(study, row)
    with st.spinner("Measuring where the polyps lie"):
        return remember(
            str(study.folder),
            "centre distances",
            _key_of(study, row),
            lambda: measure_centre_distances(study, pictures, images=get_images(study)),
        )


def get_scored_drawing(study: Study, run: RecordedRun, row: RecordedEvaluation, position: int) -> np.ndarray:
    """Return one scored picture with mask and truth drawn in, (h, w, 3) uint8."""
    from medxai_core.views.scored_overlay import draw_scored_picture  # loads the network's libraries

    def draw() -> np.ndarray:
        maker = get_model(study, run.run_id, run.best_epoch or 0).maker
        setting = MaskSetting(**row.setting)
        return draw_scored_picture(study, maker, run.run_id, get_images(study), position, setting=setting)

    return remember_drawing(str(study.folder), "scored picture", (*_key_of(study, row), position), draw)


def get_round_errors(study: Study) -> tuple[str | None, list[RoundError]]:
    """Return the id of the newest rounds, and the error of each."""

    def score() -> tuple[str | None, list[RoundError]]:
        labelling = find_labelling(study)
        rounds = score_study_rounds(study, labelling, items=get_items(study), images=get_images(study))
        return labelling.labelling_id if labelling else None, rounds

    with st.spinner("Comparing proposed labels with reference labels"):
        return remember(str(study.folder), "round errors", (get_state(study),), score)


def _key_of(study: Study, row: RecordedEvaluation) -> tuple[str, ...]:
    """Return what a result of a row depends on: the row, the pictures, and the locks that open it."""
    locks = [str(len(list_events(study, kind=kind))) for kind in ("lock", "unlock")]
    return (row.evaluation_id, row.created_at, get_version(study), *locks)
