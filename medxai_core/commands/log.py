"""Commands: log verify, log export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medxai_core.commands.console import JsonOption, StudyArgument, show_result

if TYPE_CHECKING:
    from medxai_core.records.log_check import LogCheck

app = typer.Typer(help="Check and take along the log of a study: who did what, and when.", no_args_is_help=True)


@app.command("verify", epilog="Example: python -m medxai_core log verify demo")
def verify(
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="Folder or name of the study; not needed with --export.")
    ] = None,
    head: Annotated[
        str | None, typer.Option("--head", help="A head that was kept elsewhere, NUMBER:DIGEST, as reports state it.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Check this exported .jsonl by itself; with STUDY, both.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute the chain of the log anew, and compare the results with it.

    Returns 1 when a line was changed, taken out, moved or added by hand, or a result is not the one that the log saw.
    """
    from medxai_core.errors import SettingError
    from medxai_core.records.log_check import check_log
    from medxai_core.store import Head
    from medxai_core.study import open_study
    from medxai_core.views.log_export_check import check_export

    try:
        known = Head.parse(head) if head else None
    except ValueError as error:
        raise SettingError(str(error), "Copy it from the report, or from an earlier `log verify`.") from error
    if study is None and export is None:
        raise SettingError("there is nothing to check.", "Name a study, or a file with --export.")
    checked: list[tuple[str, LogCheck]] = []
    if export is not None:
        checked.append(("exported log", check_export(export, head=known)))
        known = known or checked[0][1].head  # the study must hold the line that the file ends with
    if study is not None:
        checked.append(("log", check_log(open_study(study), head=known)))
    text = "\n".join(_say(name, found) for name, found in checked)
    results = {name.replace(" ", "_"): _list_fields(found) for name, found in checked}
    show_result(results if len(checked) == 2 else _list_fields(checked[0][1]), text=text, json=json)
    if not all(found.is_whole for _, found in checked):
        raise typer.Exit(1)


def _list_fields(found: LogCheck) -> dict[str, Any]:
    """Return what a check found, for machines."""
    return {
        "lines": found.n_lines,
        "head": str(found.head) if found.head else None,
        "whole": found.is_whole,
        "end_known": found.is_end_known,
        "n_problems": found.n_problems,
        "problems": list(found.problems),
        "chain_whole": found.is_chain_whole,
        "result_problems": list(found.result_problems),
        "notices": list(found.notices),
        "n_compared": found.n_compared,
        "n_not_compared": found.n_not_compared,
    }


def _say(name: str, found: LogCheck) -> str:
    """Return what a check found, in lines for people."""
    words = [f"The {name} is whole: {found.n_lines} lines, each linked to the one before.", f"Head: {found.head}"]
    if not found.is_chain_whole:
        count = "1 problem" if found.n_problems == 1 else f"{found.n_problems} problems"
        words = [f"The {name} is NOT whole: {count}."]
    elif not found.is_whole:
        words.append(f"Results are NOT as it saw them: {found.n_result_problems}.")
    words += [*found.problems, *(["..."] if found.n_problems > len(found.problems) else [])]
    if found.n_compared:
        words.append(f"{found.n_compared} results are as the log saw them.")
    words += [f"note: {one}" for one in found.notices]
    if not found.is_end_known:
        words.append("No head is known: whether lines are missing at the end cannot be told.")
    return "\n".join(words)


@app.command("export", epilog="Example: python -m medxai_core log export demo --out log.jsonl")
def export(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="File to write: .jsonl or .csv.", dir_okay=False)],
    reader: Annotated[str | None, typer.Option("--reader", help="Pseudonym of who takes it along.")] = None,
    json: JsonOption = False,
) -> None:
    """Write all lines of the log with their digests, as JSON lines or as a table; warns when the log is not whole."""
    from medxai_core.errors import SettingError
    from medxai_core.events import log_export
    from medxai_core.readers import name_reader
    from medxai_core.records.log_check import check_log
    from medxai_core.study import open_study
    from medxai_core.views.activity_log import format_csv, format_jsonl, list_activity

    formats = {".jsonl": format_jsonl, ".csv": format_csv}
    if out.suffix.lower() not in formats:
        raise SettingError(f"a log is written as .jsonl or .csv; got {out.name!r}.", "Name the file so.")
    opened = open_study(study)
    log_export(opened, "log", actor=name_reader(reader))
    lines, checked = list_activity(opened), check_log(opened)
    out.write_bytes(formats[out.suffix.lower()](lines))
    text = f"{len(lines)} lines written to {out}."
    if not checked.is_whole:
        text += f"\nWARNING: {_say('log', checked)}"
    show_result({"lines": len(lines), "file": str(out), "whole": checked.is_whole}, text=text, json=json)
