"""Two witnesses that know different things, heard together: the pseudo-masks that a student learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from medxai_core.models import pool_places

HALF_HEIGHT = 0.35
"""Share of a picture's highest score at which the class map alone would draw the edge."""

_CLASS_MAP_SPREAD = 0.15
_SHAPE_WEIGHT = 0.5
_SHARPNESS = 1.5
_SURE = 1.5  # evidence at which a place counts fully
_LEAST_WEIGHT = 0.1
_CLIP = 0.003
_SUREST = 3.0  # log odds: 95 %


def fuse_witnesses(scores: np.ndarray, shape: np.ndarray, *, least_peak: float) -> tuple[np.ndarray, np.ndarray]:
    """Make soft masks of what the class map says and of what the drawn frames taught.

    Parameters
    ----------
    scores : ndarray of shape (n, h, w), float
        Class map from labels of tiles: it knows real polyps, not how far they reach. Any unit; above 0 speaks for
        polyp.
    shape : ndarray of shape (n, h, w), float
        Probability, 0..1, of a network that has seen drawn polyps only: it knows outlines, not real polyps.
    least_peak : float
        Highest score that a picture with polyp has at least; lower peaks are not stretched to it.

    Returns
    -------
    targets : ndarray of shape (n, h, w), float32
        How likely each place is polyp, 0..1.
    weights : ndarray of shape (n, h, w), float32
        How much each place counts, 0.1..1: less where the evidence is near even.

    Raises
    ------
    ValueError
        Shapes differ, or ``least_peak`` is not above 0.

    Examples
    --------
    >>> targets, weights = fuse_witnesses(np.array([[[9.0, -9.0]]]), np.array([[[0.9, 0.1]]]), least_peak=1.0)
    >>> targets.round(2).tolist(), weights.tolist()
    ([[[1.0, 0.0]]], [[[1.0, 1.0]]])
    """
    if scores.shape != shape.shape or scores.ndim != 3:
        raise ValueError(f"scores and shape must be alike, (n, h, w); got {scores.shape} and {shape.shape}")
    if not least_peak > 0:
        raise ValueError(f"least_peak must be above 0; got {least_peak}")
    peaks = np.maximum(scores.max(axis=(1, 2), keepdims=True), least_peak)
    clipped = np.clip(shape, _CLIP, 1 - _CLIP)
    evidence = (scores / peaks - HALF_HEIGHT) / _CLASS_MAP_SPREAD + _SHAPE_WEIGHT * np.log(clipped / (1 - clipped))
    return (1 / (1 + np.exp(-_SHARPNESS * evidence))).astype(np.float32), weigh_evidence(evidence)


def weigh_evidence(evidence: np.ndarray) -> np.ndarray:
    """Return how much each place counts, 0.1..1 float32: less where the evidence is near even."""
    return np.clip(np.abs(evidence) / _SURE, _LEAST_WEIGHT, 1).astype(np.float32)


def empty_masks(targets: np.ndarray, weights: np.ndarray, pictures: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Make sure that pictures which are labelled without polyp as a whole are learned as empty.

    Parameters
    ----------
    targets, weights : ndarray of shape (n, h, w), float32
        Of all pictures; left as found.
    pictures : sequence of int
        Rows that hold no polyp by their label.

    Returns
    -------
    targets, weights : ndarray of shape (n, h, w), float32
        Target 0 and weight 1 everywhere in these pictures.

    Examples
    --------
    >>> said = np.full((2, 1, 1), 0.9, np.float32)
    >>> empty_masks(said, said, [1])[0].ravel() > 0.5
    array([ True, False])
    """
    if not len(pictures):
        return targets, weights
    targets, weights = targets.copy(), weights.copy()
    targets[list(pictures)], weights[list(pictures)] = 0, 1
    return targets, weights


def sharpen(probabilities: np.ndarray, *, has_polyp: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Make targets and weights of what an earlier student said.

    A picture that is known to hold a polyp has a place where that is sure: what the student said faintly of it is
    raised as a whole, until the log odds of its surest places are 3 (95 %). Else the student would learn from its own
    doubt, and doubt more in each round.

    Parameters
    ----------
    probabilities : ndarray of shape (n, h, w), float
        0..1.
    has_polyp : ndarray of shape (n,), bool, optional
        Pictures that hold a polyp, by a label or by the class map; of the others nothing is known.

    Returns
    -------
    targets, weights : ndarray of shape (n, h, w), float32
        See `fuse_witnesses`.

    Examples
    --------
    >>> said = np.full((2, 8, 8), 0.01)
    >>> said[:, 3, 3] = 0.3
    >>> sharpen(said, has_polyp=np.array([True, False]))[0][:, 3, 3].round(2)
    array([0.99, 0.22], dtype=float32)
    """
    clipped = np.clip(probabilities, _CLIP, 1 - _CLIP)
    evidence = np.log(clipped / (1 - clipped))
    if has_polyp is not None:
        surest = pool_places(torch.from_numpy(evidence)).numpy()
        evidence = evidence + np.where(has_polyp, np.maximum(_SUREST - surest, 0), 0)[:, None, None]
    return (1 / (1 + np.exp(-_SHARPNESS * evidence))).astype(np.float32), weigh_evidence(evidence)
