"""Commands: train, stop, evaluate-classifier."""

from __future__ import annotations

from typing import Annotated

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    RunOption,
    StudyArgument,
    format_number,
    format_table,
    show_result,
    study_job,
)

TRAIN_EXAMPLE = "Example: python -m medxai_core train demo --preset quick"
STOP_EXAMPLE = "Example: python -m medxai_core stop demo"
EVALUATE_EXAMPLE = "Example: python -m medxai_core evaluate-classifier demo"


def train(
    study: StudyArgument,
    preset: Annotated[str, typer.Option(help="paper (b1 from scratch, 25 epochs) or quick.")] = "paper",
    network: Annotated[str | None, typer.Option(help="b1 or lite1, instead of the preset's.")] = None,
    weights: Annotated[str | None, typer.Option(help="scratch, pretrained or a file.")] = None,
    labels: Annotated[str, typer.Option(help="all (as the paper) or reviewed.")] = "all",
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the preset's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all chance in the training.")] = 0,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a stopped run.")] = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Train the classifier on the labels in force; a checkpoint is written after every epoch."""
    if preset not in ("paper", "quick"):
        raise typer.BadParameter(f"expected paper or quick; got {preset!r}", param_hint="--preset")
    if labels not in ("all", "reviewed"):
        raise typer.BadParameter(f"expected all or reviewed; got {labels!r}", param_hint="--labels")
    from medxai_core.stages.training import train_study

    title = f"Training, {preset} recipe"
    with study_job(study, "train", title=title, job_id=job) as work:
        run = train_study(
            work.study,
            preset=preset,
            network=network,
            weights=weights,
            labels=labels,
            epochs=epochs,
            seed=seed,
            resume=resume,
            stage=work.stage,
            job=work.job,
        )
    text = f"{run.run_id}: {run.status}; best epoch {run.best_epoch} of {run.epochs}."
    show_result({"run": run.run_id, "status": run.status, "best_epoch": run.best_epoch}, text=text, json=json)


def stop(study: StudyArgument, json: JsonOption = False) -> None:
    """Ask the running jobs of a study to stop; what is finished is kept."""
    from medxai_core.jobs import list_jobs, request_stop
    from medxai_core.study import open_study

    opened = open_study(study)
    jobs = list_jobs(opened, only_open=True)
    for job in jobs:
        request_stop(opened, job["job_id"])
    names = [job["job_id"] for job in jobs]
    show_result({"stopping": names}, text=f"asked to stop: {', '.join(names) or 'nothing is running'}.", json=json)


def evaluate_classifier(
    study: StudyArgument, run: RunOption = None, json: JsonOption = False, job: JobOption = None
) -> None:
    """Score the classifier on the validation and the test items, with 95 % intervals."""
    from medxai_core.stages.classifier import evaluate_study_classifier

    with study_job(study, "evaluate-classifier", title="Classifier scores", job_id=job) as work:
        found = evaluate_study_classifier(work.study, run, stage=work.stage)
    show_result(found, text=format_classifier_scores(found), json=json)


def format_classifier_scores(found: dict[str, dict]) -> str:
    """Return the classifier's scores by split as a table."""
    names = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc")
    rows = []
    for split, scores in found.items():
        for name in names:
            one = scores[name]
            low, high = one["interval"]["low"], one["interval"]["high"]
            value, reason = format_number(one["value"]), one["reason"] or ""
            span = f"{format_number(low)}..{format_number(high)}"
            rows.append([split, name.replace("_", " "), value, span, str(one["n"]), reason])
    note = "The best epoch was chosen on the validation items, so their scores flatter."
    return format_table(["split", "score", "value", "95 % interval", "n", ""], rows) + f"\n{note}"
