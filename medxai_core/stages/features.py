"""Stage 1: the global features of every item of a study."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medxai_core.errors import Failure, MedxaiError
from medxai_core.features.registry import extract_features, get_feature_set
from medxai_core.formats.lire_csv import write_lire_csv
from medxai_core.images import load_image
from medxai_core.parallel import map_parallel
from medxai_core.progress import OnProgress
from medxai_core.provenance import get_versions
from medxai_core.records.clusterings import record_features
from medxai_core.records.pictures import list_images, list_items
from medxai_core.study import Study


@dataclass(frozen=True)
class ExtractedFeatures:
    """Say what was extracted.

    Attributes
    ----------
    n_items : int
        Items with features.
    failures : list of Failure
        Pictures whose items have none, with the reason.
    """

    feature_set: str
    n_items: int
    failures: list[Failure]


def extract_study_features(
    study: Study, *, feature_set: str = "lire", n_jobs: int = -1, on_progress: OnProgress | None = None
) -> ExtractedFeatures:
    """Extract and record the features of all items; each picture is decoded once.

    Parameters
    ----------
    n_jobs : int
        Pictures worked on at a time; -1: one a core.
    """
    arrays, failures = compute_study_features(study, feature_set, n_jobs=n_jobs, on_progress=on_progress)
    manifest = {"versions": get_versions("numpy", "pillow"), "n_failures": len(failures)}
    record_features(study, feature_set, arrays, manifest=manifest)
    n_items = int(np.isfinite(next(iter(arrays.values()))[:, 0]).sum())
    return ExtractedFeatures(feature_set, n_items, failures)


def compute_study_features(
    study: Study, feature_set: str, *, n_jobs: int = -1, on_progress: OnProgress | None = None
) -> tuple[dict[str, np.ndarray], list[Failure]]:
    """Compute the features of all items, and record nothing.

    Returns
    -------
    arrays : dict of str to (n_items, d) float64
        By descriptor; NaN rows for items without features.
    failures : list of Failure
        Pictures that could not be read.
    """
    images, items = list_images(study), list_items(study)
    chosen = get_feature_set(feature_set)
    arrays = {one.name: np.full((len(items), one.n_features), np.nan) for one in chosen.descriptors}
    by_image: dict[int, list[int]] = {}
    for position in np.flatnonzero(items.is_present):
        by_image.setdefault(int(items.image_positions[position]), []).append(int(position))
    root = study.image_root
    work = [
        (feature_set, str(root / images.relative_paths[image]), items.boxes[rows]) for image, rows in by_image.items()
    ]
    failures: list[Failure] = []
    results = map_parallel(_extract_tiles, work, n_jobs=n_jobs, on_progress=on_progress)
    for (image, rows), found in zip(by_image.items(), results, strict=True):
        if isinstance(found, str):
            failures.append(Failure(str(images.relative_paths[image]), found))
        else:
            for name, values in found.items():
                arrays[name][rows] = values
    return arrays, failures


def extract_features_csv(
    paths: Sequence[Path], csv: Path, *, n_jobs: int = -1, on_progress: OnProgress | None = None
) -> tuple[int, list[Failure]]:
    """Write the LIRE features of any pictures in the published CSV form.

    Returns
    -------
    n_written : int
        Pictures in the file, in the order given.
    failures : list of Failure
        Pictures that could not be read.
    """
    work = [("lire", str(path), None) for path in paths]
    rows, written, failures = [], [], []
    for path, found in zip(
        paths, map_parallel(_extract_tiles, work, n_jobs=n_jobs, on_progress=on_progress), strict=True
    ):
        if isinstance(found, str):
            failures.append(Failure(str(path), found))
        elif {"\n", "\r"} & set(str(path.resolve())):
            failures.append(Failure(repr(str(path)), "its path holds a line break, which the file cannot. Rename it."))
        else:
            rows.append(get_feature_set("lire").stack(found)[0])
            written.append(path.resolve())
    directory = Path(os.path.commonpath([path.parent for path in written])) if written else Path.cwd()
    table = np.array(rows).reshape(-1, get_feature_set("lire").n_features)
    write_lire_csv(csv, table, written, directory=directory)
    return len(rows), failures


def _extract_tiles(feature_set: str, path: str, boxes: np.ndarray | None) -> dict[str, np.ndarray] | str:
    """Return each descriptor of each box (None: the whole picture), (n_boxes, d) float64; or why there is none."""
    try:
        image = load_image(path)
    except MedxaiError as error:
        return str(error)
    if boxes is None:
        return extract_features([image], feature_set=feature_set)
    tiles = [np.ascontiguousarray(image[y0:y1, x0:x1]) for x0, y0, x1, y1 in boxes]
    return extract_features(tiles, feature_set=feature_set)
