"""How far a training of the recommended mode is, for the strip of jobs and the Training page."""

from __future__ import annotations

from typing import Any

from medxai_core.config import SEGMENTER
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from medxai_core.views.training_course import CourseProgress, count_amounts, measure_course_progress
from pages.components.cached import get_images, get_items


def get_course_progress(
    study: Study, run: RecordedRun, epochs: list[dict[str, Any]], job: dict[str, Any]
) -> CourseProgress | None:
    """Return how far a training of the recommended mode is as a whole; None for a run of another recipe."""
    if run.network != SEGMENTER:
        return None
    positions, n_validation = run.manifest["item_positions"], run.manifest["n_validation"]
    amounts = count_amounts(get_images(study), get_items(study), positions, n_validation=n_validation)
    return measure_course_progress(run, epochs, job, amounts)
