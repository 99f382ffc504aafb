"""Command: features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medxai_core.commands.console import JobOption, JsonOption, ReaderOption, progress_bar, show_result, study_job

EXAMPLE = (
    "Examples: python -m medxai_core features demo | python -m medxai_core features --csv features.csv pictures/*.jpg"
)


def features(
    names: Annotated[list[str], typer.Argument(metavar="STUDY | IMAGE...", help="A study, or pictures.")],
    csv: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write the 226 numbers of the given pictures here.")
    ] = None,
    n_jobs: Annotated[int, typer.Option(help="Worker processes; -1: one a core.")] = -1,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Extract the 226 LIRE features of a study, or of any pictures into the published CSV form."""
    if csv is not None:
        _write_csv([Path(name) for name in names], csv, n_jobs=n_jobs, json=json)
        return
    if len(names) != 1:
        raise typer.BadParameter("give one study, or --csv OUT.csv with pictures")
    from medxai_core.stages.features import extract_study_features

    with study_job(names[0], "features", title="Features", reader=reader, job_id=job) as work:
        found = extract_study_features(work.study, n_jobs=n_jobs, on_progress=work.stage("Extracting features"))
    failures = [failure.__dict__ for failure in found.failures]
    text = f"{found.n_items} items have their {found.feature_set} features; {len(failures)} pictures failed."
    lines = [text, *(f"  {f['item']}: {f['reason']}" for f in failures)]
    show_result({"n_items": found.n_items, "failures": failures}, text="\n".join(lines), json=json)


def _write_csv(paths: list[Path], csv: Path, *, n_jobs: int, json: bool) -> None:
    """Write the features of pictures that are in no study; exit with 1 when one failed."""
    from medxai_core.stages.features import extract_features_csv

    with progress_bar() as stage:
        written, failures = extract_features_csv(paths, csv, n_jobs=n_jobs, on_progress=stage("Extracting features"))
    rows = [failure.__dict__ for failure in failures]
    lines = [f"{written} pictures in {csv}.", *(f"failed: {f['item']}: {f['reason']}" for f in rows)]
    show_result({"n_written": written, "failures": rows, "file": str(csv)}, text="\n".join(lines), json=json)
    if failures:
        raise typer.Exit(1)
