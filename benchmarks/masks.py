"""How good are masks that no drawn mask taught: the recommended mode step by step, beside trivial masks.

Run ``python benchmarks/masks.py --pictures kvasir-seg``: a folder with images/ and masks/. The pictures are dealt to
five folds; in each, the other four give 100 tiles with polyp and 100 without (2x2 tiles; their labels are the only use
of masks before the scoring), everything is learned from those and from drawn frames, and the fold is scored once for
each step. ``--ablate`` learns once more without drawn frames. Prints a table after each fold; with all folds and the
ablation it is written to docs/masks.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from medxai_core.config import SEGMENTER
from medxai_core.evaluation.baselines import compute_mean_mask, make_trivial_masks
from medxai_core.evaluation.intervals import bootstrap_mean
from medxai_core.evaluation.scores import ImageScores, score_mask
from medxai_core.images import load_image, load_mask
from medxai_core.models import PolypSegmenter, default_preprocessing, preprocess
from medxai_core.students.curriculum import Curriculum, LabelledTile, graduate
from medxai_core.students.drawn_frames import draw_lessons
from medxai_core.students.lessons import PICTURE_SIDE, Lessons
from medxai_core.students.pseudo_masks import HALF_HEIGHT
from medxai_core.students.teaching import compute_probabilities, look_closely

N_FOLDS, N_SEEDS = 5, 100
TILES = [(0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0)]
BEGIN, END = "<!-- masks: written by benchmarks/masks.py -->", "<!-- end of masks -->"


@dataclass
class Steps:
    """Hold the scores of every picture by step, and what the work cost."""

    scores: dict[str, list[ImageScores]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    empty_tiles: list[tuple[bool, float]] = field(default_factory=list)

    def add(self, name: str, mask: np.ndarray, truth: np.ndarray, item: str) -> None:
        """Score one mask, (H, W) bool."""
        self.scores.setdefault(name, []).append(score_mask(mask, truth, item=item))


def main() -> None:
    """Run the folds that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="Folder with images/ and masks/.")
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(N_FOLDS)))
    parser.add_argument("--ablate", action="store_true", help="Learn once more without drawn frames.")
    asked = parser.parse_args()
    names = sorted(path.name for path in (asked.pictures / "images").iterdir())
    pictures = np.stack(Parallel(-1)(delayed(_load_square)(asked.pictures / "images" / name) for name in names))
    drawn = draw_lessons(*Curriculum().n_drawn)
    folds = np.array_split(np.random.default_rng(0).permutation(len(names)), N_FOLDS)
    steps = Steps()
    for fold in asked.folds:
        run_fold(
            asked.pictures,
            names,
            pictures,
            drawn,
            test=np.sort(folds[fold]),
            seed=fold,
            steps=steps,
            ablate=asked.ablate,
        )
        sys.stdout.write(f"after fold {fold}\n{write_table(steps)}\n")
        sys.stdout.flush()
    if asked.ablate and set(asked.folds) == set(range(N_FOLDS)):
        write_page(write_table(steps))


def _load_square(path: Path) -> np.ndarray:
    """Load a picture as a square of 448 pixels."""
    picture = Image.fromarray(load_image(path))
    return np.asarray(picture.resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BILINEAR))


def label_tiles(truths: list[np.ndarray], rng: np.random.Generator) -> list[LabelledTile]:
    """Return 100 tiles with polyp and 100 without: all that is learned from the masks."""
    tiles = [LabelledTile(row, box, bool(_cut(truth, box).any())) for row, truth in enumerate(truths) for box in TILES]
    chosen = []
    for is_polyp in (True, False):
        of_class = [one for one in tiles if one.is_polyp is is_polyp]
        chosen += [of_class[place] for place in rng.permutation(len(of_class))[:N_SEEDS]]
    return chosen


def _cut(values: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Cut a tile out of a picture or mask (odd sizes: floor)."""
    height, width = values.shape[:2]
    left, top, right, bottom = box
    return values[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]


def run_fold(
    root: Path,
    names: list[str],
    pictures: np.ndarray,
    drawn: Lessons,
    *,
    test: np.ndarray,
    seed: int,
    steps: Steps,
    ablate: bool,
) -> None:
    """Learn from all folds but one, and score that one."""
    train = np.setdiff1d(np.arange(len(names)), test)
    known = [load_mask(root / "masks" / names[row]) for row in train]
    labels = label_tiles(known, np.random.default_rng(seed))
    mean = compute_mean_mask(known)
    fold = Fold(
        pictures[test], [load_mask(root / "masks" / names[row]) for row in test], [names[row] for row in test], steps
    )
    for truth, item in zip(fold.truths, fold.items, strict=True):
        for name, mask in make_trivial_masks(truth.shape, mean=mean).items():
            steps.add(name, mask, truth, item)
    learn_and_score(fold, pictures[train], labels, drawn, Curriculum(seed=seed))
    if ablate:
        without = Curriculum(seed=seed, shape_steps=0, batch=(7, 0, 1))
        learn_and_score(fold, pictures[train], labels, drawn, without, name="no drawn frames, ")


@dataclass
class Fold:
    """Hold the pictures that are scored, and where the scores go."""

    pictures: np.ndarray
    truths: list[np.ndarray]
    items: list[str]
    steps: Steps


def learn_and_score(
    fold: Fold, pictures: np.ndarray, labels: list[LabelledTile], drawn: Lessons, plan: Curriculum, *, name: str = ""
) -> None:
    """Teach a segmenter, and score what each step makes of the pictures kept apart."""
    paused = 0.0

    def watch(round_number: int, segmenter: PolypSegmenter, losses: Sequence[float]) -> None:
        nonlocal paused
        begun = time.perf_counter()
        words = f"{name}round {round_number}" if round_number else f"{name}outlines of drawn frames alone"
        said = _look_once(segmenter, fold.pictures, plan.side)
        _score_maps(f"{words}, probability > .5", said, 0.5, fold)
        if round_number == len(plan.rounds):
            said = compute_probabilities(segmenter, fold.pictures, side=plan.side)
            _score_maps(f"{words}, mean of 4 mirror images", said, 0.5, fold)
            said = look_closely(segmenter, fold.pictures, (said > 0.5).mean(axis=(1, 2)), side=plan.side)
            _score_maps(f"{words}, at a size that fits", said, 0.5, fold)
        paused += time.perf_counter() - begun

    begun = time.perf_counter()
    found = graduate(pictures, labels, drawn, plan, stage=_tell, watch=watch)
    if name:
        return
    fold.steps.seconds.append(time.perf_counter() - begun - paused)
    scores = found.class_map.score(fold.pictures)
    peaks = np.maximum(scores.max(axis=(1, 2), keepdims=True), found.class_map.least_peak)
    _score_maps(f"class map > {HALF_HEIGHT} of its peak", scores / peaks, HALF_HEIGHT, fold)
    _look_at_empty_tiles(found.segmenter, fold, side=plan.side)


def _look_once(segmenter: PolypSegmenter, pictures: np.ndarray, side: int) -> np.ndarray:
    """Return the probabilities as the app and `segment` compute them: one pass, no mirror images."""
    seen = default_preprocessing(SEGMENTER, side)
    parts = []
    with torch.no_grad():
        for start in range(0, len(pictures), 16):
            parts.append(
                torch.sigmoid(segmenter.eval().segment(preprocess(list(pictures[start : start + 16]), seen))).numpy()
            )
    return np.concatenate(parts)


def _score_maps(name: str, maps: np.ndarray, threshold: float, fold: Fold) -> None:
    """Enlarge maps to their pictures, cut them and score them."""
    for values, truth, item in zip(maps, fold.truths, fold.items, strict=True):
        grown = Image.fromarray(values.astype(np.float32)).resize(truth.shape[::-1], Image.Resampling.BILINEAR)
        fold.steps.add(name, np.asarray(grown) > threshold, truth, item)


def _look_at_empty_tiles(segmenter: PolypSegmenter, fold: Fold, *, side: int) -> None:
    """Count how often there is a mask on a tile without polyp, shown as a picture of its own."""
    tiles = [
        np.asarray(Image.fromarray(_cut(picture, box)).resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BILINEAR))
        for picture, truth in zip(fold.pictures, fold.truths, strict=True)
        for box in TILES
        if not _cut(truth, box).any()
    ]
    for said in _look_once(segmenter, np.stack(tiles), side):
        fold.steps.empty_tiles.append((bool((said > 0.5).any()), float((said > 0.5).mean())))


def _tell(name: str) -> Callable[[int, int], None]:
    """Say which step begins."""
    sys.stdout.write(f"  {time.strftime('%H:%M:%S')} {name}\n")
    sys.stdout.flush()
    return lambda done, total: None


def write_table(steps: Steps) -> str:
    """Return the table of all steps, means with 95 % intervals."""
    lines = ["| masks | n | Dice | Jaccard | recall | precision |", "|---|---|---|---|---|---|"]
    for name, scores in steps.scores.items():
        cells = [name, str(len(scores))]
        for metric in ("dice", "jaccard", "recall", "precision"):
            values = [value for one in scores if (value := one.value(metric)) is not None]
            interval = bootstrap_mean(values)
            cells.append(f"{np.mean(values):.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        lines.append("| " + " | ".join(cells) + " |")
    share = np.mean([found for found, _ in steps.empty_tiles]) if steps.empty_tiles else float("nan")
    area = np.mean([area for _, area in steps.empty_tiles]) if steps.empty_tiles else float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += [
        "",
        f"Tiles without polyp, shown as pictures: {share:.1%} of {len(steps.empty_tiles)} get a mask; "
        f"mean area {area:.1%}.",
        f"Learning took {', '.join(f'{one:.0f}' for one in steps.seconds)} s a fold; peak memory {peak:.0f} MB; "
        f"{platform.machine()}.",
    ]
    return "\n".join(lines) + "\n"


def write_page(table: str) -> None:
    """Put the table into docs/masks.md."""
    page = ROOT / "docs" / "masks.md"
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    page.write_text(head + BEGIN + "\n" + table + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
