"""The rounds: one pure cluster after another gives its label to its unlabelled pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from medxai_core.clusters import group_rows
from medxai_core.errors import NoSeedsError

StopReason = Literal["target_reached", "no_pure_cluster_left", "no_sure_band_left", "round_limit"]

N_RUNNERS_UP = 3


class RunnerUp(NamedTuple):
    """Name a cluster that could have been chosen and was not.

    Attributes
    ----------
    cluster_id : int
        Number of the cluster.
    label : str
        Class of its labelled pictures.
    n_labelled, n_unlabelled : int
        Its labelled pictures, and those that would get the label.
    """

    cluster_id: int
    label: str
    n_labelled: int
    n_unlabelled: int


@dataclass(frozen=True, eq=False)
class Round:
    """Describe one round.

    Attributes
    ----------
    round : int
        Number of the round, from 1.
    cluster_id : int
        The cluster that was chosen.
    label : str
        The label that was given.
    n_labelled_members : int
        Labelled pictures in the cluster when it was chosen.
    rows_given : (n,) int64 array
        Rows that got the label, ascending.
    n_labelled_after : int
        Labelled pictures in all after the round, seeds included.
    why : str
        The reason in plain words.
    runners_up : tuple of RunnerUp
        The next clusters in line, best first.
    """

    round: int
    cluster_id: int
    label: str
    n_labelled_members: int
    rows_given: np.ndarray
    n_labelled_after: int
    why: str
    runners_up: tuple[RunnerUp, ...]


@dataclass(frozen=True, eq=False)
class Proposals:
    """Hold one entry for each proposed label, in order of labelling.

    Attributes
    ----------
    rows : (n,) int64 array
        Row of the picture.
    labels : (n,) object array of str
        The proposed label.
    rounds : (n,) int32 array
        Round that proposed it, from 1.
    cluster_ids : (n,) int32 array
        Cluster that proposed it.
    distances : (n,) float64 array or None
        Distance to the centre of the cluster, for display; the rule does not use it.
    """

    rows: np.ndarray
    labels: np.ndarray
    rounds: np.ndarray
    cluster_ids: np.ndarray
    distances: np.ndarray | None

    def __len__(self) -> int:
        """Return the number of proposals."""
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class PseudoLabelling:
    """Hold all rounds and what they propose.

    Attributes
    ----------
    rounds : tuple of Round
        In order.
    proposals : Proposals
        In order of labelling.
    stop_reason : {"target_reached", "no_pure_cluster_left", "no_sure_band_left", "round_limit"}
        Why there was no further round.
    seed_rows : (n_seeds,) int64 array
        Rows that were labelled before, ascending.
    target : int
        Number of labelled pictures that was aimed at.
    not_again : frozenset of (row, label)
        Labels that a reader rejected and that were not proposed again.
    """

    rounds: tuple[Round, ...]
    proposals: Proposals
    stop_reason: StopReason
    seed_rows: np.ndarray
    target: int
    not_again: frozenset[tuple[int, str]] = frozenset()

    @property
    def n_labelled(self) -> int:
        """Labelled pictures at the end, seeds included."""
        return len(self.seed_rows) + len(self.proposals)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A pure cluster that still holds pictures it may give its label to."""

    cluster_id: int
    label: str
    n_labelled: int
    rows: np.ndarray


def propose_labels(
    cluster_ids: np.ndarray,
    labels: Sequence[str | None] | np.ndarray,
    *,
    target: int = 1000,
    max_rounds: int | None = None,
    not_again: Collection[tuple[int, str]] = (),
    distances: np.ndarray | None = None,
) -> PseudoLabelling:
    """Let pure clusters give their label to their unlabelled pictures, one cluster a round.

    In each round the cluster is chosen that is pure (its labelled pictures are all of one class), still
    holds an unlabelled picture, and has the most labelled pictures; of equals the one with the lowest number.

    Parameters
    ----------
    cluster_ids : (n_images,) int array
        Cluster of each picture; -1 is never given a label.
    labels : (n_images,) sequence of str or None
        Labels of the seeds, None for the others.
    target : int, default 1000
        Stop when this many pictures are labelled, seeds included. The last round may pass it.
    max_rounds : int, optional
        Stop after this many rounds.
    not_again : collection of (row, label)
        Labels that a reader rejected. The picture is not given that label and stays unlabelled; a
        cluster whose only unlabelled pictures are such counts as holding none.
    distances : (n_images,) float64 array, optional
        Distances to the own centre, kept with the proposals for display. The rule does not use them.

    Returns
    -------
    PseudoLabelling

    Raises
    ------
    NoSeedsError
        If no picture is labelled, or all are of one class: every cluster would then be pure.
    ValueError, TypeError
        If the arrays do not fit together or a label is neither str nor None.

    Notes
    -----
    The published code fits k-means again in every round. Its input and seed never change, so every round
    finds the same clusters: one fit gives the same labels. It also never ends when no pure cluster is
    left; here that is a stop reason.

    References
    ----------
    Storas A. M. Unsupervised Image Segmentation via Self-Supervised Learning Image Classification.
    MediaEval 2021.

    Examples
    --------
    >>> found = propose_labels([0, 0, 0, 1, 1, 2, 2], ["polyp", None, None, "non_polyp", None, None, None])
    >>> found.proposals.rows.tolist(), found.proposals.labels.tolist(), found.stop_reason
    ([1, 2, 4], ['polyp', 'polyp', 'non_polyp'], 'no_pure_cluster_left')
    """
    cluster_ids, known = check_arrays(cluster_ids, labels)
    check_limits(target, max_rounds)
    seed_rows = np.flatnonzero([label is not None for label in known])
    check_seeds({known[row] for row in seed_rows})
    # Labels are given inside the chosen cluster only, so the order of all rounds is known from the start.
    excluded = frozenset(not_again)
    queue = sorted(_list_candidates(cluster_ids, known, excluded), key=_rank)
    rounds: list[Round] = []
    n_labelled = len(seed_rows)
    for i, chosen in enumerate(queue[:max_rounds]):
        if n_labelled >= target:
            break
        n_labelled += len(chosen.rows)
        rounds.append(_describe_round(queue, i, n_labelled))
    return PseudoLabelling(
        rounds=tuple(rounds),
        proposals=collect_proposals(rounds, distances),
        stop_reason=_name_stop_reason(n_labelled >= target, len(rounds) == len(queue)),
        seed_rows=seed_rows,
        target=target,
        not_again=excluded,
    )


def select_training_rows(labelling: PseudoLabelling, n: int | None = None) -> np.ndarray:
    """Return the rows to train on: the seeds, then the others in order of labelling, cut at n.

    Parameters
    ----------
    labelling : PseudoLabelling
        Result of `propose_labels`.
    n : int, optional
        Most rows; by default the target of the labelling (1000 in the paper).

    Returns
    -------
    (at most n,) int64 array

    Examples
    --------
    >>> found = propose_labels([0, 0, 0, 1], [None, None, "polyp", "non_polyp"], target=3)
    >>> select_training_rows(found).tolist()
    [2, 3, 0]
    """
    n = labelling.target if n is None else n
    if n < 0:
        raise ValueError(f"n must be at least 0; got {n}")
    return np.concatenate([labelling.seed_rows, labelling.proposals.rows])[:n]


def check_arrays(
    cluster_ids: np.ndarray, labels: Sequence[str | None] | np.ndarray
) -> tuple[np.ndarray, list[str | None]]:
    """Return cluster ids as an array and labels as a list, or raise."""
    ids, known = np.asarray(cluster_ids), list(labels)
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or len(ids) != len(known):
        raise ValueError(
            "cluster_ids must be (n_images,) whole numbers with one label for each; got "
            f"{ids.shape} {ids.dtype} and {len(known)} labels"
        )
    for row, label in enumerate(known):
        if label is not None and not isinstance(label, str):
            raise TypeError(f"labels must be str or None; got {label!r} in row {row}")
    return ids, known


def check_limits(target: int, max_rounds: int | None) -> None:
    """Raise if a limit makes no sense."""
    if target < 1:
        raise ValueError(f"target must be at least 1; got {target}")
    if max_rounds is not None and max_rounds < 0:
        raise ValueError(f"max_rounds must be at least 0 or None; got {max_rounds}")


def check_seeds(classes: set[str | None]) -> None:
    """Raise if the labelled pictures are not of at least two classes."""
    if not classes:
        raise NoSeedsError(
            "no picture is labelled, so no cluster can propose a label.",
            "Label some pictures of each class first (the paper used 100 of each).",
        )
    if len(classes) == 1:
        raise NoSeedsError(
            f"all labelled pictures are {classes.pop()!r}, so every cluster would propose that label.",
            "Label some pictures of the other class too (the paper used 100 of each).",
        )


def _list_candidates(
    cluster_ids: np.ndarray, labels: list[str | None], not_again: frozenset[tuple[int, str]]
) -> list[_Candidate]:
    """Return the pure clusters that hold a picture they may give their label to."""
    candidates = []
    for cluster_id, rows in enumerate(group_rows(cluster_ids, int(cluster_ids.max(initial=-1)) + 1)):
        members = rows.tolist()
        counts = Counter(label for row in members if (label := labels[row]) is not None)
        if len(counts) != 1:
            continue
        [(label, n_labelled)] = counts.items()
        given = [row for row in members if labels[row] is None and (row, label) not in not_again]
        if given:
            candidates.append(_Candidate(cluster_id, label, n_labelled, np.array(given, dtype=np.int64)))
    return candidates


def _rank(candidate: _Candidate) -> tuple[int, int]:
    """Order candidates: most labelled pictures first, then the lowest number."""
    return -candidate.n_labelled, candidate.cluster_id


def _describe_round(queue: list[_Candidate], i: int, n_labelled_after: int) -> Round:
    """Return the round that chooses entry i of the queue."""
    chosen = queue[i]
    runners_up = tuple(
        RunnerUp(other.cluster_id, other.label, other.n_labelled, len(other.rows))
        for other in queue[i + 1 : i + 1 + N_RUNNERS_UP]
    )
    return Round(
        round=i + 1,
        cluster_id=chosen.cluster_id,
        label=chosen.label,
        n_labelled_members=chosen.n_labelled,
        rows_given=chosen.rows,
        n_labelled_after=n_labelled_after,
        why=_explain_choice(chosen, runners_up),
        runners_up=runners_up,
    )


def _explain_choice(chosen: _Candidate, runners_up: tuple[RunnerUp, ...]) -> str:
    """Say in plain words why a cluster was chosen."""
    if chosen.n_labelled == 1:
        reason = f"the only labelled picture of cluster {chosen.cluster_id} is {chosen.label}"
    else:
        reason = f"all {chosen.n_labelled} labelled pictures of cluster {chosen.cluster_id} are {chosen.label}"
    if not runners_up:
        rank = "no other pure cluster has unlabelled pictures left"
    elif runners_up[0].n_labelled < chosen.n_labelled:
        rank = "no other pure cluster with unlabelled pictures has as many"
    else:
        rank = f"cluster {runners_up[0].cluster_id} has as many, and the lower number goes first"
    given = "1 unlabelled picture gets" if len(chosen.rows) == 1 else f"{len(chosen.rows)} unlabelled pictures get"
    return f"{reason[0].upper()}{reason[1:]}; {rank}. Its {given} this label."


def collect_proposals(rounds: Sequence[Round], distances: np.ndarray | None) -> Proposals:
    """Join what the rounds gave, in order of labelling."""
    sizes = [len(one.rows_given) for one in rounds]
    rows = np.concatenate([one.rows_given for one in rounds]) if rounds else np.array([], dtype=np.int64)
    return Proposals(
        rows=rows,
        labels=np.repeat(np.array([one.label for one in rounds], dtype=object), sizes),
        rounds=np.repeat(np.array([one.round for one in rounds], dtype=np.int32), sizes),
        cluster_ids=np.repeat(np.array([one.cluster_id for one in rounds], dtype=np.int32), sizes),
        distances=None if distances is None else np.asarray(distances, dtype=np.float64)[rows],
    )


def _name_stop_reason(reached: bool, exhausted: bool) -> StopReason:
    """Return why the rounds ended; reaching the target counts first."""
    return "target_reached" if reached else "no_pure_cluster_left" if exhausted else "round_limit"
