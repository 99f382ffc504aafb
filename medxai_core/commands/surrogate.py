"""Command: explain-features."""

from __future__ import annotations

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
    from medxai_core.stages.surrogate_record import SurrogateRecord
    from medxai_core.surrogate import Estimate, ItemExplanation

EXAMPLE = "Example: python -m medxai_core explain-features demo"


def explain_features(
    study: StudyArgument,
    run: RunOption = None,
    item: Annotated[
        str | None, typer.Option(help="Take the answer to this picture or tile apart, by the surrogate that is kept.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds, the draws and the shuffled features.")] = 0,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Ask which global features (edges, texture, brightness, colour) explain what a run's network separates."""
    if item is not None:
        _explain_item(study, run, item, json=json)
        return
    from medxai_core.stages.surrogate import explain_deep_features

    with study_job(study, "surrogate", title="From global to deep features", reader=reader, job_id=job) as work:
        found = explain_deep_features(work.study, run, seed=seed, stage=work.stage)
    shown = {name: value for name, value in found.__dict__.items() if name not in ("models", "items")}
    show_result(shown, text=format_surrogate(found), json=json)


def _explain_item(study: str, run_id: str | None, item_id: str, *, json: bool) -> None:
    """Show one picture's answer in parts."""
    from medxai_core.errors import StageMissingError
    from medxai_core.records.runs import get_run
    from medxai_core.stages.surrogate import explain_item, find_surrogate
    from medxai_core.study import open_study
    from medxai_core.surrogate import say_fidelity

    opened = open_study(study)
    run = get_run(opened, run_id)
    record = find_surrogate(opened, run)
    if record is None:
        raise StageMissingError(
            f"run {run.run_id!r} has no surrogate yet.", f"Run `explain-features {study} --run {run.run_id}` first."
        )
    found = explain_item(opened, record, item_id)
    believed = say_fidelity(record.fidelity_of("answer"))
    show_result(found.__dict__ | {"fidelity": believed}, text=f"{believed}\n{format_item(found)}", json=json)


def format_surrogate(found: SurrogateRecord) -> str:
    """Return how far it may be believed first, then tables by aspect and by class."""
    from medxai_core.surrogate import say_controls, say_fidelity, say_order, say_overlap, say_unstable

    lines = [f"{found.run_id}: {found.n_items} training and validation items of {found.n_groups} patients or pictures"]
    for fidelity in found.fidelities:
        shares = found.shares_of(fidelity.target)
        rows = [
            [
                one.aspect,
                _say(one.share),
                f"{one.alone:.3f}",
                f"{one.unique:.3f}",
                "" if one.is_stable else "not stable",
            ]
            for one in shares
        ]
        lines += ["", say_fidelity(fidelity), say_controls(fidelity)]
        lines.append(format_table(["aspect", "share of variance", "alone", "only it", ""], rows))
        lines += [say_order(one) for one in found.stabilities if one.target == fidelity.target]
        lines += [say_unstable(shares)] if say_unstable(shares) else []
        lines += [say_overlap(one) for one in found.overlaps if one.target == fidelity.target and not one.is_separable]
    rows = [
        [one.label, one.aspect, _say(one.pushes), "" if one.pushes.is_off_zero else "not stable"]
        for one in found.classes
    ]
    lines += ["", format_table(["answered", "aspect", "pushes (logits, + polyp)", ""], rows)]
    lines += [f"{one.label}: {one.words} ({one.aspect}), pushes {_say(one.pushes)}" for one in found.words]
    return "\n".join(lines)


def format_item(found: ItemExplanation) -> str:
    """Return one picture's answer in parts."""
    from medxai_core.surrogate import say_item

    rows = [f"{one.words} ({one.aspect}, {one.technical_name}): {_say(one.pushes)}" for one in found.words]
    return "\n".join([f"{found.item_id}: {say_item(found)}", *rows])


def _say(figure: Estimate) -> str:
    """Return a figure with its interval."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:+.3f}"
    return f"{figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"
