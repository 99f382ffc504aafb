"""Widgets of the Masks page."""
