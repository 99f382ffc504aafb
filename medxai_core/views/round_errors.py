"""How often proposed labels are wrong, round by round, where reference labels exist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.evaluation.classifier import RoundAgreement, score_pseudo_labels
from medxai_core.evaluation.intervals import (
    FEW_GROUPS,
    Interval,
    Resampling,
    bootstrap_ratios,
    encode_groups,
    proportion_interval,
)
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.study import Study


@dataclass(frozen=True)
class RoundError:
    """Hold the error of one round's proposals, and of all rounds up to it.

    Attributes
    ----------
    round : int
    label : str
        The class that the round proposed; "not recorded" where a proposal names a round that there is not.
    n_proposed, n_compared : int
        Proposals of this round, and those whose item has a reference label.
    n_wrong : int
    error : float or None
        Share of the compared proposals that differ from the reference; None without any.
    error_so_far : float or None
        The same over all rounds up to this one.
    interval_so_far : Interval
        95 % interval of `error_so_far`; whole pictures or patients are resampled.
    error_always_polyp : float or None
        Error over the same items if every one had been called polyp: what to compare with.
    """

    round: int
    label: str
    n_proposed: int
    n_compared: int
    n_wrong: int
    error: float | None
    error_so_far: float | None
    interval_so_far: Interval
    error_always_polyp: float | None


def score_study_rounds(
    study: Study,
    labelling: RecordedLabelling | None = None,
    *,
    items: Items | None = None,
    images: Images | None = None,
) -> list[RoundError]:
    """Compare the proposals of each round with reference labels that the rounds never saw.

    Parameters
    ----------
    labelling : RecordedLabelling, optional
        By default the newest rounds.

    Returns
    -------
    list of RoundError
        In order; empty when nothing was proposed or no item with a proposal has a reference label.
    """
    labelling = labelling or find_labelling(study)
    if labelling is None:
        return []
    items, images = items or list_items(study), images or list_images(study)
    chosen = [(row, labelling.proposals.get(str(item_id))) for row, item_id in enumerate(items.item_ids)]
    given = [(row, one) for row, one in chosen if one is not None and items.is_present[row]]
    if not any(items.reference_labels[row] is not None for row, _ in given):
        return []
    agreement = score_pseudo_labels(
        [one["label"] for _, one in given],
        [one["round"] for _, one in given],
        [items.reference_labels[row] for row, _ in given],
    )
    rows = np.array([row for row, _ in given])
    groups = images.groups[items.image_positions[rows]].astype(str)
    rounds = np.array([one["round"] for _, one in given])
    known = np.array([items.reference_labels[row] is not None for row in rows])
    others = np.array([items.reference_labels[row] != CLASS_NAMES[1] for row in rows]) & known
    wrong = np.array([items.reference_labels[row] != one["label"] for row, one in given]) & known
    labels = {one["round"]: one["label"] for one in labelling.rounds}
    return [
        _describe_round(
            one,
            labels.get(one.round, "not recorded"),  # a proposal that was changed by hand names no round
            wrong=wrong[until],
            known=known[until],
            others=others[until],
            groups=groups[until].tolist(),
        )
        for one in agreement
        for until in [rounds <= one.round]
    ]


def _describe_round(
    one: RoundAgreement,
    label: str,
    *,
    wrong: np.ndarray,
    known: np.ndarray,
    others: np.ndarray,
    groups: list[str],
) -> RoundError:
    """Turn the agreement of one round into its error, with an interval over all rounds up to it."""
    found = one.this_round
    error = None if found.accuracy is None else 1 - found.accuracy
    return RoundError(
        round=one.round,
        label=label,
        n_proposed=found.n_proposed,
        n_compared=found.n_compared,
        n_wrong=0 if error is None else round(error * found.n_compared),
        error=error,
        error_so_far=None if one.so_far.accuracy is None else 1 - one.so_far.accuracy,
        interval_so_far=_estimate_interval(wrong.astype(float), known.astype(float), groups),
        error_always_polyp=float(others.sum() / known.sum()) if known.any() else None,
    )


def _estimate_interval(wrong: np.ndarray, known: np.ndarray, groups: list[str]) -> Interval:
    """Return the interval of a share of wrong labels, with groups kept together."""
    if not known.any():
        return Interval(None, None, method="none", reason=FEW_GROUPS)
    codes = encode_groups(groups, len(groups))
    resampled = bootstrap_ratios(wrong[:, None], known[:, None], codes=codes, resampling=Resampling())[0]
    return proportion_interval(wrong, known, codes=codes, resampled=resampled)
