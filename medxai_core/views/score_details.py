"""What stands behind the mean of a scored run: polyps, frames, kinds of failure, and bands of pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from medxai_core.evaluation.bands import BandScore
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.clusterings import RecordedClustering
from medxai_core.records.pictures import Images, Items
from medxai_core.study import Study
from medxai_core.views.failures import Kind, name_failure
from medxai_core.views.polyp_places import measure_centre_distances
from medxai_core.views.recorded_scores import PictureScores
from medxai_core.views.score_groups import score_by_brightness, score_by_cluster, score_by_place, score_by_size

FIGURE_WORDS = {
    "polyps.polyps_found": "Polyps found: at least half of their pixels are in the mask",
    "polyps.polyps_touched": "Polyps touched: at least one pixel is in the mask; those found among them",
    "polyps.false_positives_per_frame": "Pieces of mask without a polyp, per frame",
    "frames.false_positive_frames": "Frames without a polyp that get a mask",
    "frames.correctly_empty_frames": "Frames without a polyp that stay empty",
    "frames.false_positive_area": "Area of such false masks, share of the picture",
}
"""Figures by polyp and by frame, and what they count."""

KIND_WORDS: dict[Kind, str] = {
    "none": "good, or rightly empty",
    "no_mask": "polyp without a mask",
    "elsewhere": "mask at another place",
    "too_small": "mask too small",
    "too_large": "mask too large",
    "beside": "mask partly beside the polyp",
    "no_polyp": "mask without a polyp",
}
"""Kinds of failure, in the order in which they are listed."""


CLUSTER = "Cluster"
"""First column of the table by cluster."""


@dataclass(frozen=True)
class BandTable:
    """Hold the mean Dice by one thing that pictures differ in.

    Attributes
    ----------
    title, first : str
        Of the table, and of its first column.
    bands : list of BandScore
    """

    title: str
    first: str
    bands: list[BandScore]


def list_band_tables(
    study: Study,
    pictures: PictureScores,
    *,
    images: Images,
    items: Items,
    clustering: RecordedClustering | None,
    stage: Stage = silent_stage,
) -> list[BandTable]:
    """Average Dice by size and place of the polyp, by brightness of the picture and by nearest cluster.

    Returns
    -------
    list of BandTable
        Those that have a band.
    """
    on_progress = stage("Measuring where the polyps lie")
    distances = measure_centre_distances(study, pictures, images=images, on_progress=on_progress)
    by_position = dict(zip(pictures.positions.tolist(), distances.tolist(), strict=True))
    sizes, places = score_by_size(pictures), score_by_place(pictures, by_position)
    bright = score_by_brightness(study, pictures)
    clusters = [] if clustering is None else score_by_cluster(study, pictures, items, clustering)
    tables = (
        BandTable("Dice by size of the polyp", "Share of the picture", sizes),
        BandTable("Dice by place of the polyp (0 centre, 1 corner)", "Distance from the centre", places),
        BandTable("Dice by brightness of the picture (0 black, 255 white)", "Mean brightness", bright),
        BandTable("Dice by nearest cluster, worst first; clusters with five pictures or more", CLUSTER, clusters),
    )
    return [table for table in tables if table.bands]


def count_kinds(pictures: PictureScores) -> dict[Kind, int]:
    """Count what went wrong, by kind, in the order of `KIND_WORDS`; every picture once."""
    kinds = Counter(name_failure(score).kind for score in pictures.scores)
    return {kind: kinds[kind] for kind in KIND_WORDS}


def say_polyps(rows: dict[str, dict[str, Any]]) -> str:
    """Say how many polyps are covered by half or more, how many only touched, and how many missed.

    Parameters
    ----------
    rows : dict of str to dict
        Recorded figures, `RecordedEvaluation.summary["rows"]`.

    >>> found, touched = {"value": 0.5, "total": 2, "out_of": 4}, {"value": 0.75, "total": 3, "out_of": 4}
    >>> say_polyps({"polyps.polyps_found": found, "polyps.polyps_touched": touched})
    'Of 4 polyps, 2 (50%) are covered by at least half. 1 is only touched, and 1 is not touched at all.'
    """
    found, touched = rows.get("polyps.polyps_found"), rows.get("polyps.polyps_touched")
    if found is None or found["value"] is None:
        return ""
    if touched is None or touched["value"] is None:
        return (
            f"{found['value']:.0%} of the polyps are covered by at least half. How many of the others are touched is "
            "not recorded: score the masks again."
        )
    n, n_found, n_touched = (int(one) for one in (found["out_of"], found["total"], touched["total"]))
    polyps = "1 polyp" if n == 1 else f"{n} polyps"
    return (
        f"Of {polyps}, {n_found} ({found['value']:.0%}) {_be(n_found)} covered by at least half. "
        f"{n_touched - n_found} {_be(n_touched - n_found)} only touched, and {n - n_touched} {_be(n - n_touched)} not "
        "touched at all."
    )


def _be(n: int) -> str:
    """Return the verb that goes with a number.

    >>> _be(1), _be(0)
    ('is', 'are')
    """
    return "is" if n == 1 else "are"
