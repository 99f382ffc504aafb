"""What Python packs, the browser unpacks, value by value."""

from __future__ import annotations

import base64

import numpy as np
from component_modules import load_module
from playwright.sync_api import Browser

from pages.components.packing import pack

READ = """([text, shift]) => {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const held = new Uint8Array(bytes.length + shift);
    held.set(bytes, shift);
    const { header, parts, shapes } = unpack(held.subarray(shift));
    const plain = (part) => Array.isArray(part) ? part.map((one) => [...one]) : [...part];
    return { header, shapes, parts: Object.fromEntries(Object.entries(parts).map(([k, v]) => [k, plain(v)])) };
}"""


def test_every_kind_of_part_arrives_wherever_it_lies_in_memory(chromium: Browser) -> None:
    parts = {
        "flags": np.array([1, 0, 255], np.uint8),
        "levels": np.array([[0, 65535], [1, 2]], np.uint16),
        "rows": np.array([-1, 2**31 - 1], np.int32),
        "counts": np.array([2**32 - 1], np.uint32),
        "places": np.array([0.5, -2.25], np.float32),
        "exact": np.array([0.1, 1e-300]),
        "empty": np.empty(0, np.float64),
    }
    packed = pack({"name": "<b>\u00e4\u2028"}, parts | {"files": [b"ab", b"", b"c"], "one": b"xyz"})
    page = chromium.new_page()
    try:
        load_module(page, "shared/packing.js", "unpack")
        for shift in (0, 1, 940):
            read = page.evaluate(READ, [base64.b64encode(packed).decode(), shift])
            assert read["header"] == {"name": "<b>\u00e4\u2028"}
            for name, array in parts.items():
                assert read["parts"][name] == array.ravel().tolist(), name
                assert read["shapes"][name] == list(array.shape)
            assert read["parts"]["files"] == [[97, 98], [], [99]] and read["parts"]["one"] == [120, 121, 122]
    finally:
        page.close()
