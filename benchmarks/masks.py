"""How good are masks that no drawn mask taught: the recommended mode step by step, beside trivial masks.

Run ``python benchmarks/masks.py --pictures kvasir-seg``: a folder with images/ and masks/. The pictures are dealt to
five folds; in each, the other four give 100 tiles with polyp and 100 without (2x2 tiles; their labels are the only use
of masks in learning), everything is learned from those and from drawn frames, and the fold is scored once for each
step. 40 pictures of the four take no part in learning: they are what tuning pictures are in a study, and say how far
the probabilities were right. ``--labels 50 500`` learns once more from so many labelled tiles (half of them with
polyp; the 50 are among the 200, these among the 500); ``--polyp-free`` names a folder of pictures without any polyp. A
fold takes about 15 minutes; the networks of its rounds and its scores are kept in ``--results``: a run that was stopped
goes on with the next fold. Prints a table after each fold; with all five it is written to docs/masks.md. What the parts
of the mode are worth: ``mask_parts.py``.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import Parallel, delayed
from PIL import Image
from safetensors.torch import load_model, save_model

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

import tables
from fold_results import AFTER_ROUND, FINAL, N_CHECKED, Results, write_table

from medxai_core.config import SEGMENTER
from medxai_core.evaluation.baselines import compute_mean_mask, make_trivial_masks
from medxai_core.evaluation.reliability import (
    PictureReliability,
    combine_reliability,
    find_reached,
    measure_reliability,
)
from medxai_core.images import load_image, load_mask
from medxai_core.memory import keep_freed_memory
from medxai_core.models import PolypSegmenter, build_segmenter, default_preprocessing, hold_back_doubt, preprocess
from medxai_core.phantom.frames import draw_frame
from medxai_core.students.class_map import LabelledTile, load_class_map
from medxai_core.students.curriculum import Curriculum, Watch, graduate
from medxai_core.students.drawn_frames import FIRST_SEED, draw_lessons
from medxai_core.students.lessons import PICTURE_SIDE, Lessons
from medxai_core.students.pseudo_masks import HALF_HEIGHT
from medxai_core.students.teaching import compute_probabilities, look_closely

N_FOLDS, N_LABELS, N_DRAWN = 5, 200, 100
TILES = [(0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0)]
FEWER_OR_MORE = "{} labels, "
ROUND, CLASS_MAP = "round{}.safetensors", "class_map.safetensors"
LEARNED, SCORES = "learned.json", "scores.json"


def main() -> None:
    """Run the folds that are asked for and not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="Folder with images/ and masks/.")
    parser.add_argument("--polyp-free", type=Path, help="Folder of pictures without polyp, from another hospital.")
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(N_FOLDS)))
    parser.add_argument("--labels", type=int, nargs="*", default=[], help="Learn once more from so many labels.")
    parser.add_argument("--score-again", action="store_true", help="Score what is learned already once more.")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "masks", help="Where folds are kept.")
    asked = parser.parse_args()
    if asked.pictures is None:
        sys.stdout.write("masks: left out; it needs real pictures (--pictures).\n")
        return
    keep_freed_memory()
    names, pictures = _load_pictures(asked.pictures)
    polyp_free = _load_squares(sorted(asked.polyp_free.iterdir())) if asked.polyp_free else None
    drawn = draw_lessons(*Curriculum().n_drawn)
    for seed in asked.folds:
        whole = Curriculum(seed=seed)
        variants = [("", f"fold{seed}", whole, N_LABELS)]
        variants += [(FEWER_OR_MORE.format(n), f"fold{seed}_{n}_labels", whole, n) for n in asked.labels]
        for name, kept, plan, n_labels in variants:
            fold = deal_fold(asked.pictures, names, pictures, seed=seed, n_labels=n_labels)
            folder = asked.results / kept
            if _read_learned(folder, plan) is None:
                learn(fold, drawn, plan, folder)
            if asked.score_again or not (folder / SCORES).is_file():
                results = score(fold, plan, polyp_free, folder, name=name)
                (folder / SCORES).write_text(json.dumps(asdict(results)), encoding="utf-8")
        sys.stdout.write(f"after fold {seed}\n{write_table(_read_all(asked.results))}\n")
        sys.stdout.flush()
    found = _read_all(asked.results)
    if sum(FINAL in one.scores for one in found) == N_FOLDS:
        tables.write_table("masks.md", "masks", write_table(found))


def _read_learned(folder: Path, plan: Curriculum) -> dict[str, Any] | None:
    """Return what a fold cost, or None when it was not learned, or under another plan."""
    if not (folder / LEARNED).is_file():
        return None
    learned: dict[str, Any] = json.loads((folder / LEARNED).read_text(encoding="utf-8"))
    return learned if learned["plan"] == json.loads(json.dumps(asdict(plan))) else None


def _read_all(root: Path) -> list[Results]:
    """Return all folds that are kept."""
    return [Results(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(root.glob(f"fold*/{SCORES}"))]


def _load_pictures(root: Path) -> tuple[list[str], np.ndarray]:
    """Return the names and the pictures, (n, 448, 448, 3) uint8, of a folder with images/."""
    names = sorted(path.name for path in (root / "images").iterdir())
    return names, _load_squares([root / "images" / name for name in names])


def _load_squares(paths: Sequence[Path]) -> np.ndarray:
    """Load pictures (n, 448, 448, 3) uint8."""
    return np.stack(Parallel(-1)(delayed(_load_square)(path) for path in paths))


def _load_square(path: Path) -> np.ndarray:
    """Load a picture as a square of 448 pixels."""
    picture = Image.fromarray(load_image(path))
    return np.asarray(picture.resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BILINEAR))


def label_tiles(truths: list[np.ndarray], rng: np.random.Generator, n_labels: int) -> list[LabelledTile]:
    """Return labelled tiles, half of them with polyp: all that is learned from the masks."""
    tiles = [
        LabelledTile(row, box, bool(cut_tile(truth, box).any())) for row, truth in enumerate(truths) for box in TILES
    ]
    chosen = []
    for is_polyp in (True, False):
        of_class = [one for one in tiles if one.is_polyp is is_polyp]
        chosen += [of_class[place] for place in rng.permutation(len(of_class))[: n_labels // 2]]
    return chosen


def cut_tile(values: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Cut a tile out of a picture or mask (odd sizes: floor)."""
    height, width = values.shape[:2]
    left, top, right, bottom = box
    return values[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]


@dataclass
class Fold:
    """Hold one fold: pictures and labels to learn from, and what is scored."""

    learned: np.ndarray
    learned_items: list[str]
    labels: list[LabelledTile]
    checked: np.ndarray
    checked_truths: list[np.ndarray]
    pictures: np.ndarray
    truths: list[np.ndarray]
    items: list[str]
    mean: np.ndarray
    seed: int


def load_fold(root: Path, seed: int) -> Fold:
    """Load the pictures and deal one fold, with as many labels as the mode asks for."""
    return deal_fold(root, *_load_pictures(root), seed=seed, n_labels=N_LABELS)


def deal_fold(root: Path, names: list[str], pictures: np.ndarray, *, seed: int, n_labels: int) -> Fold:
    """Learn from all pictures but those of one fold, and but a few that only say how far to trust the masks."""
    test = np.sort(np.array_split(np.random.default_rng(0).permutation(len(names)), N_FOLDS)[seed])
    rest = np.random.default_rng(seed).permutation(np.setdiff1d(np.arange(len(names)), test))
    check, train = np.sort(rest[:N_CHECKED]), np.sort(rest[N_CHECKED:])
    known, checked, truths = ([load_mask(root / "masks" / names[row]) for row in rows] for rows in (train, check, test))
    labels = label_tiles(known, np.random.default_rng(seed), n_labels)
    learned_items, items = ([names[row] for row in rows] for rows in (train, test))
    mean = compute_mean_mask(known)
    return Fold(
        pictures[train], learned_items, labels, pictures[check], checked, pictures[test], truths, items, mean, seed
    )


def learn(fold: Fold, drawn: Lessons, plan: Curriculum, folder: Path) -> None:
    """Teach a segmenter; keep the network of each round, the class map, and what it cost."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCORES).unlink(missing_ok=True)
    begun, worked = time.perf_counter(), time.process_time()
    found = graduate(fold.learned, fold.labels, drawn, plan, stage=tell, watch=keep_rounds(folder))
    cost = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked}
    found.class_map.save(folder / CLASS_MAP)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    learned = {"plan": asdict(plan), "peak": peak, **cost}
    (folder / LEARNED).write_text(json.dumps(learned), encoding="utf-8")


def keep_rounds(folder: Path) -> Watch:
    """Return who looks on while a segmenter is taught, and keeps the network of each round."""

    def keep(round_number: int, segmenter: PolypSegmenter, losses: Sequence[float]) -> None:
        save_model(segmenter, str(folder / ROUND.format(round_number)))

    return keep


def score(fold: Fold, plan: Curriculum, polyp_free: np.ndarray | None, folder: Path, *, name: str) -> Results:
    """Score what each step makes of the pictures kept apart."""
    results = Results(learned=_read_learned(folder, plan) or {})
    segmenter, n_rounds = build_segmenter(weights="scratch"), len(plan.rounds)
    if not name:
        for truth, item in zip(fold.truths, fold.items, strict=True):
            for trivial, mask in make_trivial_masks(truth.shape, mean=fold.mean).items():
                results.add(trivial, mask, truth, item)
    located = load_class_map(folder / CLASS_MAP).locate(fold.pictures)
    score_maps(results, f"{name}class map > {HALF_HEIGHT} of its peak", located, HALF_HEIGHT, fold)
    for number in range(1 if name else 0, n_rounds + 1):
        load_model(segmenter, str(folder / ROUND.format(number)))
        words = AFTER_ROUND.format(number) if number else "outlines of drawn frames alone, probability > .5"
        said = look_once(segmenter, fold.pictures, plan.use_side)
        score_maps(results, name + words, said, 0.5, fold)
    _trust(results, name + words, segmenter, said, fold, plan.use_side)
    if name:
        return results
    said = compute_probabilities(segmenter, fold.pictures, side=plan.use_side)
    score_maps(results, f"round {n_rounds}, mean of 4 mirror images", said, 0.5, fold)
    said = look_closely(segmenter, fold.pictures, (said > 0.5).mean(axis=(1, 2)), side=plan.use_side)
    score_maps(results, f"round {n_rounds}, at a size that fits", said, 0.5, fold)
    for kind, empty in (
        ("tiles of the fold", _cut_polyp_free_tiles(fold)),
        ("drawn frames that were not learned from", _draw_polyp_free()),
        ("pictures of another hospital", polyp_free),
    ):
        if empty is not None:
            marked = look_once(segmenter, empty, plan.use_side) > 0.5
            results.empty[kind] = [(bool(one.any()), float(one.mean())) for one in marked]
    return results


def _trust(results: Results, name: str, segmenter: PolypSegmenter, said: np.ndarray, fold: Fold, side: int) -> None:
    """Note how far the probabilities were right, and what the pictures kept for that say of such promises."""
    known = _measure(look_once(segmenter, fold.checked, side), fold.checked_truths)
    seen = _measure(said, fold.truths)
    found = combine_reliability(known)
    for one, row in zip(seen, results.scores[name], strict=True):
        alike = None if one.expected is None else find_reached(one.expected, found)
        row["expected"] = one.expected
        row["alike"] = None if alike is None else alike._asdict()
    shares = [combine_reliability(pictures) for pictures in (seen, known)]
    results.reliability = [np.nan_to_num([one.shares, one.said, one.is_polyp]).tolist() for one in shares]


def _measure(maps: np.ndarray, truths: Sequence[np.ndarray]) -> list[PictureReliability]:
    """Hold probabilities, enlarged to their pictures, against the truth."""
    return [measure_reliability(_enlarge(one, truth.shape), truth) for one, truth in zip(maps, truths, strict=True)]


def look_once(segmenter: PolypSegmenter, pictures: np.ndarray, side: int) -> np.ndarray:
    """Return the probabilities as the app and `segment` compute them: one pass, no mirror images."""
    seen = default_preprocessing(SEGMENTER, side)
    parts = []
    with torch.no_grad():
        for start in range(0, len(pictures), 8):
            places = segmenter.eval().segment(preprocess(list(pictures[start : start + 8]), seen))
            parts.append(torch.sigmoid(hold_back_doubt(places)).numpy())
    return np.concatenate(parts)


def _enlarge(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Enlarge a map to its picture, (H, W) float32."""
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(shape[1::-1], Image.Resampling.BILINEAR))


def score_maps(results: Results, name: str, maps: np.ndarray, threshold: float, fold: Fold) -> None:
    """Enlarge maps to their pictures, cut them and score them."""
    for values, truth, item in zip(maps, fold.truths, fold.items, strict=True):
        results.add(name, _enlarge(values, truth.shape) > threshold, truth, item)


def _cut_polyp_free_tiles(fold: Fold) -> np.ndarray:
    """Return the tiles without polyp as pictures of their own."""
    return np.stack(
        [
            np.asarray(
                Image.fromarray(cut_tile(picture, box)).resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BILINEAR)
            )
            for picture, truth in zip(fold.pictures, fold.truths, strict=True)
            for box in TILES
            if not cut_tile(truth, box).any()
        ]
    )


def _draw_polyp_free() -> np.ndarray:
    """Return phantom frames without polyp that are among no lessons."""
    size = {"width": PICTURE_SIDE, "height": PICTURE_SIDE}
    seeds = range(FIRST_SEED - N_DRAWN, FIRST_SEED)
    frames = Parallel(-1)(delayed(draw_frame)(seed, **size, with_polyp=False) for seed in seeds)
    return np.stack([frame.image for frame in frames])


def tell(name: str) -> Callable[[int, int], None]:
    """Say which step begins."""
    sys.stdout.write(f"  {time.strftime('%H:%M:%S')} {name}\n")
    sys.stdout.flush()
    return lambda done, total: None


if __name__ == "__main__":
    main()
