"""What each part of the recommended mode is worth: one fold of `masks.py` without it, beside the whole.

Run ``python benchmarks/mask_parts.py --pictures kvasir-seg`` after ``masks.py`` has learned that fold (its networks and
scores lie in ``--results``). Three kinds of rows: the class map fitted anew without a part of it; the student taught
anew without a part of its lessons (about as long as a fold; what was learned is kept there too); the last round's map
mended by other evidence of the picture. All are scored on the same pictures, which took part in nothing, and stand
beside the whole by the mean of the differences. Writes the table into docs/masks.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from joblib import Parallel, delayed
from PIL import Image
from safetensors.torch import load_model

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

import masks
import tables
from fold_results import Results
from labels import KnownFeatures

from medxai_core.evaluation.paired import compare_paired
from medxai_core.memory import keep_freed_memory
from medxai_core.models import build_segmenter
from medxai_core.students.class_map import ClassMap, LabelledTile, fit_class_map, load_class_map
from medxai_core.students.curriculum import Curriculum, graduate
from medxai_core.students.drawn_frames import draw_lessons
from medxai_core.students.pseudo_masks import HALF_HEIGHT, sharpen
from medxai_core.students.tile_probe import VIEWS, View

CLASS_MAP_PARTS, STUDENT_PARTS, MENDED = "the class map alone", "the student, last round", "the student's map, mended"
CHANNELS = {4: (0, 40), 9: (40, 120), 14: (120, 232), 19: (232, 424)}
"""Block of lite1 -> its places among the 424 features of a place."""

SMALL = 224  # side of the picture that other evidence is looked for in
CELLS = 28  # a row of the class map
N_SEGMENTS, NEAR = 400, 0.1


@dataclass
class Part:
    """Name what is left out, and hold what replaces it while that is learned.

    Attributes
    ----------
    words : str
    views : tuple of View
        Of the class map.
    blocks : tuple of int
        Whose features it probes.
    replaced : dict
        Name of a function or figure of `medxai_core.students` -> what stands in for it.
    plan : dict
        Fields of the curriculum.
    """

    words: str
    views: tuple[View, ...] = VIEWS
    blocks: tuple[int, ...] = tuple(CHANNELS)
    replaced: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Leave it out inside a ``with`` block."""
        with ExitStack() as stack:
            for name, value in ({"class_map.VIEWS": self.views} | self.replaced).items():
                stack.enter_context(patch(f"medxai_core.students.{name}", value))
            yield


def weigh_alike(evidence: np.ndarray) -> np.ndarray:
    """Let each place count fully, however near even the evidence is."""
    return np.ones_like(evidence, np.float32)


def sharpen_only(probabilities: np.ndarray, *, has_polyp: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Raise no picture that is known to hold a polyp."""
    return sharpen(probabilities)


def choose_one_side(areas: np.ndarray, side: int) -> np.ndarray:
    """Show each picture at the usual size."""
    return np.full(len(areas), side)


OF_CLASS_MAP = (
    Part("448 pixels only, one way up", views=VIEWS[:1]),
    Part("320 pixels only", views=VIEWS[2:]),
    Part("448 pixels only, both ways up", views=VIEWS[:2]),
    Part("448 and 320 pixels, one way up", views=(VIEWS[0], VIEWS[2])),
    *(Part(f"block {block} only", blocks=(block,)) for block in CHANNELS),
    *(Part(f"without block {left}", blocks=tuple(one for one in CHANNELS if one != left)) for left in CHANNELS),
    Part("all places of a tile count, not the highest fifth", replaced={"tile_probe.HIGHEST": 1.0}),
)

OF_STUDENT = (
    Part("no picture is raised", replaced={"curriculum.sharpen": sharpen_only}),
    Part("each picture looked at in one size while learning", replaced={"teaching.choose_sides": choose_one_side}),
    Part("places count alike, however sure", replaced={"pseudo_masks.weigh_evidence": weigh_alike}),
    Part("no drawn frames", plan={"shape_steps": 0, "batch": (7, 0, 1)}),
)


class SomeFeatures:
    """Features of some blocks only."""

    def __init__(self, known: KnownFeatures, blocks: Sequence[int]) -> None:
        self._known = known
        self._channels = np.concatenate([np.arange(*CHANNELS[block]) for block in blocks])

    def __call__(self, rows: np.ndarray, view: View) -> torch.Tensor:
        """Return the features of the pictures of these rows."""
        return self._known(rows, view)[:, self._channels]


def fit_without(part: Part, known: KnownFeatures, labels: Sequence[LabelledTile], rows: np.ndarray, seed: int) -> Any:
    """Fit a class map without a part; return it and the features that it sees."""
    seen = SomeFeatures(known, part.blocks)
    with part.left_out():
        return fit_class_map(rows, labels, seed=seed, features=seen), seen


def spread_over_alike(scores: np.ndarray, features: torch.Tensor) -> np.ndarray:
    """Give each place the mean score of the places whose features are like its own (self-similarity)."""
    spread = np.empty_like(scores)
    for row, one in enumerate(features):
        places = torch.nn.functional.normalize(one.flatten(1) - one.flatten(1).mean(dim=1, keepdim=True), dim=0)
        alike = torch.softmax(places.T @ places / NEAR, dim=1)  # (p, p)
        spread[row] = (alike @ torch.from_numpy(scores[row]).flatten()).reshape(CELLS, CELLS).numpy()
    return spread


def average_superpixels(picture: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give each place of a map the mean of its superpixel (SLIC), (SMALL, SMALL) float32."""
    from skimage.segmentation import slic

    segments = slic(_shrink(picture), n_segments=N_SEGMENTS, compactness=10, start_label=0)
    small = _shrink(values.astype(np.float32)).ravel()
    sums = np.bincount(segments.ravel(), small) / np.maximum(np.bincount(segments.ravel()), 1)
    averaged: np.ndarray = sums[segments].astype(np.float32)
    return averaged


def walk_at_random(picture: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Let places that are near even be decided by the edges of the picture (random walker), (SMALL, SMALL) float32."""
    from skimage.segmentation import random_walker

    small = _shrink(values.astype(np.float32))
    known = np.where(small > 0.9, 1, np.where(small < 0.1, 2, 0))
    if len(np.unique(known[known > 0])) < 2 or not (known == 0).any():
        return small
    chances = random_walker(
        _shrink(picture) / 255, known, beta=130, mode="cg_j", channel_axis=-1, return_full_prob=True
    )
    return np.asarray(chances[0], np.float32)


def _shrink(values: np.ndarray) -> np.ndarray:
    """Bring a picture or map to SMALL x SMALL, bilinearly."""
    return np.asarray(Image.fromarray(values).resize((SMALL, SMALL), Image.Resampling.BILINEAR))


def mend(maps: np.ndarray, pictures: np.ndarray, way: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Mend the map of each picture, side by side."""
    return np.stack(Parallel(-1)(delayed(way)(*one) for one in zip(pictures, maps, strict=True)))


def score_class_maps(fold: masks.Fold, seed: int) -> Results:
    """Score the class map, and what it is without each of its parts."""
    found = Results()
    known = KnownFeatures(np.concatenate([fold.learned, fold.pictures]))
    rows = np.arange(len(fold.learned) + len(fold.pictures)).reshape(-1, 1, 1, 1)
    learned, scored = rows[: len(fold.learned)], rows[len(fold.learned) :]
    for part in (Part("the whole"), *OF_CLASS_MAP):
        class_map, seen = fit_without(part, known, fold.labels, learned, seed)
        with part.left_out():
            scores = class_map.score(scored, features=seen)
        _score(found, part.words, class_map, scores, fold)
        if part.words == "the whole":
            alike = spread_over_alike(scores, known(scored, VIEWS[0]))
            _score(found, "mended: mean of places with alike features", class_map, alike, fold)
            averaged = mend(class_map.scale(scores), fold.pictures, average_superpixels)
            masks.score_maps(found, "mended: mean of a superpixel", averaged, HALF_HEIGHT, fold)
    return found


def _score(found: Results, words: str, class_map: ClassMap, scores: np.ndarray, fold: masks.Fold) -> None:
    """Score class maps as masks."""
    masks.score_maps(found, words, class_map.scale(scores), HALF_HEIGHT, fold)


def score_students(fold: masks.Fold, root: Path, seed: int, *, n_parts: int) -> Results:
    """Score the student's last round, and what it is without each of the first parts of its lessons."""
    plan, found = Curriculum(seed=seed), Results()
    class_map = load_class_map(root / f"fold{seed}" / masks.CLASS_MAP)
    whole, segmenter = root / f"fold{seed}", build_segmenter(weights="scratch")
    for number, part in enumerate((Part("the whole"), *OF_STUDENT[:n_parts])):
        folder = root / f"fold{seed}_part{number}" if number else whole
        last = folder / masks.ROUND.format(len(plan.rounds))
        if not last.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            drawn = draw_lessons(*plan.n_drawn)
            with part.left_out():
                graduate(
                    fold.learned,
                    fold.labels,
                    drawn,
                    replace(plan, **part.plan),
                    class_map=class_map,
                    stage=masks.tell,
                    watch=masks.keep_rounds(folder),
                )
        load_model(segmenter, str(last))
        said = masks.look_once(segmenter, fold.pictures, plan.use_side)
        masks.score_maps(found, part.words, said, 0.5, fold)
        if not number:
            small = masks.look_once(segmenter, fold.pictures, plan.side)
            masks.score_maps(found, f"looked at with {plan.side} pixels, not {plan.use_side}", small, 0.5, fold)
            for words, way in (("mean of a superpixel", average_superpixels), ("random walker", walk_at_random)):
                masks.score_maps(found, f"mended: {words}", mend(said, fold.pictures, way), 0.5, fold)
    return found


def write_rows(found: Results) -> list[str]:
    """Return the rows of one kind; the first step is the whole."""
    (_, whole), *rest = found.scores.items()
    whole_dice = np.array([row["dice"] for row in whole])
    lines = [f"| the whole | {whole_dice.mean():.3f} | - | {np.mean([row['jaccard'] for row in whole]):.3f} |"]
    for words, rows in rest:
        dice = np.array([row["dice"] for row in rows])
        gap = compare_paired(dice, whole_dice)
        low, high = gap.interval.low, gap.interval.high
        told = f"{gap.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        lines.append(f"| {words} | {dice.mean():.3f} | {told} | {np.mean([row['jaccard'] for row in rows]):.3f} |")
    return lines


def main() -> None:
    """Score one fold without each part, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="Folder with images/ and masks/.")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--student-parts", type=int, default=len(OF_STUDENT), help="How many of the student's.")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "masks", help="Where folds are kept.")
    asked = parser.parse_args()
    if asked.pictures is None or not (asked.results / f"fold{asked.fold}" / masks.LEARNED).is_file():
        sys.stdout.write("mask_parts: left out; it needs real pictures (--pictures) and a fold of masks.py.\n")
        return
    keep_freed_memory()
    fold = masks.load_fold(asked.pictures, asked.fold)
    lines = []
    for kind, score in (
        (CLASS_MAP_PARTS, lambda: score_class_maps(fold, asked.fold)),
        (STUDENT_PARTS, lambda: score_students(fold, asked.results, asked.fold, n_parts=asked.student_parts)),
    ):
        found = score()
        lines += ["", f"| {kind} | Dice | difference to the whole | Jaccard |", "|---|---|---|---|", *write_rows(found)]
        sys.stdout.write("\n".join(lines) + "\n")
    tables.write_table("masks.md", "mask_parts", _introduce(asked.fold, fold) + "\n".join(lines) + "\n")


def _introduce(number: int, fold: masks.Fold) -> str:
    """Return the sentence above the tables."""
    return (
        f"`python benchmarks/mask_parts.py --fold {number}`: {len(fold.pictures)} pictures of fold {number}; "
        "differences with a 95 % interval, by picture.\n"
    )


if __name__ == "__main__":
    main()
