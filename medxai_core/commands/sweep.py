"""Command: sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ReaderOption,
    RunOption,
    StudyArgument,
    format_number,
    format_table,
    show_result,
    study_job,
)

if TYPE_CHECKING:
    from medxai_core.stages.tuning_table import TuningTable

EXAMPLE = "Example: python -m medxai_core sweep demo"


def sweep(
    study: StudyArgument,
    run: RunOption = None,
    method: Annotated[str, typer.Option(help="gradcam, or another method of the engine.")] = "gradcam",
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Score every layer and threshold on the tuning pictures, and record the table for the Masks page."""
    from medxai_core.stages.tuning_table import record_tuning_table

    with study_job(
        study, "sweep", title="Layers and thresholds on the tuning pictures", reader=reader, job_id=job
    ) as work:
        table = record_tuning_table(work.study, run, method=method, stage=work.stage)
    show_result(_to_result(table), text=_to_text(table), json=json)


def _to_result(table: TuningTable) -> dict[str, Any]:
    """Return the table as plain values."""
    best = table.choose().__dict__ if table.has_polyps else None
    return {"best": best, "disk_dice": table.disk_dice, "n_polyp": table.n_polyp, "sweep": table.sweep}


def _to_text(table: TuningTable) -> str:
    """Return the best threshold of each layer as lines."""
    if not table.has_polyps:
        return "no tuning picture shows a polyp: no score is defined."
    rows = []
    for layer, dice in zip(table.sweep.layers, table.sweep.dice, strict=True):
        best = int(dice.argmax())
        rows.append([str(layer), f"h > {table.sweep.thresholds[best]:g}", format_number(float(dice[best]))])
    note = f"Means over {table.n_polyp} tuning pictures. A centred disk: {format_number(table.disk_dice)}."
    return format_table(["layer", "best threshold", "dice"], rows) + f"\n{note}{_describe_reliability(table)}"


def _describe_reliability(table: TuningTable) -> str:
    """Return a line about the probabilities of a segmenter; nothing for other networks."""
    known = table.sweep.reliability
    if known is None or not len(known.expected):
        return ""
    promised, reached = (format_number(float(one.mean())) for one in (known.expected, known.reached))
    return (
        f"\nIts probabilities promise a mean Dice of {promised}; {reached} is reached, on {len(known.expected)} tuning "
        f"pictures with a polyp and a mask. {known.n_empty} get no mask, {known.n_missed} of them show a polyp. "
        f"Expected calibration error of a place: {format_number(known.calibration_error)}."
    )
