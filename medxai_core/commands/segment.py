"""Command: segment."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import JsonOption, progress_bar, show_result

EXAMPLE = "Example: python -m medxai_core segment --checkpoint best.safetensors --out masks pictures/"


def segment(
    pictures: Annotated[list[Path], typer.Argument(metavar="IMAGE_OR_DIR...", help="Pictures or folders.")],
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint of a training run (.safetensors).")],
    out: Annotated[Path, typer.Option(help="Folder to write the masks to.")],
    layer: Annotated[int | None, typer.Option(min=0, help="Instead of the checkpoint's layer.")] = None,
    low: Annotated[float | None, typer.Option(min=0, max=1, help="Instead of its lower threshold.")] = None,
    high: Annotated[float | None, typer.Option(min=0, max=1, help="Instead of its upper threshold.")] = None,
    method: Annotated[str | None, typer.Option(help="Instead of its CAM method.")] = None,
    json: JsonOption = False,
) -> None:
    """Make masks of pictures that are in no study. Research only; not for diagnosis."""
    from medxai_core.stages.segment import segment_pictures

    with progress_bar() as stage:
        found = segment_pictures(
            checkpoint,
            pictures,
            out,
            layer=layer,
            low=low,
            high=high,
            method=method,
            on_progress=stage("Making masks"),
        )
    failures = [failure.__dict__ for failure in found.failures]
    lines = [f"{len(found.names)} masks in {out}."]
    if found.blank:
        lines.append(f"{len(found.blank)} of them are empty because the heat map is constant: {', '.join(found.blank)}")
    if found.empty:
        listed = ", ".join(found.empty)
        why = "no place is in the band, or the network is not sure enough of the picture"
        lines.append(f"{len(found.empty)} of them are empty ({why}): {listed}")
    lines += [f"failed: {f['item']}: {f['reason']}" for f in failures]
    result = {
        "masks": found.names,
        "setting": {name: value for name, value in asdict(found.setting).items() if name != "chosen_on"},
        "blank": found.blank,
        "empty": found.empty,
        "failures": failures,
    }
    show_result(result, text="\n".join(lines), json=json)
    if failures:
        raise typer.Exit(1)
