"""Pictures and items (pictures or tiles of them) of a study, as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from medxai_core import store
from medxai_core.errors import ImageChangedError, ImageNotFoundError
from medxai_core.images import compute_file_hash, load_image, load_mask
from medxai_core.study import Study

QUERY_SIZE = 500


@dataclass(frozen=True)
class Images:
    """Hold the pictures of a study, row i at position i of every array by pictures.

    Attributes
    ----------
    image_ids : (n,) object of str
    relative_paths, mask_paths : (n,) object of str or None
        None: the picture was removed; no mask.
    widths, heights : (n,) object of int
    groups, splits, reference_labels : (n,) object of str or None
    is_present : (n,) bool
        False for removed pictures, of which only a tombstone is left.
    """

    image_ids: np.ndarray
    relative_paths: np.ndarray
    mask_paths: np.ndarray
    widths: np.ndarray
    heights: np.ndarray
    groups: np.ndarray
    splits: np.ndarray
    reference_labels: np.ndarray
    is_present: np.ndarray

    def __len__(self) -> int:
        return len(self.image_ids)

    def positions_in(self, *splits: str, with_truth: bool = False) -> np.ndarray:
        """Return the positions of present pictures of some splits, (m,) int64."""
        chosen = self.is_present & _is_one_of(self.splits, splits)
        if with_truth:
            chosen &= self.mask_paths != None  # noqa: E711 - by element
        return np.flatnonzero(chosen)

    @cached_property
    def rows_by_id(self) -> dict[str, int]:
        """Return the row of every picture by its id."""
        return {image_id: row for row, image_id in enumerate(self.image_ids)}


@dataclass(frozen=True)
class Items:
    """Hold the items of a study: what is clustered, labelled and classified.

    Attributes
    ----------
    item_ids, image_ids : (n,) object of str
    image_positions : (n,) int64
        Row of the item's picture in `Images`.
    boxes : (n, 4) int64
        x0, y0, x1, y1 in pixels of the picture; x1 and y1 are outside.
    tile_rows, tile_columns : (n,) int64
    splits : (n,) object of str
    reference_labels : (n,) object of str or None
        The truth as far as the study holds it. Hidden from reviewers; the pseudo-label loop sees
        only that of seeds.
    polyp_shares : (n,) float64
        Share of the item's pixels that the mask calls polyp; NaN without a mask.
    is_seed, is_labelled, is_present : (n,) bool
    """

    item_ids: np.ndarray
    image_ids: np.ndarray
    image_positions: np.ndarray
    boxes: np.ndarray
    tile_rows: np.ndarray
    tile_columns: np.ndarray
    splits: np.ndarray
    reference_labels: np.ndarray
    polyp_shares: np.ndarray
    is_seed: np.ndarray
    is_labelled: np.ndarray
    is_present: np.ndarray

    def __len__(self) -> int:
        return len(self.item_ids)

    def positions_in(self, *splits: str) -> np.ndarray:
        """Return the positions of present items of some splits, (m,) int64."""
        return np.flatnonzero(self.is_present & _is_one_of(self.splits, splits))

    @cached_property
    def rows_by_id(self) -> dict[str, int]:
        """Return the row of every item by its id."""
        return {item_id: row for row, item_id in enumerate(self.item_ids)}


def list_images(study: Study) -> Images:
    """Return all pictures of a study in the order of their positions."""
    c = store.images.c
    *columns, removed = study.read_columns(
        c.image_id, c.relative_path, c.mask_path, c.width, c.height, c.group_name, c.split,
        c.reference_label, c.removed_at, order_by=c.position,
    )  # fmt: skip
    image_ids, paths, masks, widths, heights, groups, splits, labels = columns
    return Images(image_ids, paths, masks, widths, heights, groups, splits, labels, _is_none(removed))


def list_items(study: Study) -> Items:
    """Return all items of a study in the order of their positions."""
    c, i = store.items.c, store.images.c
    columns = study.read_columns(
        c.item_id, c.image_id, i.position, c.x0, c.y0, c.x1, c.y1, c.tile_row, c.tile_column,
        i.split, c.reference_label, c.polyp_share, c.is_seed, c.is_labelled, i.removed_at,
        where=i.image_id == c.image_id, order_by=c.position,
    )  # fmt: skip
    return Items(
        item_ids=columns[0],
        image_ids=columns[1],
        image_positions=columns[2].astype(np.int64),
        boxes=np.stack([column.astype(np.int64) for column in columns[3:7]], axis=1),
        tile_rows=columns[7].astype(np.int64),
        tile_columns=columns[8].astype(np.int64),
        splits=columns[9],
        reference_labels=columns[10],
        polyp_shares=columns[11].astype(np.float64),  # None becomes NaN
        is_seed=columns[12].astype(bool),
        is_labelled=columns[13].astype(bool),
        is_present=_is_none(columns[14]),
    )


def _is_none(values: np.ndarray) -> np.ndarray:
    """Return which values are None, (n,) bool."""
    return np.array(values == None, bool)  # noqa: E711 - by element


def _is_one_of(values: np.ndarray, wanted: Iterable[Any]) -> np.ndarray:
    """Return which values are among the wanted ones, (n,) bool."""
    found = np.zeros(len(values), bool)
    for one in wanted:
        found |= values == one
    return found


def list_file_hashes(study: Study) -> dict[str, str]:
    """Return the SHA-256 of the file of every present picture, as it was imported, by image id in rising order."""
    c = store.images.c
    rows = study.read(select(c.image_id, c.sha256).where(c.removed_at.is_(None)))
    return dict(sorted((row.image_id, row.sha256) for row in rows))


def compute_dataset_digest(study: Study) -> str:
    """Return one digest over the pictures of a study: equal exactly when the same files were imported.

    Returns
    -------
    str
        SHA-256 in hex over lines "image_id sha256", each with its line break, in rising order of the ids. Removed
        pictures do not count.
    """
    lines = (f"{image_id} {sha256}\n" for image_id, sha256 in list_file_hashes(study).items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def count_removed_since(study: Study, moment: str) -> int:
    """Return how many pictures were removed after a moment (ISO 8601, UTC)."""
    return len(study.read(select(store.images.c.image_id).where(store.images.c.removed_at > moment)))


def find_training_items(study: Study, item_ids: list[str]) -> dict[str, str | None]:
    """Return, of some items, those of the train split, each with its label when it is a seed."""
    c, i = store.items.c, store.images.c
    found: dict[str, str | None] = {}
    for start in range(0, len(item_ids), QUERY_SIZE):
        rows = study.read(
            select(c.item_id, c.is_seed, c.reference_label)
            .join(store.images, i.image_id == c.image_id)
            .where(c.item_id.in_(item_ids[start : start + QUERY_SIZE]))
            .where(i.split == "train", i.removed_at.is_(None))
        )
        found |= {row.item_id: row.reference_label if row.is_seed else None for row in rows}
    return found


def find_image(study: Study, image_id: str) -> dict[str, object]:
    """Return all that is recorded of one picture, by its id or an unambiguous beginning of it.

    Raises
    ------
    ImageNotFoundError
        No picture, or more than one, begins with this id.
    """
    rows = study.read(select(store.images).where(store.images.c.image_id.startswith(image_id, autoescape=True)))
    if len(rows) != 1:
        count = "no picture has" if not rows else f"{len(rows)} pictures have"
        raise ImageNotFoundError(f"{count} an id that begins with {image_id!r}.", "Give a whole image id.")
    return dict(rows[0]._mapping)


def load_study_image(study: Study, relative_path: str, *, sha256: str | None = None) -> np.ndarray:
    """Decode one picture of a study.

    Parameters
    ----------
    sha256 : str, optional
        When given, the file must still have this hash.

    Returns
    -------
    (H, W, 3) uint8

    Raises
    ------
    ImageChangedError
        The file is gone, or is another one than was imported.
    """
    path = study.image_root / relative_path
    if not path.is_file():
        raise ImageChangedError(
            f"{path} is gone since it was imported.",
            "Put it back, or say where the pictures are now with `study locate`.",
        )
    if sha256 is not None and compute_file_hash(path) != sha256:
        raise ImageChangedError(
            f"{path} has changed since it was imported.", "Restore the file, or create the study again."
        )
    return load_image(path)


def load_study_mask(study: Study, mask_path: str | None, *, size: tuple[int, int]) -> np.ndarray | None:
    """Load the ground truth of one picture, (H, W) bool; None when it has none."""
    if mask_path is None or study.mask_root is None:
        return None
    return load_mask(study.mask_root / mask_path, expected_size=size)


def iterate_truth(study: Study, images: Images, positions: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield position and truth, (H, W) bool, of the pictures among some that have one, one at a time."""
    for position in positions:
        size = (int(images.widths[position]), int(images.heights[position]))
        truth = load_study_mask(study, images.mask_paths[position], size=size)
        if truth is not None:
            yield int(position), truth


def read_looks(study: Study, image_ids: Sequence[str]) -> np.ndarray:
    """Return brightness (mean grey value, 0 to 255), contrast (its deviation) and sharpness, (n, 3) float64.

    As measured on import; NaN where unknown.
    """
    c = store.images.c
    columns = c.image_id, c.brightness, c.contrast, c.sharpness
    found = {}
    for start in range(0, len(image_ids), QUERY_SIZE):
        for row in study.read(select(*columns).where(c.image_id.in_(image_ids[start : start + QUERY_SIZE]))):
            found[row[0]] = row[1:]
    nothing = (None, None, None)
    return np.array([found.get(image_id, nothing) for image_id in image_ids], dtype=float).reshape(-1, 3)


def get_thumbnail_path(study: Study, image_id: str) -> Path:
    """Return where the thumbnail of a picture lies."""
    return study.folder / "thumbnails" / image_id[:2] / f"{image_id}.jpg"
