"""Commands: review list, label, accept, reject, other, unsure, skip, undo, redo, export, import, summary,
history, restore, audit, agreement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medxai_core.commands.console import JsonOption, StudyArgument, format_table, show_result

if TYPE_CHECKING:
    from medxai_core.stages.label_history import RestorePreview

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
    from medxai_core.readers import name_reader
    from medxai_core.stages.labels import decide_many
    from medxai_core.study import open_study

    opened = open_study(study)
    found = decide_many(opened, items, action, reader=name_reader(reader), label=label, reason=reason)
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
    from medxai_core.readers import name_reader
    from medxai_core.stages.labels import undo
    from medxai_core.study import open_study

    found = undo(open_study(study), reader=name_reader(reader), event_id=event)
    show_result(found.__dict__, text=f"undone: {found.undoes} on {found.item_id}.", json=json)


@app.command("redo", epilog="Example: python -m medxai_core review redo demo")
def redo_command(study: StudyArgument, reader: ReaderOption = None, json: JsonOption = False) -> None:
    """Take back the last undo."""
    from medxai_core.readers import name_reader
    from medxai_core.stages.labels import redo
    from medxai_core.study import open_study

    found = redo(open_study(study), reader=name_reader(reader))
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
    from medxai_core.events import log_export
    from medxai_core.readers import name_reader
    from medxai_core.stages.labels import export_decisions
    from medxai_core.study import open_study

    opened = open_study(study)
    n_written = export_decisions(opened, output)
    log_export(opened, "decisions", actor=name_reader(None))
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


@app.command("history", epilog="Example: python -m medxai_core review history demo --limit 20")
def history_command(
    study: StudyArgument,
    limit: Annotated[int, typer.Option(min=1, help="Print at most this many, the newest.")] = 50,
    json: JsonOption = False,
) -> None:
    """List the earlier states of the labels: who did what when, and how many labels of readers stood then."""
    from medxai_core.stages.label_history import list_label_states_over_time
    from medxai_core.study import open_study

    moments = list_label_states_over_time(open_study(study))
    rows = [
        [
            str(moment.number),
            moment.at[:19].replace("T", " ") or "-",
            ", ".join(moment.readers) or "-",
            ", ".join(f"{n} {action}" for action, n in moment.counts.items()) or "before any decision",
            ", ".join(f"{n} {name}" for name, n in moment.n_labels.items()),
        ]
        for moment in moments[::-1][:limit]
    ]
    text = format_table(["line", "at (UTC)", "reader", "did", "labels from readers"], rows)
    show_result({"moments": [moment.__dict__ for moment in moments[-limit:]]}, text=text, json=json)


@app.command("restore", epilog="Example: python -m medxai_core review restore demo --at 120 --yes")
def restore_command(
    study: StudyArgument,
    at: Annotated[
        str, typer.Option("--at", help="Line of `review history` to go back to (0: before any), or a moment in UTC.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this only say what would change.")] = False,
    reader: ReaderOption = None,
    json: JsonOption = False,
) -> None:
    """Go back to an earlier state of the labels; nothing is deleted, and a restore can be undone by another."""
    from medxai_core.readers import name_reader
    from medxai_core.stages.label_history import list_changes, preview_restore, restore_labels
    from medxai_core.study import open_study

    opened, moment = open_study(study), _read_place(at)
    if not yes:
        preview = preview_restore(opened, moment)
        lines = [*list_changes(preview), "Nothing was changed. Add --yes to do it."]
        result = {"done": False} | _export_preview(preview)
    else:
        done = restore_labels(opened, moment, reader=name_reader(reader))
        lines = [*list_changes(done.preview), f"Done in lines {done.first} to {done.last} of the log."]
        result = {"done": True, "mark": done.mark, "first": done.first, "last": done.last}
        result |= _export_preview(done.preview)
    show_result(result, text="\n".join(lines), json=json)


@app.command("audit", epilog="Example: python -m medxai_core review audit demo")
def audit_command(study: StudyArgument, json: JsonOption = False) -> None:
    """Say how many proposals are wrong, from those judged one by one in random order, with a 95 % interval."""
    from medxai_core.records.decisions import list_decisions
    from medxai_core.study import open_study
    from medxai_core.views.review_audit import audit_proposals, list_caveats, say_error
    from medxai_core.views.review_basis import load_review_basis
    from medxai_core.views.review_effects import estimate_wrong_left, say_left

    opened = open_study(study)
    basis, log = load_review_basis(opened), list_decisions(opened)
    shares = audit_proposals(basis.random_order, basis.proposals, log) if basis.proposals else []
    left = estimate_wrong_left(basis, log, shares[-1] if shares else None)
    lines = [f"{share.label}: {' '.join([say_error(share), *list_caveats(share)])}" for share in shares]
    lines.append(say_left(left) if left else "There are no proposals.")
    show_result({"audit": shares, "left": left}, text="\n".join(lines), json=json)


@app.command("agreement", epilog="Example: python -m medxai_core review agreement demo")
def agreement_command(study: StudyArgument, json: JsonOption = False) -> None:
    """Say how far every two readers agree (Cohen's kappa with interval), and on which items they differ."""
    from medxai_core.records.decisions import list_decisions
    from medxai_core.study import open_study
    from medxai_core.views.review_second_reading import describe_pairs, list_disagreements

    log = list_decisions(open_study(study))
    pairs, found = describe_pairs(log), list_disagreements(log)
    lines = [" ".join([f"{' and '.join(pair.readers)}:", pair.headline, *pair.details]) for pair in pairs]
    lines += [
        f"{one.item_id}: {', '.join(f'{reader} {label}' for reader, label in one.answers.items())}; "
        + (f"settled by {one.settled_by}" if one.settled_by else "open")
        for one in found
    ]
    result = {
        "pairs": [
            {"readers": pair.readers, "n_both": pair.agreement.n_both, "n_agree": pair.agreement.n_agree,
             "kappa": pair.agreement.kappa, "interval": pair.agreement.interval, "why": pair.agreement.why}
            for pair in pairs
        ],
        "disagreements": [one.__dict__ for one in found],
    }  # fmt: skip
    show_result(result, text="\n".join(lines) or "No two readers judged the same items.", json=json)


def _read_place(text: str) -> int | datetime:
    """Return a line of the log or a moment, as typed."""
    if text.strip().lstrip("-").isdigit():
        return int(text)
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"expected a line number or a moment such as 2024-05-01T10:00; got {text!r}", param_hint="--at"
        ) from None


def _export_preview(preview: RestorePreview) -> dict[str, object]:
    """Return what a restore changes as JSON can hold it."""
    turned = [{"before": before, "after": after, "n": n} for (before, after), n in preview.turned.items()]
    return preview.__dict__ | {"turned": turned}
