"""All caches of the app, each with a bound."""

from __future__ import annotations

from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import streamlit as st

from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.study import Study, open_study

CACHE_SECONDS = 3600


@st.cache_resource(max_entries=8, ttl=CACHE_SECONDS)
def _open(folder: str, created: float) -> Study:
    """Open a study; `created` changes when another study takes its place."""
    return open_study(folder)


def get_study(folder: str | Path) -> Study:
    """Return an open study."""
    return _open(str(folder), _birth(Path(folder) / "study.db"))


def _birth(database: Path) -> float:
    """Return a number that differs between two studies in the same folder."""
    try:
        return float(database.stat().st_ino)
    except OSError:
        return 0.0


@st.cache_resource(max_entries=8, ttl=CACHE_SECONDS)
def _load_images(folder: str, version: str) -> Images:
    """Read the pictures of a study."""
    return list_images(get_study(folder))


@st.cache_resource(max_entries=8, ttl=CACHE_SECONDS)
def _load_items(folder: str, version: str) -> Items:
    """Read the items of a study."""
    return list_items(get_study(folder))


def get_version(study: Study) -> str:
    """Return a text that changes when pictures are added or removed."""
    from medxai_core.events import list_events

    removed = len(list_events(study, kind="remove-image"))
    return f"{study.get_fact('created_at')}-{removed}"


def get_images(study: Study) -> Images:
    """Return the pictures of a study."""
    return _load_images(str(study.folder), get_version(study))


def get_items(study: Study) -> Items:
    """Return the items of a study."""
    return _load_items(str(study.folder), get_version(study))


class SharedModel:
    """Hold a network with its lock: hooks of one session must not meet those of another."""

    def __init__(self, maker: Any) -> None:
        self.maker = maker
        self.lock = RLock()


@st.cache_resource(max_entries=2, ttl=CACHE_SECONDS, show_spinner="Loading the classifier")
def _load_model(folder: str, run_id: str, epoch: int) -> SharedModel:
    """Load the best epoch of a run."""
    from medxai_core.stages.heatmaps import load_map_maker

    return SharedModel(load_map_maker(get_study(folder), run_id))


def get_model(study: Study, run_id: str, best_epoch: int) -> SharedModel:
    """Return the classifier of a run with its lock."""
    return _load_model(str(study.folder), run_id, best_epoch)


@st.cache_data(max_entries=64, ttl=CACHE_SECONDS, show_spinner="Reading the picture")
def _load_picture(folder: str, relative_path: str, version: str) -> np.ndarray:
    """Decode one picture."""
    from medxai_core.records.pictures import load_study_image

    return load_study_image(get_study(folder), relative_path)


def get_picture(study: Study, relative_path: str) -> np.ndarray:
    """Return one picture, (H, W, 3) uint8."""
    return _load_picture(str(study.folder), relative_path, get_version(study))


@st.cache_data(max_entries=32, ttl=CACHE_SECONDS, show_spinner="Computing the heat maps of all layers")
def _compute_all_maps(
    folder: str, run_id: str, epoch: int, method: str, _image: np.ndarray, image_key: str
) -> tuple[dict[int, np.ndarray], float]:
    """Compute the raw maps of every layer of one picture in one pass."""
    shared = _load_model(folder, run_id, epoch)
    with shared.lock:
        layers = range(len(shared.maker.blocks))
        raw, logits = shared.maker.compute_raw([_image], layers, method=method)
    return {layer: maps[0] for layer, maps in raw.items()}, float(logits[0])


def get_all_maps(
    study: Study, run_id: str, best_epoch: int, *, method: str, image: np.ndarray, image_key: str
) -> tuple[dict[int, np.ndarray], float]:
    """Return the raw maps of every layer, (h, w) float32 each, and the logit for polyp."""
    return _compute_all_maps(str(study.folder), run_id, best_epoch, method, image, image_key)
