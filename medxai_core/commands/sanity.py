"""Command: sanity."""

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
    from medxai_core.stages.sanity import SanityRecord

EXAMPLE = "Example: python -m medxai_core sanity demo"


def sanity(
    study: StudyArgument,
    run: RunOption = None,
    layer: Annotated[
        int | None, typer.Option(min=0, help="Maps of which layer; default: that of the locked or the best setting.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="gradcam, or another method of the engine.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random weights and pairs.")] = 0,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Test the heat maps of a run on its tuning pictures: do they depend on what it learned, do they find the polyp?"""
    from medxai_core.stages.sanity import check_maps

    with study_job(study, "sanity", title="Tests of the maps", reader=reader, job_id=job) as work:
        found = check_maps(work.study, run, layer=layer, method=method, seed=seed, stage=work.stage)
    show_result(found.__dict__, text=format_lights(found), json=json)


def format_lights(found: SanityRecord) -> str:
    """Return one line a light."""
    rows = [[light.color, light.question, light.words] for light in found.lights]
    pictures = f"{found.n_pictures} tuning pictures ({found.n_blank} maps blank)"
    head = f"{found.run_id}, layer {found.layer} ({found.method}), {pictures}"
    return f"{head}\n{format_table(['', 'question', 'found'], rows)}"
