"""Why a picture was proposed a label, or was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from medxai_core.clusters import Matrix
from medxai_core.pseudo_labels.rounds import PseudoLabelling, Round, RunnerUp


class Neighbour(NamedTuple):
    """Name a labelled picture that looks alike to the features.

    Attributes
    ----------
    row : int
        Row of the labelled picture.
    label : str
        Its label.
    distance : float
        Euclidean distance in feature space.
    """

    row: int
    label: str
    distance: float


@dataclass(frozen=True)
class ProposalReason:
    """Tell why one picture was proposed a label.

    Attributes
    ----------
    row : int
        The picture.
    label : str
        The proposed label.
    round : int
        Round that proposed it, from 1.
    cluster_id, cluster_size : int
        Its cluster, and the pictures in it.
    labelled_members : tuple of int
        Rows of the labelled pictures of the cluster, nearest to this picture first.
    distance : float
        Distance to the centre of the cluster.
    distance_percentile : float
        Percentage of the cluster's pictures that are no farther from the centre: 100 is the farthest.
    nearest : tuple of Neighbour
        Nearest labelled pictures of any cluster, nearest first.
    n_nearest_other : int
        How many of them are of another class than the proposal.
    runners_up : tuple of RunnerUp
        Clusters that were next in line in that round.
    why : str
        The reason in plain words.
    would_change_if : tuple of str
        What would have led to another outcome.
    probability : float or None
        Calibrated, of the proposed label, 0..1. None: a cluster proposed it, which gives none.
    """

    row: int
    label: str
    round: int
    cluster_id: int
    cluster_size: int
    labelled_members: tuple[int, ...]
    distance: float
    distance_percentile: float
    nearest: tuple[Neighbour, ...]
    n_nearest_other: int
    runners_up: tuple[RunnerUp, ...]
    why: str
    would_change_if: tuple[str, ...]
    probability: float | None = None


def explain_proposal(
    row: int,
    labelling: PseudoLabelling,
    *,
    cluster_ids: np.ndarray,
    labels: Sequence[str | None],
    features: Matrix,
    distances: np.ndarray,
    n_nearest: int = 5,
) -> ProposalReason:
    """Return the reason of one proposal in words and numbers.

    Parameters
    ----------
    row : int
        A row that was proposed a label.
    labelling : PseudoLabelling
        Result of `propose_labels`.
    cluster_ids : (n_images,) int array
        The clusters it was made with.
    labels : (n_images,) sequence of str or None
        The seeds it was made with.
    features : (n_images, n_features) float64 array, or what is indexed like one
        The features that were clustered.
    distances : (n_images,) float64 array
        Distance of each picture to its own centre.
    n_nearest : int, default 5
        How many labelled neighbours to name.

    Returns
    -------
    ProposalReason

    Raises
    ------
    ValueError
        If the row was not proposed a label; `explain_unlabelled` says why.

    Examples
    --------
    >>> from medxai_core.pseudo_labels import propose_labels
    >>> ids, labels = np.array([0, 0, 1, 1]), ["polyp", None, "non_polyp", None]
    >>> points, distances = np.array([[0.0], [2.0], [7.0], [9.0]]), np.ones(4)
    >>> found = explain_proposal(
    ...     1, propose_labels(ids, labels), cluster_ids=ids, labels=labels,
    ...     features=points, distances=distances,
    ... )
    >>> found.nearest
    (Neighbour(row=0, label='polyp', distance=2.0), Neighbour(row=2, label='non_polyp', distance=5.0))
    >>> found.distance_percentile, found.would_change_if[0]
    (100.0, 'its only labelled picture were of another class: all would be proposed that class.')
    """
    chosen = find_round(row, labelling)
    members = np.flatnonzero(np.asarray(cluster_ids) == chosen.cluster_id)
    nearest = list_nearest(row, labelling.seed_rows, labels, features)
    within = 100.0 * float(np.mean(np.asarray(distances)[members] <= distances[row]))
    others = sum(neighbour.label != chosen.label for neighbour in nearest[:n_nearest])
    in_cluster = tuple(near.row for near in nearest if cluster_ids[near.row] == chosen.cluster_id)
    return ProposalReason(
        row=int(row),
        label=chosen.label,
        round=chosen.round,
        cluster_id=chosen.cluster_id,
        cluster_size=len(members),
        labelled_members=in_cluster,
        distance=float(distances[row]),
        distance_percentile=within,
        nearest=tuple(nearest[:n_nearest]),
        n_nearest_other=others,
        runners_up=chosen.runners_up,
        why=_say_why(chosen, len(members), within, f"{others} of its {len(nearest[:n_nearest])}"),
        would_change_if=_list_changes(chosen, labelling),
    )


def explain_unlabelled(
    row: int, labelling: PseudoLabelling, *, cluster_ids: np.ndarray, labels: Sequence[str | None]
) -> str:
    """Say in plain words why a picture was not proposed a label.

    Parameters
    ----------
    row : int
        A row without a label and without a proposal.
    labelling : PseudoLabelling
        Result of `propose_labels`.
    cluster_ids : (n_images,) int array
        The clusters it was made with.
    labels : (n_images,) sequence of str or None
        The seeds it was made with.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the row is a seed or was proposed a label.

    Examples
    --------
    >>> from medxai_core.pseudo_labels import propose_labels
    >>> ids, labels = np.array([0, 0, 1, 2, 2, 2]), ["polyp", None, "non_polyp", "polyp", "non_polyp", None]
    >>> explain_unlabelled(5, propose_labels(ids, labels), cluster_ids=ids, labels=labels)
    'Cluster 2 is not pure: its labelled pictures are 1 non_polyp, 1 polyp.'
    """
    if labels[row] is not None or row in labelling.proposals.rows:
        raise ValueError(f"row {row} must be unlabelled and without a proposal")
    cluster_id = int(cluster_ids[row])
    if cluster_id < 0:
        return "It was not clustered."
    members = np.flatnonzero(np.asarray(cluster_ids) == cluster_id).tolist()
    counts = Counter(label for member in members if (label := labels[member]) is not None)
    if not counts:
        return f"Cluster {cluster_id} holds no labelled picture."
    if len(counts) > 1:
        listed = ", ".join(f"{n} {label}" for label, n in sorted(counts.items()))
        return f"Cluster {cluster_id} is not pure: its labelled pictures are {listed}."
    [label] = counts
    if (row, label) in labelling.not_again:
        return f"Cluster {cluster_id} proposes {label}, which a reader rejected for this picture."
    return (
        f"Cluster {cluster_id} is pure ({label}) but its turn did not come: the rounds ended after "
        f"{len(labelling.rounds)} with {labelling.n_labelled} labelled pictures ({labelling.stop_reason})."
    )


def find_round(row: int, labelling: PseudoLabelling) -> Round:
    """Return the round that proposed a label for the row."""
    places = np.flatnonzero(labelling.proposals.rows == row)
    if not places.size:
        raise ValueError(f"row must have a proposed label; row {row} has none. See explain_unlabelled.")
    return labelling.rounds[labelling.proposals.rounds[places[0]] - 1]


def list_nearest(row: int, seed_rows: np.ndarray, labels: Sequence[str | None], features: Matrix) -> list[Neighbour]:
    """Return all labelled pictures, nearest in feature space first; those without features are left out."""
    offsets = features[seed_rows] - features[row]
    distances = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    order = np.argsort(distances, kind="stable")[: np.isfinite(distances).sum()]  # NaN sorts last
    return [Neighbour(int(seed_rows[i]), str(labels[int(seed_rows[i])]), float(distances[i])) for i in order]


def _say_why(chosen: Round, cluster_size: int, within: float, others: str) -> str:
    """Join the reason of the round and where the picture lies."""
    return (
        f"It lies in cluster {chosen.cluster_id} ({cluster_size} pictures), chosen in round {chosen.round}. "
        f"{chosen.why} {within:.0f} % of the cluster lie no farther from its centre; the rule does not look "
        f"at this. {others} nearest labelled pictures are of another class."
    )


def _list_changes(chosen: Round, labelling: PseudoLabelling) -> tuple[str, ...]:
    """Say what would have led to another outcome."""
    if chosen.n_labelled_members == 1:
        purity = "its only labelled picture were of another class: all would be proposed that class."
    else:
        purity = (
            f"one of the {chosen.n_labelled_members} labelled pictures of its cluster were of another class: "
            "the cluster would no longer be pure and would propose nothing."
        )
    n_before = chosen.n_labelled_after - len(chosen.rows_given)
    changes = [purity, f"the rounds ended at {n_before} labelled pictures, before round {chosen.round}."]
    if labelling.stop_reason == "target_reached" and chosen.runners_up:
        following = chosen.runners_up[0].cluster_id
        changes.append(
            f"its cluster held fewer labelled pictures: cluster {following} would go first, "
            "and the target might be reached before its turn."
        )
    return tuple(changes)
