"""What the figures of a review rest on besides the log: seeds, proposals, and their random order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from medxai_core.config import CLASS_NAMES
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.pictures import Items, list_items
from medxai_core.review import Decision, LabelState, compute_labels
from medxai_core.review.labels import Proposal
from medxai_core.stages.labels import get_proposals, get_reference_seeds
from medxai_core.study import Study
from medxai_core.views.proposal_queue import order_randomly

SOURCES = ("reference", "review", "cluster")


@dataclass(frozen=True, eq=False)
class ReviewBasis:
    """Hold what only new rounds or removed pictures change, so that it can be kept while decisions come in.

    Attributes
    ----------
    reference_labels : dict of str to str
        Of the seeds.
    open_items : frozenset of str
        Training items without a reference label: what readers may be asked about.
    proposals : dict of str to (label, clustering_id)
        Of the newest rounds, in order of labelling.
    random_order : list of str
        The fixed random order of the proposals, for the audit.
    labelling : RecordedLabelling or None
        The newest rounds; None when nothing is proposed.
    """

    reference_labels: dict[str, str]
    open_items: frozenset[str]
    proposals: dict[str, Proposal]
    random_order: list[str]
    labelling: RecordedLabelling | None


def load_review_basis(
    study: Study, *, items: Items | None = None, labelling: RecordedLabelling | None = None
) -> ReviewBasis:
    """Read what the figures of a review rest on.

    Parameters
    ----------
    items : Items, optional
        Of the study, when they are at hand.
    labelling : RecordedLabelling, optional
        The newest rounds, when they are at hand.
    """
    items = list_items(study) if items is None else items
    labelling = labelling or find_labelling(study)
    training = set(items.item_ids[items.positions_in("train")])
    seeds = {item_id: label for item_id, label in get_reference_seeds(items).items() if item_id in training}
    open_items = frozenset(training - seeds.keys())
    proposals = {item_id: one for item_id, one in get_proposals(labelling).items() if item_id in open_items}
    return ReviewBasis(
        reference_labels=seeds,
        open_items=open_items,
        proposals=proposals,
        random_order=order_randomly(list(proposals)),
        labelling=labelling,
    )


def count_sources(basis: ReviewBasis, decisions: Sequence[Decision]) -> dict[str, dict[str, int]]:
    """Count the labels in force of the training items by source and class.

    Returns
    -------
    dict
        By source (reference, review, cluster): the number by class.

    Notes
    -----
    The same as counting `stages.labels.get_label_states`; the cost follows the number of decisions and
    proposals, not that of the items.
    """
    touched = {one.item_id for one in decisions} & basis.open_items
    total = Counter(("reference", label) for label in basis.reference_labels.values())
    total.update(("cluster", label) for item_id, (label, _) in basis.proposals.items() if item_id not in touched)
    for state in settle_items(basis, list(touched), decisions).values():
        total[str(state.source), str(state.label)] += 1
    return {source: {name: total[source, name] for name in CLASS_NAMES} for source in SOURCES}


def settle_items(basis: ReviewBasis, item_ids: Sequence[str], decisions: Sequence[Decision]) -> dict[str, LabelState]:
    """Return the label in force of some items, see `review.compute_labels`."""
    return compute_labels(item_ids, basis.reference_labels, basis.proposals, decisions)
