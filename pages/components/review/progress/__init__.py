"""The Progress view of a review: what is done, what is left, what next; and every earlier state of the labels."""

from __future__ import annotations

from pages.components.review.progress.view import show_progress

__all__ = ["show_progress"]
