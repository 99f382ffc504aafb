"""What other parts of the page ask the map to show, and the cluster that both speak of."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st

KEY = "map_order"
CLUSTER_KEY = "cluster"


def select_on_map(folder: str, rows: np.ndarray, words: str, cluster: int | None = None) -> None:
    """Let the map select items by their positions.

    Parameters
    ----------
    words : str
        Where the selection comes from; it is read out.
    cluster : int, optional
        The cluster that it is.
    """
    _order(folder, {"kind": "select", "words": words, "cluster": cluster}, rows)


def show_chosen_cluster(folder: str) -> None:
    """Let the cluster that was chosen in the tab stand out on the map; the selection stays."""
    _order(folder, {"kind": "cluster", "cluster": int(st.session_state[CLUSTER_KEY])}, None)


def _order(folder: str, order: dict[str, Any], rows: np.ndarray | None) -> None:
    """Keep an order; its turn grows, so that the map follows each once."""
    st.session_state[KEY] = (folder, {**order, "turn": time.time_ns() // 1_000_000}, rows)


def get_order(folder: str) -> tuple[dict[str, Any], np.ndarray | None] | None:
    """Return the last order for a study with the positions it is about, or None."""
    found = st.session_state.get(KEY)
    return found[1:] if found is not None and found[0] == folder else None
