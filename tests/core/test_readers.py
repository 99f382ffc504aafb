"""Facts about pseudonyms: what looks the same is the same, wherever it was typed."""

from __future__ import annotations

import unicodedata

import pytest
from typer.testing import CliRunner

from medxai_core.__main__ import app
from medxai_core.readers import LONGEST, clean_reader, get_default_reader, mixes_alphabets, name_reader

TYPED = {
    "anna": "anna",
    "  anna   b\t c ": "anna b c",
    "an\x00na\x1b": "anna",
    "\u202eanna\u202c": "anna",  # written from right to left
    "an\u200b\u200d\ufeffna": "anna",  # joiners of no width
    "\uff21\uff4e\uff4e\uff41": "Anna",  # letters of full width
    "anna\u00a0b": "anna b",
    "an\u00adna": "anna",  # a hyphen that does not show
    "e\u0301va": "\u00e9va",
    "e\u200b\u0301va": "\u00e9va",
    "\u3164\u2800 \u200b": "",
    "<b>**x**</b>": "<b>**x**</b>",
}


@pytest.mark.parametrize("typed", TYPED, ids=ascii)
def test_a_pseudonym_is_recorded_as_it_looks(typed: str) -> None:
    assert clean_reader(typed) == TYPED[typed]
    assert clean_reader(TYPED[typed]) == TYPED[typed]  # nothing left to change


def test_a_pseudonym_is_cut_and_never_empty() -> None:
    assert len(clean_reader("x" * 500)) == LONGEST
    assert clean_reader("x" * 39 + " y") == "x" * 39
    assert name_reader("\u200b ") == name_reader(None) == get_default_reader()


def test_no_sign_of_unicode_stays_that_shows_nothing() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    left = [
        sign
        for sign in every
        if unicodedata.category(sign) in hidden and clean_reader(f"a{sign}b") not in ("ab", "a b")
    ]
    assert not left


def test_letters_of_two_alphabets_in_one_name_are_noticed() -> None:
    assert mixes_alphabets("\u0430nna")
    assert not any(map(mixes_alphabets, ("anna", "\u0430\u043d\u043d\u0430", "\u674e lin", "\u00e9va-2")))


def test_the_command_line_records_the_same_pseudonym(tmp_path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr("medxai_core.stages.labels.undo", lambda study, *, reader, event_id: seen.append(reader))
    monkeypatch.setattr("medxai_core.study.open_study", lambda study: study)
    CliRunner().invoke(app, ["review", "undo", "demo", "--reader", "\u202ean\u200bna  b"])
    assert seen == ["anna b"]
