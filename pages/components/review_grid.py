"""The review in the browser: pictures one by one or as a grid, decided on by key, saved while the reader goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import streamlit as st

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import MedxaiError
from medxai_core.masks import OKABE_ITO
from medxai_core.records.labellings import BANDS_PREFIX
from medxai_core.review import Decision
from medxai_core.study import Study
from medxai_core.views.review_cards import ReviewCards, get_batch_mark, list_own_log, locate_tiles
from medxai_core.views.seeds import CLASSES_WANTED
from pages.components.browser_component import declare_component
from pages.components.cached import get_decisions, get_images, get_items
from pages.components.class_words import say_class
from pages.components.frame import get_reader, name_study, show_error
from pages.components.frame_bar import get_standing
from pages.components.item_views import has_tiles
from pages.components.packing import Part, pack
from pages.components.picture_feed import show_picture_feed
from pages.components.reader import is_said, propose_reader, take_reader
from pages.components.review.decks import Deck, open_deck, read_choice
from pages.components.review.links import list_known, show_lifeline, show_outbox, show_reasons
from pages.components.review.pictures import bring_frames, bring_items
from pages.components.review.queue import AUDIT, SETTLING

Mode = Literal["proposals", "seeds"]

CLASS_COLORS = {"polyp": "orange", "non_polyp": "blue"}
CLASS_SIGNS = {"polyp": "\u25c9", "non_polyp": "\u25cb"}
OUTLINE = "orange"
LOOK_SECONDS = 0.3
"""A decision on a picture that has been there for less was meant for the one before: a held key, a double click."""
DECK_KEY = "review_deck"

_grid = declare_component("review_grid")


def show_review_grid(study: Study, mode: Mode) -> None:
    """Show the pictures to judge, with all that brings pictures and takes decisions.

    Decisions are taken from the browser before the cards are drawn, so that these know of them.
    """
    channel = f"review-{name_study(study)}"
    place = st.container()
    with st.container(gap=None):
        show_outbox(study, channel)
        with place:
            _show_cards(study, mode, channel)
        show_picture_feed(f"{channel}-small", lambda keys: bring_items(study, keys))
        show_picture_feed(f"{channel}-large", lambda keys: bring_frames(study, keys))
        show_reasons(study, channel)
        _heed(study, show_lifeline(channel), mode)


def _heed(study: Study, message: dict[str, Any], mode: Mode) -> None:
    """Take who reads when that was said, and suggest more pictures when the browser asked for them."""
    reader, more = message.get("reader"), message.get("more")
    if isinstance(reader, str) and st.session_state.get("review_said") != message.get("knock"):
        st.session_state["review_said"] = message.get("knock")
        take_reader(reader, lambda name: _count_lines(study, name))
        st.rerun()
    if mode == "seeds" and isinstance(more, int) and st.session_state.get("review_more") != message.get("knock"):
        st.session_state["review_more"] = message.get("knock")
        st.session_state["review_suggested"] = more
        st.rerun()


@st.fragment
def _show_cards(study: Study, mode: Mode, channel: str) -> None:
    """Show the cards of a queue; changes of the order draw this anew and nothing else."""
    key = f"{channel}-{mode}"
    try:
        deck = open_deck(study, mode, read_choice(study, key, mode))
        data = _pack_once(study, deck, channel)
    except MedxaiError as error:
        show_error(error)
        return
    note = st.container()  # always there: the grid keeps its place, and with it what it holds
    if deck.note:
        note.caption(deck.note)
    _grid(key=key, data=data, on_choice_change=lambda: None, height="content")


def _pack_once(study: Study, deck: Deck, channel: str) -> bytes:
    """Return the packed deck; the one sent before while the browser knows all that was decided since."""
    log = list_own_log(get_decisions(study), get_reader())
    sent = st.session_state.get(DECK_KEY)
    if sent and sent["key"] == deck.key:
        known = sent["events"] | list_known(study)
        if all(line.event_id in known for line in log):
            return sent["data"]
    deck_id = hashlib.blake2b(f"{deck.key} {len(log)}".encode(), digest_size=8).hexdigest()
    header = _describe(study, deck, channel) | {"deck_id": deck_id}
    data = pack(header, _list_parts(study, deck.cards, log))
    st.session_state[DECK_KEY] = {"key": deck.key, "events": {line.event_id for line in log}, "data": data}
    return data


def _describe(study: Study, deck: Deck, channel: str) -> dict[str, Any]:
    """Return what the browser must know of a deck beside its cards."""
    items = get_items(study)
    seeds = items.is_seed & items.is_present
    return {
        "study": name_study(study),
        "reader": get_reader(),
        "channel": channel,
        "small": f"{channel}-small",
        "large": f"{channel}-large",
        "mode": deck.mode,
        "order": deck.order,
        "orders": deck.orders,
        "is_shared": deck.shared,
        "one_by_one": deck.order == AUDIT,
        "settles": deck.order == SETTLING,
        "must_ask": not is_said(),
        "proposal": _describe_proposal(study),
        "empty": deck.empty,
        "clustering": deck.clustering_id,
        "group": name_group(deck.clustering_id),
        "labelling": deck.labelling_id,
        "classes": list(CLASS_NAMES),
        "class_words": {name: say_class(name) for name in CLASS_NAMES},
        "class_colors": {name: _write_color(CLASS_COLORS[name]) for name in CLASS_NAMES},
        "class_signs": CLASS_SIGNS,
        "outline": _write_color(OUTLINE),
        "look_ms": round(1000 * LOOK_SECONDS),
        "read_only": study.read_only,
        "given": {name: int((seeds & (items.reference_labels == name)).sum()) for name in CLASS_NAMES},
        "known": sorted(get_standing(study).labels.classes),  # labelled by anyone: what the rounds start from
        "wanted": CLASSES_WANTED,
    }


def name_group(clustering_id: str | None) -> str:
    """Return what the groups are called that propose together."""
    return "band" if clustering_id is not None and clustering_id.startswith(BANDS_PREFIX) else "cluster"


def _describe_proposal(study: Study) -> dict[str, Any] | None:
    """Return the name to fill in where it is asked who reads, and how often it stands in the log."""
    if is_said():
        return None
    name = propose_reader()
    return {"name": name, "n": _count_lines(study, name)}


def _count_lines(study: Study, reader: str) -> int:
    """Return how often a reader stands in the log."""
    return sum(line.reader == reader for line in get_decisions(study))


def _list_parts(study: Study, cards: ReviewCards, log: Sequence[Decision]) -> dict[str, Part]:
    """Return the cards as arrays, and the reader's log."""
    codes = {name: code for code, name in enumerate(CLASS_NAMES)}
    parts: dict[str, Part] = {
        "ids": _write_json(cards.item_ids.tolist()),
        "labels": np.array([codes.get(label, 255) for label in cards.labels], np.uint8),
        "clusters": cards.cluster_ids,
        "rounds": cards.rounds,
        "history": _write_json([_list_fields(line) for line in log]),
    }
    if has_tiles(study):
        items, images = get_items(study), get_images(study)
        widths, heights = images.widths, images.heights
        boxes = locate_tiles(items, cards.positions, widths=widths, heights=heights)
        tiles = np.stack([items.tile_rows[cards.positions], items.tile_columns[cards.positions]], axis=1)
        parts |= {
            "images": _write_json(items.image_ids[cards.positions].tolist()),
            "boxes": boxes.astype(np.float32),
            "tiles": tiles.astype(np.int32),
        }
    return parts


def _list_fields(line: Decision) -> list[str | None]:
    """Return what the browser needs of one line of the reader's log."""
    mark = get_batch_mark(line)
    return [line.event_id, line.item_id, line.action, line.label, line.undoes, mark, line.clustering_id]


def _write_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8."""
    return json.dumps(value).encode()


def _write_color(name: str) -> str:
    """Return a colour as the browser reads it."""
    return "#{:02x}{:02x}{:02x}".format(*OKABE_ITO[name])
