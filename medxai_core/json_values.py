"""Results as values that JSON can hold."""

from __future__ import annotations

import math
from dataclasses import asdict, is_dataclass
from typing import Any


def to_plain(value: Any) -> Any:
    """Return a value that JSON can hold: a number that is not finite becomes None.

    >>> to_plain({"dice": float("nan"), "layers": (13, 14)})
    {'dice': None, 'layers': [13, 14]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): to_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return to_plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
