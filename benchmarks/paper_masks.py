"""The paper's way on a fold of `masks.py`: the same labelled tiles, the same scored pictures.

Run ``python benchmarks/paper_masks.py --pictures kvasir-seg``. Run 1 of the paper: the LIRE features of all tiles, 50
clusters (200 where the loop ends too early), pseudo-labels until 1,000 tiles are labelled, EfficientNet-b1 from scratch
for 25 epochs, the heat map of block 14 between 0.4 and 0.7. Its best epoch is chosen by up to 60 tiles of the 40
pictures kept apart, as many of either class. Beside it, from the same training, its last epoch, other published
settings, and the block and threshold that fit the 40 pictures best (``masks_used_for``: ``tuning``). Half an hour and
more. Writes the table into docs/masks.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

import masks
import tables
from fold_results import HEAD, N_CHECKED, Results, write_row

from medxai_core.clusters.fitting import fit_clusters
from medxai_core.config import CLASS_NAMES
from medxai_core.datasets import LabelledInputs
from medxai_core.evaluation.scores import score_mask
from medxai_core.features.lire import extract_lire
from medxai_core.heatmaps.alignment import normalize_heatmap, upsample_heatmap
from medxai_core.heatmaps.engine import compute_heatmaps
from medxai_core.images import load_image
from medxai_core.masks import Band, make_mask
from medxai_core.memory import keep_freed_memory
from medxai_core.models import PolypClassifier, build_model, default_preprocessing, resize_for_network
from medxai_core.models.geometry import describe_blocks
from medxai_core.parallel import map_parallel
from medxai_core.pseudo_labels import propose_labels
from medxai_core.training import PRESETS, BestWeights, EpochResult, fit
from medxai_core.training.preparation import make_loaders

N_CLUSTERS = (50, 200)
"""The paper's 50; 200 where its loop ends too early."""

N_LABELS, N_VALIDATION, SIDE = 1000, 60, 224
PUBLISHED = {
    "run 1: block 14, 0.4 < h < 0.7": (14, Band(0.4, 0.7)),
    "run 4: block 20, h > 0.28": (20, Band(0.28)),
    "run 5: block 22, h > 0.28": (22, Band(0.28)),
}
THRESHOLDS = np.round(np.arange(0.05, 1, 0.05), 2)


@dataclass
class Tiles:
    """Hold all tiles that may be learned from, four a picture: (n, 226) float64, (n, SIDE, SIDE, 3) uint8, labels."""

    features: np.ndarray
    inputs: np.ndarray
    known: list[str | None]


def load_tiles(root: Path, fold: masks.Fold) -> Tiles:
    """Cut, describe and shrink the tiles; the labels are those that the recommended mode gets."""
    seen = default_preprocessing("b1", SIDE)
    labelled = {(one.picture, one.box): CLASS_NAMES[int(one.is_polyp)] for one in fold.labels}

    def load(path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
        tiles = [np.ascontiguousarray(masks.cut_tile(load_image(path), box)) for box in masks.TILES]
        features = [np.concatenate(list(extract_lire(tile).values())) for tile in tiles]
        return features, [resize_for_network(tile, seen) for tile in tiles]

    loaded = list(map_parallel(load, [(root / "images" / item,) for item in fold.learned_items]))
    known = [labelled.get((row, box)) for row in range(len(fold.learned)) for box in masks.TILES]
    features, inputs = (np.concatenate([np.stack(one[part]) for one in loaded]) for part in (0, 1))
    return Tiles(features, inputs, known)


def spread_labels(tiles: Tiles) -> tuple[LabelledInputs, str]:
    """Let clusters label tiles until there are enough; return what is learned from, and how it came about."""
    for k in N_CLUSTERS:
        found = propose_labels(fit_clusters(tiles.features, k).cluster_ids, tiles.known, target=N_LABELS)
        if found.n_labelled >= N_LABELS:
            break
    rows = np.r_[found.seed_rows, found.proposals.rows][:N_LABELS]
    labels = [tiles.known[row] for row in found.seed_rows] + found.proposals.labels.tolist()
    is_polyp = np.array([one == CLASS_NAMES[1] for one in labels])[:N_LABELS]
    told = (
        f"{len(rows)} tiles to learn from ({k} clusters, {found.stop_reason}), {is_polyp.mean():.0%} of them as polyp"
    )
    return LabelledInputs(tiles.inputs, rows, is_polyp), told


def list_validation(fold: masks.Fold) -> LabelledInputs:
    """Return 60 tiles of the pictures that are kept apart, fewer where one class has less than half of that."""
    seen = default_preprocessing("b1", SIDE)
    cut = [
        (masks.cut_tile(picture, box), bool(masks.cut_tile(truth, box).any()))
        for picture, truth in zip(fold.checked, fold.checked_truths, strict=True)
        for box in masks.TILES
    ]
    order = np.random.default_rng(fold.seed).permutation(len(cut))
    of_class = [[row for row in order if cut[row][1] is kind] for kind in (True, False)]
    size = min(N_VALIDATION // 2, *(len(rows) for rows in of_class))
    chosen = np.concatenate([rows[:size] for rows in of_class])
    inputs = np.stack([resize_for_network(np.ascontiguousarray(cut[row][0]), seen) for row in chosen])
    return LabelledInputs(inputs, np.arange(len(chosen)), np.array([cut[row][1] for row in chosen]))


def make_maps(model: PolypClassifier, pictures: np.ndarray, truths: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Yield the heat maps of all blocks of each picture, in its size, (H, W) float32, 0..1."""
    facts = describe_blocks(model, SIDE)
    found = compute_heatmaps(model, pictures, preprocessing=default_preprocessing("b1", SIDE)).maps
    for row, truth in enumerate(truths):
        yield [
            normalize_heatmap(
                upsample_heatmap(found[block.index][row], truth.shape, facts=block, input_size=SIDE)  # type: ignore[arg-type]
            )[0]
            for block in facts
        ]


def tune(model: PolypClassifier, fold: masks.Fold) -> tuple[int, Band]:
    """Return the block and the threshold of the best mean Dice on the pictures kept apart."""
    reached = np.zeros((len(describe_blocks(model, SIDE)), len(THRESHOLDS)))
    for maps, truth in zip(make_maps(model, fold.checked, fold.checked_truths), fold.checked_truths, strict=True):
        for layer, heat in enumerate(maps):
            masked = (score_mask(make_mask(heat, Band(float(one))), truth, item="") for one in THRESHOLDS)
            reached[layer] += [one.value("dice") for one in masked]
    layer, threshold = np.unravel_index(reached.argmax(), reached.shape)
    return int(layer), Band(float(THRESHOLDS[threshold]))


def score(found: Results, model: PolypClassifier, fold: masks.Fold, settings: dict[str, tuple[int, Band]]) -> None:
    """Score the masks of some settings."""
    maps = make_maps(model, fold.pictures, fold.truths)
    for heats, truth, item in zip(maps, fold.truths, fold.items, strict=True):
        for name, (layer, band) in settings.items():
            found.add(name, make_mask(heats[layer], band), truth, item)


def main() -> None:
    """Learn and score one fold in the paper's way, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="Folder with images/ and masks/.")
    parser.add_argument("--fold", type=int, default=0)
    asked = parser.parse_args()
    if asked.pictures is None:
        sys.stdout.write("paper_masks: left out; it needs real pictures (--pictures).\n")
        return
    keep_freed_memory()
    fold, begun = masks.load_fold(asked.pictures, asked.fold), time.perf_counter()
    learned, told = spread_labels(load_tiles(asked.pictures, fold))
    recipe, seen = replace(PRESETS["paper"], seed=asked.fold), default_preprocessing("b1", SIDE)
    model = build_model("b1", seed=asked.fold)
    best = BestWeights(model)

    def watch(result: EpochResult) -> None:
        best(result)
        sys.stdout.write(f"  {time.strftime('%H:%M:%S')} {result}\n")
        sys.stdout.flush()

    validation = list_validation(fold)
    loaders = make_loaders(learned, validation, preprocessing=seen, config=recipe)
    history = fit(model, loaders, recipe, on_epoch_end=watch)
    seconds, found = time.perf_counter() - begun, Results()
    score(found, model, fold, {f"last epoch, {name}": setting for name, setting in PUBLISHED.items()})
    best.restore()
    layer, band = tune(model, fold)
    tuned = {f"the best on the {N_CHECKED} pictures: block {layer}, {band.describe()}": (layer, band)}
    score(found, model, fold, PUBLISHED | tuned)
    chosen = history.epochs[best.epoch - 1]
    table = "\n".join(
        [
            f"`python benchmarks/paper_masks.py --fold {asked.fold}`: {told}; best of {recipe.epochs} epochs: number "
            f"{chosen.epoch}, accuracy {chosen.validation_accuracy:.2f} on {len(validation)} tiles, half of them "
            f"polyp; {seconds:.0f} s.",
            "",
            *HEAD,
            *(write_row(name, rows) for name, rows in found.scores.items()),
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("masks.md", "paper_masks", table + "\n")


if __name__ == "__main__":
    main()
