"""Facts about the list of departures from the published code."""

from __future__ import annotations

from medxai_core.views.departures import DEPARTURES


def test_each_says_what_was_done_what_is_done_and_why_it_matters() -> None:
    assert len({one.title for one in DEPARTURES}) == len(DEPARTURES) >= 9
    for one in DEPARTURES:
        assert all(text.strip().endswith((".", "'.")) for text in (one.published, one.here, one.matters)), one.title


def test_the_traps_of_the_method_are_all_named() -> None:
    text = " ".join(f"{one.title} {one.published} {one.here}" for one in DEPARTURES)
    for trap in ("never ends", "same clusters", "never used", "ImageNet normalisation", "ring", "colour map",
                 "half a cell", "copies", "127"):  # fmt: skip
        assert trap in text, trap
