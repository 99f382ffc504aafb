"""What is recorded of a run and printed by a command, so that a report can lead to it."""

from __future__ import annotations

from medxai_core.images import compute_file_hash
from medxai_core.records.clusterings import get_clustering
from medxai_core.records.labellings import RecordedLabelling, find_labelling, get_labelling
from medxai_core.records.runs import get_run, list_epochs
from medxai_core.stages.runs import BEST
from medxai_core.study import Study
from medxai_core.views.cluster_view import find_study_shares
from medxai_core.views.departures import say_shares
from medxai_core.views.round_errors import score_study_rounds


def list_run_evidence(study: Study, run_id: str | None = None) -> dict[str, str]:
    """Return in words what is recorded of a run: training, labels, proposals, clusters, the digest of its network.

    Returns
    -------
    dict of str to str
        By topic; what is not recorded is left out.
    """
    run = get_run(study, run_id)
    labelling = get_labelling(study, run.labelling_id) if run.labelling_id else find_labelling(study)
    clustering = get_clustering(study, labelling.clustering_id) if labelling else None
    settings = ", ".join(f"{name} {value}" for name, value in run.manifest.get("config", {}).items())
    labels = "; ".join(
        f"{source}: " + ", ".join(f"{n} {name}" for name, n in by_class.items())
        for source, by_class in run.manifest.get("label_counts", {}).items()
    )
    checkpoint = study.run_folder(run.run_id) / BEST
    found = {
        "training": f"{run.network}, {run.preset}, labels {run.labels}, epoch {run.best_epoch} of "
        f"{len(list_epochs(study, run.run_id))}; {settings}",
        "labels": labels,
        "proposals": say_round_errors(study, labelling) if labelling else "",
        "clusters": say_shares(find_study_shares(study, clustering)),
        "network": f"SHA-256 {compute_file_hash(checkpoint)}" if checkpoint.is_file() else "",
    }
    return {topic: words for topic, words in found.items() if words}


def say_round_errors(study: Study, labelling: RecordedLabelling) -> str:
    """Say how many proposals are wrong, as far as they can be compared with a reference label."""
    rounds = score_study_rounds(study, labelling)
    if not rounds or rounds[-1].error_so_far is None or rounds[-1].error_always_polyp is None:
        return "no proposal can be compared with a reference label"
    last, n = rounds[-1], sum(one.n_compared for one in rounds)
    low, high = last.interval_so_far.low, last.interval_so_far.high
    span = f" (95 % interval {low:.0%} to {high:.0%})" if low is not None and high is not None else ""
    return (
        f"{n} can be compared with a reference label, {last.error_so_far:.0%} of them are wrong{span}; to call all of "
        f"them polyp would be wrong in {last.error_always_polyp:.0%}"
    )
