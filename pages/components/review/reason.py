"""Why a label was proposed for a picture, in words and with the pictures it rests on, as the browser shows it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from medxai_core.pseudo_labels import Neighbour, ProposalReason, RunnerUp, say_chance
from medxai_core.records.pictures import Items
from medxai_core.views.reasons import ItemReason, Reasoning, explain_item
from pages.components.class_words import say_class, say_plainly

SHOWN = 6
LIMITS = "A proposal by a rule, not a finding: the rule looks at colour, brightness, texture and edges only."
SCALE = "A small distance means alike in colour, brightness, texture and edges; it has no unit."
CHANGED = (
    "The study has changed since the labels were proposed (pictures removed, or older decisions imported): "
    "the labelled pictures shown may not be quite those of that time."
)


def describe_reason(reasoning: Reasoning, items: Items, position: int, *, drawn: bytes | None = None) -> dict[str, Any]:
    """Return the reason of one proposal: title, sentences, groups of pictures, what would have changed it.

    Parameters
    ----------
    drawn : bytes, optional
        Where a class map sees polyp in it, as a JPEG.
    """
    found = explain_item(reasoning, position, n_nearest=SHOWN)
    reason = found.reason
    if reason.probability is not None:
        return _describe_chance(found, reasoning, items, drawn)
    return {
        "title": f"Why {say_class(reason.label)}?",
        "sentences": [_say_cluster(reason), _say_neighbours(reason)],
        "limits": LIMITS,
        "scale": SCALE if reasoning.seeds_agree else f"{SCALE} {CHANGED}",
        "groups": [
            {
                "title": "Most alike of all labelled pictures, whatever their cluster",
                "pictures": _list_pictures(reason.nearest, items, reason.label),
            },
            {
                "title": f"Labelled pictures of its cluster: {_count_members(found.members, reason.cluster_size)}",
                "pictures": _list_pictures(found.members[:SHOWN], items, reason.label),
            },
        ],
        "would_change_if": [say_plainly(change) for change in reason.would_change_if],
        "why": say_plainly(reason.why),
        "next_title": "Clusters that were next in line in that round",
        "runners_up": [_say_rival(rival, "cluster") for rival in reason.runners_up],
    }


def _describe_chance(found: ItemReason, reasoning: Reasoning, items: Items, drawn: bytes | None) -> dict[str, Any]:
    """Return the reason of a proposal of the class map, see `describe_reason`."""
    reason, parameters = found.reason, reasoning.clustering.manifest["parameters"]
    assert reason.probability is not None
    agreeing = sum(one.label == reason.label for one in found.members)
    share = f"{100 * parameters['polyp_share_estimated']:.0f} %"
    return {
        "title": f"Why {say_class(reason.label)}?",
        "sentences": [
            f"The class map, learned from {parameters['n_labelled']} labelled pictures, gives it "
            f"{say_chance(reason.probability)} for {say_class(reason.label)}: it goes by how much its places look like "
            "those of the labelled polyps.",
            f"It lies in band {reason.cluster_id} with {reason.cluster_size} pictures of about the same chance, "
            f"proposed together in round {reason.round}. Labelled pictures in the band: {len(found.members)}, "
            f"{agreeing} of them {say_class(reason.label)}.",
        ],
        "drawn": drawn
        and {
            "url": f"data:image/jpeg;base64,{base64.b64encode(drawn).decode()}",
            "words": "Where in it the class map sees what looks like the labelled polyps: the lighter, the more.",
        },
        "limits": "A proposal by a rule, not a finding: it rests on what a few labelled pictures look like.",
        "scale": f"The chance is set (calibrated) by the labelled pictures, and by how often polyps seem to occur in "
        f"the others: {share}. A distance is a difference of scores; it has no unit."
        + ("" if reasoning.seeds_agree else f" {CHANGED}"),
        "groups": [
            {
                "title": "Labelled pictures with the nearest score",
                "pictures": _list_pictures(reason.nearest, items, reason.label, digits=2),
            }
        ],
        "would_change_if": [say_plainly(change) for change in reason.would_change_if],
        "why": say_plainly(reason.why),
        "next_title": "Bands that were next in line in that round",
        "runners_up": [_say_rival(rival, "band") for rival in reason.runners_up],
    }


def _list_pictures(
    neighbours: Sequence[Neighbour], items: Items, proposed: str, *, digits: int = 0
) -> list[dict[str, Any]]:
    """Return labelled pictures with label and distance; those of another class than proposed are marked."""
    return [
        {
            "item": str(items.item_ids[one.row]),
            "label": one.label,
            "distance": f"{one.distance:.{digits}f}",
            "is_other": one.label != proposed,
        }
        for one in neighbours
    ]


def _say_cluster(reason: ProposalReason) -> str:
    """Say what the cluster did."""
    n = len(reason.labelled_members)
    labelled = "its only labelled picture is" if n == 1 else f"all {n} labelled pictures in it are"
    return (
        f"It lies in cluster {reason.cluster_id}, a group of {reason.cluster_size} pictures that look alike; "
        f"{labelled} {say_class(reason.label)}, so all the others get the same proposal (round {reason.round}). "
        f"{reason.distance_percentile:.0f} % of the group lie no farther from its middle than this picture."
    )


def _say_neighbours(reason: ProposalReason) -> str:
    """Say how many of the most alike labelled pictures speak against it."""
    verb = "is" if reason.n_nearest_other == 1 else "are"
    n = len(reason.nearest)
    return f"Of the {n} labelled pictures most alike, {reason.n_nearest_other} {verb} of the other class."


def _count_members(members: Sequence[Neighbour], cluster_size: int) -> str:
    """Say how many labelled pictures the cluster holds, and how many are shown."""
    n = len(members)
    return f"{n} of {cluster_size}" + (f" (the nearest {SHOWN} shown)" if n > SHOWN else "")


def _say_rival(rival: RunnerUp, group: str) -> str:
    """Say what a cluster or band that was next in line would have proposed."""
    return (
        f"{group} {rival.cluster_id} would propose {say_class(rival.label)} "
        f"({rival.n_labelled} labelled, {rival.n_unlabelled} unlabelled pictures)"
    )
