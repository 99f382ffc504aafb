"""Why the class map led to a proposed label, or to none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medxai_core.clusters import Matrix
from medxai_core.config import CLASS_NAMES
from medxai_core.pseudo_labels.bands import LEAST_SURE, say_chance
from medxai_core.pseudo_labels.reasons import ProposalReason, find_round, list_nearest
from medxai_core.pseudo_labels.rounds import PseudoLabelling


def explain_band_proposal(
    row: int,
    labelling: PseudoLabelling,
    *,
    bands: np.ndarray,
    labels: Sequence[str | None],
    scores: Matrix,
    polyp_chance: float,
    n_nearest: int = 5,
) -> ProposalReason:
    """Return the reason of one proposal of `propose_by_bands` in words and numbers.

    Parameters
    ----------
    row : int
        A row that was proposed a label.
    labelling : PseudoLabelling
    bands : (n,) int array
        The bands it was made with.
    labels : (n,) sequence of str or None
        What was labelled before.
    scores : (n, 1) float64 array, or what is indexed like one
        Of the class map.
    polyp_chance : float
        Calibrated probability of polyp, 0..1.
    n_nearest : int, default 5
        How many labelled pictures of about the same score to name.

    Returns
    -------
    ProposalReason
        Distances are differences of scores; `distance_percentile` is the share of the band, in percent, whose score
        lies no farther from the band's mean.

    Raises
    ------
    ValueError
        If the row was not proposed a label.
    """
    chosen = find_round(row, labelling)
    members = np.flatnonzero(np.asarray(bands) == chosen.cluster_id)
    nearest = list_nearest(row, labelling.seed_rows, labels, scores)
    own = np.asarray(scores[members], float)[:, 0]
    offsets = np.abs(own - np.nanmean(own))
    offset = float(offsets[np.flatnonzero(members == row)[0]])
    probability = float(polyp_chance if chosen.label == CLASS_NAMES[1] else 1 - polyp_chance)
    others = sum(near.label != chosen.label for near in nearest[:n_nearest])
    return ProposalReason(
        row=int(row),
        label=chosen.label,
        round=chosen.round,
        cluster_id=chosen.cluster_id,
        cluster_size=len(members),
        labelled_members=tuple(near.row for near in nearest if bands[near.row] == chosen.cluster_id),
        distance=offset,
        distance_percentile=100.0 * float(np.mean(offsets <= offset)),
        nearest=tuple(nearest[:n_nearest]),
        n_nearest_other=others,
        runners_up=chosen.runners_up,
        why=(
            f"The class map gives it {say_chance(probability)} for {chosen.label}. {chosen.why} {others} of the "
            f"{len(nearest[:n_nearest])} labelled pictures with the nearest scores are of another class."
        ),
        would_change_if=(
            f"its band were less than {100 * LEAST_SURE:.0f} % sure of a class: it would propose nothing.",
            f"the rounds ended at {chosen.n_labelled_after - len(chosen.rows_given)} labelled pictures, before round "
            f"{chosen.round}.",
            "other pictures were labelled: the class map would learn from them, and give other chances.",
        ),
        probability=probability,
    )


def explain_unlabelled_by_bands(row: int, labelling: PseudoLabelling, *, bands: np.ndarray, polyp_chance: float) -> str:
    """Say in plain words why `propose_by_bands` proposed no label for a picture.

    Parameters
    ----------
    row : int
        A row without a label and without a proposal.
    bands : (n,) int array
    polyp_chance : float
        Calibrated probability of polyp, 0..1; NaN where the class map has not looked.

    Examples
    --------
    >>> from medxai_core.pseudo_labels import propose_by_bands
    >>> bands, chances = np.array([0, 0, 1, -1]), np.array([0.4, 0.5, 0.9, np.nan])
    >>> found = propose_by_bands(bands, chances, ["non_polyp", None, "polyp", None])
    >>> explain_unlabelled_by_bands(1, found, bands=bands, polyp_chance=0.5)
    'The class map gives it 50 % for polyp, and its band (0) is less than 80 % sure of either class.'
    >>> explain_unlabelled_by_bands(3, found, bands=bands, polyp_chance=float("nan"))
    'The class map has not looked at it.'
    """
    if row in labelling.seed_rows or row in labelling.proposals.rows:
        raise ValueError(f"row {row} must be unlabelled and without a proposal")
    band = int(bands[row])
    if band < 0:
        return "The class map has not looked at it."
    found = f"The class map gives it {say_chance(polyp_chance)} for polyp"
    rejected = [label for other, label in labelling.not_again if other == row]
    if rejected:
        return f"{found}, but a reader rejected {' and '.join(sorted(rejected))} for this picture."
    if any(one.cluster_id == band for one in labelling.rounds):
        return f"{found}; what its band ({band}) proposes was not for it."
    if labelling.stop_reason == "no_sure_band_left":
        return f"{found}, and its band ({band}) is less than {100 * LEAST_SURE:.0f} % sure of either class."
    return (
        f"{found}, but the turn of its band ({band}) did not come, or it is less than {100 * LEAST_SURE:.0f} % sure: "
        f"the rounds ended after {len(labelling.rounds)} with {labelling.n_labelled} labelled pictures "
        f"({labelling.stop_reason})."
    )
