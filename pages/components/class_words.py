"""Classes, sources and outcomes in the words of a clinician; text that markdown must not read."""

from __future__ import annotations

from typing import Literal

BadgeColor = Literal["blue", "orange", "gray", "green", "red", "violet"]

CLASS_WORDS = {"polyp": "polyp", "non_polyp": "non-polyp"}
CLASS_COLORS: dict[str, BadgeColor] = {"polyp": "orange", "non_polyp": "blue"}
CLASS_ICONS = {"polyp": ":material/radio_button_checked:", "non_polyp": ":material/radio_button_unchecked:"}

SOURCE_WORDS = {
    "reference": "given with the pictures (seeds)",
    "review": "decided by readers",
    "cluster": "proposed by clusters",
}

OUTCOME_WORDS = {
    "open": "open",
    "accepted": "accepted",
    "rejected": "rejected",
    "other": "given the other class",
    "unsure": "unsure",
    "skipped": "skipped",
}

ACTION_WORDS = {
    "label": "labelled",
    "accept": "accepted",
    "reject": "rejected",
    "other": "corrected to",
    "unsure": "unsure",
    "skip": "skipped",
    "flag": "flagged",
}

STOP_WORDS = {
    "target_reached": "the target was reached",
    "no_pure_cluster_left": "no pure cluster with anything unlabelled was left",
    "no_sure_band_left": "no band that is sure of its class, with anything unlabelled, was left",
    "round_limit": "the limit of rounds was reached",
}
"""Why rounds of proposals ended."""


def say_class(label: str | None) -> str:
    """Return a class as people say it.

    >>> say_class("non_polyp"), say_class(None)
    ('non-polyp', 'no label')
    """
    return "no label" if label is None else CLASS_WORDS.get(label, label)


def write_badge(label: str) -> str:
    """Return a class as a coloured badge in markdown; sign and word say it too, not the colour alone.

    >>> write_badge("polyp")
    ':orange-badge[:material/radio_button_checked: polyp]'
    """
    return f":{CLASS_COLORS.get(label, 'gray')}-badge[{CLASS_ICONS.get(label, '')} {say_class(label)}]"


def say_action(action: str, label: str | None) -> str:
    """Return a decision in words.

    >>> say_action("accept", "non_polyp"), say_action("skip", None)
    ('accepted non-polyp', 'skipped')
    """
    words = ACTION_WORDS.get(action, action)
    return f"{words} {say_class(label)}" if label else words


def say_plainly(text: str) -> str:
    """Return a sentence of the core with its class names as people say them.

    >>> say_plainly("All 2 are non_polyp.")
    'All 2 are non-polyp.'
    """
    return text.replace("non_polyp", "non-polyp")


def shorten(item_id: str) -> str:
    """Return an item id short enough for a caption: the beginning of the picture's id, and the tile.

    >>> shorten("71179abc4b011cc9-r0c1"), shorten("71179abc4b011cc9")
    ('71179abc r0c1', '71179abc')
    """
    image_id, _, tile = item_id.partition("-")
    return f"{image_id[:8]} {tile}".strip()


def escape(text: str) -> str:
    """Return text whose signs are not read as markdown.

    >>> escape("a_b")
    'a\\\\_b'
    """
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|~>$:<" else sign for sign in text)


def plural(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> plural(1, "picture"), plural(1200, "tile")
    ('1 picture', '1,200 tiles')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
