"""The binary format of the browser components, as far as Python can tell; tests/browser reads it in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pages.components.packing import ALIGNMENT, pack


def read_head(packed: bytes) -> tuple[dict, int]:
    """Return the JSON text of a packed message, and where its parts begin."""
    length = int.from_bytes(packed[4:8], "little")
    return json.loads(packed[8 : 8 + length]), 8 + length


def test_arrays_lie_in_memory_order_at_multiples_of_eight() -> None:
    levels = np.arange(5, dtype=np.uint16)
    packed = pack({"n": 5}, {"flags": np.ones(3, np.uint8), "levels": levels})
    head, start = read_head(packed)
    assert head["header"] == {"n": 5}
    facts = head["parts"]["levels"]
    assert start % ALIGNMENT == 0 and facts["offset"] % ALIGNMENT == 0
    at = start + facts["offset"]
    assert np.frombuffer(packed[at : at + facts["bytes"]], "<u2").tolist() == levels.tolist()


def test_an_array_is_packed_row_by_row_however_it_lies_in_memory() -> None:
    turned = np.arange(6, dtype=np.int32).reshape(2, 3).T
    packed = pack({}, {"turned": turned})
    head, start = read_head(packed)
    assert head["parts"]["turned"]["shape"] == [3, 2]
    assert np.frombuffer(packed[start : start + 24], "<i4").tolist() == [0, 3, 1, 4, 2, 5]


def test_files_keep_their_sizes() -> None:
    head, start = read_head(packed := pack({}, {"files": [b"abc", b"", b"de"]}))
    assert head["parts"]["files"]["sizes"] == [3, 0, 2]
    assert packed[start : start + 5] == b"abcde"


def test_hostile_text_is_carried_as_text() -> None:
    name = "</script><img src=x onerror=alert(1)>'\"\\\u2028.jpg"
    assert read_head(pack({"name": name}, {}))[0]["header"]["name"] == name


def test_what_the_browser_cannot_read_is_refused() -> None:
    with pytest.raises(TypeError, match="'wide' must have one of the dtypes"):
        pack({}, {"wide": np.zeros(2, np.int64)})
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"share": float("nan")}, {})
