"""The map of all pictures, against umap-learn called plainly: with a seed (one thread), and without (all cores).

Made-up features (made_features.py), 226 numbers a picture. Each fit runs in a process of its own, after a small one
that compiles the loops: seconds, and the most memory that the process held. The plain calls are
``umap.UMAP(random_state=0).fit_transform(features)`` and ``umap.UMAP().fit_transform(features)``. The small size
is run in turn, the large one once each. Ours also computes the trustworthiness, and the first progress that a user sees
is timed.

Run ``python benchmarks/picture_map.py``: about 20 minutes on two cores. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import tables
import turns
from peak_memory import MB, read_peak_memory

SIZES = {4000: 3, 110_000: 1}
"""Pictures -> turns."""

MOST_SECONDS = 240
OURS, SEEDED, FREE = "here", "umap-learn, seeded", "umap-learn, not seeded"
WAYS = (SEEDED, FREE, OURS)


def run(way: str, path: Path) -> dict[str, Any]:
    """Lay out the features of a file; for a process of its own."""
    warnings.simplefilter("ignore")
    _fit(way, np.random.default_rng(0).normal(size=(4200, 8)), [])  # compiled loops
    features, told = np.load(path), []
    begun = time.perf_counter()
    points = _fit(way, features, told)
    return {
        "seconds": time.perf_counter() - begun,
        "peak": read_peak_memory(),
        "first": told[1] - begun if len(told) > 1 else None,
        "steps": len(told),
        "points": hashlib.sha256(points.tobytes()).hexdigest(),
    }


def _fit(way: str, features: np.ndarray, told: list[float]) -> np.ndarray:
    """Return the points, and note when progress was told."""
    if way == OURS:
        from medxai_core.embedding import fit_embedding

        return fit_embedding(features, on_progress=lambda done, total: told.append(time.perf_counter())).points
    import umap

    points: np.ndarray = umap.UMAP(random_state=0 if way == SEEDED else None).fit_transform(features)
    return points


def measure(n: int, n_turns: int) -> dict[str, list[dict[str, Any]]]:
    """Return what each way took in each turn."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        make = f"import numpy, made_features; numpy.save({str(path)!r}, made_features.make_features({n}))"
        subprocess.run([sys.executable, "-c", make], check=True, cwd=HERE)
        for _ in range(n_turns):
            for way in WAYS:
                command = [sys.executable, __file__, "--way", way, "--features", str(path)]
                told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                found[way].append(json.loads(told.splitlines()[-1]))
                sys.stderr.write(f"{n} {way}: {found[way][-1]}\n")
    return found


def _write_row(n: int, way: str, found: dict[str, list[dict[str, Any]]]) -> str:
    """Return the row of one way at one size."""
    seconds, ours = (np.array([one["seconds"] for one in found[name]]) for name in (way, OURS))
    ratio = "-" if way == OURS else f"{seconds[0] / ours[0]:.2f}x"
    if way != OURS and len(seconds) > 1:
        ratio = str(turns.compare(seconds, ours))
    target = met = "-"
    if way == OURS and n == max(SIZES):
        target, met = f"{MOST_SECONDS} s", "yes" if ours[0] <= MOST_SECONDS else "**no**"
    peak = max(one["peak"] for one in found[way])
    return f"| {n:,} | {way} | {np.median(seconds):.0f} s | {ratio} | {peak:.0f} MB | {target} | {met} |"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--features", type=Path)
    asked = parser.parse_args()
    if asked.way:
        sys.stdout.write(json.dumps(run(asked.way, asked.features)))
        return
    lines = []
    for n, n_turns in SIZES.items():
        found = measure(n, n_turns)
        if len({one["points"] for one in found[OURS]}) > 1:
            raise SystemExit("the same seed gave two maps")
        lines += [_write_row(n, way, found) for way in WAYS]
    last = found[OURS][0]
    table = "\n".join(
        [
            f"`python benchmarks/picture_map.py`: {turns.describe_computer()}, made-up features; medians of "
            f"{next(iter(SIZES.values()))} turns (the largest size once), ratio with a 95 % interval. The features of "
            f"{max(SIZES):,} pictures are {max(SIZES) * 226 * 8 / MB:.0f} MB; their first progress came after "
            f"{last['first']:.0f} s, {last['steps']} steps in all.",
            "",
            "| pictures | by | time | here is faster by | peak memory | target | met |",
            "|---|---|---|---|---|---|---|",
            *lines,
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "picture_map", table + "\n")


if __name__ == "__main__":
    main()
