"""Pictures that benchmarks work on: JPEG files of drawn frames, or the first pictures of a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1]))

from medxai_core.images import IMAGE_SUFFIXES
from medxai_core.phantom.frames import draw_frame

WIDTH, HEIGHT = 622, 530
"""The commonest size of the pictures that LIRE was timed on."""


@contextmanager
def use_pictures(folder: Path | None, n_pictures: int) -> Iterator[list[Path]]:
    """Yield files of pictures; drawn ones are removed afterwards.

    Parameters
    ----------
    folder : Path or None
        Take the first `n_pictures` of this folder, by name. None: draw them, 622x530 pixels, JPEG quality 90.
    n_pictures : int
        How many, at most.
    """
    if folder is not None:
        yield sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)[:n_pictures]
        return
    with TemporaryDirectory() as made:
        paths = [Path(made) / f"{seed:05}.jpg" for seed in range(n_pictures)]
        for seed, path in enumerate(paths):
            frame = draw_frame(seed, width=WIDTH, height=HEIGHT, with_polyp=seed % 2 == 0)
            Image.fromarray(frame.image).save(path, quality=90)
        yield paths


def describe_pictures(folder: Path | None, n_pictures: int) -> str:
    """Return what the pictures are, for the line above a table."""
    return f"{n_pictures} pictures of a folder" if folder else f"{n_pictures} drawn frames of {WIDTH}x{HEIGHT}"
