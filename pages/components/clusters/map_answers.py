"""What the map asks for while it is looked at: values of a feature, items by id, files, a queue for review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.errors import MedxaiError
from medxai_core.study import Study
from medxai_core.views.map_points import MapPoints, find_items, get_map_feature
from medxai_core.views.map_selection import decode_selection, list_files, list_ids, tabulate_selection
from pages.components.cached import get_images, get_items
from pages.components.clusters.item_words import name_items
from pages.components.packing import Part

MOST_WISHES = 8


@dataclass(frozen=True, eq=False)
class MapContext:
    """Hold what the answers are about."""

    study: Study
    feature_set: str
    points: MapPoints


def answer_wishes(context: MapContext, asked: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Part]]:
    """Answer what the browser asks for; whatever it sends, each wish is answered.

    Parameters
    ----------
    asked : dict
        As the map sent it: wishes (number, kind, ...), selection as base64 bits.

    Returns
    -------
    answers : list of dict
        number, ok, words, and what the kind needs.
    parts : dict
        By ``answer-<number>``: the array or the file.
    """
    answers, parts = [], {}
    wishes = asked.get("wishes")
    for wish in wishes[:MOST_WISHES] if isinstance(wishes, list) else []:
        if not isinstance(wish, dict) or not isinstance(wish.get("number"), int):
            continue
        answer, part = _answer(context, wish, asked.get("selection"))
        answers.append({"number": wish["number"], **answer})
        if part is not None:
            parts[f"answer-{wish['number']}"] = part
    return answers, parts


def _answer(context: MapContext, wish: dict[str, Any], selection: object) -> tuple[dict[str, Any], Part | None]:
    """Answer one wish."""
    try:
        if wish.get("kind") == "column":
            return _get_column(context, str(wish.get("key")))
        if wish.get("kind") == "find":
            return _find(context, str(wish.get("text"))[:64])
        if wish.get("kind") == "export":
            return _export(context, str(wish.get("what")), decode_selection(selection, context.points))
    except MedxaiError as error:
        return {"ok": False, "words": f"{error.message} {error.remedy}"}, None
    return {"ok": wish.get("kind") == "review", "words": ""}, None


def _get_column(context: MapContext, key: str) -> tuple[dict[str, Any], Part | None]:
    """Return the values of a feature by item; NaN where unknown."""
    try:
        values = get_map_feature(context.study, key, context.feature_set)
    except ValueError:
        return {"ok": False, "words": "There is no such feature."}, None
    return {"ok": True, "words": ""}, values.astype(np.float32)


def _find(context: MapContext, text: str) -> tuple[dict[str, Any], Part | None]:
    """Find items by the beginning of their id."""
    things = name_items(context.study)
    found = find_items(get_items(context.study), text)
    here = found[context.points.is_on_map[found]]
    if not len(here):
        where = " that is on the map" if len(found) else ""
        return {"ok": False, "words": f"No {things[:-1]}{where} has an id that begins with {text}."}, None
    return {"ok": True, "words": f"Found by {text}:"}, here


def _export(context: MapContext, what: str, rows: np.ndarray) -> tuple[dict[str, Any], Part | None]:
    """Return exactly the selection as a file."""
    items = get_items(context.study)
    makers = {
        "csv": ("selection.csv", "text/csv", lambda: tabulate_selection(items, context.points, rows)),
        "ids": ("selection-ids.txt", "text/plain", lambda: list_ids(items, rows)),
        "files": ("selection-files.txt", "text/plain", lambda: list_files(items, get_images(context.study), rows)),
    }
    if what not in makers or not len(rows):
        return {"ok": False, "words": "Nothing is selected."}, None
    name, kind, make = makers[what]
    words = f"{len(rows)} {name_items(context.study)} saved as {name}."
    return {"ok": True, "words": words, "name": name, "type": kind}, make().encode()
