"""How many pictures a second an import takes: hash, size and thumbnail, and all the rest that an import looks at.

Measured against a loop in plain Pillow that does the first three as anyone would write them: SHA-256 of the file,
`Image.open`, `Image.thumbnail`, JPEG of quality 85; on one thread and on two. Both give the same hashes and sizes, and
thumbnails that differ by less than two of 255 grey levels on average (Lanczos here, bicubic there).

An import does more for each picture: brightness, contrast, sharpness, black border, burned-in text, the signature that
near copies are found by; then near copies, splits and the rows of the study. The whole of it is a row of its own, and
the parts of one picture's time are told below the table.

Run ``python benchmarks/importing.py [--pictures FOLDER]``. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns
from drawn_files import describe_pictures, use_pictures

from medxai_core.images import compute_file_hash, compute_image_quality, load_image, make_thumbnail
from medxai_core.near_duplicates import compute_signature
from medxai_core.parallel import map_parallel
from medxai_core.studies.burned_in_text import find_burned_in_text
from medxai_core.studies.examining import THUMBNAIL_SIZE
from medxai_core.studies.importing import ImportOptions, import_pictures, study_in_the_making

N_PICTURES, N_TURNS, N_CORES = 256, 5, 2
TARGET = 500  # pictures a second on two cores
Facts = tuple[str, tuple[int, int], bytes]
PLAIN, PLAIN_TWO = "plain Pillow, one thread", f"plain Pillow, {N_CORES} threads"
OURS, WHOLE = "ours, the same work", "ours, the whole import"


def examine_plainly(path: Path) -> Facts:
    """Return hash, size and thumbnail as a plain script would."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with Image.open(path) as image:
        size = image.size
        image.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE))
        buffer = io.BytesIO()
        image.save(buffer, format="JPEG", quality=85)
    return digest, size, buffer.getvalue()


def examine_as_product(path: Path) -> Facts:
    """Return hash, size and thumbnail by the functions that the import calls."""
    image = load_image(path)
    return compute_file_hash(path), (image.shape[1], image.shape[0]), make_thumbnail(image, THUMBNAIL_SIZE)


def write_all(found: Sequence[Facts], folder: Path) -> int:
    """Write the thumbnails; both ways do."""
    for digest, _, thumbnail in found:
        (folder / f"{digest}.jpg").write_bytes(thumbnail)
    return len(found)


def check_same(paths: Sequence[Path]) -> None:
    """End the run unless both ways find the same."""
    for path in paths:
        plain, ours = examine_plainly(path), examine_as_product(path)
        a, b = (np.asarray(Image.open(io.BytesIO(one[2]))).astype(float) for one in (plain, ours))
        if plain[:2] != ours[:2] or a.shape != b.shape or np.abs(a - b).mean() >= 2:
            raise SystemExit(f"not the same work on picture {path.name}")


def import_whole(images: Path, folder: Path) -> None:
    """Import a folder as the product does, up to the recorded study."""
    with study_in_the_making(folder / f"study-{time.monotonic_ns()}") as study:
        import_pictures(study, ImportOptions(images=images))


def measure_parts(paths: Sequence[Path]) -> dict[str, float]:
    """Return processor milliseconds of one thread for each part of one picture, median over pictures."""
    parts: dict[str, Callable[[np.ndarray], object]] = {
        "thumbnail": lambda image: make_thumbnail(image, THUMBNAIL_SIZE),
        "light, contrast, sharpness, border": compute_image_quality,
        "burned-in text": find_burned_in_text,
        "signature": compute_signature,
    }
    found: dict[str, list[float]] = {"decoding": [], "hash": [], **{name: [] for name in parts}}
    for path in paths:
        begun = time.thread_time()
        image = load_image(path)
        found["decoding"].append(time.thread_time() - begun)
        for name, run in {"hash": lambda _, path=path: compute_file_hash(path), **parts}.items():
            begun = time.thread_time()
            run(image)
            found[name].append(time.thread_time() - begun)
    return {name: 1000 * float(np.median(seconds)) for name, seconds in found.items()}


def write_rows(n: int, seconds: dict[str, np.ndarray]) -> list[str]:
    """Return the rows of the table."""
    rows = []
    for name, found in seconds.items():
        rate = n / float(np.median(found))
        ratios = [str(turns.compare(seconds[peer], found)) for peer in (PLAIN, PLAIN_TWO)]
        is_ours = name in (OURS, WHOLE)
        verdict = ("yes" if rate >= TARGET else "**no**") if is_ours else "-"
        told = ratios if is_ours else ["-", "-"]
        rows.append(f"| {name} | {rate:.0f} | {' | '.join(told)} | {TARGET if is_ours else '-'} | {verdict} |")
    return rows


def main() -> None:
    """Measure in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="Folder of pictures to use instead of drawn frames.")
    folder = parser.parse_args().pictures
    with use_pictures(folder, N_PICTURES) as found, TemporaryDirectory() as made:
        out, images = Path(made), Path(made) / "images"
        images.mkdir()
        paths = [images / file.name for file in found]
        for file, path in zip(found, paths, strict=True):
            os.symlink(file.resolve(), path)
        check_same(paths[:32])
        work = [(path,) for path in paths]
        with ThreadPoolExecutor(N_CORES) as threads:
            ways = {
                PLAIN: lambda: write_all([examine_plainly(path) for path in paths], out),
                PLAIN_TWO: lambda: write_all(list(threads.map(examine_plainly, paths)), out),
                OURS: lambda: write_all(list(map_parallel(examine_as_product, work, n_jobs=N_CORES)), out),
                WHOLE: lambda: import_whole(images, out),
            }
            seconds = turns.take_turns(ways, N_TURNS)
        parts = measure_parts(paths)
    told = ", ".join(f"{name} {found:.2f}" for name, found in parts.items())
    table = "\n".join(
        [
            f"`python benchmarks/importing.py`: {turns.describe_computer()}, {describe_pictures(folder, len(paths))}, "
            f"medians of {N_TURNS} turns, ratios with a 95 % interval.",
            "",
            "| file to thumbnail and facts | pictures a second | against one thread | against two | target | met |",
            "|---|---|---|---|---|---|",
            *write_rows(len(paths), seconds),
            "",
            f"Processor milliseconds of one picture, one thread: {told}; in all {sum(parts.values()):.1f}.",
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "importing", table + "\n")


if __name__ == "__main__":
    main()
