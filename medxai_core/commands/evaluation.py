"""Commands: evaluate (two folders), score (a study), speed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ReaderOption,
    RunOption,
    StudyArgument,
    format_number,
    format_table,
    progress_bar,
    show_result,
    study_job,
)
from medxai_core.commands.score_text import TUNED, collect_score_details, format_score_details

EXAMPLE = "Example: python -m medxai_core evaluate --pred masks --truth kvasir-seg/masks --out scores"
SCORE_EXAMPLE = "Example: python -m medxai_core score demo --split test"
SPEED_EXAMPLE = "Example: python -m medxai_core speed demo"
METRICS = ("accuracy", "jaccard", "dice", "recall", "precision")


def evaluate(
    pred: Annotated[Path, typer.Option(help="Folder of predicted masks.")],
    truth: Annotated[Path, typer.Option(help="Folder of ground-truth masks of the same names.")],
    out: Annotated[Path, typer.Option(help="Folder to write the organisers' files to.")],
    train_masks: Annotated[Path | None, typer.Option(help="Masks of training pictures, for the mean-mask row.")] = None,
    masks_used_for: Annotated[
        str, typer.Option(help="What masks were used for: nothing, tile_labels, tuning or baseline.")
    ] = "nothing",
    json: JsonOption = False,
) -> None:
    """Score masks as the organisers do, beside pooled scores, intervals and trivial masks."""
    from medxai_core.evaluation.folders import evaluate_folders
    from medxai_core.formats.medico import write_averages, write_scores
    from medxai_core.stages.scores import summarize_table

    with progress_bar() as stage:
        found = evaluate_folders(
            pred,
            truth,
            masks_used_for=masks_used_for,
            other_masks_dir=train_masks,
            on_progress=stage("Scoring masks"),
        )
    out.mkdir(parents=True, exist_ok=True)
    write_scores(((score.item, score.organisers) for score in found.scores), out / "scores.csv")
    write_averages(found.table.organisers, out / "averages.csv")
    rows = {table.name: summarize_table(table) for table in (found.table, *found.baselines)}
    problems = [failure.__dict__ for failure in (*found.failures, *found.notes)]
    lines = [format_score_rows(rows), *(f"note: {p['item']}: {p['reason']}" for p in problems)]
    if math.isnan(found.table.organisers.dice):
        lines.append(
            "note: averages.csv says nan for Dice, as the organisers' script does: a picture without polyp has an "
            "empty mask, and its Dice is undefined. The table above leaves such pictures out and says n."
        )
    for name, table in rows.items():
        table["masks_used_for"] = masks_used_for if name == found.table.name else "baseline"
    result = {"tables": rows, "problems": problems, "resized": list(found.resized), "out": str(out)}
    show_result(result, text="\n".join(lines), json=json)


def score(
    study: StudyArgument,
    run: RunOption = None,
    split: Annotated[str, typer.Option(help="test (needs a locked setting), tuning or validation.")] = "test",
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Score the masks of a run under its locked setting, beside the trivial masks."""
    from medxai_core.stages.scores import score_study

    with study_job(study, "score", title=f"Scores of the {split} pictures", reader=reader, job_id=job) as work:
        found, failures = score_study(work.study, run, split=split, stage=work.stage)
        details = collect_score_details(work.study, found[0], stage=work.stage)
    rows = {
        one.name: one.summary | {"masks_used_for": one.masks_used_for, "tuned_on_test": one.tuned_on_test}
        for one in found
    }
    problems = [failure.__dict__ for failure in failures]
    tuned = [TUNED] if found[0].tuned_on_test else []
    notes = [f"note: {p['item']}: {p['reason']}" for p in problems]
    lines = [*tuned, format_score_rows(rows), *notes, "", format_score_details(details)]
    result = {"tables": rows, "tuned_on_test": found[0].tuned_on_test, "details": details, "problems": problems}
    show_result(result, text="\n".join(lines), json=json)


def speed(
    study: StudyArgument,
    run: RunOption = None,
    split: Annotated[str, typer.Option(help="Whose pictures to time.")] = "test",
    images: Annotated[int, typer.Option(min=0, help="Time so many pictures; 0: all of the split.")] = 50,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Time a run under its locked setting: one picture at a time, from the decoded frame to the mask."""
    from medxai_core.formats.medico import REAL_TIME_FPS
    from medxai_core.records.masks import check_test_is_open, is_tuned_on_test
    from medxai_core.records.runs import get_run
    from medxai_core.stages.scores import measure_speed

    with study_job(study, "speed", title="Seconds a picture", reader=reader, job_id=job) as work:
        run_id = get_run(work.study, run).run_id
        setting = check_test_is_open(work.study, run_id)
        found = measure_speed(work.study, run_id, setting, split=split, n_images=images or None, stage=work.stage)
        is_tuned = is_tuned_on_test(work.study, run_id)
    fps = 1 / found["mean_seconds"]
    text = (
        f"{run_id}: {found['mean_seconds']:.3f} s a picture (shortest {found['min_seconds']:.3f}, longest "
        f"{found['max_seconds']:.3f}; n = {found['n']}), {fps:.1f} a second; real time is {REAL_TIME_FPS:.0f}. "
        "Other work on this machine makes it slower." + (f"\n{TUNED}" if is_tuned else "")
    )
    result = {"run": run_id, "fps": fps, "split": split, "tuned_on_test": is_tuned}
    show_result(result | found, text=text, json=json)


def format_score_rows(rows: dict[str, dict]) -> str:
    """Return mean scores with intervals, pooled Dice, and what became of frames without polyp."""
    lines = []
    for name, summary in rows.items():
        cells = []
        for metric in METRICS:
            one = summary["rows"][f"mean.{metric}"]
            n = "" if one["n_defined"] == one["n"] else f" (n = {one['n_defined']})"
            cells.append(format_number(one["value"]) + n)
        dice = summary["rows"]["mean.dice"]
        cells.append(f"{format_number(dice['low'], 3)}..{format_number(dice['high'], 3)}")
        cells.append(format_number(summary["rows"]["pooled.dice"]["value"]))
        cells.append(f"{dice['n_defined']} of {dice['n']}")
        lines.append([name, *cells])
    header = ["masks", *METRICS, "dice 95 %", "pooled dice", "with polyp"]
    return format_table(header, lines)
