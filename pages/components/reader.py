"""Who reads in this browser: kept there and never in the address, so that a link makes no one another reader."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import streamlit as st

from medxai_core.readers import LONGEST, clean_reader, get_default_reader, make_fresh_reader, mixes_alphabets
from pages.components.class_words import escape

READER_KEY, SAID_KEY = "reader", "reader_said"
TYPED_KEY, SHOWN_KEY, NOTE_KEY = "reader_typed", "reader_shown", "reader_note"
NEWS_KEY, TURN_KEY = "reader_news", "reader_turn"
COOKIE = "medxai_reader_"
"""What the browser keeps, told once more with each connection, so that the first drawing knows it."""

_said_here: set[str] = set()
"""Readers who said on this server who they are: none of them is proposed to another browser."""


def get_reader() -> str:
    """Return the pseudonym of who reads in this browser; one of its own until someone has said who it is."""
    if READER_KEY not in st.session_state:
        name, has_said = _read_cookie() or (make_fresh_reader(), False)
        _set(name, has_said=has_said)
    return st.session_state[READER_KEY]


def sign_job(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a command with who starts it, for the log; who is named there already stays."""
    is_named = any(argument.startswith("--reader") for argument in arguments)
    return [*arguments] if is_named else [*arguments, f"--reader={get_reader()}"]


def is_said() -> bool:
    """Return True when someone has said who reads in this browser."""
    reader, has_said = get_reader(), bool(st.session_state[SAID_KEY])
    if has_said:
        _said_here.add(reader)
    return has_said


def propose_reader() -> str:
    """Return the name to fill in where it is asked who reads.

    On the computer itself that is the login's, unless another browser has it already: two people at two browsers
    are never one reader without having said so.
    """
    login = get_default_reader()
    return login if _is_on_this_computer() and login not in _said_here else get_reader()


def show_reader(count_lines: Callable[[str], int]) -> None:
    """Show in the sidebar who reads, as it is recorded; another name can be written there.

    Parameters
    ----------
    count_lines : callable
        How often a reader stands in the log of the study.
    """
    shown = get_reader() if is_said() else ""
    if st.session_state.get(SHOWN_KEY) != shown or TYPED_KEY not in st.session_state:
        st.session_state[TYPED_KEY] = st.session_state[SHOWN_KEY] = shown
    st.text_input(
        "Reader",
        key=TYPED_KEY,
        max_chars=LONGEST,
        placeholder="Not said yet",
        on_change=lambda: take_reader(st.session_state[TYPED_KEY], count_lines),
        help="Your pseudonym in this browser. It stands beside every decision; never use a name. "
        "It is not part of the address: a link that you send makes no one decide as you.",
    )
    notes = st.container()
    if st.session_state.get(NOTE_KEY):
        notes.caption(st.session_state[NOTE_KEY])


def take_reader(typed: str, count_lines: Callable[[str], int]) -> None:
    """Take what someone said who they are, under the name that decisions will carry; may be a callback."""
    reader = clean_reader(typed)
    if not reader:
        st.session_state[SHOWN_KEY] = None
        return
    n_before = 0 if is_said() and reader == get_reader() else count_lines(reader)
    _set(reader, has_said=True)
    st.session_state[NEWS_KEY] = secrets.token_hex(4)
    notes = []
    if typed != reader:
        notes.append(f":material/info: Recorded as “{escape(reader)}”, as shown.")
    if mixes_alphabets(reader):
        notes.append(":material/warning: It mixes alphabets whose letters look alike: others may read it as another.")
    if n_before:
        times = "1 time" if n_before == 1 else f"{n_before:,} times"
        notes.append(
            f":material/info: “{escape(reader)}” has decided {times} in this study before. If that was not you, write "
            "another name."
        )
    st.session_state[NOTE_KEY] = " ".join(notes)


def describe_reader() -> dict[str, Any]:
    """Return what the browser is to keep; `news` differs each time that someone has said who they are."""
    return {"name": get_reader(), "isSaid": is_said(), "news": st.session_state.get(NEWS_KEY)}


def follow_browser(kept: Any) -> bool:
    """Take over who reads from what the browser keeps; return True when that is another reader than before."""
    if not isinstance(kept, dict) or kept.get("turn") == st.session_state.get(TURN_KEY):
        return False
    st.session_state[TURN_KEY] = kept.get("turn")
    written, has_said = kept.get("name"), kept.get("isSaid") is True
    reader = clean_reader(written) if isinstance(written, str) else ""
    if reader != written:  # written by other hands: the browser is told how it is recorded
        take_reader(reader or get_reader(), lambda _: 0)
        return True
    if (reader, has_said) == (get_reader(), is_said()):
        return False
    _set(reader, has_said=has_said)
    st.session_state[NEWS_KEY] = st.session_state[NOTE_KEY] = None
    return True


def _set(reader: str, *, has_said: bool) -> None:
    """Make someone the reader of this session."""
    st.session_state[READER_KEY], st.session_state[SAID_KEY] = reader, has_said


def _is_on_this_computer() -> bool:
    """Return True when the browser runs where the server runs."""
    return st.context.ip_address is None


def _read_cookie() -> tuple[str, bool] | None:
    """Return who reads as the browser says it with its connection; None from a browser that keeps nothing."""
    port = urlsplit(st.context.headers.get("Origin", "")).port
    try:
        written, has_said = json.loads(unquote(st.context.cookies.get(f"{COOKIE}{port or 0}", "")))
    except (TypeError, ValueError):  # none, or written by other hands
        return None
    reader = clean_reader(written) if isinstance(written, str) else ""
    return (reader, has_said is True) if reader else None
