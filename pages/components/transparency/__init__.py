"""Widgets of the Transparency page."""
