"""Widgets of the Evaluation page."""
