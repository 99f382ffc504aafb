"""What is chosen on the Clusters page: items selected on the map, and items picked among their pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

KEY = "cluster_choice"


@dataclass
class Choice:
    """Hold the choice of one session.

    Attributes
    ----------
    folder : str
        The study it belongs to.
    selected : list of str
        Ids of the items selected on the map, or by a cluster.
    marked : list of str
        The selection as the figure draws it. The map shows a loop by itself: drawing it again would make
        the figure another one, and the loop would be lost.
    picked : list of str
        Ids of the items picked among the pictures.
    words : str
        Where the selection comes from.
    revision : int
        Grows with every selection that was not made on the map: a loop drawn there is then taken away.
    """

    folder: str
    selected: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    picked: list[str] = field(default_factory=list)
    words: str = ""
    revision: int = 0


def get_choice(folder: str) -> Choice:
    """Return the choice in a study; that in another study is forgotten."""
    choice = st.session_state.get(KEY)
    if choice is None or choice.folder != folder:
        choice = st.session_state[KEY] = Choice(folder)
    return choice


def select_items(folder: str, item_ids: list[str], words: str) -> None:
    """Select items by their ids, and draw them as selected."""
    revision = get_choice(folder).revision + 1
    chosen = list(item_ids)
    st.session_state[KEY] = Choice(folder, chosen, marked=list(chosen), words=words, revision=revision)


def mark_selection(folder: str) -> None:
    """Let the figure draw the selection: it becomes another figure, and a loop drawn on it is lost."""
    choice = get_choice(folder)
    choice.marked = list(choice.selected)


def take_selection(folder: str, chart_key: str) -> None:
    """Take over what was clicked, boxed or circled on the map."""
    choice = get_choice(folder)
    found = [read_id(point.get("customdata")) for point in st.session_state[chart_key].selection.points]
    choice.selected = list(dict.fromkeys(item_id for item_id in found if item_id))
    choice.picked = [item_id for item_id in choice.picked if item_id in set(choice.selected)]
    choice.words = "Selected on the map"


def take_pick(folder: str, item_id: str) -> None:
    """Pick an item among the pictures, or take it back; from now on the figure draws the selection itself."""
    choice = get_choice(folder)
    if item_id in choice.picked:
        choice.picked.remove(item_id)
    else:
        choice.picked.append(item_id)
    mark_selection(folder)


def read_id(customdata: object) -> str | None:
    """Return the item id that a point of the map carries; None for points that carry none.

    >>> read_id("a-r0c1"), read_id(["a-r0c1"]), read_id(None)
    ('a-r0c1', 'a-r0c1', None)
    """
    if isinstance(customdata, (list, tuple)):
        customdata = customdata[0] if customdata else None
    return customdata if isinstance(customdata, str) and customdata else None
