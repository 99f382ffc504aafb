"""How many pictures a second get their LIRE features, from file to numbers, on one core and on two.

Measured against LIRE itself on JDK 17: 174 ms a picture of 622x530 pixels with decoding, 5.8 a second on a core. That
figure was given; Java is not run here. What the numbers must be is held by golden files of LIRE's own in
tests/core/test_lire.py; here one and two cores must give the same. The floor is decoding alone.

Two processes that share nothing show what the computer's second core can give: other work falls on it too.

Run ``python benchmarks/lire_features.py [--pictures FOLDER]``. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns
from drawn_files import describe_pictures, use_pictures

from medxai_core.features import extract_lire
from medxai_core.images import load_image
from medxai_core.parallel import map_parallel

N_PICTURES, N_TIMES, N_TURNS = 64, 6, 9
LIRE_ON_JAVA = 5.8  # pictures a second on a core
TARGET_RATE, TARGET_EFFICIENCY = 200, 0.90
DECODE, ONE, TWO, APART = "decoding alone, one core", "one core", "two cores, threads", "two cores, two processes"


def extract(path: str) -> np.ndarray:
    """Return the 226 numbers of one picture file."""
    return np.concatenate(list(extract_lire(load_image(path)).values()))


def extract_all(paths: Sequence[str], n_jobs: int) -> np.ndarray:
    """Return the numbers of all pictures (n, 226), through the product's own map."""
    return np.array(list(map_parallel(extract, [(path,) for path in paths], n_jobs=n_jobs)))


def extract_plainly(paths: Sequence[str]) -> int:
    """Extract one picture after the other; for a process of its own."""
    return len([extract(path) for path in paths])


def measure(paths: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the seconds that each way took for all pictures, (n_turns,)."""
    if not np.array_equal(extract_all(paths, 1), extract_all(paths, 2)):
        raise SystemExit("one core and two give different numbers")
    halves = [paths[::2], paths[1::2]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(extract_plainly, [paths[:1]] * 4)
        ways = {
            DECODE: lambda: [load_image(path) for path in paths],
            ONE: lambda: extract_all(paths, 1),
            TWO: lambda: extract_all(paths, 2),
            APART: lambda: pool.map(extract_plainly, halves, chunksize=1),
        }
        return turns.take_turns(ways, N_TURNS)


def write_rows(n: int, seconds: dict[str, np.ndarray]) -> list[str]:
    """Return the rows of the table."""
    rate = {name: n / float(np.median(found)) for name, found in seconds.items()}
    rows = [
        f"| {DECODE} (the floor) | {rate[DECODE]:.0f} | - | - | - |",
        f"| LIRE on JDK 17, one core (given) | {LIRE_ON_JAVA} | - | - | - |",
        f"| {ONE} | {rate[ONE]:.0f} | - | {TARGET_RATE} | {'yes' if rate[ONE] >= TARGET_RATE else '**no**'} |",
    ]
    for name in (TWO, APART):
        ratio = turns.compare(seconds[ONE], seconds[name])
        efficiency = f"{ratio.value / 2:.0%} [{ratio.low / 2:.0%}, {ratio.high / 2:.0%}]"
        is_met = "yes" if ratio.value / 2 >= TARGET_EFFICIENCY else "**no**"
        asked = f"{TARGET_EFFICIENCY:.0%} | {is_met}" if name == TWO else "- | -"
        rows.append(f"| {name} | {rate[name]:.0f} | {efficiency} | {asked} |")
    return rows


def main() -> None:
    """Measure in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="Folder of pictures to use instead of drawn frames.")
    folder = parser.parse_args().pictures
    with use_pictures(folder, N_PICTURES) as files:
        paths = [str(file) for file in files] * N_TIMES
        seconds = measure(paths)
    what = describe_pictures(folder, len(files))
    table = "\n".join(
        [
            f"`python benchmarks/lire_features.py`: {turns.describe_computer()}, {what}, each {N_TIMES} times; medians "
            f"of {N_TURNS} turns, efficiency with a 95 % interval.",
            "",
            "| file to 226 numbers | pictures a second | efficiency | target | met |",
            "|---|---|---|---|---|",
            *write_rows(len(paths), seconds),
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "lire_features", table + "\n")


if __name__ == "__main__":
    main()
