"""Why a recorded proposal was made: the rounds rebuilt from what a study recorded of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from medxai_core.pseudo_labels import (
    Calibration,
    Neighbour,
    ProposalReason,
    Proposals,
    PseudoLabelling,
    Round,
    RunnerUp,
    explain_band_proposal,
    explain_proposal,
    explain_unlabelled,
    explain_unlabelled_by_bands,
)
from medxai_core.pseudo_labels.rounds import StopReason
from medxai_core.records.clusterings import RecordedClustering, get_clustering
from medxai_core.records.decisions import list_decisions
from medxai_core.records.feature_rows import FeatureRows
from medxai_core.records.labellings import RecordedLabelling, get_labelling
from medxai_core.records.pictures import Items, list_items
from medxai_core.review import Decision
from medxai_core.stages.labels import get_starting_labels
from medxai_core.study import Study


@dataclass(frozen=True, eq=False)
class Reasoning:
    """Hold all that the reasons of one run of the rounds rest on; rows are positions of items.

    Attributes
    ----------
    labelling : RecordedLabelling
        The rounds as recorded.
    clustering : RecordedClustering
        The clusters they were made with.
    rounds : PseudoLabelling
        The same rounds, with item positions as rows.
    labels : (n_items,) object of str or None
        The labels that the rounds started from: seeds, and what readers had decided by then.
    features : FeatureRows
        What was clustered, (n_items, d) float64, read from disk by rows; NaN rows for items without features.
    seeds_agree : bool
        False when the log does not give as many starting labels as were recorded, as after pictures
        were removed or older decisions were imported; the labelled pictures shown are then not quite those.
    """

    labelling: RecordedLabelling
    clustering: RecordedClustering
    rounds: PseudoLabelling
    labels: np.ndarray
    features: FeatureRows
    seeds_agree: bool


@dataclass(frozen=True)
class ItemReason:
    """Tell why one item was proposed a label.

    Attributes
    ----------
    reason : ProposalReason
        Words and numbers; its rows are positions of items.
    members : tuple of Neighbour
        Labelled items of its cluster, nearest first, with label and distance.
    """

    reason: ProposalReason
    members: tuple[Neighbour, ...]


def load_reasoning(
    study: Study, labelling: RecordedLabelling | None = None, *, items: Items | None = None
) -> Reasoning:
    """Rebuild one run of the rounds from its record.

    Parameters
    ----------
    labelling : RecordedLabelling, optional
        By default the newest run.
    items : Items, optional
        Of the study, when they are at hand.

    Returns
    -------
    Reasoning

    Raises
    ------
    StageMissingError
        No labels have been proposed, or the features are gone.
    """
    items = list_items(study) if items is None else items
    labelling = get_labelling(study) if labelling is None else labelling
    clustering = get_clustering(study, labelling.clustering_id)
    labels = _get_labels_then(study, items, labelling)
    seed_rows = np.flatnonzero((labels != None) & (clustering.cluster_ids >= 0))  # noqa: E711 - by element
    return Reasoning(
        labelling=labelling,
        clustering=clustering,
        rounds=_rebuild_rounds(labelling, items, clustering=clustering, seed_rows=seed_rows),
        labels=labels,
        features=FeatureRows(study, clustering.feature_set, clustering.scaling).keep(seed_rows),
        seeds_agree=len(seed_rows) == labelling.n_seeds,
    )


def explain_item(reasoning: Reasoning, row: int, *, n_nearest: int = 5) -> ItemReason:
    """Return the reason of one proposal, and how far the labelled items of its cluster are.

    Parameters
    ----------
    row : int
        Position of an item that was proposed a label.
    n_nearest : int, default 5
        How many of the most alike labelled items to name.

    Returns
    -------
    ItemReason

    Raises
    ------
    ValueError
        If the item was not proposed a label.
    """
    features = reasoning.features.keep([*reasoning.rounds.seed_rows.tolist(), row])
    labels, groups = cast(Sequence[str | None], reasoning.labels), reasoning.clustering.cluster_ids
    if reasoning.clustering.is_bands:
        chance = float(get_polyp_chances(reasoning, np.array([row]))[0])
        reason = explain_band_proposal(
            row,
            reasoning.rounds,
            bands=groups,
            labels=labels,
            scores=features,
            polyp_chance=chance,
            n_nearest=n_nearest,
        )
    else:
        reason = explain_proposal(
            row,
            reasoning.rounds,
            cluster_ids=groups,
            labels=labels,
            features=features,
            distances=reasoning.clustering.distances,
            n_nearest=n_nearest,
        )
    offsets = features[list(reason.labelled_members)] - features[row]
    distances = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    members = tuple(
        Neighbour(member, str(reasoning.labels[member]), float(distance))
        for member, distance in zip(reason.labelled_members, distances, strict=True)
    )
    return ItemReason(reason, members)


def explain_no_proposal(reasoning: Reasoning, row: int) -> str:
    """Say in plain words why an item without a label was proposed none."""
    groups = reasoning.clustering.cluster_ids
    if reasoning.clustering.is_bands:
        chance = float(get_polyp_chances(reasoning, np.array([row]))[0])
        return explain_unlabelled_by_bands(row, reasoning.rounds, bands=groups, polyp_chance=chance)
    return explain_unlabelled(row, reasoning.rounds, cluster_ids=groups, labels=reasoning.labels.tolist())


def get_polyp_chances(reasoning: Reasoning, rows: np.ndarray) -> np.ndarray:
    """Return the calibrated probability of polyp that the class map gives items, (m,) float64, 0..1.

    Parameters
    ----------
    rows : (m,) int64
        Positions of items; the result is NaN for those that the class map has not looked at.
    """
    parameters = reasoning.clustering.manifest["parameters"]
    return Calibration(parameters["slope"], parameters["offset"]).apply(reasoning.features[rows][:, 0])


def _get_labels_then(study: Study, items: Items, labelling: RecordedLabelling) -> np.ndarray:
    """Return the labels that the rounds started from, (n_items,) object."""
    log = _cut_log(list_decisions(study), labelling.created_at)
    return get_starting_labels(study, items, decisions=log)


def _cut_log(decisions: list[Decision], moment: str) -> list[Decision]:
    """Return the part of the log before the first decision that was taken after a moment.

    Not all decisions up to the moment: those that were imported later carry an earlier one.
    """
    for n, decision in enumerate(decisions):
        if decision.at > moment:
            return decisions[:n]
    return decisions


def _rebuild_rounds(
    labelling: RecordedLabelling, items: Items, *, clustering: RecordedClustering, seed_rows: np.ndarray
) -> PseudoLabelling:
    """Turn recorded rounds and proposals back into what `propose_labels` returned."""
    found = labelling.proposals
    rows = np.fromiter((items.rows_by_id[item_id] for item_id in found.item_ids), np.int64, len(found))
    rounds = tuple(
        Round(
            round=one["round"],
            cluster_id=one["cluster_id"],
            label=one["label"],
            n_labelled_members=one["n_labelled_members"],
            rows_given=np.sort(rows[found.rounds == one["round"]]),
            n_labelled_after=one["n_labelled_after"],
            why=one["why"],
            runners_up=tuple(RunnerUp(**rival) for rival in one["runners_up"]),
        )
        for one in labelling.rounds
    )
    proposals = Proposals(
        rows=rows,
        labels=found.labels,
        rounds=found.rounds,
        cluster_ids=found.cluster_ids,
        distances=np.asarray(clustering.distances)[rows],
    )
    return PseudoLabelling(rounds, proposals, cast(StopReason, labelling.stop_reason), seed_rows, labelling.target)
