"""Steps about the label: features, cluster, proposal, decisions."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from medxai_core.clusters import explain_cluster
from medxai_core.features.registry import get_feature_set
from medxai_core.life_story.context import StoryContext
from medxai_core.life_story.story import Part, Step
from medxai_core.pseudo_labels import say_chance
from medxai_core.records.decisions import list_decision_rows, list_decisions
from medxai_core.review import compute_labels
from medxai_core.stages.labels import get_proposals, get_reference_seeds
from medxai_core.views.reasons import explain_item, explain_no_proposal, get_polyp_chances
from medxai_core.views.unusual_features import UnusualFeature, find_unusual_features

N_TYPICAL = 6
N_WORDS = 3
DECISION_FACTS = ("at", "reader", "action", "label", "label_before", "label_after", "reason", "undoes")


def tell_features(context: StoryContext) -> Step:
    """Tell what the descriptors measured, and what is unusual about it."""
    not_proof = (
        "that the picture is medically unusual: the numbers describe edges, texture, brightness and colour, not tissue."
    )
    if context.features is None:
        part = Part("No features have been extracted yet. Do this on the Clusters page.")
        return Step("features", "Features", (part,), not_proof, "clusters", is_known=False)
    parts = context.tell_each(lambda row: _describe_features(context, row))
    is_known = any(part.facts["descriptors"] for part in parts)
    return Step("features", "Features", parts, not_proof, "clusters", is_known=is_known)


def _describe_features(context: StoryContext, row: int) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the features of one item."""
    arrays = context.features or {}
    if not all(np.isfinite(values[row, 0]) for values in arrays.values()):
        return "It has no features: the picture could not be read when they were extracted.", {"descriptors": []}
    unusual = find_unusual_features(arrays, row)
    descriptors = [
        {
            "name": one.name,
            "aspect": one.aspect,
            "meaning": one.meaning,
            "values": np.asarray(arrays[one.name][row]).tolist(),
        }
        for one in get_feature_set("lire").descriptors
        if one.name in arrays
    ]
    n_numbers = sum(len(one["values"]) for one in descriptors)
    listed = ", ".join(f"{one.words} ({say_rank(one)})" for one in unusual[:N_WORDS])
    told = (
        f"Most unusual against the other {unusual[0].n}: {listed}."
        if unusual
        else "Nothing in it is unusual against the others (all within one standard deviation)."
    )
    return f"{n_numbers} numbers describe it. {told}", {
        "descriptors": descriptors,
        "unusual": [asdict(one) for one in unusual],
    }


def say_rank(feature: UnusualFeature) -> str:
    """Say how a value ranks among the others.

    >>> from dataclasses import replace
    >>> feature = UnusualFeature("more red", "SimpleColorHistogram", "colour", 2.1, 97.4, 239)
    >>> say_rank(feature), say_rank(replace(feature, percentile=100.0)), say_rank(replace(feature, percentile=3.0))
    ('higher than 97 %', 'the highest', 'lower than 97 %')
    """
    if feature.percentile in (0.0, 100.0):
        return "the highest" if feature.percentile else "the lowest"
    side = "higher" if feature.percentile > 50 else "lower"
    return f"{side} than {math.floor(max(feature.percentile, 100 - feature.percentile))} %"


def tell_cluster(context: StoryContext) -> Step:
    """Tell which pictures it was grouped with."""
    not_proof = "that the pictures of a cluster show the same thing: clusters are of looks, not of findings."
    if context.clustering is None:
        part = Part("Nothing has been clustered yet. Do this on the Clusters page.")
        return Step("cluster", "Cluster", (part,), not_proof, "clusters", is_known=False)
    parts = context.tell_each(lambda row: _describe_cluster(context, row))
    is_known = any(part.facts["cluster_id"] is not None for part in parts)
    return Step("cluster", "Cluster", parts, not_proof, "clusters", is_known=is_known)


def _describe_cluster(context: StoryContext, row: int) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the cluster of one item."""
    clustering = context.clustering
    if clustering is None or clustering.cluster_ids[row] < 0:
        looked = "the class map has not looked at it" if clustering and clustering.is_bands else "it has no features"
        why = "only pictures of the train split are" if context.split != "train" else looked
        return f"It was not clustered: {why}.", {"cluster_id": None}
    if clustering.is_bands:
        return _describe_band(context, row)
    cluster_id = int(clustering.cluster_ids[row])
    members = context.members[cluster_id]
    counts = Counter(str(label) for label in context.starting_labels[members] if label is not None)
    distances = np.asarray(clustering.distances)[members]
    within = 100 * float(np.mean(distances <= clustering.distances[row]))
    typical = [
        str(context.items.item_ids[member]) for member in members[np.argsort(distances, kind="stable")[:N_TYPICAL]]
    ]
    differences = explain_cluster(context.features, clustering.cluster_ids, cluster_id) if context.features else []
    labelled = " and ".join(f"{n} {label}" for label, n in sorted(counts.items())) or "none"
    listed = ", ".join(one.words for one in differences[:N_WORDS])
    apart = f" What sets the cluster apart: {listed}." if listed else ""
    drivers = clustering.manifest.get("drivers", {})
    apart += f" {_say_drivers(drivers)}" if drivers else ""
    words = (
        f"Cluster {cluster_id} of {clustering.k}, with {len(members)} members; labelled among them: {labelled}. "
        f"{within:.0f} % of them lie no farther from its centre.{apart}"
    )
    return words, {
        "clustering_id": clustering.clustering_id,
        "cluster_id": cluster_id,
        "k": clustering.k,
        "size": len(members),
        "n_labelled": dict(counts),
        "distance": float(clustering.distances[row]),
        "distance_percentile": within,
        "typical_item_ids": typical,
        "differences": [asdict(one) for one in differences],
        "drivers": drivers,
    }


def _say_drivers(drivers: dict[str, float]) -> str:
    """Say how much each aspect had to say when the pictures were put into clusters.

    >>> _say_drivers({"texture": 0.82, "colour": 0.17, "edges": 0.01})
    'What parts all clusters from each other: texture 82 %, colour 17 %, edges 1 %.'
    """
    listed = ", ".join(f"{aspect} {share:.0%}".replace("%", " %") for aspect, share in drivers.items())
    return f"What parts all clusters from each other: {listed}."


def _describe_band(context: StoryContext, row: int) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the band of probability that an item lies in."""
    clustering, reasoning = context.clustering, context.reasoning
    assert clustering is not None
    band = int(clustering.cluster_ids[row])
    members = context.members[band]
    counts = Counter(str(label) for label in context.starting_labels[members] if label is not None)
    labelled = " and ".join(f"{n} {label}" for label, n in sorted(counts.items())) or "none"
    chance = None if reasoning is None else float(get_polyp_chances(reasoning, np.array([row]))[0])
    given = (
        "" if chance is None else f"The class map, learned from the labels, gives it {say_chance(chance)} for polyp. "
    )
    words = (
        f"{given}It lies in band {band} of {clustering.k} (0 looks least like polyp), with {len(members)} members; "
        f"labelled among them: {labelled}."
    )
    typical = members[np.argsort(np.asarray(clustering.distances)[members], kind="stable")[:N_TYPICAL]]
    return words, {
        "clustering_id": clustering.clustering_id,
        "cluster_id": band,
        "k": clustering.k,
        "size": len(members),
        "n_labelled": dict(counts),
        "polyp_probability": chance,
        "typical_item_ids": [str(context.items.item_ids[member]) for member in typical],
        "differences": [],
    }


def tell_proposal(context: StoryContext) -> Step:
    """Tell which rule and round proposed a label, or why none did."""
    is_by_map = context.clustering is not None and context.clustering.is_bands
    looks = "the class map has learned what a few labelled pictures look like, and nothing else"
    counts = "the rule counts labels in a cluster and never looks at the mucosa"
    not_proof = f"that the label is right: {looks if is_by_map else counts}."
    if context.labelling is None:
        part = Part("No labels have been proposed yet. Do this on the Clusters page.")
        return Step("proposal", "Proposed label", (part,), not_proof, "clusters", is_known=False)
    parts = context.tell_each(lambda row: _describe_proposal(context, row))
    return Step("proposal", "Proposed label", parts, not_proof, "review", is_known=context.split == "train")


def _describe_proposal(context: StoryContext, row: int) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the proposal for one item."""
    labelling, item_id = context.labelling, str(context.items.item_ids[row])
    if context.items.is_seed[row]:
        label = str(context.items.reference_labels[row])
        return f"Its label was given at the start: {label}. The rounds begin with such labels.", {"seed_label": label}
    if context.split != "train":
        return "No label is proposed: only pictures of the train split take part.", {"label": None}
    proposal = labelling.proposals.get(item_id) if labelling else None
    reasoning = context.reasoning
    if proposal is None:
        return _explain_none(context, row), {"label": None}
    if reasoning is None or labelling is None:
        return f"Round {proposal['round']} proposed {proposal['label']}.", dict(proposal)
    found = explain_item(reasoning, row)
    facts = {
        "label": proposal["label"],
        "round": proposal["round"],
        "cluster_id": proposal["cluster_id"],
        "labelling_id": labelling.labelling_id,
        "n_rounds": len(labelling.rounds),
        "labelled_members": [_name(context, near) for near in found.members],
        "nearest_labelled": [_name(context, near) for near in found.reason.nearest],
        "would_change_if": list(found.reason.would_change_if),
        "runners_up": [rival._asdict() for rival in found.reason.runners_up],
        "is_band": reasoning.clustering.is_bands,
        "probability": found.reason.probability,
        "seeds_agree": reasoning.seeds_agree,
    }
    words = f"Round {proposal['round']} of {len(labelling.rounds)} proposed {proposal['label']}. {found.reason.why}"
    return words, facts


def _name(context: StoryContext, near: Any) -> dict[str, Any]:
    """Return a neighbour by its item id."""
    return {"item_id": str(context.items.item_ids[near.row]), "label": near.label, "distance": near.distance}


def _explain_none(context: StoryContext, row: int) -> str:
    """Say why no label was proposed."""
    reasoning = context.reasoning
    if reasoning is None or reasoning.labels[row] is not None:
        return (
            "No label was proposed: a reader had labelled it before the rounds."
            if reasoning
            else "No label was proposed."
        )
    why = explain_no_proposal(reasoning, row)
    return f"No label was proposed. {why}"


def tell_decisions(context: StoryContext) -> Step:
    """Tell what readers decided, and the label in force."""
    log = list_decision_rows(context.study)
    parts = context.tell_each(lambda row: _describe_decisions(context, row, log))
    return Step(
        key="decisions",
        title="Decisions of readers",
        parts=parts,
        not_proof="that the decision is right: a reader saw one picture, without the patient and without histology.",
        page="review",
        is_known=any(part.facts["decisions"] for part in parts),
    )


def _describe_decisions(context: StoryContext, row: int, log: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the decisions on one item."""
    item_id = str(context.items.item_ids[row])
    decisions = [{name: one[name] for name in DECISION_FACTS} for one in log if one["item_id"] == item_id]
    readers = len({one["reader"] for one in decisions})
    told = (
        f"{len(decisions)} decision{'s' * (len(decisions) != 1)} by {readers} reader{'s' * (readers != 1)}."
        if decisions
        else "No reader has decided on it."
    )
    if context.split != "train" or not context.items.is_present[row]:
        return f"{told} Only pictures of the train split are reviewed.", {"decisions": decisions, "label": None}
    seeds, proposals = get_reference_seeds(context.items), get_proposals(context.labelling)
    state = compute_labels([item_id], seeds, proposals, list_decisions(context.study, item_id=item_id))[item_id]
    source = {"reference": "given at the start", "review": "by a reader", "cluster": "proposed, not reviewed"}
    in_force = f"{state.label} ({source[state.source]})" if state.label and state.source else "none"
    facts = {"decisions": decisions, "label": state.label, "source": state.source, "why": state.why}
    return f"{told} Label in force: {in_force}.", facts
