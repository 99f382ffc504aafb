"""Commands: cluster, pseudo-label, embed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from medxai_core.commands.console import (
    JobOption,
    JsonOption,
    ReaderOption,
    StudyArgument,
    format_table,
    show_result,
    study_job,
)

CLUSTER_EXAMPLE = "Example: python -m medxai_core cluster demo --k 50"
PSEUDO_LABEL_EXAMPLE = (
    "Examples: python -m medxai_core pseudo-label demo --k 50 --target 1000 | "
    "python -m medxai_core pseudo-label demo --by class-map"
)
EMBED_EXAMPLE = "Example: python -m medxai_core embed demo"

KOption = Annotated[int, typer.Option("--k", min=1, help="Number of clusters.")]
SeedOption = Annotated[int, typer.Option(help="Seed of all chance in this step.")]
ScalingOption = Annotated[
    str,
    typer.Option(help="none (as the paper), standard, or descriptor (each kind of feature counts alike)."),
]


class LabelSource(StrEnum):
    """What proposes labels."""

    CLUSTERS = "clusters"
    CLASS_MAP = "class-map"


def cluster(
    study: StudyArgument,
    k: KOption = 50,
    scaling: ScalingOption = "none",
    seed: SeedOption = 0,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Group the training pictures into k clusters by their global features (k-means)."""
    from medxai_core.stages.clusters import cluster_study

    with study_job(study, "cluster", title=f"Clusters, k = {k}", reader=reader, job_id=job) as work:
        found = cluster_study(work.study, k=k, scaling=scaling, seed=seed, stage=work.stage)
    result = {
        "clustering_id": found.clustering_id,
        "k": found.k,
        "n_items": int((found.cluster_ids >= 0).sum()),
        "inertia": found.inertia,
    }
    show_result(result, text=f"{found.clustering_id}: {result['n_items']} items in {k} clusters.", json=json)


def pseudo_label(
    study: StudyArgument,
    k: KOption = 50,
    target: Annotated[int, typer.Option(min=1, help="Stop when this many items are labelled.")] = 1000,
    max_rounds: Annotated[int | None, typer.Option(help="Stop after this many rounds.")] = None,
    scaling: ScalingOption = "none",
    seed: SeedOption = 0,
    by: Annotated[
        LabelSource, typer.Option(help="clusters (as the paper), or class-map: places that look like labelled polyps.")
    ] = LabelSource.CLUSTERS,
    pictures: Annotated[
        int, typer.Option(min=1, help="Look at so many pictures at most, by chance beside the labelled (class-map).")
    ] = 1000,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Spread the labels of a few pictures over pure clusters, or by a class map, round by round."""
    limits: dict[str, Any] = {"target": target, "max_rounds": max_rounds, "seed": seed}
    title = "Proposed labels, class map" if by is LabelSource.CLASS_MAP else f"Proposed labels, k = {k}"
    with study_job(study, "pseudo-label", title=title, reader=reader, job_id=job) as work:
        if by is LabelSource.CLASS_MAP:
            from medxai_core.stages.class_map_labels import propose_by_class_map

            found = propose_by_class_map(work.study, n_pictures=pictures, stage=work.stage, **limits)
        else:
            from medxai_core.stages.clusters import pseudo_label_study

            found = pseudo_label_study(work.study, k=k, scaling=scaling, stage=work.stage, **limits)
    rows = [
        [str(r["round"]), str(r["cluster_id"]), r["label"], str(r["n_given"]), str(r["n_labelled_after"])]
        for r in found.rounds
    ]
    group = "band" if by is LabelSource.CLASS_MAP else "cluster"
    table = format_table(["round", group, "label", "given", "labelled"], rows)
    ending = f"stopped: {found.stop_reason.replace('_', ' ')}; {found.n_labelled} labelled, from {found.n_seeds}."
    result = {
        "labelling_id": found.labelling_id,
        "clustering_id": found.clustering_id,
        "stop_reason": found.stop_reason,
        "n_seeds": found.n_seeds,
        "n_labelled": found.n_labelled,
        "rounds": found.rounds,
    }
    show_result(result, text=f"{table}\n{ending}", json=json)


def embed(
    study: StudyArgument,
    feature_set: Annotated[str, typer.Option("--features", help="Which features to map.")] = "lire",
    scaling: ScalingOption = "none",
    n_neighbors: Annotated[int, typer.Option(min=2, help="Neighbours that UMAP keeps together.")] = 15,
    min_dist: Annotated[float, typer.Option(min=0, max=1, help="How tightly UMAP packs points.")] = 0.1,
    seed: SeedOption = 0,
    reader: ReaderOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Draw all items on a map of two dimensions (UMAP), and say how far to trust it."""
    from medxai_core.stages.clusters import embed_study

    with study_job(study, "embed", title="Map of the pictures", reader=reader, job_id=job) as work:
        found = embed_study(
            work.study,
            feature_set=feature_set,
            scaling=scaling,
            n_neighbors=n_neighbors,
            min_dist=min_dist,
            seed=seed,
            stage=work.stage,
        )
    trust = "undefined" if found.trustworthiness is None else f"{found.trustworthiness:.3f}"
    result = {
        "embedding_id": found.embedding_id,
        "n_items": len(found.points),
        "trustworthiness": found.trustworthiness,
        "manifest": found.manifest,
    }
    show_result(result, text=f"{found.embedding_id}: trustworthiness {trust} (1 is best).", json=json)
