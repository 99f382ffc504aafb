"""Whether a classifier can be scored at all: only where labels of check or test pictures are known."""

from __future__ import annotations

from medxai_core.records.pictures import Items

NO_KNOWN_LABELS = "The study holds no known labels for check or test pictures, so nothing can be scored."


def has_known_labels(items: Items) -> bool:
    """Return True when at least one check or test picture has a known label."""
    check, test = items.positions_in("validation"), items.positions_in("test")
    return bool(items.is_labelled[check].any()) or any(one is not None for one in items.reference_labels[test])
