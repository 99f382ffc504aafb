"""Scores as text: a value with its interval, what it rests on, what masks were used for."""

from __future__ import annotations

from typing import Any

from medxai_core.records.masks import MaskSetting, RecordedEvaluation, describe_setting
from medxai_core.views.score_words import TRIVIAL_WORDS, format_span

MASK_USE_BADGES = {
    "nothing": ":green-badge[nothing]",
    "tile_labels": ":blue-badge[tile labels]",
    "tuning": ":blue-badge[tuning]",
    "baseline": ":gray-badge[not a method]",
}

TUNED_ON_TEST = (
    "**Tuned on test.** The setting was unlocked after test scores had been seen, and locked again. "
    "The test score flatters, and nobody can say by how much."
)


def format_cell(one: dict[str, Any]) -> str:
    """Return a recorded figure as a cell of a table: the value, its 95 % interval below it."""
    if one["value"] is None:
        return "undefined"
    span = format_span(one["low"], one["high"]).replace(" to ", "\u2013")  # columns are narrow
    return f"**{one['value']:.3f}**" + (f"  \n:small[:gray[{span}]]" if span else "")


def name_row(row: RecordedEvaluation, *, is_current: bool = True) -> str:
    """Return a row's name as a reader would say it."""
    if row.run_id is None:
        return TRIVIAL_WORDS.get(row.name, row.name.capitalize())
    words = describe_setting(MaskSetting(**row.setting)).replace("<", "\\<").replace(">", "\\>")
    return f"Run {row.run_id}: {words}" + ("" if is_current else " (an earlier setting)")


def get_figure(row: RecordedEvaluation, name: str) -> dict[str, Any]:
    """Return one figure of a row, such as "mean.dice", with its interval and what it rests on."""
    nothing = {"value": None, "low": None, "high": None, "n_defined": 0, "n": 0, "reason": "not recorded"}
    return row.summary["rows"].get(name, nothing)
