"""Command: prepare."""

from __future__ import annotations

from typing import Annotated

import typer

from medxai_core.commands.console import JobOption, JsonOption, ReaderOption, StudyArgument, show_result, study_job

EXAMPLE = "Example: python -m medxai_core prepare demo"


def prepare(
    study: StudyArgument,
    k: Annotated[
        int | None, typer.Option("--k", min=1, help="Number of clusters; by default the paper's 50, fewer where few.")
    ] = None,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Make a study ready to be looked at: features, clusters, the map, and proposed labels where seeds are known."""
    from medxai_core.records.pictures import list_items
    from medxai_core.stages.preparation import prepare_study
    from medxai_core.views.overview import suggest_k
    from medxai_core.views.standing import count_foundation

    with study_job(study, "features", title="Describing and grouping the pictures", reader=reader, job_id=job) as work:
        n_clusters = k or suggest_k(len(list_items(work.study).positions_in("train")))
        prepare_study(work.study, k=n_clusters, stage=work.stage)
        found = count_foundation(work.study)
    result = {"n_clusters": found.n_clusters, "n_proposals": found.n_proposals}
    text = f"{found.n_training_items} items in {found.n_clusters} clusters; {found.n_proposals} labels proposed."
    show_result(result, text=text, json=json)
