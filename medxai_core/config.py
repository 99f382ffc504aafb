"""Settings with a name: classes, the paper's five runs, and where studies live."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from medxai_core.errors import StudyNotFoundError

CLASS_NAMES = ("non_polyp", "polyp")
"""Class 0 and class 1. Class 1 is polyp everywhere."""

LABEL_SOURCES = ("reference", "cluster", "review")

RESEARCH_USE = "Research only. Not a medical device; not for diagnosis, treatment or measurement."

MASK_USES = ("nothing", "tile_labels", "tuning", "baseline")
"""What masks were used for on the way to a score (METHOD of every score row)."""

SEGMENTER = "lite1-fpn"
"""Name of the network that gives masks of its own: EfficientNet-Lite1 with a decoder."""

MOST_PICTURES = 1000
"""So many pictures a class map or a segmenter looks at, where nothing else is asked for: the labelled, and others."""

SEGMENTATION = "segmentation"
"""Not a CAM method: a segmenter's own map, probabilities that are cut as they are."""

SHUFFLED = "shuffled"
"""What a control learned from: labels in random order."""

SPLITS = ("train", "validation", "tuning", "test")


@dataclass(frozen=True)
class PipelinePreset:
    """Describe one way through the whole method.

    Attributes
    ----------
    name : str
        Name on the command line.
    n_clusters : int
        Number of k-means clusters, k.
    target : int
        Stop proposing labels when this many pictures are labelled.
    training : str
        Name of the training preset (``training.PRESETS``), or "recommended".
    layer : int or None
        MBConv block of the heat map; None: choose it on the tuning split, or in the recommended mode take the
        segmenter's own map.
    low, high : float or None
        Band ``low < h < high`` of the mask; None: no limit on that side.
    needs_pool : bool
        True when the run needs HyperKvasir's unlabelled pictures.
    tiles : tuple of int
        Rows and columns of tiles that the run expects.
    """

    name: str
    n_clusters: int
    target: int
    training: str
    layer: int | None
    low: float | None
    high: float | None
    needs_pool: bool = False
    tiles: tuple[int, int] = (1, 1)


PIPELINE_PRESETS: dict[str, PipelinePreset] = {
    preset.name: preset
    for preset in (
        PipelinePreset("paper-run-1", 50, 1000, "paper", 14, 0.4, 0.7, tiles=(2, 2)),
        PipelinePreset("paper-run-2", 200, 1000, "paper", 13, 0.4, 0.7, needs_pool=True),
        PipelinePreset("paper-run-3", 200, 1000, "paper", 14, 0.4, 0.7, needs_pool=True),
        PipelinePreset("paper-run-4", 250, 1000, "paper", 20, 0.28, None, needs_pool=True),
        PipelinePreset("paper-run-5", 250, 1000, "paper", 22, 0.28, None, needs_pool=True),
        PipelinePreset("quick", 20, 1000, "quick", None, None, None),
        PipelinePreset("recommended", 20, 1000, "recommended", None, None, None),
    )
}


@dataclass(frozen=True)
class PaperRow:
    """Hold one row of the paper's two result tables, as printed there.

    Scores are means over 200 test pictures, in [0, 1]; seconds and frames per
    second are for one picture. ``min_fps`` is the paper's own name for the
    frames per second of the *shortest* time, so it is the largest.
    """

    run: int
    accuracy: float
    jaccard: float
    dice: float
    recall: float
    precision: float
    mean_seconds: float
    min_seconds: float
    max_seconds: float
    mean_fps: float
    min_fps: float
    max_fps: float


PAPER_ROWS: tuple[PaperRow, ...] = (
    PaperRow(1, 0.6762, 0.1115, 0.1812, 0.3971, 0.1465, 0.11, 0.09, 0.12, 9.34, 10.72, 8.05),
    PaperRow(2, 0.6009, 0.0991, 0.1696, 0.4105, 0.1316, 0.11, 0.10, 0.13, 8.98, 9.97, 7.75),
    PaperRow(3, 0.6018, 0.1075, 0.1816, 0.4497, 0.1391, 0.11, 0.10, 0.13, 8.95, 10.10, 7.94),
    PaperRow(4, 0.6402, 0.1175, 0.1861, 0.3728, 0.1505, 0.09, 0.09, 0.09, 11.00, 11.19, 10.54),
    PaperRow(5, 0.5214, 0.1388, 0.2211, 0.6337, 0.1572, 0.09, 0.09, 0.09, 10.97, 11.14, 10.71),
)
"""Storas, MediaEval Medico 2021, tables 1 and 2."""


def get_home() -> Path:
    """Return the folder that lists the studies (``MEDXAI_HOME``, default ``~/.medxai``)."""
    return Path(os.environ.get("MEDXAI_HOME") or Path.home() / ".medxai")


def resolve_study_folder(name: str | Path) -> Path:
    """Return the folder of a study given as a path or as a bare name.

    A name without a slash that is no folder here means a study in ``MEDXAI_HOME/studies``.

    >>> resolve_study_folder("some/where").name
    'where'
    """
    if not str(name).strip():
        raise StudyNotFoundError("the name of the study is empty.", "Give a name or a folder.")
    path = Path(name).expanduser()
    if path.is_absolute() or len(path.parts) > 1 or (path / "study.db").exists():
        return path.resolve()
    return (get_home() / "studies" / path).resolve()
