"""How far 200 labelled tiles carry: the paper's way beside the class map, and what each further decision buys.

Run ``python benchmarks/labels.py --pictures kvasir-seg``: a folder with images/ and masks/. Each picture is cut into
2x2 tiles; a mask says only whether a tile holds polyp. Each draw labels 100 tiles of each class, lets each way label
more until there are 1,000, and counts how many are right. Then the queues: what 20, 50 ... labels give when the next
tile is taken by chance, the most doubtful first, or the most different first; every fifth picture is kept apart and
scored. Writes the tables into docs/labels.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from PIL import Image
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

import tables

from medxai_core.clusters.fitting import fit_clusters
from medxai_core.config import CLASS_NAMES
from medxai_core.features.lire import extract_lire
from medxai_core.images import load_image, load_mask
from medxai_core.pseudo_labels import (
    adjust_to_share,
    cut_bands,
    fit_calibration,
    propose_by_bands,
    propose_labels,
)
from medxai_core.review.queues import suggest_seeds
from medxai_core.students.class_map import ClassMap, LabelledTile, fit_class_map, resize_maps, score_boxes
from medxai_core.students.lessons import PICTURE_SIDE
from medxai_core.students.pseudo_masks import HALF_HEIGHT
from medxai_core.students.tile_probe import VIEWS, FrozenFeatures, View, cut_cells

N_SEEDS, N_LABELS = 100, 1000
N_CLUSTERS = 200
SIZES = (20, 50, 100, 200, 400)
QUEUES = ("by chance", "most doubtful first", "most different first")
BOXES = [(0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0)]


class KnownFeatures:
    """Features of all pictures, computed once: a picture is named by its row, (n, 1, 1, 1) int."""

    def __init__(self, pictures: np.ndarray) -> None:
        compute = FrozenFeatures()
        self._known = {
            view: torch.cat([compute(pictures[start : start + 8], view).half() for start in range(0, len(pictures), 8)])
            for view in VIEWS
        }

    def __call__(self, rows: np.ndarray, view: View) -> torch.Tensor:
        """Return the features of the pictures of these rows."""
        return self._known[view][rows.ravel()].float()

    def pool(self) -> np.ndarray:
        """Return one row of scaled features a tile, (4n, 424) float64."""
        whole = self._known[VIEWS[0]]
        parts = [[cut_cells(one, box).float().mean(dim=(1, 2)) for box in BOXES] for one in whole]
        pooled = torch.stack([tile for four in parts for tile in four]).double().numpy()
        scaled: np.ndarray = (pooled - pooled.mean(axis=0)) / (pooled.std(axis=0) + 1e-9)
        return scaled


class Tiles:
    """Hold what is known of the tiles, four a picture, and the maps' truth."""

    def __init__(self, root: Path) -> None:
        self.names = sorted(path.name for path in (root / "images").iterdir())
        loaded = Parallel(-1)(delayed(_load)(root, name) for name in self.names)
        self.pictures = np.stack([one[0] for one in loaded])
        self.truths = np.stack([one[1] for one in loaded])
        self.is_polyp = np.concatenate([one[2] for one in loaded])
        self.lire = np.concatenate([one[3] for one in loaded])
        self.rows = np.arange(len(self.names)).reshape(-1, 1, 1, 1)

    def label(self, tiles: np.ndarray) -> list[LabelledTile]:
        """Return tiles with their true labels."""
        return [LabelledTile(int(one) // 4, BOXES[one % 4], bool(self.is_polyp[one])) for one in tiles]


def _load(root: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture as a square, its mask, which of its tiles hold polyp, and their LIRE features."""
    picture, mask = load_image(root / "images" / name), load_mask(root / "masks" / name)
    square = np.asarray(Image.fromarray(picture).resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BILINEAR))
    truth = np.asarray(Image.fromarray(mask).resize((PICTURE_SIDE // 2, PICTURE_SIDE // 2), Image.Resampling.NEAREST))
    tiles = [np.concatenate(list(extract_lire(_cut(picture, box)).values())) for box in BOXES]
    return square, truth, np.array([_cut(mask, box).any() for box in BOXES]), np.stack(tiles)


def _cut(values: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Cut a tile out of a picture or mask (odd sizes: floor)."""
    height, width = values.shape[:2]
    left, top, right, bottom = box
    cut = values[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    return np.ascontiguousarray(cut)


def score_tiles(tiles: Tiles, scores: np.ndarray, labelled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of each tile and its calibrated chance of polyp, (4n,) each, as the product computes them."""
    found = score_boxes(scores, [(row // 4, BOXES[row % 4]) for row in range(4 * len(scores))])
    given = tiles.is_polyp[labelled]
    others = np.setdiff1d(np.arange(len(found)), labelled)
    of_labelled = fit_calibration(found[labelled], given)
    calibration, _ = adjust_to_share(of_labelled, found[others], labelled_share=float(given.mean()))
    return found, calibration.apply(found)


Way = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def list_ways(tiles: Tiles, known: KnownFeatures) -> dict[str, Way]:
    """Return the ways to label more tiles: each takes labelled tiles, gives (tiles, is polyp) of 1,000 at most."""
    pooled = known.pool()
    clusters = {
        "paper: k-means of the LIRE features": fit_clusters(tiles.lire, N_CLUSTERS).cluster_ids,
        "the same of Lite1 features": fit_clusters(pooled, N_CLUSTERS).cluster_ids,
    }
    ways: dict[str, Way] = {name: _make_loop(tiles, ids) for name, ids in clusters.items()}
    ways["class map, surest bands first"] = lambda seeds: _propose_by_class_map(tiles, known, seeds)
    return ways


def _fit(tiles: Tiles, known: KnownFeatures, labelled: np.ndarray) -> ClassMap:
    """Fit a class map on labelled tiles."""
    return fit_class_map(tiles.rows, tiles.label(labelled), features=known)


def _make_loop(tiles: Tiles, cluster_ids: np.ndarray) -> Way:
    """Return the paper's loop over given clusters."""

    def label(seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = propose_labels(cluster_ids, _name(tiles, seeds), target=N_LABELS).proposals
        return np.r_[seeds, found.rows], np.r_[tiles.is_polyp[seeds], found.labels == CLASS_NAMES[1]]

    return label


def _propose_by_class_map(tiles: Tiles, known: KnownFeatures, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let a class map propose, as `stages.class_map_labels` does, until there are 1,000."""
    scores, chances = score_tiles(tiles, _fit(tiles, known, seeds).score(tiles.rows, features=known), seeds)
    found = propose_by_bands(cut_bands(scores), chances, _name(tiles, seeds), target=N_LABELS).proposals
    return np.r_[seeds, found.rows], np.r_[tiles.is_polyp[seeds], found.labels == CLASS_NAMES[1]]


def _name(tiles: Tiles, labelled: np.ndarray) -> list[str | None]:
    """Return the class of each labelled tile, None for the others."""
    given: list[str | None] = [None] * len(tiles.is_polyp)
    for one in labelled:
        given[one] = CLASS_NAMES[int(tiles.is_polyp[one])]
    return given


def judge(tiles: Tiles, labelled: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Return how right labels are: of all, and of those that were added to the first 200."""
    truth = tiles.is_polyp[labelled]
    figures = {"labels": float(len(labelled)), "non-polyp share": float((~said).mean())}
    figures["balanced accuracy"] = float(np.mean([said[truth].mean(), (~said[~truth]).mean()]))
    for name, part in (("all", slice(None)), ("added", slice(2 * N_SEEDS, None))):
        figures[f"polyp right, {name}"] = _share(truth[part][said[part]])
        figures[f"non-polyp right, {name}"] = _share(~truth[part][~said[part]])
    return figures


def _share(values: np.ndarray) -> float:
    """Return a share; NaN of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def draw_seeds(tiles: Tiles, rng: np.random.Generator) -> np.ndarray:
    """Return 100 tiles of each class by chance."""
    parts = [rng.permutation(np.flatnonzero(tiles.is_polyp == one))[:N_SEEDS] for one in (True, False)]
    return np.concatenate(parts)


def grow(tiles: Tiles, known: KnownFeatures, pooled: np.ndarray, queue: str, seed: int) -> list[tuple[float, float]]:
    """Label more and more tiles in an order; return (area under the ROC curve, Dice) on the pictures kept apart."""
    rng = np.random.default_rng(seed)
    apart = rng.permutation(len(tiles.names))[: len(tiles.names) // 5]
    pool = np.flatnonzero(~np.isin(np.arange(len(tiles.is_polyp)) // 4, apart))
    first = rng.permutation(pool)
    different = pool[suggest_seeds(pooled[pool], SIZES[-1], seed=seed)] if queue == QUEUES[2] else first
    labelled, chances, found = different[: SIZES[0]], np.zeros(len(tiles.is_polyp)), []
    for n in SIZES:
        if queue == QUEUES[1] and n > SIZES[0]:
            free = np.setdiff1d(pool, labelled)
            labelled = np.r_[labelled, free[np.argsort(np.abs(chances[free] - 0.5))][: n - len(labelled)]]
        elif n > SIZES[0]:
            labelled = different[:n]
        enough = _have_both(tiles, labelled, first)
        class_map = _fit(tiles, known, enough)
        scores = class_map.score(tiles.rows, features=known)
        _, chances = score_tiles(tiles, scores, enough)
        found.append(_judge_apart(tiles, apart, scores, chances, class_map.least_peak))
    return found


def _have_both(tiles: Tiles, labelled: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Add the first tile of a class that is missing: without it nothing can be learned."""
    for one in (True, False):
        if not (tiles.is_polyp[labelled] == one).any():
            labelled = np.r_[labelled, others[tiles.is_polyp[others] == one][:1]]
    return labelled


def _judge_apart(
    tiles: Tiles, apart: np.ndarray, scores: np.ndarray, chances: np.ndarray, least_peak: float
) -> tuple[float, float]:
    """Return the area under the ROC curve of tiles and the mean Dice of the class map alone, of pictures apart."""
    own = (4 * apart[:, None] + np.arange(4)).ravel()
    area = float(roc_auc_score(tiles.is_polyp[own], chances[own]))
    shares = scores[apart] / np.maximum(scores[apart].max(axis=(1, 2), keepdims=True), least_peak)
    masks = resize_maps(shares.astype(np.float32), tiles.truths.shape[-1]) > HALF_HEIGHT
    both = (masks & tiles.truths[apart]).sum(axis=(1, 2))
    sizes = masks.sum(axis=(1, 2)) + tiles.truths[apart].sum(axis=(1, 2))
    return area, float(np.mean(2 * both / sizes))


def write_ways(found: dict[str, list[dict[str, float]]]) -> list[str]:
    """Return one line a way: means and standard deviations over the draws."""
    names = list(next(iter(found.values()))[0])
    lines = [f"| way | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for way, draws in found.items():
        cells = []
        for name in names:
            values = np.array([one[name] for one in draws])
            cells.append(f"{np.nanmean(values):.0f}" if name == "labels" else _write(values))
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return lines


def _write(values: Sequence[float] | np.ndarray) -> str:
    """Return mean and standard deviation."""
    return f"{np.nanmean(values):.3f} ± {np.nanstd(values):.3f}"


def write_queues(found: dict[str, list[list[tuple[float, float]]]]) -> list[str]:
    """Return one line a queue and figure, a column for each number of labels."""
    lines = [f"| next tile | figure | {' | '.join(map(str, SIZES))} |", "|---" * (len(SIZES) + 2) + "|"]
    for queue, draws in found.items():
        values = np.array(draws)  # draws, sizes, figures
        for column, name in enumerate(("area under the ROC curve, tiles", "Dice of the class map")):
            cells = [_write(values[:, size, column]) for size in range(len(SIZES))]
            lines.append(f"| {queue} | {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run both parts and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="Folder with images/ and masks/.")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--queue-draws", type=int, default=3)
    asked = parser.parse_args()
    if asked.pictures is None:
        sys.stdout.write("labels: left out; it needs real pictures (--pictures).\n")
        return
    begun = time.perf_counter()
    tiles = Tiles(asked.pictures)
    known = KnownFeatures(tiles.pictures)
    ways = list_ways(tiles, known)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for draw in range(asked.draws):
        seeds = draw_seeds(tiles, np.random.default_rng(draw))
        for name, way in ways.items():
            found[name].append(judge(tiles, *way(seeds)))
        sys.stdout.write(f"draw {draw}\n" + "\n".join(write_ways(found)) + "\n")
        sys.stdout.flush()
    pooled = known.pool()
    grown: dict[str, list[list[tuple[float, float]]]] = {}
    for seed in range(asked.queue_draws):
        for queue in QUEUES:
            grown.setdefault(queue, []).append(grow(tiles, known, pooled, queue, seed))
        sys.stdout.write("\n".join(write_queues(grown)) + "\n")
        sys.stdout.flush()
    facts = (
        f"`python benchmarks/labels.py`: {len(tiles.names)} pictures, {len(tiles.is_polyp)} tiles, {asked.draws} draws "
        f"of the first labels, {asked.queue_draws} of the queues; {time.perf_counter() - begun:.0f} s."
    )
    table = "\n".join([facts, "", *write_ways(found), "", *write_queues(grown)])
    tables.write_table("labels.md", "labels", table + "\n")


if __name__ == "__main__":
    main()
