"""How many pictures a second the recommended mode segments: the network alone, and `segment` from file to file.

Run ``python benchmarks/segmenting.py``: drawn frames of 622x530 pixels, one at a time and in batches, in turn; with
memory that is kept between batches (`medxai_core.memory`) and without, each in a process of its own, for it cannot be
undone. The weights are random: they change nothing of the time. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

import tables

from medxai_core.checkpoints import CheckpointManifest, OperatingPoint, save_checkpoint
from medxai_core.config import SEGMENTATION, SEGMENTER
from medxai_core.memory import keep_freed_memory
from medxai_core.models import build_segmenter, default_preprocessing
from medxai_core.phantom.frames import draw_frame
from medxai_core.stages.heatmaps import BATCH_SIZE, make_map_maker
from medxai_core.stages.segment import segment_pictures
from medxai_core.students.curriculum import Curriculum

N_PICTURES, N_TURNS = 48, 5
ONE, MANY = "network, one picture at a time", f"network, batches of {BATCH_SIZE}"
WHOLE = "`segment`: decode, network, mask in the size of the picture, PNG"
TARGETS = {ONE: 15, MANY: 30}


def measure(*, keeps_memory: bool) -> dict[str, list[float]]:
    """Return pictures a second of each way, one value a turn."""
    if keeps_memory:
        keep_freed_memory()
    segmenter, seen = build_segmenter(weights="scratch"), default_preprocessing(SEGMENTER, Curriculum().use_side)
    manifest = CheckpointManifest(
        SEGMENTER, seen, operating_point=OperatingPoint(len(segmenter.blocks), SEGMENTATION, 0.5, None, False)
    )
    maker = make_map_maker(segmenter, manifest)
    head = len(maker.blocks) - 1
    frames = [draw_frame(seed, width=622, height=530, with_polyp=True).image for seed in range(N_PICTURES)]
    found: dict[str, list[float]] = {ONE: [], MANY: [], WHOLE: []}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jpg" for number in range(N_PICTURES)]
        for path, frame in zip(paths, frames, strict=True):
            Image.fromarray(frame).save(path, quality=90)
        checkpoint = Path(folder) / "segmenter.safetensors"
        save_checkpoint(checkpoint, segmenter, manifest)
        for _ in range(N_TURNS):
            for name, size in ((ONE, 1), (MANY, BATCH_SIZE)):
                begun = time.perf_counter()
                for start in range(0, N_PICTURES, size):
                    maker.compute_raw(frames[start : start + size], [head])
                found[name].append(N_PICTURES / (time.perf_counter() - begun))
            if keeps_memory:  # `segment` always keeps it
                begun = time.perf_counter()
                segment_pictures(checkpoint, paths, Path(folder) / "masks")
                found[WHOLE].append(N_PICTURES / (time.perf_counter() - begun))
    return found


def main() -> None:
    """Measure both ways, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keeps-memory", choices=["yes", "no"], help="Measure one way and print it as JSON.")
    asked = parser.parse_args()
    if asked.keeps_memory:
        sys.stdout.write(json.dumps(measure(keeps_memory=asked.keeps_memory == "yes")))
        return
    lines = [
        f"| pictures a second, {torch.get_num_threads()} cores | memory kept | given back | target |",
        "|---|---|---|---|",
    ]
    found = {}
    for way in ("yes", "no"):
        command = [sys.executable, __file__, "--keeps-memory", way]
        found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name in (ONE, MANY, WHOLE):
        cells = [f"{np.median(found[way][name]):.1f}" if found[way][name] else "-" for way in ("yes", "no")]
        lines.append(f"| {name} | {' | '.join(cells)} | {TARGETS.get(name, '-')} |")
    facts = f"`python benchmarks/segmenting.py`: {torch.get_num_threads()} cores ({platform.machine()}), medians of "
    table = "\n".join([f"{facts}{N_TURNS} turns.", "", *lines]) + "\n"
    sys.stdout.write(table)
    tables.write_table("performance.md", "segmenting", table)


if __name__ == "__main__":
    main()
