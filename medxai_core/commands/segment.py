"""Command: segment."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medxai_core.commands.console import JsonOption, progress_bar, show_result
from medxai_core.config import SEGMENTATION

if TYPE_CHECKING:
    from medxai_core.stages.segment import Segmentation

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
    """Make masks of pictures that are in no study. Research only; not for diagnosis.

    With `--json` and a segmenter, `answers` says three things a picture. `polyp_probability`: that the picture holds a
    polyp, by its surest places together; not calibrated. `expected_dice`: the Dice that the probabilities of the places
    themselves make expected of the mask, right as far as they are; null for an empty mask, and for a mask of another
    layer or of a band. `is_held_back`: the picture as a whole does not speak clearly enough for a polyp, so all its
    places were lowered. `unsure` names the masks that are empty because of that.
    """
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
    unsure = _find_unsure(found)
    lines += _say_empty(found, unsure)
    lines += [f"failed: {f['item']}: {f['reason']}" for f in failures]
    result = {
        "masks": found.names,
        "setting": {name: value for name, value in asdict(found.setting).items() if name != "chosen_on"},
        "blank": found.blank,
        "empty": found.empty,
        "unsure": unsure,
        "answers": None if found.answers is None else [asdict(answer) for answer in found.answers],
        "failures": failures,
    }
    show_result(result, text="\n".join(lines), json=json)
    if failures:
        raise typer.Exit(1)


def _find_unsure(found: Segmentation) -> list[str]:
    """Return the empty masks whose picture as a whole does not speak clearly enough for a polyp."""
    from medxai_core.views.own_masks import needs_sure_picture

    if found.answers is None or not needs_sure_picture(found.setting):
        return []
    held_back = {answer.name for answer in found.answers if answer.is_held_back}
    return [name for name in found.empty if name in held_back]


def _say_empty(found: Segmentation, unsure: list[str]) -> list[str]:
    """Say which masks are empty though their map is not constant, and why: a segmenter has two reasons."""
    from medxai_core.views.own_masks import LEAST_SURE

    cold = [name for name in found.empty if name not in unsure]
    why = "no place is in the band, or the network is not sure enough of the picture"
    if found.setting.method == SEGMENTATION:
        is_plain = found.setting.low is not None and found.setting.high is None and not found.setting.inverted
        why = f"no place is above the threshold, {found.setting.low:g}" if is_plain else "no place is in the band"
    doubt = (
        f"the picture as a whole does not speak clearly enough for a polyp, its probability is not above {LEAST_SURE}"
    )
    return [
        f"{len(names)} of them are empty ({reason}): {', '.join(names)}"
        for names, reason in ((cold, why), (unsure, doubt))
        if names
    ]
