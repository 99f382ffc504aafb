"""Widgets of the Study page."""
