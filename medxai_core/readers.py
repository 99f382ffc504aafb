"""Who reads: the pseudonym that stands beside every decision, written in one way however it was typed."""

from __future__ import annotations

import getpass
import hashlib
import secrets
import unicodedata

LONGEST = 40
"""Characters of a pseudonym."""

_INVISIBLE = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
"""Letters and marks that show nothing: joiners, fillers, the empty Braille cell."""


def name_reader(typed: str | None) -> str:
    """Return the pseudonym that is recorded for who acts: what was typed, cleaned; without it, one of the login.

    >>> name_reader(" anna ")
    'anna'
    >>> name_reader(None) == name_reader("  ") == get_default_reader()
    True
    """
    return clean_reader(typed or "") or get_default_reader()


def clean_reader(typed: str) -> str:
    """Return a pseudonym as it is recorded, so that two that look the same are the same.

    Compatible forms become one (Unicode NFKC); control, format, private and unassigned characters and those that
    show nothing are dropped; any run of white space becomes one space; the rest is cut to 40 characters.

    >>> clean_reader("\\u202ean\\u200bna\\x00  b "), clean_reader("\\uff21nna")
    ('anna b', 'Anna')
    """
    composed = unicodedata.normalize("NFKC", typed)
    spaced = "".join(" " if sign.isspace() else sign for sign in composed if sign.isspace() or _is_seen(sign))
    # NFKC once more: marks may meet the letter that a dropped sign kept from them.
    return unicodedata.normalize("NFKC", " ".join(spaced.split()))[:LONGEST].rstrip()


def _is_seen(sign: str) -> bool:
    """Return True for a character that shows something."""
    is_selector = "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"
    return unicodedata.category(sign)[0] != "C" and sign not in _INVISIBLE and not is_selector


def mixes_alphabets(reader: str) -> bool:
    """Return True when a pseudonym holds letters of more than one of the alphabets that look alike.

    >>> mixes_alphabets("anna"), mixes_alphabets("\\u0430nna")
    (False, True)
    """
    alphabets = {unicodedata.name(sign, "").split(" ")[0] for sign in reader if sign.isalpha()}
    return len(alphabets & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}) > 1


def get_default_reader() -> str:
    """Return a pseudonym for who sits here: a short hash of the login name, never the name."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = "unknown"
    return "reader-" + hashlib.sha256(login.encode()).hexdigest()[:6]


def make_fresh_reader() -> str:
    """Return a pseudonym that no one else has: for a browser where no one has said who reads.

    >>> make_fresh_reader() != make_fresh_reader()
    True
    """
    return f"reader-{secrets.token_hex(4)}"
