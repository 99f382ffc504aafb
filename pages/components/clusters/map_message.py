"""The message that the cluster map gets: the points with all their codes, and every word it shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Any

import numpy as np

from medxai_core.embedding import MAX_TRUST_ROWS
from medxai_core.masks import OKABE_ITO
from medxai_core.records.clusterings import RecordedEmbedding
from medxai_core.records.pictures import Items
from medxai_core.study import Study
from medxai_core.views.cluster_view import name_trust
from medxai_core.views.map_points import (
    LABEL_CODES,
    OUTCOME_CODES,
    SOURCE_CODES,
    SPLIT_CODES,
    MapPoints,
    list_map_features,
)
from pages.components.class_words import OUTCOME_WORDS, say_class
from pages.components.clusters.item_words import name_items
from pages.components.packing import pack

COLOURS = [OKABE_ITO[name] for name in ("blue", "orange", "bluish_green", "reddish_purple", "sky_blue", "vermillion")]
GREY = (140, 140, 140)
SCALE = ((0, 114, 178), (165, 160, 165), (230, 159, 0))
NAME_BYTES = 8
PLAIN = [ord(sign) for sign in f"{ascii_letters}{digits}_.-"]
"""Signs of an id that are shown as they are."""
MODES = ("cluster", "label", "source", "review", "round", "split", "feature")
SOURCES = {
    None: "no label",
    "reference": "given with the picture (seed)",
    "review": "decided by a reader",
    "cluster": "proposed by a cluster",
    "hidden": "another reader decided; hidden until you have answered",
}
SPLITS = {
    None: "in no split",
    "train": "train: clustered and labelled",
    "validation": "validation: judges the classifier",
    "tuning": "tuning: chooses layer and threshold",
    "test": "test: scored once at the end",
}
OUTCOMES = {None: "nothing proposed", **OUTCOME_WORDS, "open": "open: you have not decided", "labelled": "labelled"}
TRUST_WORDS = {
    "good": "Good: most neighbours on the map are neighbours in the features too.",
    "fair": "Fair: many neighbours on the map are neighbours in the features, some are not.",
    "poor": "Poor: many neighbours on the map are no neighbours in the features.",
    "unknown": "Unknown: all pictures have the same features.",
}
FILES_WARNING = (
    "File names may name a patient or give a finding away. Exports carry ids instead; "
    "save the names only where they may be seen."
)


@dataclass(frozen=True, eq=False)
class MapMessage:
    """Hold the points, and the message that brings them to the browser.

    Attributes
    ----------
    key : str
        Tells one study and map from another; nothing can be read from it.
    points : MapPoints
    packed : bytes
    """

    key: str
    points: MapPoints
    packed: bytes


def make_map_message(
    study: Study, items: Items, points: MapPoints, embedding: RecordedEmbedding, *, mode: str, feature: str
) -> MapMessage:
    """Pack the map of a study.

    Parameters
    ----------
    mode, feature : str
        What the address asks the points to be coloured by; "" where it does not.
    """
    key = make_key(study, embedding)
    header = {
        "key": key,
        "pictures": f"map-pictures-{key}",
        "talk": f"map-{key}",
        "n": len(items),
        **_list_words(study, items, points, embedding),
        "colour": _choose_colour(embedding.feature_set, mode, feature),
    }
    parts: dict[str, Any] = {
        "places": points.points,
        "cluster": points.cluster_ids,
        "label": points.labels,
        "source": points.sources,
        "split": points.splits,
        "review": points.outcomes,
        "round": points.rounds,
        "name": encode_names(items.item_ids),
    }
    if name_items(study) == "tiles":
        parts["tile"] = ((items.tile_rows << 8) | items.tile_columns).astype(np.uint16)
    header["version"] = hashlib.sha256(
        b"".join(np.ascontiguousarray(parts[name]).tobytes() for name in ("cluster", "round", "source", "review"))
    ).hexdigest()[:12]
    return MapMessage(key, points, pack(header, parts))


def make_key(study: Study, embedding: RecordedEmbedding) -> str:
    """Return a name for one map of one study."""
    text = f"{study.folder}|{study.get_fact('created_at')}|{embedding.embedding_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def encode_names(item_ids: np.ndarray) -> np.ndarray:
    """Return the beginnings of ids as they are shown, (n, 8) uint8: plain letters, other signs as "_".

    >>> bytes(encode_names(np.array(["71179abc4b011cc9-r0c1", "<b>"], object)).ravel())
    b'71179abc_b_\\x00\\x00\\x00\\x00\\x00'
    """
    letters = item_ids.astype(f"U{NAME_BYTES}")
    codes = letters.view(np.uint32).reshape(len(letters), NAME_BYTES)
    is_plain = np.isin(codes, PLAIN) | (np.arange(NAME_BYTES) >= np.strings.str_len(letters)[:, None])
    return np.where(is_plain, codes, ord("_")).astype(np.uint8)


def _choose_colour(feature_set: str, mode: str, feature: str) -> dict[str, Any]:
    """Return what to colour by at first, and whether the address asks for it."""
    keys = [one.key for one in list_map_features(feature_set)]
    return {
        "mode": mode if mode in MODES else "cluster",
        "feature": feature if feature in keys else keys[0],
        "isAsked": mode in MODES,
    }


def _list_words(study: Study, items: Items, points: MapPoints, embedding: RecordedEmbedding) -> dict[str, Any]:
    """Return the words and colours of the map."""
    things = name_items(study)
    features = list_map_features(embedding.feature_set)
    return {
        "thing": {"one": things[:-1], "many": things},
        "colours": COLOURS,
        "grey": GREY,
        "scale": SCALE,
        "scaleName": "orange",
        "ring": "rgb({} {} {})".format(*OKABE_ITO["vermillion"]),
        "dimensions": _list_dimensions(),
        "features": [{"key": one.key, "words": one.words, "aspect": one.aspect} for one in features],
        "trust": _say_trust(items, points, embedding, things),
        "howTo": _say_how_to(things),
        "keys": _list_keys(),
        "hints": _list_hints(things),
        "filesWarning": FILES_WARNING,
    }


def _list_dimensions() -> dict[str, Any]:
    """Return title, names, colours and shapes of all that points can be coloured by."""
    classes = [_make_entry(code, say_class(label)) for code, label in enumerate(LABEL_CODES)]
    return {
        "cluster": {"title": "Cluster", "rest": "not clustered"},
        "label": {"title": "Label in force", "entries": classes},
        "source": {"title": "Source of the label", "entries": _list_entries(SOURCE_CODES, SOURCES)},
        "review": {"title": "Your review", "entries": _list_entries(OUTCOME_CODES, OUTCOMES)},
        "round": {"title": "Round", "rest": "in no round"},
        "split": {"title": "Split", "entries": _list_entries(SPLIT_CODES, SPLITS)},
    }


def _list_entries(codes: tuple[str | None, ...], words: dict[Any, str]) -> list[dict[str, Any]]:
    """Return a legend entry for each code."""
    return [_make_entry(code, words[value]) for code, value in enumerate(codes)]


def _make_entry(code: int, name: str) -> dict[str, Any]:
    """Return a legend entry; code 0 is grey, the others have a colour and a shape each."""
    place = (code - 1) % len(COLOURS)
    return {"code": code, "name": name, "colour": place if code else None, "shape": place if code else 0}


def _say_trust(items: Items, points: MapPoints, embedding: RecordedEmbedding, things: str) -> list[tuple[str, bool]]:
    """Say how far the map can be trusted; True: to be stressed."""
    trust, n = embedding.trustworthiness, int(points.is_on_map.sum())
    measured = f"(1 is best, about 0.5 is chance; measured on {min(n, MAX_TRUST_ROWS)} of {n} {things})"
    number = "" if trust is None else f" Trustworthiness {trust:.2f} {measured}."
    missing = int(items.is_present.sum()) - n
    left_out = f" {missing} {things} have no features and are not on it." if missing else ""
    return [
        ("How far to trust this map.", True),
        (TRUST_WORDS[name_trust(trust)] + number + left_out, False),
        ("Only nearness says something: distances between groups, their sizes and the axes mislead (UMAP).", True),
    ]


def _say_how_to(things: str) -> list[str]:
    """Say how to select, while nothing is."""
    return [
        f"Circle some points to see their {things}",
        "Draw a loop with the mouse or a finger, or click one point. Shift adds, Alt takes away.",
        "A loop takes all points inside, dimmed and hidden ones too, and says so.",
        "Whole clusters: the list above the map, or the keys [ and ].",
    ]


def _list_keys() -> list[tuple[str, str]]:
    """Return the keys of the map, the one place where they are listed."""
    return [
        ("L B H", "loop, box, hand (drag the map)"),
        ("+ - 0", "closer, farther, the whole map"),
        ("\u2190 \u2192 \u2191 \u2193", "move the map, while it has the focus"),
        ("[ ]", "select the cluster before, the next one"),
        ("Ctrl+A", "select all that is seen, while the map has the focus"),
        ("Ctrl+Z", "the selection before"),
        ("Esc", "clear the selection"),
        ("Space", "on the map: hold and drag to move it; on a picture: pick it"),
        ("Shift", "add to the selection; among the pictures: pick all from there to here"),
        ("Alt", "take from the selection"),
        ("Tab", "to the legend and the pictures"),
        ("?", "this list"),
    ]


def _list_hints(things: str) -> list[str]:
    """Return what else is good to know."""
    return [
        f"No {things[:-1]} is left out: seen from far the map shows how many {things} lie in a place "
        "(the more, the stronger the colour), from near each one as a symbol.",
        "Labels shown are those in force. A label that a cluster proposes is a guess, not a finding.",
        "What another reader decided stays hidden until you have answered.",
    ]
