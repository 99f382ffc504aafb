"""Commands: heatmaps, masks, lock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ReaderOption,
    RunOption,
    StudyArgument,
    show_result,
    study_job,
)
from medxai_core.commands.score_text import TUNED

HEATMAPS_EXAMPLE = "Example: python -m medxai_core heatmaps demo --layers 13,14,20,22"
MASKS_EXAMPLE = "Example: python -m medxai_core masks demo --layer 14 --low 0.4 --high 0.7 --out masks"
LOCK_EXAMPLE = "Example: python -m medxai_core lock demo --layer 14 --low 0.4 --high 0.7"

LayerOption = Annotated[
    int | None, typer.Option(min=0, help="Block of the heat map, from 0; after the last one a segmenter's own map.")
]
LowOption = Annotated[float | None, typer.Option(min=0, max=1, help="The mask is where the heat is above.")]
HighOption = Annotated[float | None, typer.Option(min=0, max=1, help="... and below this.")]
MethodOption = Annotated[str, typer.Option(help="gradcam, or another method of the engine.")]


def parse_layers(text: str) -> list[int]:
    """Return the layers of ``13,14`` or ``0-22``."""
    layers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise typer.BadParameter(f"expected layers such as 13,14 or 0-22; got {text!r}")
        layers.extend(range(int(first), int(last or first) + 1))
    return sorted(set(layers))


def heatmaps(
    study: StudyArgument,
    run: RunOption = None,
    layers: Annotated[str, typer.Option(help="Layers, such as 13,14,20,22 or 0-22.")] = "14",
    method: MethodOption = "gradcam",
    split: Annotated[str, typer.Option(help="Splits, by commas.")] = "tuning,test",
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Compute the heat maps for "polyp": all asked layers of a picture in one pass."""
    chosen = parse_layers(layers)
    from medxai_core.records.pictures import list_images
    from medxai_core.stages.heatmaps import compute_study_heatmaps, load_map_maker
    from medxai_core.views.map_shifts import measure_map_shift, say_map_shift

    with study_job(study, "heatmaps", title="Heat maps", job_id=job) as work:
        failures = compute_study_heatmaps(
            work.study, run, layers=chosen, method=method, splits=split.split(","), stage=work.stage
        )
        maker, images = load_map_maker(work.study, run), list_images(work.study)
        shifts = [measure_map_shift(work.study, maker, images, layer) for layer in chosen]
    known = [one for one in shifts if one is not None]
    rows = [failure.__dict__ for failure in failures]
    text = "\n".join(
        [
            f"layers {', '.join(map(str, chosen))} are ready.",
            *map(say_map_shift, known),
            *(f"failed: {r['item']}: {r['reason']}" for r in rows),
        ]
    )
    result = {"layers": chosen, "shifts": [one.__dict__ for one in known], "failures": rows}
    show_result(result, text=text, json=json)


def masks(
    study: StudyArgument,
    out: Annotated[Path, typer.Option(help="Folder to write the masks to.")],
    run: RunOption = None,
    layer: LayerOption = None,
    low: LowOption = None,
    high: HighOption = None,
    method: MethodOption = "gradcam",
    split: Annotated[str, typer.Option(help="Splits whose pictures get a mask, by commas.")] = "test",
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Write hand-in masks: one PNG a picture, 0 and 255, of the picture's size, and a zip of them.

    Without --layer the locked setting of the run is used.
    """
    from medxai_core.records.masks import is_tuned_on_test
    from medxai_core.records.runs import get_run
    from medxai_core.stages.masks import export_masks, make_setting

    with study_job(study, "masks", title="Masks", reader=reader, job_id=job) as work:
        is_tuned = is_tuned_on_test(work.study, get_run(work.study, run).run_id)
        setting = make_setting(work.study, run, layer=layer, low=low, high=high, method=method)
        written, failures = export_masks(work.study, run, setting, split=split, out=out, stage=work.stage)
    rows = [failure.__dict__ for failure in failures]
    lines = [f"{written} masks in {out}.", *(f"failed: {r['item']}: {r['reason']}" for r in rows)]
    text = "\n".join([*lines, TUNED] if is_tuned else lines)
    result = {"n_masks": written, "failures": rows, "out": str(out), "tuned_on_test": is_tuned}
    show_result(result, text=text, json=json)


def lock(
    study: StudyArgument,
    run: RunOption = None,
    layer: LayerOption = None,
    low: LowOption = None,
    high: HighOption = None,
    method: MethodOption = "gradcam",
    reader: Annotated[str | None, typer.Option(help="Pseudonym of who locks.")] = None,
    unlock: Annotated[bool, typer.Option("--unlock", help="Take the lock back; it is logged.")] = False,
    json: JsonOption = False,
) -> None:
    """Lock layer and threshold of a run: only then the test pictures' truth and scores open."""
    from medxai_core.errors import SettingError
    from medxai_core.readers import name_reader
    from medxai_core.records.masks import describe_setting, get_locked_setting, is_tuned_on_test, record_unlock
    from medxai_core.records.runs import get_run
    from medxai_core.stages.masks import lock_setting, make_setting
    from medxai_core.study import open_study
    from medxai_core.views.kept_pass import describe_unfinished

    opened = open_study(study)
    run_id = get_run(opened, run).run_id
    who = name_reader(reader)
    if unlock:
        if get_locked_setting(opened, run_id) is None:
            raise SettingError(f"run {run_id!r} has no locked setting.", "Name the run with --run.")
        record_unlock(opened, run_id, reader=who)
        text = f"{run_id}: unlocked; whatever is locked from now on counts as tuned on test."
        show_result({"run": run_id, "locked": None}, text=text, json=json)
        return
    setting = make_setting(opened, run_id, layer=layer, low=low, high=high, method=method)
    lock_setting(opened, run_id, setting, reader=who)
    note = " (counts as tuned on test)" if is_tuned_on_test(opened, run_id) else ""
    result = {"run": run_id, "locked": setting.__dict__}
    unfinished = describe_unfinished(get_run(opened, run_id))
    text = f"{run_id}: locked {describe_setting(setting)}{note}."
    show_result(result, text=text if unfinished is None else f"{text} {unfinished}", json=json)
