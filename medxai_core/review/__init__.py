"""What readers decided, and the labels that follow: pure functions over an append-only log."""

from __future__ import annotations

from medxai_core.review.agreement import Agreement, compute_agreement, name_class, name_kappa
from medxai_core.review.decisions import (
    ACTIONS,
    ANSWERS,
    RESTORES,
    REVERTS,
    Decision,
    export_decisions,
    find_redo_target,
    find_undo_target,
    import_decisions,
    list_in_force,
)
from medxai_core.review.history import Moment, Switch, cut_log, list_moments, plan_restore, plan_take_back
from medxai_core.review.labels import LabelState, check_decision, compute_labels, list_not_again
from medxai_core.review.queues import QUEUE_ORDERS, queue_items, queue_rows, suggest_seeds
from medxai_core.review.summary import ReviewSummary, summarize_review

__all__ = [
    "ACTIONS",
    "ANSWERS",
    "QUEUE_ORDERS",
    "RESTORES",
    "REVERTS",
    "Agreement",
    "Decision",
    "LabelState",
    "Moment",
    "ReviewSummary",
    "Switch",
    "check_decision",
    "compute_agreement",
    "compute_labels",
    "cut_log",
    "export_decisions",
    "find_redo_target",
    "find_undo_target",
    "import_decisions",
    "list_in_force",
    "list_moments",
    "list_not_again",
    "name_class",
    "name_kappa",
    "plan_restore",
    "plan_take_back",
    "queue_items",
    "queue_rows",
    "suggest_seeds",
    "summarize_review",
]
