"""Commands: review list, label, accept, reject, other, unsure, skip, undo, redo, export, import, summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import JsonOption, StudyArgument, format_table, show_result

app = typer.Typer(help="Take, undo, export and import decisions about labels.", no_args_is_help=True)

ItemsArgument = Annotated[list[str], typer.Argument(metavar="ITEM...", help="Item ids.")]
ReaderOption = Annotated[
    str | None, typer.Option("--reader", help="Pseudonym of who decides; default: made from the login.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a few words.")]
LabelOption = Annotated[str, typer.Option("--label", help="The class: polyp or non_polyp.")]


def _decide(
    study: str, items: list[str], action: str, *, reader: str | None, reason: str, json: bool,
    label: str | None = None,
) -> None:  # fmt: skip
    """Record one decision about several items and print it."""
    from medxai_core.events import get_default_reader
    from medxai_core.stages.labels import decide_many
    from medxai_core.study import open_study

    opened = open_study(study)
    found = decide_many(opened, items, action, reader=reader or get_default_reader(), label=label, reason=reason)
    result = {"decisions": [decision.__dict__ for decision in found]}
    show_result(result, text=f"{action}: {len(found)} recorded.", json=json)


def _plain_action(action: str, words: str) -> Callable[..., None]:
    """Return the command of an action that needs no class."""

    def command(
        study: StudyArgument,
        items: ItemsArgument,
        reader: ReaderOption = None,
        reason: ReasonOption = "",
        json: JsonOption = False,
    ) -> None:
        _decide(study, items, action, reader=reader, reason=reason, json=json)

    command.__doc__ = words
    return command


for _action, _words in {
    "accept": "Accept the proposed label of items: they train as reviewed.",
    "reject": "Reject the proposed label: the items are unlabelled, and it is not proposed again.",
    "unsure": "Say that you cannot tell: the items stay unlabelled.",
    "skip": "Leave items for later: they stay unlabelled.",
    "flag": "Mark items for another look.",
}.items():
    app.command(_action, epilog=f"Example: python -m medxai_core review {_action} demo ITEM_ID")(
        _plain_action(_action, _words)
    )


@app.command("label", epilog="Example: python -m medxai_core review label demo ITEM_ID --label polyp")
def label_command(
    study: StudyArgument,
    items: ItemsArgument,
    label: LabelOption,
    reader: ReaderOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
) -> None:
    """Give items a label from zero, whether or not one is proposed."""
    _decide(study, items, "label", reader=reader, reason=reason, json=json, label=label)


@app.command("other", epilog="Example: python -m medxai_core review other demo ITEM_ID --label polyp")
def other_command(
    study: StudyArgument,
    items: ItemsArgument,
    label: LabelOption,
    reader: ReaderOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
) -> None:
    """Give items another class than the proposed one."""
    _decide(study, items, "other", reader=reader, reason=reason, json=json, label=label)


@app.command("undo", epilog="Example: python -m medxai_core review undo demo")
def undo_command(
    study: StudyArgument,
    event: Annotated[str | None, typer.Option(help="Event id; default: the last that stands.")] = None,
    reader: ReaderOption = None,
    json: JsonOption = False,
) -> None:
    """Take back a decision; nothing is deleted, the log gets one line more."""
    from medxai_core.events import get_default_reader
    from medxai_core.stages.labels import undo
    from medxai_core.study import open_study

    found = undo(open_study(study), reader=reader or get_default_reader(), event_id=event)
    show_result(found.__dict__, text=f"undone: {found.undoes} on {found.item_id}.", json=json)


@app.command("redo", epilog="Example: python -m medxai_core review redo demo")
def redo_command(study: StudyArgument, reader: ReaderOption = None, json: JsonOption = False) -> None:
    """Take back the last undo."""
    from medxai_core.events import get_default_reader
    from medxai_core.stages.labels import redo
    from medxai_core.study import open_study

    found = redo(open_study(study), reader=reader or get_default_reader())
    show_result(found.__dict__, text=f"redone: {found.undoes} on {found.item_id}.", json=json)


@app.command("list", epilog="Example: python -m medxai_core review list demo --state proposed --limit 20")
def list_command(
    study: StudyArgument,
    state: Annotated[
        str, typer.Option(help="all, unlabelled, proposed (by a cluster), reviewed or reference.")
    ] = "all",
    limit: Annotated[int, typer.Option(min=1, help="Print at most this many.")] = 100,
    json: JsonOption = False,
) -> None:
    """List training items with the label in force and where it comes from."""
    from medxai_core.stages.labels import get_label_states
    from medxai_core.study import open_study

    wanted = {"unlabelled": None, "proposed": "cluster", "reviewed": "review", "reference": "reference"}
    if state not in {"all", *wanted}:
        raise typer.BadParameter(f"expected all, {', '.join(wanted)}; got {state!r}", param_hint="--state")
    states = get_label_states(open_study(study))
    chosen = [
        {"item_id": item_id, "label": one.label, "source": one.source, "why": one.why}
        for item_id, one in states.items()
        if state == "all" or one.source == wanted[state]
    ]
    rows = [[str(value or "-") for value in row.values()] for row in chosen[:limit]]
    text = format_table(["item", "label", "source", "why"], rows) + f"\n{len(chosen)} items."
    show_result({"items": chosen[:limit], "n": len(chosen)}, text=text, json=json)


@app.command("export", epilog="Example: python -m medxai_core review export demo decisions.csv")
def export_command(
    study: StudyArgument,
    output: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSONL file to write.")],
    json: JsonOption = False,
) -> None:
    """Write the whole decision log to a file."""
    from medxai_core.stages.labels import export_decisions
    from medxai_core.study import open_study

    n_written = export_decisions(open_study(study), output)
    show_result({"n": n_written, "file": str(output)}, text=f"{n_written} decisions in {output}.", json=json)


@app.command("import", epilog="Example: python -m medxai_core review import demo decisions.csv")
def import_command(
    study: StudyArgument,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSONL file from `review export`.")],
    json: JsonOption = False,
) -> None:
    """Add decisions from a file; those whose event id is in the log already count once."""
    from medxai_core.stages.labels import import_decisions
    from medxai_core.study import open_study

    n_new, n_known, failures = import_decisions(open_study(study), source)
    rows = [failure.__dict__ for failure in failures]
    text = f"{n_new} decisions added, {n_known} were in the log already."
    lines = [text, *(f"left out: {row['item']}: {row['reason']}" for row in rows)]
    result = {"n_added": n_new, "n_known": n_known, "failures": rows}
    show_result(result, text="\n".join(lines), json=json)


@app.command("summary", epilog="Example: python -m medxai_core review summary demo")
def summary_command(study: StudyArgument, json: JsonOption = False) -> None:
    """Count labels by source, and decisions by kind."""
    from medxai_core.stages.labels import summarize_study_review
    from medxai_core.study import open_study

    counts = summarize_study_review(open_study(study))
    lines = [f"{name}: {value}" for part in counts.values() for name, value in part.items()]
    text = "\n".join(lines).replace("_", " ")
    show_result(counts, text=text, json=json)
