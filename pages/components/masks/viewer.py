"""The live part of the Masks page: the viewer in the browser, the lock, and the table of the tuning pictures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from medxai_core.errors import ImageNotFoundError, MedxaiError
from medxai_core.heatmaps import CAM_METHODS
from medxai_core.records.masks import get_locked_setting, is_tuned_on_test, list_heatmaps
from medxai_core.records.pictures import Images, get_thumbnail_path
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from pages.components.cached import get_version
from pages.components.frame import show_error
from pages.components.mask_viewer import get_view, mount_viewer, show_map_feed
from pages.components.masks import setting as keys
from pages.components.masks.choice import find_number, find_positions, put_number
from pages.components.masks.header import make_header, start_command
from pages.components.masks.lock import show_lock
from pages.components.masks.messages import make_message
from pages.components.masks.subject import Subject, open_subject
from pages.components.masks.table import show_table
from pages.components.page_links import open_page
from pages.components.picture_feed import show_picture_feed

VIEWER = "masks_viewer"
TAKEN, SHOWN, COMMAND = "masks_taken", "masks_shown", "masks_command"
KEY_OF_PICTURE = re.compile(r"(?P<split>\w+)/(?P<number>\d{1,7})/(?P<method>[\w+]+)(?:/(?P<layer>\d{1,3}))?")


def show_masks(study: Study, run: RecordedRun, images: Images, *, split: str, own: Subject | None) -> None:
    """Show the viewer on the pictures of a split, or on one's own picture, and the feeds that it lives from."""
    place = (study.folder, run.run_id, run.best_epoch, own.key if own else "", describe_access(study, run))
    channel = name_channel(*place)
    st.session_state.pop(COMMAND, None)  # the page may be drawn anew in the browser: say again what is in view
    show_viewer(study, run, images, split=split, own=own, channel=channel)

    def provide(key: str) -> bytes:
        return provide_picture(study, run, images, key, own=own)

    number = 0 if own else find_number(study, images, split)
    show_map_feed(channel, provide, first=[f"{split}/{number}/{keys.get_block_method()}"])
    show_picture_feed(name_channel(study.folder), lambda wanted: provide_thumbnails(study, images, wanted))


def name_channel(*parts: object) -> str:
    """Return a short name that differs where the parts do; it tells the browser nothing of the server's folders."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def describe_access(study: Study, run: RecordedRun) -> str:
    """Return a text that changes with what may be seen, and with what is recorded of the maps."""
    counts = [list_heatmaps(study, run.run_id, method) for method in CAM_METHODS]
    version = get_version(study)  # of pictures and masks
    return f"{get_locked_setting(study, run.run_id)}{is_tuned_on_test(study, run.run_id)}{counts}{version}"


def provide_picture(study: Study, run: RecordedRun, images: Images, key: str, *, own: Subject | None) -> bytes:
    """Return the message of a wish of the viewer: ``split/number/method``, or for the film ``.../layer``.

    Raises
    ------
    ImageNotFoundError
        There is no such picture.
    """
    said = KEY_OF_PICTURE.fullmatch(key)
    if said is None or said["method"] not in CAM_METHODS:
        raise ImageNotFoundError("this is no picture of the study.", "Load the page again.")
    layer = None if said["layer"] is None else min(int(said["layer"]), run.n_blocks - 1)
    subject = own or _open(study, run, images, said["split"], int(said["number"]))
    return make_message(subject, said["method"], access=describe_access(study, run), layer=layer)


def _open(study: Study, run: RecordedRun, images: Images, split: str, number: int) -> Subject:
    """Open a picture by its place in a split."""
    positions = find_positions(study, images, split)
    if number >= len(positions):
        raise ImageNotFoundError("this picture is not in the study any more.", "Load the page again.")
    return open_subject(study, run, images, int(positions[number]))


def provide_thumbnails(study: Study, images: Images, wanted: list[str]) -> dict[str, bytes | None]:
    """Return small pictures by ``split/number``."""
    found: dict[str, bytes | None] = {}
    for key in wanted:
        split, _, number = key.partition("/")
        positions = find_positions(study, images, split)
        if number.isdecimal() and int(number) < len(positions):
            path = get_thumbnail_path(study, str(images.image_ids[positions[int(number)]]))
            found[key] = path.read_bytes() if path.is_file() else None
    return found


@st.fragment
def show_viewer(
    study: Study, run: RecordedRun, images: Images, *, split: str, own: Subject | None, channel: str
) -> None:
    """Show the viewer with the lock and the table below; what the reader does in it draws only this part again."""
    try:
        _show(study, run, images, split=split, own=own, channel=channel)
    except MedxaiError as error:  # the boundary around the page is not reached when only this part runs
        show_error(error)


def _show(study: Study, run: RecordedRun, images: Images, *, split: str, own: Subject | None, channel: str) -> None:
    """Take what the reader did, write it into the address, and show the parts."""
    take_view(study, run, images, split=split, own=own, channel=channel)
    number = 0 if own else find_number(study, images, split)
    command = _find_command((channel, split), number)
    image_id = None if own else str(images.image_ids[find_positions(study, images, split)[number]])
    keys.write_link(keys.get_setting(), run.run_id, split=split, image_id=image_id)
    names = {"channel": channel, "thumbnails": name_channel(study.folder)}
    mount_viewer(VIEWER, make_header(study, run, images, split=split, command=command, **names))
    table, lock = st.columns([1.9, 1], gap="medium")
    with lock:
        show_lock(study, run, keys.get_setting())
        if image_id is not None:
            open_page("transparency", "How this picture came to its mask", key="masks", image=image_id)
    with table:
        show_table(study, run, images)


def take_view(study: Study, run: RecordedRun, images: Images, *, split: str, own: Subject | None, channel: str) -> None:
    """Make what the reader did in the viewer the setting and the picture in view, once."""
    view = get_view(VIEWER)
    if view is None or view.get("channel") != channel or view.get("turn") == st.session_state.get(TAKEN):
        return
    st.session_state[TAKEN] = view.get("turn")
    said = view.get("setting")
    setting = keys.read_setting(study, run, said) if isinstance(said, Mapping) else None
    if setting is not None and isinstance(said, Mapping):
        keys.put_setting(setting)
        st.session_state[keys.ALIGN] = said.get("align") is not False
    number = view.get("picture")
    n_pictures = len(find_positions(study, images, split))
    if own is None and view.get("split") == split and isinstance(number, int) and 0 <= number < n_pictures:
        put_number(study, images, split, number)
    st.session_state[SHOWN] = _describe_view((channel, split), 0 if own else find_number(study, images, split))


def _describe_view(place: tuple[str, str], number: int) -> tuple[Any, ...]:
    """Return what is in view."""
    return place, number, keys.get_setting(), keys.is_aligned()


def _find_command(place: tuple[str, str], number: int) -> dict[str, Any]:
    """Return what the viewer was told last; a new command when the page changed what is in view by itself."""
    shown, old = _describe_view(place, number), st.session_state.get(COMMAND)
    turn = st.session_state.get("masks_commands", 0)
    if shown != st.session_state.get(SHOWN):
        turn += 1
        st.session_state["masks_commands"], st.session_state[SHOWN] = turn, shown
    if old is None or old["number"] != turn:
        st.session_state[COMMAND] = start_command(turn, number)
    command: dict[str, Any] = st.session_state[COMMAND]
    return command
