"""Which pictures to label first, when a study starts without labels."""

from __future__ import annotations

from collections.abc import Sequence

from medxai_core.config import CLASS_NAMES
from medxai_core.progress import OnProgress
from medxai_core.records.feature_rows import FeatureRows
from medxai_core.records.pictures import Items, list_items
from medxai_core.review import Decision, compute_labels, suggest_seeds
from medxai_core.study import Study

CLASSES_WANTED = 100
"""Labelled pictures of each class that the paper starts from."""


def suggest_study_seeds(
    study: Study,
    n: int,
    *,
    items: Items | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[str]:
    """Suggest training items to label from zero, as different from each other as can be.

    Items that are seeds already (they have a reference label that may be used) are left out. The answer
    does not depend on what readers decide, and the suggestions for a smaller n are the first ones of those
    for a larger n: so the order of the work stays as it is while it goes on.

    Parameters
    ----------
    n : int
        Items wanted; fewer are returned when there are fewer.
    items : Items, optional
        Of the study, when they are at hand.
    seed : int, default 0
        Seed of the first one.

    Returns
    -------
    list of str
        Item ids, in the order in which to label them.

    Raises
    ------
    StageMissingError
        The features have not been extracted.
    """
    items = list_items(study) if items is None else items
    features = FeatureRows(study)
    positions = items.positions_in("train")
    positions = positions[features.known[positions] & ~items.is_seed[positions]]
    points = features.at(positions).read()
    chosen = suggest_seeds(points, min(n, len(positions)), seed=seed, overwrite=True, on_progress=on_progress)
    return items.item_ids[positions[chosen]].tolist()


def count_starting_labels(items: Items, decisions: Sequence[Decision]) -> dict[str, int]:
    """Count by class the labels that the rounds would start from: seeds, and what readers decided.

    The cost follows the number of decisions, not that of the items.
    """
    seeds = items.is_seed & items.is_present
    counts = {name: int((seeds & (items.reference_labels == name)).sum()) for name in CLASS_NAMES}
    given = {str(item_id) for item_id in items.item_ids[seeds]}
    decided = [one for one in dict.fromkeys(decision.item_id for decision in decisions) if one not in given]
    for state in compute_labels(decided, {}, {}, decisions).values():
        if state.label in counts:
            counts[state.label] += 1
    return counts
