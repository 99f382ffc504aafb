"""Whole pictures of a study as the class map and the segmenter see them, with what is labelled of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medxai_core.config import MOST_PICTURES, SEGMENTER
from medxai_core.datasets import cache_inputs, list_readable_rows
from medxai_core.models import default_preprocessing
from medxai_core.progress import OnProgress
from medxai_core.records.pictures import Images, Items
from medxai_core.students.class_map import Box, LabelledTile
from medxai_core.students.lessons import PICTURE_SIDE
from medxai_core.study import Study


def read_pictures(
    study: Study, images: Images, chosen: np.ndarray, file: Path, *, on_progress: OnProgress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Decode whole pictures into a file.

    Parameters
    ----------
    chosen : (n,) int array
        Positions of pictures.
    file : Path
        The .npy file to write; delete it with `datasets.delete_cache`.

    Returns
    -------
    pictures : (m, 448, 448, 3) uint8
        On disk where all could be read.
    positions : (m,) int64
        Of those that could be read.
    """
    paths: list[tuple[Path, Sequence[int] | None]] = [
        (study.image_root / images.relative_paths[position], None) for position in chosen
    ]
    cached, failures = cache_inputs(
        paths, default_preprocessing(SEGMENTER, PICTURE_SIDE), file, n_jobs=-1, on_progress=on_progress
    )
    readable = list_readable_rows(paths, failures)
    return (cached if not failures else cached[readable]), np.asarray(chosen, np.int64)[readable]


def place_items(items: Items, images: Images, rows: np.ndarray) -> list[tuple[int, Box]]:
    """Return the picture of each item, and its box as shares of the picture's sides."""
    found: list[tuple[int, Box]] = []
    for row in rows:
        picture = int(items.image_positions[row])
        width, height = int(images.widths[picture]), int(images.heights[picture])
        left, top, right, bottom = (int(side) for side in items.boxes[row])
        found.append((picture, (left / width, top / height, right / width, bottom / height)))
    return found


def list_labelled_tiles(
    items: Items, images: Images, rows: np.ndarray, is_polyp: Sequence[bool] | np.ndarray, *, positions: np.ndarray
) -> list[LabelledTile]:
    """Return labelled items as tiles of the pictures that were read, those of others left out.

    Parameters
    ----------
    rows : (n,) int array
        Of the items.
    is_polyp : (n,) sequence of bool
        Their labels.
    positions : (m,) int array
        The pictures that were read, in their order.
    """
    row_of = {int(position): new for new, position in enumerate(positions)}
    return [
        LabelledTile(row_of[picture], box, bool(label))
        for (picture, box), label in zip(place_items(items, images, rows), is_polyp, strict=True)
        if picture in row_of
    ]


def choose_pictures(
    candidates: np.ndarray, labelled: np.ndarray, *, seed: int, most: int = MOST_PICTURES
) -> np.ndarray:
    """Choose the pictures to learn from: the labelled ones first, then others by chance.

    Parameters
    ----------
    candidates : ndarray of shape (n,), int
        Pictures of the training split.
    labelled : ndarray of shape (m,), int
        Pictures with a label; repeats are allowed.

    Returns
    -------
    ndarray of shape (k,), int
        In rising order; ``k <= max(most, labelled pictures)``.

    Examples
    --------
    >>> choose_pictures(np.arange(9), np.array([7, 2, 7]), seed=0, most=2)
    array([2, 7])
    """
    known = np.unique(labelled)
    others = np.random.default_rng(seed).permutation(np.setdiff1d(candidates, known))
    return np.sort(np.concatenate([known, others[: max(0, most - len(known))]]))
