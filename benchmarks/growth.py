"""How time and memory of every stage grow with the number of pictures, and what that makes of larger collections.

Each stage runs in a process of its own: seconds of the stage alone, and the most memory that the process held with
Python and its libraries. What reads pictures (import, features, maps) is measured on drawn frames at two sizes and is
the same work for each picture; beyond that it is arithmetic, and the table says so. Clusters, rounds and the map of
pictures are measured on made-up features (made_features.py); records and logs on studies of repeated frames
(big_study.py).

Run ``python benchmarks/growth.py``: about 10 minutes on two cores; ``--large`` adds 110,000 pictures for clusters and
map; ``--stage NAME`` measures one stage again. What was measured is kept in build/growth.json. Writes the tables into
docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import tables
import turns
from peak_memory import read_peak_memory

K, TARGET, SEEDS_A_CLASS = 250, 1000, 100
PICTURES = (250, 1000)
SIZES = (1000, 10_000, 110_000)
FAR = {"HyperKvasir": 110_000, "video frames": 1_000_000}
CORES = (2, 16, 128)
KEPT = HERE.parent / "build" / "growth.json"


@contextmanager
def timed(found: dict[str, float]) -> Iterator[None]:
    """Write the seconds of the body into a record."""
    begun = time.perf_counter()
    yield
    found["seconds"] = time.perf_counter() - begun


def run_import(n: int, folder: Path) -> dict[str, float]:
    """Import drawn frames: decode, hash, thumbnail, light, text, near copies, splits, rows."""
    from drawn_files import use_pictures

    from medxai_core.studies.importing import ImportOptions, import_pictures, study_in_the_making

    found: dict[str, float] = {}
    with use_pictures(None, n) as paths, study_in_the_making(folder / "study") as study, timed(found):
        import_pictures(study, ImportOptions(paths[0].parent))
    return found


def run_features(n: int, folder: Path) -> dict[str, float]:
    """Decode drawn frames and extract the 226 numbers of each, in threads."""
    from drawn_files import use_pictures

    from medxai_core.features import extract_features
    from medxai_core.images import load_image

    found: dict[str, float] = {}
    with use_pictures(None, n) as paths:
        extract_features([load_image(paths[0])])  # compiled loops
        with timed(found):
            extract_features((load_image(path) for path in paths), n_jobs=-1, n_images=n)
    return found


def run_maps(n: int, folder: Path) -> dict[str, float]:
    """Decode drawn frames and make the map of one layer of the paper's network, enlarged."""
    from drawn_files import use_pictures

    from medxai_core.checkpoints import CheckpointManifest
    from medxai_core.images import load_image
    from medxai_core.memory import keep_freed_memory
    from medxai_core.models import build_model, default_preprocessing
    from medxai_core.stages.heatmaps import make_map_maker

    keep_freed_memory()
    found: dict[str, float] = {}
    model = build_model("b1", weights="scratch", seed=0)
    maker = make_map_maker(model, CheckpointManifest("b1", default_preprocessing("b1", 224)))
    with use_pictures(None, n) as paths, timed(found):
        for start in range(0, n, 8):
            images = [load_image(path) for path in paths[start : start + 8]]
            raw, _ = maker.compute_raw(images, [14])
            for image, one in zip(images, raw[14], strict=True):
                maker.finish(one, 14, (image.shape[0], image.shape[1]))
    return found


def run_clusters(n: int, folder: Path) -> dict[str, float]:
    """Fit k-means with ten starts on features in a file."""
    from pseudo_label_loop import FeatureFile

    from medxai_core.clusters import fit_clusters

    features = FeatureFile(folder / "features.npy")
    found: dict[str, float] = {}
    with timed(found):
        clustering = fit_clusters(features, K)
    np.save(folder / "ids.npy", clustering.cluster_ids)
    return found


def run_rounds(n: int, folder: Path) -> dict[str, float]:
    """Propose labels from clusters."""
    from pseudo_label_loop import draw_labels

    from medxai_core.pseudo_labels import propose_labels

    ids, labels = np.random.default_rng(0).integers(0, K, n), draw_labels(n)
    found: dict[str, float] = {}
    with timed(found):
        propose_labels(ids, labels, target=TARGET)
    return found


def run_umap(n: int, folder: Path) -> dict[str, float]:
    """Lay out a map of all pictures."""
    from medxai_core.embedding import fit_embedding

    fit_embedding(np.random.default_rng(0).normal(size=(4200, 8)))  # compiled loops, those of large studies too
    features = np.load(folder / "features.npy")
    found: dict[str, float] = {}
    with timed(found):
        fit_embedding(features)
    return found


def run_records(n: int, folder: Path) -> dict[str, float]:
    """Open a study and read pictures, items, proposals and where the study stands."""
    from medxai_core.records.labellings import find_labelling
    from medxai_core.records.pictures import list_images, list_items
    from medxai_core.study import open_study
    from medxai_core.views.standing import count_foundation, count_label_states

    found: dict[str, float] = {}
    with timed(found):
        study = open_study(folder / "big", read_only=True)
        list_images(study), list_items(study), find_labelling(study)
        count_label_states(study, count_foundation(study))
    return found


def run_log(n: int, folder: Path) -> dict[str, float]:
    """Check the chain of a log with as many decisions as there are pictures."""
    from medxai_core.records.log_check import check_log
    from medxai_core.study import open_study

    study = open_study(folder / "big", read_only=True)
    found: dict[str, float] = {}
    with timed(found):
        checked = check_log(study)
    if not checked.is_whole or checked.n_lines < n:
        raise SystemExit(f"the log is not what was written: {checked.n_lines} lines, {checked.problems}")
    return found


STAGES: dict[str, tuple[str, Callable[[int, Path], dict[str, float]], tuple[int, ...], str]] = {
    "import": ("import", run_import, PICTURES, "picture"),
    "features": ("226 features", run_features, PICTURES, "picture"),
    "clusters": (f"k-means, k = {K}, ten starts", run_clusters, SIZES, "measured"),
    "rounds": ("rounds of proposals", run_rounds, SIZES, "measured"),
    "umap": ("map of pictures (UMAP, one thread)", run_umap, SIZES, "measured"),
    "maps": ("heat maps, one layer of b1", run_maps, (64, 256), "picture"),
    "records": ("open a study", run_records, SIZES, "measured"),
    "log": ("check the log, a decision a picture", run_log, SIZES, "measured"),
}
"""Name in the table, what runs, sizes, and whether the work is the same for each picture."""
SLOW = ("clusters", "umap")
SPREAD_OVER_CORES = {"import": 1000, "features": 1000, "clusters": 10, "maps": 1000}
"""Stages that are spread over cores, and over how many at most: k-means by its ten starts."""


def prepare(stage: str, n: int, folder: Path) -> None:
    """Make what a stage reads, in a process of its own: its memory does not count."""
    made = {"clusters": "features", "umap": "features", "records": "study", "log": "study"}.get(stage)
    if made == "features":
        path = str(folder / "features.npy")
        make = f"import numpy, made_features; numpy.save({path!r}, made_features.make_features({n}))"
    elif made == "study":
        make = f"import growth, pathlib; growth.make_decided_study(pathlib.Path({str(folder)!r}), {n})"
    else:
        return
    subprocess.run([sys.executable, "-c", make], check=True, cwd=HERE, stdout=subprocess.DEVNULL)


def make_decided_study(folder: Path, n: int) -> None:
    """Make a study of repeated frames, with a decision for each training picture and again, until there are n."""
    import os

    os.environ["MEDXAI_HOME"] = str(folder)
    from big_study import make_big_study

    from medxai_core.records.pictures import list_items
    from medxai_core.stages.labels import decide_many

    study = make_big_study(folder / "big", n_images=n)
    items = list_items(study)
    rows = items.positions_in("train")
    free = [str(one) for one in items.item_ids[rows[~items.is_seed[rows]]]]
    size = min(5000, len(free))
    for start in range(0, n, size):
        asked = [free[(start + i) % len(free)] for i in range(min(size, n - start))]
        decide_many(study, asked, "unsure", reader=f"reader-{start // size}")
    study.engine.dispose()


def measure(stage: str, n: int) -> dict[str, float]:
    """Run one stage at one size in a process of its own: seconds, and peak memory in MB."""
    with TemporaryDirectory() as folder:
        prepare(stage, n, Path(folder))
        command = [sys.executable, __file__, "--stage", stage, "--n", str(n), "--folder", folder]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(told.splitlines()[-1])


def run_stage(stage: str, n: int, folder: Path) -> None:
    """Run a stage here and print what it took."""
    found = STAGES[stage][1](n, folder)
    found["peak"] = read_peak_memory()
    sys.stdout.write(json.dumps(found))


def find_exponent(by_size: dict[int, dict[str, float]]) -> float | None:
    """Return the power of n that time grows with, between the two largest sizes; None where it is too short to say."""
    small, large = sorted(by_size)[-2:]
    a, b = by_size[small]["seconds"], by_size[large]["seconds"]
    return math.log(b / a) / math.log(large / small) if a > 0.02 else None


def extrapolate(by_size: dict[int, dict[str, float]], n: int) -> float:
    """Return seconds at n: from the largest size that was measured, growing in proportion, or as it was seen to."""
    largest = max(by_size)
    power = max(1.0, find_exponent(by_size) or 1.0)
    return by_size[largest]["seconds"] * (n / largest) ** power


def write_growth(found: dict[str, dict[int, dict[str, float]]]) -> str:
    """Return the table of what was measured."""
    lines = ["| stage | sizes | seconds | time grows as n to the | peak memory, MB |", "|---|---|---|---|---|"]
    for stage, by_size in found.items():
        sizes = sorted(by_size)
        exponent = find_exponent(by_size) if len(sizes) > 1 else None
        cells = (
            " / ".join(f"{n:,}" for n in sizes),
            " / ".join(f"{by_size[n]['seconds']:.3g}" for n in sizes),
            "-" if exponent is None else f"{exponent:.2f}",
            " / ".join(f"{by_size[n]['peak']:.0f}" for n in sizes),
        )
        lines.append(f"| {STAGES[stage][0]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_far(found: dict[str, dict[int, dict[str, float]]]) -> str:
    """Return the arithmetic for larger collections and more cores."""
    heads = [f"{name}, {cores} cores" for name in FAR for cores in CORES]
    lines = ["| stage | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for stage, by_size in found.items():
        cells = []
        for n in FAR.values():
            for cores in CORES:
                seconds = extrapolate(by_size, n)
                seconds *= CORES[0] / min(cores, SPREAD_OVER_CORES.get(stage, CORES[0]))
                cells.append(say_time(seconds))
        lines.append(f"| {STAGES[stage][0]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def say_time(seconds: float) -> str:
    """Return a time as a reader says it."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds > 1.95 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def main() -> None:
    """Measure all stages, and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="clusters and map of 110,000 pictures too")
    parser.add_argument("--stage", choices=list(STAGES), help="Measure this stage only.")
    parser.add_argument("--n", type=int, help="With --folder: run the stage here at this size and print JSON.")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.stage and asked.folder:
        run_stage(asked.stage, asked.n, asked.folder)
        return
    found = read_kept()
    for stage, (_, _, sizes, _) in STAGES.items():
        if asked.stage not in (None, stage):
            continue
        for n in sizes:
            if n == SIZES[-1] and stage in SLOW and not asked.large:
                continue
            found.setdefault(stage, {})[n] = measure(stage, n)
            sys.stderr.write(f"{stage} {n}: {found[stage][n]}\n")
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(found), encoding="utf-8")
    head = f"`python benchmarks/growth.py --large`: {turns.describe_computer()}.\n\n"
    table = head + write_growth(found) + "\n" + write_far(found)
    sys.stdout.write(table)
    if len(found) == len(STAGES):
        tables.write_table("scale.md", "growth", table)


def read_kept() -> dict[str, dict[int, dict[str, float]]]:
    """Return what was measured before, in the order of the stages."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    return {stage: {int(n): one for n, one in kept[stage].items()} for stage in STAGES if stage in kept}


if __name__ == "__main__":
    main()
