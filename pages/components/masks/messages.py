"""What the browser gets of one picture: its pixels, its raw maps, and its truth where that may be seen."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from medxai_core.evaluation.baselines import ALL_POLYP, CENTRED_DISK, score_trivial_masks
from medxai_core.evaluation.scores import ImageScores
from medxai_core.views.mask_maps import PictureMaps, encode_runs
from medxai_core.views.mask_view import (
    compute_probability,
    compute_published_shift,
    describe_layer,
    describe_probability,
    shrink_picture,
)
from pages.components.masks.subject import Subject, find_truth, load_maps
from pages.components.packing import pack

LARGE, SMALL = 1600, 320
"""Longest side of a picture as it is drawn, in pixels: alone, and in the film. Masks are counted at full size."""

SCORES = ("dice", "jaccard", "recall", "precision", "accuracy")
TRIVIAL = {"disk": CENTRED_DISK, "everything": ALL_POLYP}


def make_message(subject: Subject, method: str, *, access: str, layer: int | None = None) -> bytes:
    """Pack one picture for the viewer.

    Parameters
    ----------
    access : str
        Changes whenever the truth that may be seen does: what was packed before a lock is not used after it.
    layer : int, optional
        For the film: a small picture, and only this layer when it is recorded.
    """
    view = ("message", method, layer, access)
    return subject.remember(view, lambda: _make(subject, method, layer))


def _make(subject: Subject, method: str, layer: int | None) -> bytes:
    """Pack the picture."""
    maps, logit = load_maps(subject, method, layer=layer)
    truth, reason = find_truth(subject)
    shown = shrink_picture(subject.image, LARGE if layer is None else SMALL)
    header = {
        "id": None if subject.is_own else subject.key,
        "name": subject.name,
        "size": list(subject.size),
        "maps": _list_maps(subject, maps),
        "answer": None if logit is None else _describe_answer(logit),
        "reason": reason,
        "trivial": None if truth is None else _score_trivial(truth),
    }
    parts: dict[str, Any] = {
        "picture": encode_picture(shown),
        "maps": np.concatenate([maps.shares[one].ravel() for one in maps.shares]).view(np.uint16),
    }
    if truth is not None:
        parts["truth"] = encode_runs(truth)
    return pack(header, parts)


def _list_maps(subject: Subject, maps: PictureMaps) -> list[dict[str, Any]]:
    """Say of each map where it lies among the numbers, what it can resolve, and what is wrong with it."""
    found, start = [], 0
    maker = subject.maker
    for layer, shares in maps.shares.items():
        facts = maker.blocks[layer]
        down, right = compute_published_shift(facts, subject.size, maker.input_size)
        found.append(
            {
                "layer": layer,
                "start": start,
                "words": describe_layer(facts, subject.size, maker.input_size),
                "shift": [down, right],
                "fault": maps.faults.get(layer),
            }
        )
        start += shares.size
    return found


def _describe_answer(logit: float) -> dict[str, Any]:
    """Return the classifier's answer for the whole picture, as number and words."""
    probability = compute_probability(logit)
    return {"probability": probability, "words": describe_probability(probability)}


def _score_trivial(truth: np.ndarray) -> dict[str, Any]:
    """Return the scores of the masks that need no method."""
    scores = score_trivial_masks(truth)
    return {name: _list_scores(scores[known]) for name, known in TRIVIAL.items()}


def _list_scores(scores: ImageScores) -> dict[str, float | None]:
    """Return the scores by name, and the share of the picture in the mask."""
    counts = scores.counts
    return {name: scores.value(name) for name in SCORES} | {"area": (counts.tp + counts.fp) / counts.n_pixels}


def encode_picture(image: np.ndarray) -> bytes:
    """Encode a picture (h, w, 3) uint8 as JPEG without colour blur; what the camera wrote beside it stays behind."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=90, subsampling=0)
    return buffer.getvalue()
