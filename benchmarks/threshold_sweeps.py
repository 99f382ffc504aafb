"""The table layer x threshold of the tuning pictures: one histogram a map, against a mask a threshold in plain numpy.

23 layers x 64 thresholds on pictures of 622x530 with drawn polyps; maps are random fields, for what they show changes
nothing of the time. Both ways get the maps enlarged to the picture, in the 65,536 levels that masks are made from, and
count hits, false and missed pixels: the counts must be equal. The plain way is timed on a few pictures, in turn with
ours on the same; ours also on all 200.

Run ``python benchmarks/threshold_sweeps.py``. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from joblib import delayed
from scipy import ndimage

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns

from medxai_core.evaluation.sweeps import BandCounts, ThresholdSweep, count_levels
from medxai_core.masks import MAX_LEVEL, Band, quantize_heatmap
from medxai_core.parallel import run_parallel
from medxai_core.phantom.frames import draw_frame

N_LAYERS, N_THRESHOLDS, N_PICTURES, N_COMPARED, N_TURNS = 23, 64, 200, 4, 5
TARGET = 50
BANDS = [Band(low=1024 * number / MAX_LEVEL) for number in range(N_THRESHOLDS)]
Pair = tuple[np.ndarray, np.ndarray]


def make_pairs(n: int) -> list[Pair]:
    """Return maps (530, 622) float64 in [0, 1] and truths (530, 622) bool."""
    pairs = []
    for seed in range(n):
        frame = draw_frame(seed, width=622, height=530, with_polyp=True)
        noise = np.random.default_rng(seed).random((14, 14)).astype(np.float32)
        heatmap = np.clip(ndimage.zoom(noise, (530 / 14, 622 / 14), order=1), 0, 1)
        pairs.append((quantize_heatmap(heatmap) / MAX_LEVEL, frame.mask))
    return pairs


def sweep_plainly(pairs: list[Pair]) -> np.ndarray:
    """Return the mean Dice by layer and threshold, (N_LAYERS, N_THRESHOLDS), one mask a threshold."""
    dice = np.zeros((N_LAYERS, N_THRESHOLDS))
    for heatmap, truth in pairs:
        for layer in range(N_LAYERS):
            for column, band in enumerate(BANDS):
                mask = heatmap > band.low
                hits = np.logical_and(mask, truth).sum()
                dice[layer, column] += 2 * hits / (mask.sum() + truth.sum())
    return dice / len(pairs)


def sweep_here(pairs: list[Pair], *, n_threads: int = -1) -> np.ndarray:
    """Return the same by one histogram a map, pictures side by side, as `stages.tuning_sweep` does."""
    sweeps = [ThresholdSweep(BANDS) for _ in range(N_LAYERS)]
    with closing(run_parallel((delayed(count_layers)(*pair) for pair in pairs), n_jobs=n_threads)) as pictures:
        for layers in pictures:
            for sweep, counts in zip(sweeps, layers, strict=True):
                sweep.add_counts(counts)
    return np.array([[row.dice for row in sweep.rows()] for sweep in sweeps])


def count_layers(heatmap: np.ndarray, truth: np.ndarray) -> list[BandCounts]:
    """Count the pixels of every threshold, once a layer."""
    return [count_levels(heatmap, truth).count_many(BANDS) for _ in range(N_LAYERS)]


def check_same(pairs: list[Pair]) -> None:
    """End the run unless hits, false and missed pixels of every threshold are those of the masks themselves."""
    for heatmap, truth in pairs:
        tp, fp, fn, _ = count_levels(heatmap, truth).count_many(BANDS)
        for column, band in enumerate(BANDS):
            mask = heatmap > band.low
            counts = ((mask & truth).sum(), (mask & ~truth).sum(), (~mask & truth).sum())
            if counts != (tp[column], fp[column], fn[column]):
                raise SystemExit(
                    f"not the same counts at {band.low}: {counts} and {tp[column], fp[column], fn[column]}"
                )


def main() -> None:
    """Measure in turn and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    pairs = make_pairs(N_COMPARED)
    check_same(pairs)
    ways = {
        "plain": lambda: sweep_plainly(pairs),
        "here": lambda: sweep_here(pairs),
        "one thread": lambda: sweep_here(pairs, n_threads=1),
    }
    seconds = turns.take_turns(ways, N_TURNS, warm_up=False)
    ratio, one_thread = (turns.compare(seconds["plain"], seconds[way]) for way in ("here", "one thread"))
    plain = N_PICTURES / N_COMPARED * float(np.median(seconds["plain"]))
    more = pairs * (N_PICTURES // N_COMPARED + 1)
    begun = time.perf_counter()
    sweep_here(more[:N_PICTURES])
    whole = time.perf_counter() - begun
    table = "\n".join(
        [
            f"`python benchmarks/threshold_sweeps.py`: {turns.describe_computer()}, {N_LAYERS} layers x {N_THRESHOLDS} "
            f"thresholds, pictures of 622x530; medians of {N_TURNS} turns on {N_COMPARED} pictures, ratio with a 95 % "
            "interval. The same counts.",
            "",
            "| way | measured | target | met |",
            "|---|---|---|---|",
            f"| a mask a threshold, numpy: {N_PICTURES} pictures, by arithmetic | {plain:.0f} s | - | - |",
            f"| one histogram a map: {N_PICTURES} pictures | {whole:.1f} s | - | - |",
            f"| faster by | {ratio} | {TARGET}x | {'yes' if ratio.value >= TARGET else '**no**'} |",
            f"| the same in one thread | {one_thread} | - | - |",
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "threshold_sweeps", table + "\n")


if __name__ == "__main__":
    main()
