"""Commands: log verify, log export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import JsonOption, StudyArgument, show_result

app = typer.Typer(help="Check and take along the log of a study: who did what, and when.", no_args_is_help=True)


@app.command("verify", epilog="Example: python -m medxai_core log verify demo")
def verify(
    study: StudyArgument,
    head: Annotated[
        str | None, typer.Option("--head", help="A head that was kept elsewhere, NUMBER:DIGEST, as reports state it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute the chain of the log anew; return 1 when a line was changed, taken out, moved or added by hand."""
    from medxai_core.errors import SettingError
    from medxai_core.records.log_check import check_log
    from medxai_core.store import Head
    from medxai_core.study import open_study

    try:
        known = Head.parse(head) if head else None
    except ValueError as error:
        raise SettingError(str(error), "Copy it from the report, or from an earlier `log verify`.") from error
    found = check_log(open_study(study), head=known)
    result = {
        "lines": found.n_lines,
        "head": str(found.head) if found.head else None,
        "whole": found.is_whole,
        "end_known": found.is_end_known,
        "n_problems": found.n_problems,
        "problems": list(found.problems),
    }
    if found.is_whole:
        words = [f"The log is whole: {found.n_lines} lines, each linked to the one before.", f"Head: {found.head}"]
        if not found.is_end_known:
            words.append("No head was kept beside the database: whether lines are missing at the end cannot be told.")
    else:
        words = [f"The log is NOT whole: {found.n_problems} problems.", *found.problems]
        words += ["..."] if found.n_problems > len(found.problems) else []
    show_result(result, text="\n".join(words), json=json)
    if not found.is_whole:
        raise typer.Exit(1)


@app.command("export", epilog="Example: python -m medxai_core log export demo --out log.jsonl")
def export(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="File to write: .jsonl or .csv.", dir_okay=False)],
    reader: Annotated[str | None, typer.Option("--reader", help="Pseudonym of who takes it along.")] = None,
    json: JsonOption = False,
) -> None:
    """Write events and decisions, oldest first, as JSON lines or as a table."""
    from medxai_core.errors import SettingError
    from medxai_core.events import log_export
    from medxai_core.readers import name_reader
    from medxai_core.study import open_study
    from medxai_core.views.activity_log import format_csv, format_jsonl, list_activity

    formats = {".jsonl": format_jsonl, ".csv": format_csv}
    if out.suffix.lower() not in formats:
        raise SettingError(f"a log is written as .jsonl or .csv; got {out.name!r}.", "Name the file so.")
    opened = open_study(study)
    log_export(opened, "log", actor=name_reader(reader))
    lines = list_activity(opened)
    out.write_bytes(formats[out.suffix.lower()](lines))
    show_result({"lines": len(lines), "file": str(out)}, text=f"{len(lines)} lines written to {out}.", json=json)
