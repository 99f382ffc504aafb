"""Commands: study create, check, add-masks, list, locate, remove-image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ProgressFileOption,
    ReaderOption,
    StudyArgument,
    progress_bar,
    show_result,
    study_job,
)

app = typer.Typer(help="Create and look after studies.", no_args_is_help=True)

CREATE_EXAMPLE = (
    "Example: python -m medxai_core study create kvasir --images kvasir-seg/images --masks kvasir-seg/masks --tiles 2x2"
)


def _parse_tiles(text: str) -> tuple[int, int]:
    """Return rows and columns of ``2x2``."""
    rows, _, columns = text.lower().partition("x")
    if not (rows.isdigit() and columns.isdigit() and 1 <= int(rows) <= 8 and 1 <= int(columns) <= 8):
        raise typer.BadParameter(f"expected ROWSxCOLUMNS from 1x1 to 8x8, such as 2x2; got {text!r}")
    return int(rows), int(columns)


@app.command("create", epilog=CREATE_EXAMPLE)
def create(
    study: StudyArgument,
    images: Annotated[Path, typer.Option(help="Folder of pictures. They stay where they are.")],
    masks: Annotated[Path | None, typer.Option(help="Folder of masks with the pictures' names.")] = None,
    layout: Annotated[
        str, typer.Option(help="auto, kvasir-seg, hyperkvasir, cvc-clinicdb, kvasir or folders.")
    ] = "auto",
    labels: Annotated[Path | None, typer.Option(help="CSV with columns filename and label.")] = None,
    group_column: Annotated[
        str | None, typer.Option(help="Column of the CSV that names the patient or procedure.")
    ] = None,
    tiles: Annotated[str, typer.Option(help="Cut every picture into ROWSxCOLUMNS tiles.")] = "1x1",
    seeds: Annotated[int, typer.Option(min=0, help="Labelled items a class to start from.")] = 100,
    validation: Annotated[int, typer.Option(min=0, help="Labelled items to judge the classifier on.")] = 60,
    tuning_share: Annotated[float, typer.Option(min=0, max=0.9, help="Share to choose layer, threshold.")] = 0.1,
    test_share: Annotated[float, typer.Option(min=0, max=0.9, help="Share for the final scoring.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of the splits.")] = 0,
    json: JsonOption = False,
    progress_file: ProgressFileOption = None,
) -> None:
    """Import pictures: read them, find leaks, split them, write the study folder."""
    from medxai_core.config import resolve_study_folder
    from medxai_core.making import telling
    from medxai_core.studies.importing import ImportOptions, create_study

    options = ImportOptions(
        images=images,
        masks=masks,
        layout=layout,
        labels=labels,
        group_column=group_column,
        tiles=_parse_tiles(tiles),
        seeds=seeds,
        validation=validation,
        tuning_share=tuning_share,
        test_share=test_share,
        seed=seed,
    )
    with progress_bar() as bar, telling(progress_file, bar) as stage:
        created = create_study(resolve_study_folder(study), options, stage=stage)
    _show_health(created, json=json)


@app.command("check", epilog="Example: python -m medxai_core study check demo")
def check(
    study: StudyArgument,
    hashes: Annotated[bool, typer.Option(help="Read every picture again and compare its hash.")] = True,
    text: Annotated[bool, typer.Option("--text", help="Look for burned-in text again: reads every picture.")] = False,
    json: JsonOption = False,
) -> None:
    """Look for what could spoil a study: damaged files, duplicates, leaks, masks that do not fit, burned-in text."""
    from medxai_core.studies.pictures_with_text import look_for_text
    from medxai_core.study import open_study

    opened = open_study(study)
    if text:
        with progress_bar() as stage:
            look_for_text(opened, on_progress=stage("Looking for burned-in text"))
    _show_health(opened, json=json, hashes=hashes)


def _show_health(study, *, json: bool, hashes: bool = False) -> None:
    """Print counts and findings."""
    from medxai_core.studies.health import check_health

    with progress_bar() as stage:
        health = check_health(study, with_hashes=hashes, on_progress=stage("Checking") if hashes else None)
    show_result(health.to_dict(), text=health.to_text(), json=json)
    if hashes and not health.is_healthy:
        raise typer.Exit(1)


@app.command("add-masks", epilog="Example: python -m medxai_core study add-masks kvasir --masks kvasir-seg/masks")
def add_masks_command(
    study: StudyArgument,
    masks: Annotated[Path, typer.Option(help="Folder of masks with the pictures' names.")],
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Add masks to pictures that have none; splits, known labels and recorded scores stay as they are."""
    from medxai_core.studies.adding_masks import add_masks_to_study

    with study_job(study, "add-masks", title="Adding masks", reader=reader, job_id=job) as work:
        added = add_masks_to_study(work.study, masks, actor=work.study.actor, stage=work.stage)
    show_result(added.to_dict(), text=added.to_text(), json=json)


@app.command("list", epilog="Example: python -m medxai_core study list --json")
def list_command(json: JsonOption = False) -> None:
    """List the known studies."""
    from medxai_core.errors import MedxaiError
    from medxai_core.study import list_studies, open_study

    rows = []
    for folder in list_studies():
        try:
            open_study(folder)
            state = "ok"
        except MedxaiError as error:
            state = error.message
        rows.append({"name": folder.name, "folder": str(folder), "state": state})
    lines = [f"{row['name']}  {row['folder']}  {row['state']}" for row in rows]
    text = "\n".join(lines) or "No studies yet. Make the demo: python -m medxai_core demo demo"
    show_result({"studies": rows}, text=text, json=json)


@app.command("locate", epilog="Example: python -m medxai_core study locate kvasir --images /media/usb/kvasir")
def locate(
    study: StudyArgument,
    images: Annotated[Path, typer.Option(help="Where the pictures are now.")],
    masks: Annotated[Path | None, typer.Option(help="Where the masks are now.")] = None,
    json: JsonOption = False,
) -> None:
    """Say where the pictures are, after they or the study were moved."""
    from medxai_core.study import open_study, set_image_root

    opened = open_study(study)
    set_image_root(opened, images, masks)
    root = str(opened.image_root)
    show_result({"image_root": root}, text=f"{opened.name}: pictures are in {root}.", json=json)


@app.command("remove-image", epilog="Example: python -m medxai_core study remove-image demo 3fa9c1d2e4b5a697")
def remove_image_command(
    study: StudyArgument,
    image_id: Annotated[str, typer.Argument(metavar="IMAGE_ID", help="Id of the picture.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    reader: ReaderOption = None,
    json: JsonOption = False,
) -> None:
    """Delete what the study holds of one picture; a tombstone with its id stays."""
    from medxai_core.readers import name_reader
    from medxai_core.records.pictures import find_image
    from medxai_core.studies.removal import remove_image
    from medxai_core.study import open_study

    opened = open_study(study)
    find_image(opened, image_id)
    if not yes:
        typer.confirm(f"Delete picture {image_id} and all that was derived from it?", abort=True, err=True)
    removed = remove_image(opened, image_id, actor=name_reader(reader))
    text = f"{removed.image_id}: removed with {removed.n_items} items and {removed.n_arrays} arrays rewritten."
    if removed.left_on_disk:
        text += f"\nThe original file is not the study's and stays: {removed.left_on_disk}"
    show_result(removed.__dict__, text=text, json=json)
