"""Teach a segmenter from lessons, and let it say what it sees."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate
from torch.optim.lr_scheduler import OneCycleLR

from medxai_core.models import PolypSegmenter, default_preprocessing
from medxai_core.students.lessons import Timetable
from medxai_core.training import TrainingDivergedError
from medxai_core.training.preparation import evaluation_mode, training_mode

ENCODER_RATE = 0.15
"""Step size of the pretrained blocks, as a share of the decoder's."""

_WARM_UP = 0.15
_OVERLAP_WEIGHT = 0.5
_LEAST_TARGET = 30  # pixels of target below which the overlap of a view says nothing

FITTING_AREA = 0.1
"""Share of the picture at which a polyp is of a usual size."""

_TINY_AREA = 1e-4

OnProgress = Callable[[int, int], None]


def teach(
    segmenter: PolypSegmenter,
    timetable: Timetable,
    *,
    n_steps: int,
    learning_rate: float = 1e-3,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[float]:
    """Teach a segmenter, in place.

    Parameters
    ----------
    segmenter : PolypSegmenter
    timetable : Timetable
        What is learned from.
    n_steps : int
        Batches.
    learning_rate : float, default 1e-3
        Largest step size of the decoder, reached after 15 % of the steps; it ends near 0.
    seed : int, default 0
        Decides order, views and dropout.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` after each step; may raise to stop.

    Returns
    -------
    list of float
        Loss of each step.

    Raises
    ------
    TrainingDivergedError
        The loss is no longer a number.
    """
    decoder = list(segmenter.decoder.parameters())
    rates = [ENCODER_RATE * learning_rate, learning_rate]
    groups = [{"params": list(segmenter.backbone.parameters()), "lr": rates[0]}, {"params": decoder, "lr": rates[1]}]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    schedule = OneCycleLR(optimizer, rates, total_steps=max(n_steps, 2), pct_start=_WARM_UP)
    segmenter.to(memory_format=torch.channels_last)
    losses = []
    with training_mode(segmenter):
        for step in range(n_steps):
            loss = _compute_loss(segmenter, timetable.draw_batch(step, seed))
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                raise TrainingDivergedError(
                    f"the loss must be a number; got {losses[-1]} in step {step + 1}.", "Train with another seed."
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if on_progress is not None:
                on_progress(step + 1, n_steps)
    return losses


def _compute_loss(segmenter: PolypSegmenter, views: torch.Tensor) -> torch.Tensor:
    """Compute weighted cross-entropy and overlap (soft Dice) with the targets at the size of the view."""
    inputs = normalize_views(views[:, :3])
    target, weight = views[:, 3], views[:, 4]
    logits = interpolate(segmenter.segment(inputs)[:, None], size=views.shape[-2:], mode="bilinear")[:, 0]
    entropy = (binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).mean()
    likely = torch.sigmoid(logits) * weight
    wanted = target * weight
    both = (torch.sigmoid(logits) * wanted).sum(dim=(1, 2))
    missed = 1 - (2 * both + 1) / (likely.sum(dim=(1, 2)) + wanted.sum(dim=(1, 2)) + 1)
    counts = (target.sum(dim=(1, 2)) > _LEAST_TARGET).float()
    return entropy + _OVERLAP_WEIGHT * (missed * counts).mean()


def normalize_views(colours: torch.Tensor) -> torch.Tensor:
    """Turn colours (N, 3, S, S) of 0..1 into what the network sees, channels last in memory."""
    seen = default_preprocessing("lite1")
    return ((colours * 255 - seen.offset) / seen.scale).contiguous(memory_format=torch.channels_last)


def compute_probabilities(
    segmenter: PolypSegmenter,
    pictures: np.ndarray,
    *,
    side: int,
    mirrored: bool = True,
    batch_size: int = 8,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """Compute how likely each place is polyp.

    Parameters
    ----------
    segmenter : PolypSegmenter
    pictures : ndarray of shape (n, L, L, 3), uint8
        RGB squares.
    side : int
        Side of the network's input, in pixels.
    mirrored : bool, default True
        True: the mean over four mirror images. False: one look, in a quarter of the time.

    Returns
    -------
    ndarray of shape (n, side/4, side/4), float32
        Probability in [0, 1].
    """
    parts = []
    with evaluation_mode(segmenter):
        for start in range(0, len(pictures), batch_size):
            batch = np.array(pictures[start : start + batch_size])
            colours = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255
            inputs = normalize_views(interpolate(colours, size=(side, side), mode="bilinear", antialias=True))
            look = _average_mirrored if mirrored else _look_once
            parts.append(look(segmenter, inputs).numpy())
            if on_progress is not None:
                on_progress(start + len(batch), len(pictures))
    return np.concatenate(parts)


def look_closely(
    segmenter: PolypSegmenter,
    pictures: np.ndarray,
    areas: np.ndarray,
    *,
    side: int,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """Compute how likely each place is polyp, each picture at the size at which its polyp is neither huge nor tiny.

    A network knows best what is as large as most of what it learned from: it cuts pieces out of a polyp that fills
    the picture, and adds to a small one. So a picture with a large polyp is shown small, and the other way round.

    Parameters
    ----------
    segmenter : PolypSegmenter
    pictures : ndarray of shape (n, L, L, 3), uint8
        RGB squares.
    areas : ndarray of shape (n,), float
        Share of each picture that is polyp as far as is known, 0..1.
    side : int
        Side of the network's usual input, in pixels.

    Returns
    -------
    ndarray of shape (n, side/4, side/4), float32
        Probability in [0, 1].
    """
    sides = choose_sides(areas, side)
    said = np.empty((len(pictures), side // 4, side // 4), np.float32)
    done = 0
    for one in np.unique(sides):
        rows = np.flatnonzero(sides == one)
        seen = compute_probabilities(segmenter, pictures[rows], side=int(one))
        grown = interpolate(torch.from_numpy(seen)[:, None], size=said.shape[1:], mode="bilinear", antialias=True)
        said[rows] = grown[:, 0].numpy()
        done += len(rows)
        if on_progress is not None:
            on_progress(done, len(pictures))
    return said


def choose_sides(areas: np.ndarray, side: int) -> np.ndarray:
    """Return at which side each picture is shown, (n,) int: the one that brings its polyp nearest to `FITTING_AREA`.

    Examples
    --------
    >>> choose_sides(np.array([0.0, 0.1, 0.4]), 288)
    array([352, 288, 160])
    """
    offered = np.array([side + 32 * step for step in range(-5, 3) if side + 32 * step >= 64])
    wanted = side * np.sqrt(FITTING_AREA / np.maximum(areas, _TINY_AREA))
    return offered[np.abs(np.log(wanted[:, None] / offered)).argmin(axis=1)]


def _look_once(segmenter: PolypSegmenter, inputs: torch.Tensor) -> torch.Tensor:
    """Compute the probabilities of a batch."""
    return torch.sigmoid(segmenter.segment(inputs))


def _average_mirrored(segmenter: PolypSegmenter, inputs: torch.Tensor) -> torch.Tensor:
    """Average the probabilities of a batch over its four mirror images, put back in place."""
    total: torch.Tensor | None = None
    for axes in ((), (-1,), (-2,), (-2, -1)):
        seen = _look_once(segmenter, inputs.flip(axes) if axes else inputs)
        seen = seen.flip(axes) if axes else seen
        total = seen if total is None else total + seen
    assert total is not None
    return total / 4


def adapt_normalization(segmenter: PolypSegmenter, timetable: Timetable, *, n_steps: int, seed: int = 0) -> None:
    """Estimate the statistics of the batch normalisation anew on other pictures, in place.

    Weights stay as they are. Needed where pictures look otherwise than those that were learned from.

    References
    ----------
    .. [1] Y. Li et al., "Revisiting batch normalization for practical domain adaptation", 2016.
       https://doi.org/10.48550/arXiv.1603.04779
    """
    norms = [module for module in segmenter.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    with training_mode(segmenter), torch.no_grad():
        for step in range(n_steps):
            segmenter.segment(normalize_views(timetable.draw_batch(step, seed)[:, :3]))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
