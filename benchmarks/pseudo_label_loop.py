"""The pseudo-label loop with one k-means fit, against the published way that fits again in every round.

First on a size where the published way is bearable: both are run in turn on the same features, and must give the same
labels in the same order. The published way is written out plainly in tests/core/published_loop.py.

Then the size of HyperKvasir, 110,000 x 226 and k = 250, ours alone, in a process of its own that reads the features
from a file as the product does: time, and the most memory that the process held, with Python and its libraries. What
the published way would take there is arithmetic: rounds times one fit.

The features are made up: mixtures of the LIRE features of drawn frames (made_features.py). Run
``python benchmarks/pseudo_label_loop.py``: about 5 minutes on two cores. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/core")]

import tables
import turns
from peak_memory import MB, read_peak_memory

from medxai_core.clusters import fit_clusters
from medxai_core.pseudo_labels import propose_labels

SMALL, SMALL_K, SMALL_TARGET, N_TURNS = 2000, 50, 500, 3
LARGE, LARGE_K, LARGE_TARGET = 110_000, 250, 1000
SEEDS_A_CLASS = 100
MOST_SECONDS, MOST_EXTRA = 600, 200  # MB beside twice the features


def draw_labels(n_rows: int) -> list[str | None]:
    """Return labels of 100 rows a class, None elsewhere; by chance, so most clusters with several are not pure."""
    labels: list[str | None] = [None] * n_rows
    for i, row in enumerate(np.random.default_rng(1).choice(n_rows, 2 * SEEDS_A_CLASS, replace=False)):
        labels[row] = ("polyp", "non_polyp")[i % 2]
    return labels


def compare_with_published() -> tuple[int, str, dict[str, float]]:
    """Return the rounds, how many times faster one fit is, and the median seconds of both ways."""
    from made_features import make_features
    from published_loop import run_published_loop

    features, labels = make_features(SMALL), draw_labels(SMALL)
    theirs = run_published_loop(features, labels, k=SMALL_K, target=SMALL_TARGET)
    ours = propose_labels(fit_clusters(features, SMALL_K).cluster_ids, labels, target=SMALL_TARGET)
    given = list(labels)
    for row, label in zip(ours.proposals.rows, ours.proposals.labels, strict=True):
        given[row] = label
    rounds = [(one.cluster_id, one.label, one.rows_given.tolist()) for one in ours.rounds]
    if given != theirs.labels or rounds != theirs.rounds:
        raise SystemExit("the two ways give different labels")
    ways = {
        "published": lambda: run_published_loop(features, labels, k=SMALL_K, target=SMALL_TARGET),
        "ours": lambda: propose_labels(fit_clusters(features, SMALL_K).cluster_ids, labels, target=SMALL_TARGET),
    }
    seconds = turns.take_turns(ways, N_TURNS, warm_up=False)
    medians = {name: float(np.median(found)) for name, found in seconds.items()}
    return len(rounds), str(turns.compare(seconds["published"], seconds["ours"])), medians


class FeatureFile:
    """Read rows of a file of features, and close it: as `records.FeatureRows` reads those of a study."""

    def __init__(self, path: Path) -> None:
        self.path, self.shape = path, np.load(path, mmap_mode="r").shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        return np.array(np.load(self.path, mmap_mode="r")[rows])


def run_large(path: Path) -> dict[str, Any]:
    """Run the loop once on features in a file; for a process of its own."""
    features = FeatureFile(path)
    begun = time.perf_counter()
    clustering = fit_clusters(features, LARGE_K)
    fitted = time.perf_counter()
    found = propose_labels(clustering.cluster_ids, draw_labels(len(features)), target=LARGE_TARGET)
    return {
        "fit": fitted - begun,
        "whole": time.perf_counter() - begun,
        "rounds": len(found.rounds),
        "peak": read_peak_memory(),
        "features": 8 * features.shape[0] * features.shape[1] / MB,
    }


def measure_large() -> dict[str, Any]:
    """Make the features in one process and run the loop in another."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        make = f"import numpy, made_features; numpy.save({str(path)!r}, made_features.make_features({LARGE}))"
        subprocess.run([sys.executable, "-c", make], check=True, cwd=Path(__file__).parent)
        command = [sys.executable, __file__, "--features", str(path)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """Measure both sizes and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, help="Run the large size on this file and print JSON.")
    path = parser.parse_args().features
    if path is not None:
        sys.stdout.write(json.dumps(run_large(path)))
        return
    n_rounds, ratio, small = compare_with_published()
    large = measure_large()
    most = 2 * large["features"] + MOST_EXTRA
    in_time, in_memory = large["whole"] <= MOST_SECONDS, large["peak"] <= most
    hours = large["rounds"] * large["fit"] / 3600
    lines = [
        f"`python benchmarks/pseudo_label_loop.py`: {turns.describe_computer()}, made-up features of 226 numbers; "
        f"medians of {N_TURNS} turns, ratio with a 95 % interval.",
        "",
        "| | measured | target | met |",
        "|---|---|---|---|",
        f"| {SMALL:,} pictures, k = {SMALL_K}: labels of both ways | the same, {n_rounds} rounds | the same | yes |",
        f"| the same: a fit every round | {small['published']:.1f} s | - | - |",
        f"| the same: one fit | {small['ours']:.2f} s, {ratio} | - | - |",
        f"| {LARGE:,} pictures, k = {LARGE_K}: whole loop, {large['rounds']} rounds | {large['whole']:.0f} s | "
        f"{MOST_SECONDS} s | {'yes' if in_time else '**no**'} |",
        f"| the same: peak memory of the process, features {large['features']:.0f} MB | {large['peak']:.0f} MB | "
        f"{most:.0f} MB | {'yes' if in_memory else '**no**'} |",
        f"| the same: a fit every round, by arithmetic | {hours:.1f} h | - | - |",
    ]
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    tables.write_table("performance.md", "pseudo_label_loop", table)


if __name__ == "__main__":
    main()
