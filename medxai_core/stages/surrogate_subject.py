"""What a surrogate is made of: pictures that the test split has no part in, their global and their deep features."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from medxai_core.checkpoints import load_checkpoint
from medxai_core.datasets import cache_inputs, delete_cache, iterate_inputs, list_readable_rows
from medxai_core.errors import NotEnoughImagesError
from medxai_core.evaluation.intervals import encode_groups
from medxai_core.progress import Stage
from medxai_core.records.clusterings import get_features
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.runs import BEST
from medxai_core.stages.training_sets import list_inputs
from medxai_core.study import Study
from medxai_core.surrogate import extract_deep_features

FEATURE_SET = "lire"
N_ITEMS = 2000
"""So many items are looked at, at most: whole groups, by chance."""
LEAST_ITEMS, LEAST_GROUPS = 30, 10


@dataclass(frozen=True, eq=False)
class SurrogateSubject:
    """Hold what is explained and by what, one row an item.

    Attributes
    ----------
    positions : (n,) int64
        Of the items in the study.
    item_ids : list of str
    groups : (n,) int64
    descriptors : dict of str to (n, k) float64
    deep_features : (n, d) float64
    logits : (n,) float64
    n_left_out : int
        Items that were chosen but could not be read.
    """

    positions: np.ndarray
    item_ids: list[str]
    groups: np.ndarray
    descriptors: dict[str, np.ndarray]
    deep_features: np.ndarray
    logits: np.ndarray
    n_left_out: int

    @property
    def features(self) -> np.ndarray:
        """All global features side by side, (n, p) float64."""
        return np.hstack(list(self.descriptors.values()))

    @property
    def widths(self) -> dict[str, int]:
        """Number of columns of each descriptor."""
        return {name: values.shape[1] for name, values in self.descriptors.items()}


def choose_surrogate_subject(study: Study, run: RecordedRun, *, seed: int, stage: Stage) -> SurrogateSubject:
    """Choose training and validation items, and compute what the network makes of them.

    Raises
    ------
    NotEnoughImagesError
        Fewer than 30 items or 10 groups.
    StageMissingError
        The global features were not extracted.
    """
    items, images, found = list_items(study), list_images(study), get_features(study, FEATURE_SET)
    positions = _choose_items(items, images, found, seed=seed)
    model, manifest = load_checkpoint(study.run_folder(run.run_id) / BEST)
    cache = study.folder / "runs" / f"inputs-{uuid.uuid4().hex[:8]}.npy"
    inputs = list_inputs(study, images, items, positions)
    try:
        on_read = stage("Reading pictures")
        cached, failures = cache_inputs(inputs, manifest.preprocessing, cache, n_jobs=-1, on_progress=on_read)
        rows = list_readable_rows(inputs, failures)
        batches = iterate_inputs(cached, rows, manifest.preprocessing, on_progress=stage("Computing deep features"))
        deep_features, logits = extract_deep_features(model, batches)
        del cached
    finally:
        delete_cache(cache)
    kept = positions[rows]
    groups = list_item_groups(items, images, kept)
    _check_enough(study, len(kept), len(set(groups)))
    return SurrogateSubject(
        positions=kept,
        item_ids=[str(one) for one in items.item_ids[kept]],
        groups=encode_groups(groups, len(kept)),
        descriptors={name: np.array(values[kept], float) for name, values in found.items()},
        deep_features=deep_features,
        logits=logits,
        n_left_out=len(positions) - len(kept),
    )


def list_item_groups(items: Items, images: Images, positions: np.ndarray) -> list[str]:
    """Return the patient, procedure, video or else the picture of some items."""
    pictures = items.image_positions[positions]
    return [str(images.groups[picture] or images.image_ids[picture]) for picture in pictures]


def _choose_items(items: Items, images: Images, found: Mapping[str, np.ndarray], *, seed: int) -> np.ndarray:
    """Return training and validation items with global features: all, or whole groups by chance, (n,) int64."""
    known = np.isfinite(next(iter(found.values()))[:, 0])
    positions = items.positions_in("train", "validation")
    positions = positions[known[positions]]
    if len(positions) <= N_ITEMS:
        return positions
    codes = encode_groups(list_item_groups(items, images, positions), len(positions))
    order = np.random.default_rng(seed).permutation(codes.max() + 1)
    size = np.bincount(codes)[order].cumsum()
    return positions[np.isin(codes, order[size <= N_ITEMS])]


def _check_enough(study: Study, n_items: int, n_groups: int) -> None:
    """Raise when there are too few items or groups to hold some out."""
    if n_items < LEAST_ITEMS or n_groups < LEAST_GROUPS:
        raise NotEnoughImagesError(
            f"a surrogate needs {LEAST_ITEMS} training and validation items of {LEAST_GROUPS} patients or pictures; "
            f"study {study.name!r} has {n_items} of {n_groups}.",
            "Import more pictures.",
        )
