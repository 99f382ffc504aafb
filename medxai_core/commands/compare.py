"""Command: compare."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from medxai_core.commands.console import JsonOption, StudyArgument, show_result

EXAMPLE = "Example: python -m medxai_core compare demo RUN 'centred disk, radius 0.3 of the side'"


def compare(
    study: StudyArgument,
    first: Annotated[str, typer.Argument(help="A run (as it is locked), a trivial mask, or the id of scores.")],
    second: Annotated[str, typer.Argument(help="The same.")],
    split: Annotated[str, typer.Option(help="test (needs a locked setting), tuning or validation.")] = "test",
    json: JsonOption = False,
) -> None:
    """Compare recorded scores of two runs or settings picture by picture, with a paired bootstrap interval."""
    from medxai_core.study import open_study
    from medxai_core.views.recorded_scores import compare_rows, find_open_row, get_picture_scores, say_comparison

    opened = open_study(study)
    rows = [find_open_row(opened, split, called) for called in (first, second)]
    one, other = (get_picture_scores(opened, row) for row in rows)
    names = [f"{row.run_id}: {row.name}" if row.run_id else row.name for row in rows]
    found = {metric: compare_rows(one, other, metric=metric) for metric in ("dice", "jaccard")}
    lines = [
        say_comparison(values, first=names[0], second=names[1], metric=metric.capitalize())
        for metric, values in found.items()
    ]
    if any(row.tuned_on_test for row in rows):
        lines.append("Tuned on test: a setting was chosen after test scores had been seen, so its score flatters.")
    asked = {"rows": [row.evaluation_id for row in rows], "tuned_on_test": [row.tuned_on_test for row in rows]}
    values = {metric: asdict(one) for metric, one in found.items()}
    show_result({"split": split} | asked | values, text="\n".join(lines), json=json)
