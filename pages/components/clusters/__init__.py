"""Widgets of the Clusters page."""
