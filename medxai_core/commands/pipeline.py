"""Command: pipeline."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    StudyArgument,
    format_number,
    format_table,
    show_result,
    study_job,
)
from medxai_core.commands.evaluation import METRICS, format_score_rows
from medxai_core.commands.training import format_classifier_scores
from medxai_core.config import PAPER_ROWS, PIPELINE_PRESETS

EXAMPLE = "Example: python -m medxai_core pipeline demo --preset quick"


def pipeline(
    study: StudyArgument,
    preset: Annotated[str, typer.Option(help=", ".join(PIPELINE_PRESETS))] = "quick",
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Run the whole line; end with the paper's two tables beside the measured ones."""
    if preset not in PIPELINE_PRESETS:
        raise typer.BadParameter(
            f"expected one of {', '.join(PIPELINE_PRESETS)}; got {preset!r}", param_hint="--preset"
        )
    from medxai_core.pipeline import run_pipeline

    with study_job(study, "pipeline", title=f"Pipeline {preset}", job_id=job) as work:
        found = run_pipeline(work.study, PIPELINE_PRESETS[preset], stage=work.stage, job=work.job)
    tables = {one.name: one.summary | {"masks_used_for": one.masks_used_for} for one in found.evaluations}
    result = {
        "run": found.run_id,
        "setting": found.setting.__dict__,
        "classifier": found.classifier,
        "tables": tables,
        "speed": found.speed,
    }
    show_result(
        result,
        text=format_pipeline(found.classifier, tables, found.speed, is_chosen=preset != "recommended"),
        json=json,
    )


def format_pipeline(
    classifier: dict[str, Any], tables: dict[str, dict], speed: dict[str, float], *, is_chosen: bool
) -> str:
    """Return the measured tables beside the paper's; `is_chosen` as for `format_classifier_scores`."""
    paper = [
        [f"paper, run {row.run}", *(format_number(getattr(row, metric)) for metric in METRICS)] for row in PAPER_ROWS
    ]
    fps = 1 / speed["mean_seconds"]
    times = [[f"paper, run {row.run}", f"{row.mean_seconds:.2f}", f"{row.mean_fps:.2f}"] for row in PAPER_ROWS]
    times.append([f"measured (n = {speed['n']})", f"{speed['mean_seconds']:.3f}", f"{fps:.2f}"])
    return "\n\n".join(
        [
            "Masks, paper (200 other pictures)\n" + format_table(["masks", *METRICS], paper),
            "Masks, measured\n" + format_score_rows(tables),
            "Seconds and frames a second\n" + format_table(["", "mean s", "mean fps"], times),
            "Classifier\n" + format_classifier_scores(classifier, is_chosen=is_chosen),
        ]
    )
