"""What all commands share: options, progress bar, results as text or JSON."""

from __future__ import annotations

import json as json_module
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medxai_core.json_values import to_plain

if TYPE_CHECKING:
    from medxai_core.jobs import Job
    from medxai_core.progress import OnProgress
    from medxai_core.study import Study

StudyArgument = Annotated[str, typer.Argument(metavar="STUDY", help="Folder or name of the study.")]
RunOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Training run; default: the newest trained one.")
]
LockedRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="Training run; default: the one locked last, or the newest trained one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
ReaderOption = Annotated[
    str | None, typer.Option("--reader", help="Pseudonym of who does it, for the log; default: made from the login.")
]
JobOption = Annotated[str | None, typer.Option("--job", hidden=True)]
ProgressFileOption = Annotated[Path | None, typer.Option("--progress-file", hidden=True)]


@dataclass(frozen=True)
class Work:
    """Hold an open study with the job that works on it."""

    study: Study
    job: Job
    stage: Callable[[str], OnProgress]


@contextmanager
def study_job(
    name: str, kind: str, *, title: str, reader: str | None = None, job_id: str | None = None
) -> Iterator[Work]:
    """Open a study and run the body as a recorded job with a progress bar; the log says that the reader did it."""
    from medxai_core.jobs import running_job
    from medxai_core.readers import name_reader
    from medxai_core.study import open_study

    study = open_study(name)
    study.actor = name_reader(reader)
    with (
        running_job(study, kind, title=title, parameters={"argv": sys.argv[1:]}, job_id=job_id) as job,
        progress_bar() as bar,
    ):

        def stage(stage_title: str) -> OnProgress:
            on_bar, on_job = bar(stage_title), job.stage(stage_title)

            def report(done: int, total: int) -> None:
                on_bar(done, total)
                on_job(done, total)

            return report

        yield Work(study, job, stage)


@contextmanager
def progress_bar() -> Iterator[Callable[[str], OnProgress]]:
    """Show stages on standard error as they go; standard output stays clean for results."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def stage(title: str) -> OnProgress:
            if not console.is_terminal:
                sys.stderr.write(f"{title} ...\n")
            bar = progress.add_task(title, total=None)
            return lambda done, total: progress.update(bar, completed=done, total=total)

        yield stage


def show_result(result: dict[str, Any], *, text: str, json: bool) -> None:
    """Print a result: one JSON object for machines, or lines for people."""
    if json:
        typer.echo(json_module.dumps(to_plain(result), ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(text)


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a score as text; an undefined one as a dash.

    >>> format_number(0.25), format_number(None)
    ('0.2500', '-')
    """
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def format_table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table of text with aligned columns.

    >>> print(format_table(["run", "dice"], [["1", "0.1812"]]))
    run  dice
    1    0.1812
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join(lines)
