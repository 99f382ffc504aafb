"""The recommended mode from labels to a segmenter, in one place: read this first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import interpolate

from medxai_core.models import HEAD_STRIDE, PolypSegmenter, build_segmenter
from medxai_core.progress import Stage, silent_stage
from medxai_core.students.class_map import ClassMap, LabelledTile, fit_class_map, list_polyp_free, resize_maps
from medxai_core.students.lessons import PICTURE_SIDE, Lessons, Timetable
from medxai_core.students.pseudo_masks import empty_masks, fuse_witnesses, sharpen
from medxai_core.students.teaching import adapt_normalization, compute_probabilities, look_closely, teach

_LOOKS = 25  # batches that a network gets used to the looks of real pictures with

Watch = Callable[[int, PolypSegmenter, Sequence[float]], None]
PseudoMasks = tuple[np.ndarray, np.ndarray]


def _watch_nothing(round_number: int, segmenter: PolypSegmenter, losses: Sequence[float]) -> None:
    """Look on."""


@dataclass(frozen=True)
class Curriculum:
    """Say how much is learned of what.

    Attributes
    ----------
    side : int, default 288
        Of the network's input while it learns, in pixels.
    use_side : int, default 352
        Of its input when it is used. It learns from pieces of pictures that are enlarged to the input, so that all
        looks larger to it than in a whole picture of the same side; a larger input makes up for that [1]_.
    n_drawn : (int, int), default (260, 60)
        Frames that are drawn, with polyp and without.
    shape_steps : int, default 200
        Steps on drawn frames alone; 0: the pseudo-masks are made of the class map alone.
    rounds : tuple of int, default (400, 300, 300)
        Steps of each round on real pictures.
    batch : (int, int, int), default (5, 2, 1)
        Views a step: of real pictures, drawn frames, tiles without polyp.
    learning_rate : float, default 1e-3
    seed : int, default 0

    References
    ----------
    .. [1] H. Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS 2019.
       https://doi.org/10.48550/arXiv.1906.06423
    """

    side: int = 288
    use_side: int = 352
    n_drawn: tuple[int, int] = (260, 60)
    shape_steps: int = 200
    rounds: tuple[int, ...] = (400, 300, 300)
    batch: tuple[int, int, int] = (5, 2, 1)
    learning_rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class Graduation:
    """Hold the segmenter, and what each step said of the pictures it learned from, for whoever wants to trace it.

    Attributes
    ----------
    segmenter : PolypSegmenter
    class_map : ClassMap
        What labels of tiles alone taught.
    scores : ndarray of shape (n, 28, 28), float32
        What it says of the pictures.
    pseudo_masks : ndarray of shape (n, S/4, S/4), float32
        What the first round learned from: that, and what drawn frames taught of outlines.
    """

    segmenter: PolypSegmenter
    class_map: ClassMap
    scores: np.ndarray
    pseudo_masks: np.ndarray


def graduate(
    pictures: np.ndarray,
    labels: Sequence[LabelledTile],
    drawn: Lessons,
    curriculum: Curriculum | None = None,
    *,
    class_map: ClassMap | None = None,
    outlines: PolypSegmenter | None = None,
    stage: Stage = silent_stage,
    watch: Watch = _watch_nothing,
) -> Graduation:
    """Teach a segmenter from labels of tiles or pictures; no mask that anyone drew takes part.

    Parameters
    ----------
    pictures : ndarray of shape (n, 448, 448, 3), uint8
        Real pictures, labelled or not.
    labels : sequence of LabelledTile
        Of both classes.
    drawn : Lessons
        Phantom frames with their exact masks.
    curriculum : Curriculum, optional
    class_map : ClassMap, optional
        What the labels say, where it is known already; see `fit_class_map`.
    outlines : PolypSegmenter, optional
        One that has learned outlines from drawn frames already, as `watch` got it at 0; it is taught in place.
    watch : callable, optional
        Called as ``watch(round, segmenter, losses)`` when the outlines (0), and each round (from 1), are learned.

    Returns
    -------
    Graduation
    """
    plan = curriculum or Curriculum()
    # 1 the class map: what of a labelled tile sets it apart, looked for in every picture
    class_map = class_map or fit_class_map(pictures, labels, seed=plan.seed, stage=stage)
    scores = class_map.score(pictures, stage=stage)
    # 2 outlines, from frames whose masks are exact because they were drawn with them
    segmenter = outlines
    if segmenter is None:
        segmenter = _teach_outlines(pictures, drawn, plan, stage=stage, watch=watch)
    known = resize_maps(scores, plan.side // HEAD_STRIDE)
    if plan.shape_steps:
        shape = _find_outlines(segmenter, pictures, known, plan, least_peak=class_map.least_peak, stage=stage)
    else:
        shape = np.full(known.shape, 0.5, np.float32)  # says nothing
    # 3 both together are the pseudo-masks; 4 the student learns them, 5 and again from what it then says
    pseudo_masks = fuse_witnesses(known, shape, least_peak=class_map.least_peak)
    learn_rounds(
        segmenter,
        pictures,
        labels,
        drawn,
        plan,
        has_polyp=class_map.find_polyps(scores, labels),
        pseudo_masks=pseudo_masks,
        stage=stage,
        watch=watch,
    )
    return Graduation(segmenter.eval(), class_map, scores, pseudo_masks[0])


def learn_rounds(
    segmenter: PolypSegmenter,
    pictures: np.ndarray,
    labels: Sequence[LabelledTile],
    drawn: Lessons,
    plan: Curriculum,
    *,
    has_polyp: np.ndarray,
    pseudo_masks: PseudoMasks | None = None,
    first: int = 1,
    stage: Stage = silent_stage,
    watch: Watch = _watch_nothing,
) -> None:
    """Teach a segmenter round by round, in place; each round but the first learns from what the one before says.

    Parameters
    ----------
    has_polyp : ndarray of shape (n,), bool
        Pictures that hold a polyp as far as is known; see `ClassMap.find_polyps`.
    pseudo_masks : (targets, weights), optional
        Of the first round. Without them the segmenter's own are taken.
    first : int, default 1
        Round to begin with: a training that was stopped goes on with the one after the last whole one.
    """
    empty = _cut_empty_tiles(pictures, labels)
    for number in range(first, len(plan.rounds) + 1):
        if pseudo_masks is None:
            pseudo_masks = sharpen(_look_again(segmenter, pictures, plan, stage=stage), has_polyp=has_polyp)
        pseudo_masks = empty_masks(*pseudo_masks, list_polyp_free(labels))
        losses = teach(
            segmenter,
            Timetable([Lessons(pictures, *pseudo_masks), drawn, empty], plan.batch, plan.side),
            n_steps=plan.rounds[number - 1],
            learning_rate=plan.learning_rate,
            seed=plan.seed + number,
            on_progress=stage(f"Learning masks, round {number} of {len(plan.rounds)}"),
        )
        pseudo_masks = None
        watch(number, segmenter, losses)


def _teach_outlines(
    pictures: np.ndarray, drawn: Lessons, plan: Curriculum, *, stage: Stage, watch: Watch
) -> PolypSegmenter:
    """Return a new network that has learned outlines from drawn frames; an untaught one where no steps are planned."""
    segmenter = build_segmenter(seed=plan.seed)
    if plan.shape_steps:
        losses = teach(
            segmenter,
            Timetable([drawn], [sum(plan.batch)], plan.side),
            n_steps=plan.shape_steps,
            learning_rate=plan.learning_rate,
            seed=plan.seed,
            on_progress=stage("Learning outlines from drawn frames"),
        )
        _get_used_to(segmenter, pictures, plan)
        watch(0, segmenter, losses)
    return segmenter


def _get_used_to(segmenter: PolypSegmenter, pictures: np.ndarray, plan: Curriculum) -> None:
    """Let a network that has seen drawn frames only get used to the looks of real pictures; it learns nothing else."""
    untold = np.zeros((len(pictures), 1, 1), np.float16)
    looks = Timetable([Lessons(pictures, untold, untold)], [sum(plan.batch)], plan.side)
    adapt_normalization(segmenter, looks, n_steps=_LOOKS, seed=plan.seed)


def _find_outlines(
    segmenter: PolypSegmenter,
    pictures: np.ndarray,
    known: np.ndarray,
    plan: Curriculum,
    *,
    least_peak: float,
    stage: Stage,
) -> np.ndarray:
    """Return what a network that knows drawn polyps sees in real pictures, each at a size that fits it.

    How large the polyp is, is taken from a first look together with what the class map says.
    """
    on_progress = stage("Outlines in real pictures")
    shape = compute_probabilities(segmenter, pictures, side=plan.side, mirrored=False, on_progress=on_progress)
    rough, _ = fuse_witnesses(known, shape, least_peak=least_peak)
    on_progress = stage("Outlines in real pictures, at a size that fits")
    return look_closely(segmenter, pictures, _measure_areas(rough), side=plan.side, on_progress=on_progress)


def _look_again(segmenter: PolypSegmenter, pictures: np.ndarray, plan: Curriculum, *, stage: Stage) -> np.ndarray:
    """Return what a segmenter says of the pictures it learns from, each at a size that fits it."""
    on_progress = stage("Looking again")
    said = compute_probabilities(segmenter, pictures, side=plan.use_side, mirrored=False, on_progress=on_progress)
    on_progress = stage("Looking again, at a size that fits")
    return look_closely(segmenter, pictures, _measure_areas(said), side=plan.use_side, on_progress=on_progress)


def _measure_areas(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of each picture that is more likely polyp than not, (n,) float64."""
    return (probabilities > 0.5).mean(axis=(1, 2))


def _cut_empty_tiles(pictures: np.ndarray, labels: Sequence[LabelledTile]) -> Lessons:
    """Return the tiles without polyp as lessons whose mask is empty."""
    cut = []
    for one in labels:
        if not one.is_polyp:
            left, top, right, bottom = (round(share * PICTURE_SIDE) for share in one.box)
            cut.append(pictures[one.picture, top:bottom, left:right])
    squares = np.stack([_enlarge(tile) for tile in cut])
    nothing = np.zeros((len(squares), 1, 1), np.float16)
    return Lessons(squares, nothing, nothing + 1, smallest_view=0.7)


def _enlarge(tile: np.ndarray) -> np.ndarray:
    """Bring a tile (h, w, 3) uint8 to the size of a picture."""
    colours = torch.from_numpy(np.ascontiguousarray(tile)).permute(2, 0, 1)[None].float()
    grown = interpolate(colours, size=(PICTURE_SIDE, PICTURE_SIDE), mode="bilinear", antialias=True)[0]
    return grown.permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
