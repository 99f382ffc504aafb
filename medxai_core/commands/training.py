"""Commands: train, stop, evaluate-classifier."""

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
    from medxai_core.records.runs import RecordedRun

RECIPES = ("paper", "quick", "recommended")
TRAIN_EXAMPLE = "Example: python -m medxai_core train demo --preset quick"
STOP_EXAMPLE = "Example: python -m medxai_core stop demo"
EVALUATE_EXAMPLE = "Example: python -m medxai_core evaluate-classifier demo"


def train(
    study: StudyArgument,
    preset: Annotated[str, typer.Option(help=f"{', '.join(RECIPES)}; see docs/method.md, docs/masks.md.")] = "paper",
    network: Annotated[str | None, typer.Option(help="b1 or lite1, instead of the preset's.")] = None,
    weights: Annotated[str | None, typer.Option(help="scratch, pretrained or a file.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="all (as the paper) or reviewed (seeds and decisions; recommended does so).")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the preset's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all chance in the training.")] = 0,
    shuffle_labels: Annotated[
        bool, typer.Option("--shuffle-labels", help="Give the labels out in random order: a control for `sanity`.")
    ] = False,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a stopped run.")] = None,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Train the classifier, or teach the segmenter, on the labels in force; every epoch or round is kept."""
    if preset not in RECIPES:
        raise typer.BadParameter(f"expected {', '.join(RECIPES)}; got {preset!r}", param_hint="--preset")
    if labels not in (None, "all", "reviewed"):
        raise typer.BadParameter(f"expected all or reviewed; got {labels!r}", param_hint="--labels")
    changes: dict[str, Any] = {"network": network, "weights": weights, "epochs": epochs}
    given = [name for name, value in changes.items() if value is not None]
    if preset == "recommended" and shuffle_labels:
        raise typer.BadParameter("the control is for classifiers; take --preset quick or paper", param_hint="--preset")
    if preset == "recommended" and given:
        raise typer.BadParameter(
            f"recommended has a network and rounds of its own; leave out --{given[0]}", param_hint=f"--{given[0]}"
        )
    from medxai_core.records.runs import get_run
    from medxai_core.stages.students import train_student
    from medxai_core.stages.training import train_study

    with study_job(study, "train", title=f"Training, {preset} recipe", reader=reader, job_id=job) as work:
        resumed = None if resume is None else get_run(work.study, resume).preset
        same: dict[str, Any] = {"seed": seed, "resume": resume, "stage": work.stage, "job": work.job}
        if (resumed or preset) == "recommended":
            run = train_student(work.study, labels=labels or "reviewed", **same)
        else:
            changes |= {"shuffle_labels": shuffle_labels}
            run = train_study(work.study, preset=preset, labels=labels or "all", **changes, **same)
    text = f"{run.run_id}: {run.status}; {say_what_is_kept(run)}."
    show_result({"run": run.run_id, "status": run.status, "best_epoch": run.best_epoch}, text=text, json=json)


def say_what_is_kept(run: RecordedRun) -> str:
    """Say which epoch of a classifier is used, or what a segmenter has learned: of its rounds the last is used."""
    if run.rounds is None:
        return f"best epoch {run.best_epoch} of {run.epochs}"
    n_rounds, n_planned = run.rounds
    used = f"round {n_rounds}, the last, is used" if n_rounds else "what drawn frames taught is used"
    return f"drawn frames and {n_rounds} of {n_planned} rounds on the pictures are learned; {used}"


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
    study: StudyArgument,
    run: RunOption = None,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Score the classifier on the validation and the test items, with 95 % intervals."""
    from medxai_core.records.runs import get_run
    from medxai_core.stages.classifier import evaluate_study_classifier

    with study_job(study, "evaluate-classifier", title="Classifier scores", reader=reader, job_id=job) as work:
        found = evaluate_study_classifier(work.study, run, stage=work.stage)
        is_chosen = get_run(work.study, run).mask_head is None
    show_result(found, text=format_classifier_scores(found, is_chosen=is_chosen), json=json)


def format_classifier_scores(found: dict[str, dict], *, is_chosen: bool) -> str:
    """Return the classifier's scores by split as a table; `is_chosen`: its epoch was chosen on the validation items."""
    names = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc")
    rows = []
    for split, scores in found.items():
        for name in names:
            one = scores[name]
            low, high = one["interval"]["low"], one["interval"]["high"]
            value, reason = format_number(one["value"]), one["reason"] or ""
            span = f"{format_number(low)}..{format_number(high)}"
            rows.append([split, name.replace("_", " "), value, span, str(one["n"]), reason])
    note = (
        "The best epoch was chosen on the validation items, so their scores flatter."
        if is_chosen
        else "The last round is used whatever these scores are: none was chosen on them."
    )
    return format_table(["split", "score", "value", "95 % interval", "n", ""], rows) + f"\n{note}"
