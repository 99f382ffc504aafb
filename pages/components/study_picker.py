"""Which study: chosen in the sidebar, kept in the address of every page; below it who reads."""

from __future__ import annotations

import os

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.study import list_studies
from pages.components.address import change_address
from pages.components.cached import get_decisions, get_study
from pages.components.class_words import escape
from pages.components.reader import show_reader

STUDY_KEY = "study_folder"
WRITTEN_KEY = "study_written"


def show_study_picker() -> bool:
    """Let the user choose a study, which the address keeps, and say who reads, which the browser keeps.

    Returns
    -------
    bool
        False when the address names a study that is not known here: no page is drawn then, since the pictures
        of another study would be taken for those that were meant.
    """
    names = _list_named()
    is_unknown = _find_unknown(names) is not None
    st.divider()
    if not names:
        st.caption("No study yet.")
        return not is_unknown
    folders = list(names)
    chosen = st.selectbox(
        "Study",
        folders,
        index=None if is_unknown else folders.index(_find_current(names)),
        format_func=lambda folder: names[folder],
        placeholder="Choose a study",
        help="Studies known on this computer. A new one is made on the Study page.",
    )
    if chosen is not None:
        choose_study(chosen)
        show_reader(_count_lines)
    return chosen is not None


def _count_lines(reader: str) -> int:
    """Return how often a reader stands in the log of the current study."""
    try:
        return sum(line.reader == reader for line in get_decisions(get_study(st.session_state[STUDY_KEY])))
    except MedxaiError:  # the page says what is wrong with the study
        return 0


def choose_study(folder: str) -> None:
    """Make another study the current one, and name it in the address."""
    st.session_state[STUDY_KEY] = str(folder)
    name = _list_named().get(str(folder))
    if name is not None:
        st.session_state[WRITTEN_KEY] = name
        change_address({"study": name})


def show_unknown_study() -> None:
    """Say that the study of the address is not here, and offer those that are."""
    names = _list_named()
    asked = escape((_find_unknown(names) or "")[:80])
    st.title("Which study?", anchor=False)
    st.warning(
        f"**This address asks for the study “{asked}”, which is not known on this computer.** A study lives in a "
        "folder of its own: ask whoever sent the address where that folder is. Or open a study that is here.",
        icon=":material/link_off:",
    )
    for folder, name in names.items():
        st.button(f"Open {escape(name)}", key=f"open-known-{folder}", on_click=choose_study, args=(folder,))
    st.button("Make a new study", key="open-new", icon=":material/add:", on_click=_ask_for_new)


def _ask_for_new() -> None:
    """Take the unknown study out of the address, and open the form for a new one."""
    change_address({"study": None, "new": "1"})


def _find_unknown(names: dict[str, str]) -> str | None:
    """Return the name of the study that a link asks for and that is not here."""
    asked = _read_asked()
    is_link = asked and asked != st.session_state.get(WRITTEN_KEY)
    return asked if is_link and asked not in names.values() else None


def _read_asked() -> str:
    """Return the name of the study in the address; an empty one asks for nothing."""
    return st.query_params.get("study", "").strip()


def _find_current(names: dict[str, str]) -> str:
    """Return the study that a link asks for, else the one chosen before, else the demo, else the first.

    What the app itself wrote into the address is no link: it never overrules a choice made since.
    """
    asked, before = _read_asked(), st.session_state.get(STUDY_KEY)
    if asked and (asked != st.session_state.get(WRITTEN_KEY) or before is None):
        return next(folder for folder, name in names.items() if name == asked)
    demos = [folder for folder in names if os.path.basename(folder) == "demo"]
    return before if before in names else (demos or list(names))[0]


def _list_named() -> dict[str, str]:
    """Return the known studies: a name for each folder, its own, and where it lies when two have the same."""
    folders = [str(folder) for folder in list_studies()]
    own = [os.path.basename(folder) for folder in folders]
    return {
        folder: name if own.count(name) == 1 else f"{name} ({'/'.join(folder.split(os.sep)[-3:-1])})"
        for folder, name in zip(folders, own, strict=True)
    }
