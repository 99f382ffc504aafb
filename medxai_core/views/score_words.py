"""Scores, and what they are of, as text for readers."""

from __future__ import annotations

METRIC_WORDS = {
    "accuracy": "Pixels right (accuracy)",
    "jaccard": "Overlap, stricter (Jaccard, IoU)",
    "dice": "Overlap (Dice = F1)",
    "recall": "Polyp covered (recall)",
    "precision": "Mask that is polyp (precision)",
}

TRIVIAL_WORDS = {
    "everything is polyp": "Everything is polyp",
    "centred disk, radius 0.3 of the side": "Centred disk (radius 0.3 of the side)",
    "mean mask of other pictures": "Mean mask of the training pictures",
}


def format_score(value: float | None) -> str:
    """Return a score with three decimals; a dash where it is undefined.

    >>> format_score(0.2371), format_score(None)
    ('0.237', '\u2013')
    """
    return "\u2013" if value is None else f"{value:.3f}"


def format_span(low: float | None, high: float | None, digits: int = 3) -> str:
    """Return an interval as text; empty without one.

    >>> format_span(0.171, 0.2994), format_span(None, None)
    ('0.171 to 0.299', '')
    """
    return "" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"
