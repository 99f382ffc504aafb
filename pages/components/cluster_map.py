"""The cluster map: all items as points beside the pictures of those that are selected, drawn by the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from medxai_core.errors import MedxaiError, StudyNotWritableError
from medxai_core.records.clusterings import RecordedEmbedding
from medxai_core.study import Study
from medxai_core.views.item_thumbnails import draw_item_thumbnail
from medxai_core.views.map_selection import decode_selection, encode_selection, record_review_selection
from pages.components.address import change_address
from pages.components.browser_component import declare_component
from pages.components.cached import get_images, get_items, get_map
from pages.components.clusters.map_answers import MapContext, answer_wishes
from pages.components.clusters.map_message import MODES, MapMessage
from pages.components.clusters.orders import CLUSTER_KEY, get_order
from pages.components.frame import get_reader, show_error
from pages.components.links import go_to_page
from pages.components.packing import pack
from pages.components.picture_feed import show_picture_feed

REVIEW_KEY = "review_selection"
QUEUE_PARAMETER, QUEUE_NAME = "queue", "selection"

_map = declare_component("cluster_map")
_feed = declare_component("cluster_map_feed")


@st.fragment
def show_cluster_map(study: Study, clustering_id: str | None, embedding: RecordedEmbedding) -> None:
    """Show the map with the pictures of the selection.

    Parameters
    ----------
    clustering_id : str or None
        None: nothing is clustered yet; the map shows the rest.
    """
    try:
        message = get_map(study, clustering_id, embedding.feature_set, get_reader(), _read_colour())
        with st.container(gap=None):  # the feeds show nothing and take no room
            _map(key=f"cluster_map-{message.key}", data=message.packed, height="content")
            _show_map_feed(study, embedding.feature_set, message)
            show_picture_feed(f"map-pictures-{message.key}", lambda keys: provide_thumbnails(study, keys))
    except MedxaiError as error:
        show_error(error)


def _read_colour() -> tuple[str, str]:
    """Return what the address asked for when the page was opened: later choices are the browser's own."""
    asked = (st.query_params.get("colour", ""), st.query_params.get("feature", ""))
    return st.session_state.setdefault("map_colour_asked", asked)


def provide_thumbnails(study: Study, keys: list[str]) -> Mapping[str, bytes | None]:
    """Return thumbnails by the positions of items; keys that are none are left out."""
    images, items = get_images(study), get_items(study)
    rows = [int(key) for key in keys if key.isascii() and key.isdigit() and int(key) < len(items)]
    return {str(row): draw_item_thumbnail(study, images, items, row) for row in rows if items.is_present[row]}


@st.fragment
def _show_map_feed(study: Study, feature_set: str, message: MapMessage) -> None:
    """Answer what the map asks for, tell it what other parts of the page ask, and follow its choices."""
    key = f"map-feed-{message.key}"
    asked = _read_asked(key)
    try:
        packed = _pack_answers(key, asked, MapContext(study, feature_set, message.points), message)
    except MedxaiError as error:
        show_error(error)
        return
    _feed(key=key, data=packed, on_asked_change=lambda: None, height="content")
    _write_colour(asked)
    _open_review(key, asked, study, message)
    if _follow_cluster(key, asked):
        st.rerun()


def _read_asked(key: str) -> dict[str, Any]:
    """Return what the map sent last."""
    asked = st.session_state.get(key, {}).get("asked")
    return asked if isinstance(asked, dict) else {}


def _pack_answers(key: str, asked: dict[str, Any], context: MapContext, message: MapMessage) -> bytes:
    """Return the answers and the last order; what was answered is not computed again."""
    folder, turn = str(context.study.folder), asked.get("turn")
    kept = st.session_state.get(f"{key}-answered")
    if kept is None or kept[0] != turn:
        kept = (turn, answer_wishes(context, asked))
        st.session_state[f"{key}-answered"] = kept
    answers, parts = kept[1]
    header: dict[str, Any] = {"talk": f"map-{message.key}", "answers": answers, "order": None}
    found = get_order(folder)
    if found is not None:
        header["order"] = found[0]
        if found[1] is not None:
            parts = parts | {"order": encode_selection(found[1], len(message.points.points))}
    return pack(header, parts)


def _write_colour(asked: dict[str, Any]) -> None:
    """Put the colour into the address, so that a link shows the same."""
    mode, feature = asked.get("colour"), asked.get("feature")
    if mode not in MODES:
        return
    wanted = {"colour": mode} | ({"feature": feature} if mode == "feature" and isinstance(feature, str) else {})
    if mode == "cluster":
        wanted = {}
    change_address({name: wanted.get(name) for name in ("colour", "feature")})


def _follow_cluster(key: str, asked: dict[str, Any]) -> bool:
    """Take over the cluster that was selected on the map; True when the rest of the page must be drawn again."""
    cluster = asked.get("cluster")
    if not isinstance(cluster, int) or st.session_state.get(f"{key}-cluster") == asked.get("turn"):
        return False
    st.session_state[f"{key}-cluster"] = asked.get("turn")
    if st.session_state.get(CLUSTER_KEY) == str(cluster):
        return False
    st.session_state[CLUSTER_KEY] = str(cluster)
    return True


def _open_review(key: str, asked: dict[str, Any], study: Study, message: MapMessage) -> None:
    """Open the Review page with the selection as its queue, when the map asked for it."""
    wishes = asked.get("wishes") if isinstance(asked.get("wishes"), list) else []
    numbers = [one.get("number") for one in wishes or [] if isinstance(one, dict) and one.get("kind") == "review"]
    done = f"{key}-review"
    if not numbers or st.session_state.get(done) == numbers[-1]:
        return
    st.session_state[done] = numbers[-1]
    item_ids = get_items(study).item_ids[decode_selection(asked.get("selection"), message.points)].tolist()
    st.session_state[REVIEW_KEY] = item_ids
    try:
        record_review_selection(study, get_reader(), item_ids)
    except StudyNotWritableError as error:
        show_error(error)  # the session still holds it
    go_to_page("review", **{QUEUE_PARAMETER: QUEUE_NAME})
