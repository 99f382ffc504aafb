"""Command: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import JobOption, JsonOption, LockedRunOption, StudyArgument, show_result, study_job

EXAMPLE = "Example: python -m medxai_core report demo --out report.html"


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="File to write, .html.", dir_okay=False)],
    run: LockedRunOption = None,
    visitor: Annotated[
        Path | None, typer.Option("--visitor", help="Also write one page for a visitor to this file.", dir_okay=False)
    ] = None,
    text: Annotated[
        Path | None, typer.Option("--text", help="Also write the transparency text of Medico's task 3.", dir_okay=False)
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Show test pictures: they are pictures of patients.")
    ] = True,
    reader: Annotated[str | None, typer.Option("--reader", help="Pseudonym of who takes it along.")] = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Write what was done, how good it is and how far to trust it, with the evidence, as one HTML file."""
    from medxai_core.report import check_report_names, make_report, write_report_files

    check_report_names(out, visitor, text)
    with study_job(study, "report", title="Report", reader=reader, job_id=job) as work:
        made = make_report(work.study, run, with_pictures=pictures, stage=work.stage)
        written = write_report_files(work.study, made, out, visitor=visitor, text=text, actor=work.study.actor)
    result = {"run_id": made.run_id, "files": {name: str(path) for name, path in written.items()}}
    show_result(result, text="\n".join(f"{name}: {path}" for name, path in written.items()), json=json)
