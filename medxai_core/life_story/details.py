"""What the app shows of a step in tables and pictures, as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Facts = dict[str, Any]


def list_details(key: str, facts: Facts) -> list[str]:
    """Return further lines about a step, none where there is nothing more to say.

    Parameters
    ----------
    key : str
        Name of the step, see `Step`.
    facts : dict
        Of one part of it.

    Examples
    --------
    >>> list_details("scores", {"dice": 0.5, "jaccard": 1 / 3, "recall": 0.5, "precision": None})
    ['jaccard 0.333, recall 0.500, precision undefined']
    >>> list_details("scores", {})
    []
    """
    return _DETAILS[key](facts) if key in _DETAILS else []


def name_rival(rival: Facts, *, is_band: bool) -> str:
    """Say what a cluster or band that was next in line would have proposed.

    >>> name_rival({"cluster_id": 3, "label": "polyp", "n_labelled": 4, "n_unlabelled": 9}, is_band=False)
    'cluster 3 would propose polyp (4 labelled, 9 unlabelled)'
    """
    return (
        f"{'band' if is_band else 'cluster'} {rival['cluster_id']} would propose {rival['label']} "
        f"({rival['n_labelled']} labelled, {rival['n_unlabelled']} unlabelled)"
    )


def _detail_file(facts: Facts) -> list[str]:
    return [f"SHA-256 {facts['sha256']}"] if facts.get("sha256") else []


def _detail_cluster(facts: Facts) -> list[str]:
    typical = facts.get("typical_item_ids")
    return [f"Typical members: {', '.join(typical)}"] if typical else []


def _detail_proposal(facts: Facts) -> list[str]:
    alike = facts.get("nearest_labelled", ())
    near = ", ".join(f"{one['item_id']} ({one['label']}, distance {one['distance']:.4g})" for one in alike)
    rivals = [name_rival(one, is_band=facts["is_band"]) for one in facts.get("runners_up", ())]
    return [
        *([f"Labelled ones most alike: {near}"] if near else []),
        *(f"It would be otherwise if {change}" for change in facts.get("would_change_if", ())),
        *(f"Next in line in that round: {rival}" for rival in rivals),
    ]


def _detail_decisions(facts: Facts) -> list[str]:
    return [
        f"{one['at'][:16].replace('T', ' ')} {one['reader']}: {one['action']} {one['label'] or ''}".rstrip()
        + f", {one['label_before'] or 'none'} -> {one['label_after'] or 'none'}"
        for one in facts.get("decisions", ())
    ]


def _detail_prediction(facts: Facts) -> list[str]:
    return [
        f"run {one['run_id']}: probability {one['probability']:.3f}"
        for one in facts.get("runs", ())
        if one["probability"] is not None
    ]


def _detail_scores(facts: Facts) -> list[str]:
    names = [name for name in ("jaccard", "recall", "precision") if name in facts]
    said = [f"{name} {'undefined' if facts[name] is None else format(facts[name], '.3f')}" for name in names]
    return [", ".join(said)] if said else []


_DETAILS: dict[str, Callable[[Facts], list[str]]] = {
    "file": _detail_file,
    "cluster": _detail_cluster,
    "proposal": _detail_proposal,
    "decisions": _detail_decisions,
    "prediction": _detail_prediction,
    "scores": _detail_scores,
}
