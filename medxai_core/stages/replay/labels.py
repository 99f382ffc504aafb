"""Replay, the labels: clusters, what the rounds proposed on them, and what the run learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from medxai_core.config import SHUFFLED
from medxai_core.progress import Stage
from medxai_core.provenance import get_versions
from medxai_core.pseudo_labels import Calibration, PseudoLabelling, cut_bands
from medxai_core.records.clusterings import list_clusterings
from medxai_core.records.decisions import list_decisions_before
from medxai_core.records.pictures import count_removed_since
from medxai_core.review import Decision, compute_labels
from medxai_core.stages.class_map_labels import run_band_rounds
from medxai_core.stages.clusters import compute_clusters, list_proposals, name_clustering, run_rounds
from medxai_core.stages.labels import get_proposals, get_reference_seeds, get_starting_labels
from medxai_core.stages.replay.original import Original, find_damaged
from medxai_core.stages.replay.steps import (
    MOST_NAMED,
    NO_ROUNDS,
    SCORES_GONE,
    ReplayStep,
    compare_arrays,
    count,
    say_cause,
)
from medxai_core.stages.training_sets import TrainingSet, pick_training_items


def replay_clusters(original: Original, *, stage: Stage) -> ReplayStep:
    """Cluster the recorded features anew with the recorded settings, and compare the cluster of every item."""
    study, clustering = original.study, original.clustering
    if clustering is None:
        return ReplayStep("clusters", "not replayed", NO_ROUNDS)
    head = next(one for one in list_clusterings(study) if one["clustering_id"] == clustering.clustering_id)
    if damaged := find_damaged("clusters", study, {"the clusters": head["ids_array"]}):
        return damaged
    if removed := count_removed_since(study, clustering.created_at):
        return _not_without("clusters", removed)
    key: dict[str, Any] = {name: getattr(clustering, name) for name in ("k", "feature_set", "scaling", "seed")}
    if clustering.is_bands and not original.has_scores_of_bands():
        return ReplayStep("clusters", "not replayed", SCORES_GONE)
    if clustering.is_bands:
        now, what, made_of = cut_bands(original.get_scores()), "bands", clustering.clustering_id
    else:
        now = compute_clusters(study, **key, on_progress=stage(f"Clustering, k = {clustering.k}"))[0]
        what, made_of = "clusters", name_clustering(study, **key)
    n = int((clustering.cluster_ids >= 0).sum())
    n_other = compare_arrays(clustering.cluster_ids, now).n_rows_different
    numbers = {"n_items": n, "n_different": n_other, "k": clustering.k, "seed": clustering.seed}
    if not n_other:
        words = f"{count(n, 'item')} fell into the same {clustering.k} {what} again (seed {clustering.seed})."
        return ReplayStep("clusters", "same", words, numbers)
    cause = (
        say_cause(clustering.manifest.get("versions", {}), get_versions("scikit-learn", "numpy"))
        if made_of == clustering.clustering_id
        else "The features were extracted anew after the clustering, or its settings were changed."
    )
    return ReplayStep("clusters", "differs", f"In other {what}: {count(n_other, 'item', of=n)}. {cause}", numbers)


def replay_proposals(original: Original) -> ReplayStep:
    """Run the rounds anew on the recorded clusters, and compare what they propose."""
    labelling, clustering = original.labelling, original.clustering
    if labelling is None or clustering is None:
        return ReplayStep("proposals", "not replayed", NO_ROUNDS)
    if removed := count_removed_since(original.study, labelling.created_at):
        return _not_without("proposals", removed)
    if clustering.is_bands and not original.has_scores_of_bands():
        return ReplayStep("proposals", "not replayed", SCORES_GONE)
    found, item_ids = _run_rounds(original)
    then = {item_id: (row["label"], row["round"], row["cluster_id"]) for item_id, row in labelling.proposals.items()}
    rows = list_proposals(found, item_ids)
    now = {item_id: (row["label"], row["round"], row["cluster_id"]) for item_id, row in rows.items()}
    other = {item_id for item_id in then.keys() & now.keys() if then[item_id] != now[item_id]}
    n_label = sum(then[item_id][0] != now[item_id][0] for item_id in other)
    numbers = {
        "n_proposals": len(then),
        "n_other_label": n_label,
        "n_other_round": len(other) - n_label,
        "n_only_then": len(then.keys() - now.keys()),
        "n_only_now": len(now.keys() - then.keys()),
    }
    is_order_same = list(then) == list(now) and labelling.stop_reason == found.stop_reason
    if then == now and is_order_same:
        words = f"All {count(len(then), 'proposal')} came out again: item, label, round and order."
        return ReplayStep("proposals", "same", words, numbers)
    parts = [
        (n_label, "with another label"),
        (len(other) - n_label, "from another round"),
        (numbers["n_only_then"], "recorded, but not coming out again"),
    ]
    told = [f"{count(n, 'proposal', of=len(then))} {words}" for n, words in parts if n]
    told += (
        [f"{count(numbers['n_only_now'], 'proposal')} coming out, but not recorded"] if numbers["n_only_now"] else []
    )
    told = told or ["The order or the reason to stop is another"]
    words = (
        f"{'; '.join(told)}. The rounds count and do not guess: a seed, a decision, a cluster or a proposal that is "
        "recorded here was changed afterwards, or the rules of this software."
    )
    return ReplayStep("proposals", "differs", words, numbers)


def replay_labels(original: Original) -> ReplayStep:
    """Put together anew what the run learned from: seeds, decisions up to its beginning, proposals."""
    run = original.run
    if removed := count_removed_since(original.study, run.created_at):
        return _not_without("labels", removed)
    decisions = list_decisions_before(original.study, "train", "run_id", run.run_id)
    if len(run.manifest["item_positions"]) != len(run.manifest["labels"]):
        return ReplayStep("labels", "differs", "The run's own list was changed: it has not one label an item.")
    then = dict(zip(run.manifest["item_positions"], run.manifest["labels"], strict=True))
    found = _choose_items(original, decisions)
    now = dict(zip(found.positions.tolist(), _give_out(original, found).tolist(), strict=True))
    other = [position for position in then.keys() & now.keys() if then[position] != now[position]]
    gone, new = then.keys() - now.keys(), now.keys() - then.keys()
    numbers = {"n_items": len(then), "n_other_label": len(other), "n_only_then": len(gone), "n_only_now": len(new)}
    numbers |= {"n_decisions": len(decisions)}
    if list(then.items()) == list(now.items()):
        words = (
            f"Seeds, {count(len(decisions), 'decision')} of readers until then, and proposals give the same "
            f"{count(len(then), 'item')} to learn from, each with the same label."
        )
        return ReplayStep("labels", "same", words, numbers)
    ids = original.items.item_ids
    named = ", ".join(str(ids[position]) for position in sorted([*other, *gone, *new])[:MOST_NAMED])
    parts = [
        (len(other), "learned with another label than is recorded now"),
        (len(gone), "learned from then, that would not be chosen now"),
        (len(new), "that would be chosen now, but not learned from then"),
    ]
    told = "; ".join(f"{count(n, 'item')} {words}" for n, words in parts if n) or "The items come in another order"
    words = f"{told} ({named}). A seed, a proposal or a decision was changed after the training, or the run's own list."
    return ReplayStep("labels", "differs", words, numbers)


def _run_rounds(original: Original) -> tuple[PseudoLabelling, np.ndarray]:
    """Run the rounds anew as they were run, by clusters or by bands."""
    study, items, clustering, labelling = original.study, original.items, original.clustering, original.labelling
    assert clustering is not None and labelling is not None
    decisions = original.list_decisions_of_rounds()
    limits: dict[str, Any] = {"target": labelling.target, "max_rounds": labelling.manifest.get("max_rounds")}
    if not clustering.is_bands:
        return run_rounds(study, items, clustering, decisions=decisions, **limits)
    parameters = clustering.manifest["parameters"]
    chances = Calibration(parameters["slope"], parameters["offset"]).apply(original.get_scores())
    late = list_decisions_before(study, "pseudo-label", "labelling_id", labelling.labelling_id)
    starting = get_starting_labels(study, items, decisions=decisions)
    return run_band_rounds(items, clustering, chances, starting=starting, decisions=late, **limits)


def _choose_items(original: Original, decisions: list[Decision]) -> TrainingSet:
    """Choose the items to learn from as they were chosen."""
    items, labelling = original.items, original.labelling
    item_ids = [str(item_id) for item_id in items.item_ids[items.positions_in("train")]]
    states = compute_labels(item_ids, get_reference_seeds(items), get_proposals(labelling), decisions)
    if original.run.labels != SHUFFLED:
        return pick_training_items(items, states, labelling, labels=original.run.labels)
    found = pick_training_items(items, states, labelling, labels="all")
    if found.positions.tolist() == original.run.manifest["item_positions"]:
        return found  # a control does not say whether proposals took part: its items do
    return pick_training_items(items, states, labelling, labels="reviewed")


def _give_out(original: Original, found: TrainingSet) -> np.ndarray:
    """Return the labels as they were given out: those of a control in random order."""
    if original.run.labels != SHUFFLED:
        return found.labels
    return np.random.default_rng(original.run.manifest["config"]["seed"]).permutation(found.labels)


def _not_without(name: str, n_removed: int) -> ReplayStep:
    """Say that pictures are missing that took part."""
    words = f"Removed from the study since: {count(n_removed, 'picture')}. It cannot be done again as it was."
    return ReplayStep(name, "not replayed", words, {"n_removed": n_removed})
