"""What readers decided, and the labels that follow: pure functions over an append-only log."""

from __future__ import annotations

from medxai_core.review.agreement import Agreement, compute_agreement
from medxai_core.review.decisions import (
    ACTIONS,
    Decision,
    export_decisions,
    find_redo_target,
    find_undo_target,
    import_decisions,
    list_in_force,
)
from medxai_core.review.labels import LabelState, check_decision, compute_labels, list_not_again
from medxai_core.review.queues import QUEUE_ORDERS, queue_items, suggest_seeds
from medxai_core.review.summary import ReviewSummary, summarize_review

__all__ = [
    "ACTIONS",
    "QUEUE_ORDERS",
    "Agreement",
    "Decision",
    "LabelState",
    "ReviewSummary",
    "check_decision",
    "compute_agreement",
    "compute_labels",
    "export_decisions",
    "find_redo_target",
    "find_undo_target",
    "import_decisions",
    "list_in_force",
    "list_not_again",
    "queue_items",
    "suggest_seeds",
    "summarize_review",
]
