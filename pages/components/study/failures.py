"""What was left out of an import, in words that say what the file is and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from medxai_core.errors import Failure

_DECODER = re.compile(r" \(\w*(?:Error|Exception|Warning|error): .*?\)+(?=[.,;]|$)", re.DOTALL)
_PATH = re.compile(r"'[^']*[/\\.][^']*' (?=(?:is|has|holds|does|cannot|was)\b)")


def say_reason(reason: str) -> str:
    """Return a reason without the words of a decoder and without the path of the file, which stands beside it.

    >>> say_reason("'/a/b.jpg' is damaged, cut short or not readable (OSError: truncated (3 bytes)). Copy it again.")
    'The file is damaged, cut short or not readable. Copy it again.'
    >>> say_reason("it is no picture by its name.")
    'It is no picture by its name.'
    """
    words = _PATH.sub("the file ", _DECODER.sub("", reason)).strip()
    return words[:1].upper() + words[1:]


def show_failures(failures: Sequence[Failure]) -> None:
    """List files that were left out, each with the reason."""
    st.dataframe(
        {
            "File": [one.item for one in failures],
            "What is wrong, and what to do": [say_reason(one.reason) for one in failures],
        },
        hide_index=True,
        alt="Files that were not imported, with the reason",
    )
