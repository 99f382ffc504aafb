"""Command: replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ReaderOption,
    RunOption,
    StudyArgument,
    format_table,
    show_result,
    study_job,
)

if TYPE_CHECKING:
    from medxai_core.stages.replay import Replay

EXAMPLE = "Example: python -m medxai_core replay demo"


def replay(
    study: StudyArgument,
    run: RunOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Replay the run of this report, and compare its digests.")
    ] = None,
    no_training: Annotated[
        bool, typer.Option("--no-training", help="Leave out the training; the kept network makes the maps.")
    ] = False,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Do a run again from what is recorded of it and compare every step; return 1 when something differs."""
    from medxai_core.formats.report_facts import read_report_digests
    from medxai_core.stages.replay import replay_run
    from medxai_core.views.run_evidence import list_run_evidence

    digests = read_report_digests(report) if report else None
    with study_job(study, "replay", title="Replay of a run", reader=reader, job_id=job) as work:
        found = replay_run(work.study, run, with_training=not no_training, report=digests, stage=work.stage)
        recorded = list_run_evidence(work.study, found.run_id)
    result = found.__dict__ | {"same": found.is_same, "steps": [step.__dict__ for step in found.steps]}
    show_result(result | {"recorded": recorded}, text=format_replay(found, recorded), json=json)
    if not found.is_same:
        raise typer.Exit(1)


def format_replay(found: Replay, recorded: dict[str, str] | None = None) -> str:
    """Return a line a step, after what is likely to explain a difference; below it what is recorded of the run."""
    from medxai_core.stages.replay.steps import count, say_differ

    n_other = sum(step.outcome == "differs" for step in found.steps)
    outcome = "nothing differs" if found.is_same else say_differ(n_other, "step", of=len(found.steps))
    head = f"Replay of {found.run_id}: {outcome}."
    then = f"as far as they are recorded; computed with {count(found.n_threads, 'thread')}, as then"
    versions = f"Versions are others than then: {'; '.join(found.changes)}." if found.changes else ""
    versions = versions or f"Versions are those of then, {then}."
    rows = [[step.outcome, step.name, step.words] for step in found.steps]
    ends = [f"Masks:    {found.masks_digest or '-'}", f"Pictures: {found.dataset_digest}"]
    told = [f"recorded {topic}: {words}" for topic, words in (recorded or {}).items()]
    return "\n".join([head, versions, format_table(["", "step", "found"], rows), *told, *ends])
