"""Command: demo."""

from __future__ import annotations

from typing import Annotated

import typer

from medxai_core.commands.console import (
    JsonOption,
    ProgressFileOption,
    StudyArgument,
    progress_bar,
    show_result,
)
from medxai_core.config import resolve_study_folder

EXAMPLE = "Example: python -m medxai_core demo demo"


def demo(
    study: StudyArgument,
    images: Annotated[int, typer.Option(min=24, help="Number of frames; half show a polyp.")] = 480,
    seed: Annotated[int, typer.Option(help="Seed of the drawing.")] = 0,
    json: JsonOption = False,
    progress_file: ProgressFileOption = None,
) -> None:
    """Make the demo: a finished study of drawn frames (no patient), with exact masks."""
    from medxai_core.demo import make_demo
    from medxai_core.making import telling

    folder = resolve_study_folder(study)
    with progress_bar() as bar, telling(progress_file, bar) as stage:
        made = make_demo(folder, n_images=images, seed=seed, stage=stage)
    state = "is ready" if made.is_new else "was ready already"
    result = {"study": str(folder), "is_new": made.is_new, "run": made.run_id}
    show_result(result, text=f"Demo study {folder.name!r} {state}: {folder}", json=json)
