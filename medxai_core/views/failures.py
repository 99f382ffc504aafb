"""What went wrong in a picture, read from its counts, and what about the picture may matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from medxai_core.evaluation.bands import AREA_EDGES
from medxai_core.evaluation.scores import ImageScores
from medxai_core.records.masks import MaskSetting
from medxai_core.records.pictures import read_looks
from medxai_core.study import Study
from medxai_core.views.own_masks import say_why_no_mask
from medxai_core.views.recorded_scores import PictureScores

Kind = Literal["none", "no_mask", "elsewhere", "too_small", "too_large", "beside", "no_polyp"]

GOOD_DICE, MOSTLY = 0.7, 0.6
"""From this Dice on a mask is no failure; recall or precision above this is "most of it"."""
RARE = 0.1
"""Darker, flatter or less sharp than all but this share of the scored pictures: worth saying."""


@dataclass(frozen=True)
class Failure:
    """Say what went wrong in one picture.

    Attributes
    ----------
    kind : str
        "none": the mask is good, or rightly empty.
    words : str
        What is to be seen, with its figures.
    """

    kind: Kind
    words: str


def name_failure(score: ImageScores, setting: MaskSetting | None = None) -> Failure:
    """Say what went wrong in one picture, from its counts of pixels alone.

    Parameters
    ----------
    setting : MaskSetting, optional
        What the mask was made with: why it is empty depends on it.

    Examples
    --------
    >>> from medxai_core.evaluation.scores import PixelCounts, score_counts
    >>> name_failure(score_counts(PixelCounts(tp=0, fp=0, fn=30, tn=70), item="a")).kind
    'no_mask'
    >>> name_failure(score_counts(PixelCounts(tp=10, fp=0, fn=30, tn=60), item="a")).words
    'The mask is too small: it covers 25% of the polyp.'
    """
    counts = score.counts
    if not counts.has_polyp:
        share = (counts.tp + counts.fp) / counts.n_pixels
        if not counts.has_mask:
            return Failure("none", "There is no polyp, and no mask.")
        return Failure("no_polyp", f"There is no polyp, and the mask covers {share:.0%} of the picture.")
    if not counts.has_mask:
        return Failure("no_mask", f"The polyp got no mask: {say_why_no_mask(setting)}.")
    if not counts.tp:
        return Failure("elsewhere", "The mask lies at another place; it does not touch the polyp.")
    recall, precision = counts.tp / (counts.tp + counts.fn), counts.tp / (counts.tp + counts.fp)
    covered, right = f"covers {recall:.0%} of the polyp", f"{precision:.0%} of the mask is polyp"
    if score.dice is not None and score.dice >= GOOD_DICE:
        return Failure("none", f"The mask {covered}; {right}.")
    if precision >= MOSTLY > recall:
        return Failure("too_small", f"The mask is too small: it {covered}.")
    if recall >= MOSTLY > precision:
        return Failure("too_large", f"The mask is too large: only {right}.")
    return Failure("beside", f"The mask lies partly beside the polyp: it {covered}, and {right}.")


def list_circumstances(study: Study, pictures: PictureScores) -> dict[str, list[str]]:
    """Say for each scored picture what about it is unusual and may have to do with a bad mask.

    Returns
    -------
    dict of str to list of str
        By image id; empty lists where nothing is unusual. A circumstance is not a proven cause.
    """
    image_ids = [score.item for score in pictures.scores]
    looks = read_looks(study, image_ids)
    notes: dict[str, list[str]] = {image_id: [] for image_id in image_ids}
    for image_id, share in zip(image_ids, pictures.polyp_shares, strict=True):
        if 0 < share < AREA_EDGES[1]:
            notes[image_id].append(f"the polyp is small ({share:.1%} of the picture)")
        elif share > AREA_EDGES[-2]:
            notes[image_id].append(f"the polyp is large ({share:.0%} of the picture)")
    for column, words in enumerate(("dark", "flat (little contrast)", "not sharp")):
        known = np.isfinite(looks[:, column])
        if known.sum() < 1 / RARE:
            continue
        limit = np.quantile(looks[known, column], RARE)
        for row in np.flatnonzero(known & (looks[:, column] < limit)):
            notes[image_ids[row]].append(f"the picture is {words}")
    return notes
