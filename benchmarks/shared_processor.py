"""What a training step costs alone, and beside another program that keeps the processor busy.

GNU OpenMP lets the threads of an operation wait for each other in a loop (`GOMP_SPINCOUNT`, 300,000 turns unless told
otherwise). `medxai_core` asks for 1,000 turns, and then to sleep. Each way runs in a process of its own, in turn; the
other program is one endless loop a core, less one.

Run ``python benchmarks/shared_processor.py``: about 8 minutes on two cores. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns

N_STEPS, N_WARM, N_TURNS = 3, 1, 3
SECONDS_TO_START = 8
OTHERS = {
    "alone": [],
    "beside an endless loop": [sys.executable, "-c", "while True: pass"],
    "beside a colleague's training": [sys.executable, __file__, "--steps", "100000"],
}
WAYS = {"as OpenMP does by itself": "300000", "here": "1000", "sleep at once": "0"}
"""Name -> turns of the loop in which a thread waits."""


def run_steps(n_steps: int) -> float:
    """Return the seconds of one step of the segmenter: four views of 224 pixels, there and back."""
    import torch

    from medxai_core.memory import keep_freed_memory
    from medxai_core.models import build_segmenter

    keep_freed_memory()
    segmenter = build_segmenter().to(memory_format=torch.channels_last)
    views = torch.rand(4, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    for step in range(N_WARM + n_steps):
        if step == N_WARM:
            begun = time.perf_counter()
        segmenter.segment(views).mean().backward()
    return (time.perf_counter() - begun) / n_steps


def measure(turns_of_waiting: str) -> float:
    """Return the same from a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, "--steps", str(N_STEPS)],
        env=os.environ | {"GOMP_SPINCOUNT": turns_of_waiting},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return float(told)


@contextmanager
def running(command: list[str], turns_of_waiting: str) -> Iterator[None]:
    """Keep another program running meanwhile; no command: none."""
    if not command:
        yield
        return
    other = subprocess.Popen(command, env=os.environ | {"GOMP_SPINCOUNT": turns_of_waiting}, stdout=subprocess.DEVNULL)
    try:
        time.sleep(SECONDS_TO_START)
        yield
    finally:
        other.kill()
        other.wait()


def main() -> None:
    """Measure in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="Run so many steps here and print the seconds of one.")
    n_steps = parser.parse_args().steps
    if n_steps:
        sys.stdout.write(str(run_steps(n_steps)))
        return
    lines = []
    for place, command in OTHERS.items():
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(N_TURNS):
            for way, spins in WAYS.items():
                with running(command, spins):
                    found[way].append(measure(spins))
        usual = np.array(found[next(iter(WAYS))])
        for way, seconds in found.items():
            ratio = "-" if way == next(iter(WAYS)) else str(turns.compare(usual, np.array(seconds)))
            lines.append(f"| {place} | {way} | {np.median(seconds):.2f} | {ratio} |")
    table = "\n".join(
        [
            f"`python benchmarks/shared_processor.py`: {turns.describe_computer()}, medians of {N_TURNS} turns, ratios "
            "with a 95 % interval.",
            "",
            "| a step of the segmenter | threads wait | seconds | faster by |",
            "|---|---|---|---|",
            *lines,
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "shared_processor", table + "\n")


if __name__ == "__main__":
    main()
