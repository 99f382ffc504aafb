"""What a segmenter of the recommended mode learned, and when its own mask is empty, in numbers that words need."""

from __future__ import annotations

import math

from medxai_core.config import SEGMENTATION
from medxai_core.models.segmentation import HELD_BACK_LOGIT, LEAST_PICTURE_LOGIT
from medxai_core.records.masks import MaskSetting
from medxai_core.records.runs import RecordedRun

LEAST_SURE = f"{1 / (1 + math.exp(-LEAST_PICTURE_LOGIT)):.0%}"
"""A picture whose surest places together are not above this gets no mask."""

HELD_BACK = 1 / (1 + math.exp(-HELD_BACK_LOGIT))
"""Highest probability of a place in a picture that is not sure enough."""


def count_drawn_frames(run: RecordedRun) -> int | None:
    """Return how many drawn frames a segmenter learned outlines from; None where its record does not say."""
    drawn = run.manifest.get("config", {}).get("n_drawn")
    return None if drawn is None else sum(drawn)


def count_rounds(run: RecordedRun) -> int:
    """Return how many rounds on the study's pictures stand behind the kept weights of a segmenter."""
    return 0 if run.rounds is None else run.rounds[0]


def say_drawn_frames(run: RecordedRun, noun: str = "frames") -> str:
    """Say how many drawn frames a segmenter learned outlines from, such as "320 frames".

    Where the record does not say, the number is left out.
    """
    n = count_drawn_frames(run)
    return noun if n is None else f"{n:,} {noun}"


def is_own_mask(setting: MaskSetting | None) -> bool:
    """Return True when a setting cuts a segmenter's own map; without a setting that is what it is used with."""
    return setting is None or setting.method == SEGMENTATION


def needs_sure_picture(setting: MaskSetting | None) -> bool:
    """Return True when a picture that as a whole is not sure enough gets no mask, whatever its places say.

    Examples
    --------
    >>> needs_sure_picture(MaskSetting(21, "segmentation", 0.5, None))
    True
    >>> needs_sure_picture(MaskSetting(21, "segmentation", 0.02, None))
    False
    """
    if setting is None:
        return True
    is_upper = setting.low is not None and setting.low >= HELD_BACK and not setting.inverted
    return setting.method == SEGMENTATION and is_upper


def say_why_no_mask(setting: MaskSetting | None) -> str:
    """Say why a picture got no mask under a setting: a heat map's places were cool, or a segmenter was not sure.

    Examples
    --------
    >>> say_why_no_mask(MaskSetting(14, "gradcam", 0.4, None))
    'no place was hot enough'
    """
    if setting is None or setting.method != SEGMENTATION:
        return "no place was hot enough"
    if not needs_sure_picture(setting):
        return "the probability of no place passed the threshold"
    return (
        f"the network was not sure enough of the picture as a whole (not above {LEAST_SURE}), or the probability of no "
        "place passed the threshold"
    )
