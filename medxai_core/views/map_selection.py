"""A selection of items as the browser keeps it: bits, a table, lists, and a queue for the Review page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import numpy as np

from medxai_core.formats.selection_csv import format_selection_csv
from medxai_core.provenance import now_text
from medxai_core.records.pictures import Images, Items
from medxai_core.study import Study
from medxai_core.views.map_points import LABEL_CODES, SOURCE_CODES, MapPoints

FACT = "review_selection"


def encode_selection(rows: np.ndarray, n_items: int) -> np.ndarray:
    """Return positions as bits, (ceil(n_items / 8),) uint8, the lowest bit first.

    >>> encode_selection(np.array([0, 9]), 10).tolist()
    [1, 2]
    """
    flags = np.zeros(n_items, np.uint8)
    flags[rows] = 1
    return np.packbits(flags, bitorder="little")


def decode_selection(text: object, points: MapPoints) -> np.ndarray:
    """Return the positions of the items on the map whose bits are set, (m,) int64, from base64.

    What is no base64 selects nothing: the text comes from a browser.
    """
    try:
        packed = np.frombuffer(base64.b64decode(text, validate=True), np.uint8) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        packed = None
    n_items = len(points.points)
    if packed is None or len(packed) != -(-n_items // 8):
        return np.empty(0, np.int64)
    flags = np.unpackbits(packed, bitorder="little", count=n_items).astype(bool)
    return np.flatnonzero(flags & points.is_on_map)


def tabulate_selection(items: Items, points: MapPoints, rows: np.ndarray) -> str:
    """Return a selection as a table (CSV): ids, split, cluster, label in force and its source."""
    return format_selection_csv(_list_rows(items, points, rows))


def _list_rows(items: Items, points: MapPoints, rows: np.ndarray) -> Iterator[tuple[object, ...]]:
    """Yield the cells of each item."""
    for row in rows.tolist():
        label, source = LABEL_CODES[points.labels[row]], SOURCE_CODES[points.sources[row]]
        cluster = int(points.cluster_ids[row])
        yield items.item_ids[row], items.image_ids[row], items.splits[row], cluster, label, source


def list_ids(items: Items, rows: np.ndarray) -> str:
    """Return the item ids of a selection, one a line."""
    return "".join(f"{item_id}\n" for item_id in items.item_ids[rows])


def list_files(items: Items, images: Images, rows: np.ndarray) -> str:
    """Return the relative paths of the pictures of a selection, each once, one a line.

    Notes
    -----
    File names may name a patient: they leave a study only when a reader asks for them.
    """
    paths = dict.fromkeys(images.relative_paths[items.image_positions[rows]])
    return "".join(f"{path}\n" for path in paths if path is not None)


def record_review_selection(study: Study, reader: str, item_ids: list[str]) -> None:
    """Keep the items that a reader wants to review next, in order; the next choice takes their place.

    Raises
    ------
    StudyNotWritableError
        The study is read-only or the disk is full.
    """
    study.set_fact(f"{FACT}:{reader}", {"item_ids": item_ids, "at": now_text()})


def get_review_selection(study: Study, reader: str) -> list[str]:
    """Return the items that a reader chose to review next; empty when there is no such choice."""
    kept: Any = study.get_fact(f"{FACT}:{reader}")
    item_ids = kept.get("item_ids") if isinstance(kept, dict) else None
    return [one for one in item_ids if isinstance(one, str)] if isinstance(item_ids, list) else []
