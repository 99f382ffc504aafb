"""What a run learns from: the labelled items, their files, and their pixels as the network sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medxai_core.config import CLASS_NAMES
from medxai_core.datasets import LabelledInputs, cache_inputs, encode_labels, list_readable_rows
from medxai_core.errors import NoSeedsError
from medxai_core.models import Preprocessing
from medxai_core.progress import Stage
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.pictures import Images, Items
from medxai_core.records.runs import RecordedRun
from medxai_core.review import LabelState
from medxai_core.stages.labels import get_label_states
from medxai_core.study import Study

INPUTS = "inputs.npy"
"""File of a run with the decoded items; deleted when the run is done."""


@dataclass(frozen=True)
class TrainingSet:
    """Hold what a run learns from.

    Attributes
    ----------
    positions : (n,) int64
        Items, the seeds first, then reviewed ones, then proposals in the order of the rounds.
    labels : (n,) int64
        0 non-polyp, 1 polyp.
    counts : dict
        Number of labels by source and class.
    """

    positions: np.ndarray
    labels: np.ndarray
    counts: dict[str, dict[str, int]]


def choose_training_items(
    study: Study, items: Items, *, labels: str = "all", labelling: RecordedLabelling | None = None
) -> TrainingSet:
    """Choose the items to learn from, and their labels.

    Parameters
    ----------
    labels : {"all", "reviewed"}
        "all": proposals too, as the paper; "reviewed": only seeds and what readers decided.
    labelling : RecordedLabelling, optional
        The newest rounds, when they are at hand.

    Raises
    ------
    NoSeedsError
        Nothing is labelled, or one class only.

    Notes
    -----
    As in the paper the first ``target`` labelled items are used: the seeds, then the rest in the order of
    the rounds. What readers decided comes before what clusters propose.
    """
    labelling = labelling or find_labelling(study)
    states = get_label_states(study, items, labelling=labelling)
    found = pick_training_items(items, states, labelling, labels=labels)
    if len(set(found.labels.tolist())) < 2:
        known = dict(Counter(CLASS_NAMES[label] for label in found.labels))
        raise NoSeedsError(
            f"training needs labels of both classes; study {study.name!r} has {known or 'none'} "
            f"({'reviewed labels only' if labels == 'reviewed' else 'all labels'}).",
            "Label pictures of each class on the Review page, or run the proposals.",
        )
    return found


def pick_training_items(
    items: Items, states: Mapping[str, LabelState], labelling: RecordedLabelling | None, *, labels: str
) -> TrainingSet:
    """Pick the items to learn from out of the labels that are in force; see `choose_training_items`.

    Parameters
    ----------
    states : mapping of str to LabelState
        Of every present training item.
    labelling : RecordedLabelling or None
        The rounds whose proposals count, and whose target cuts.
    labels : {"all", "reviewed"}
    """
    proposals = labelling.proposals if labelling else {}
    rank: dict[str | None, int] = {"reference": 0, "review": 1, "cluster": 2}
    rows = []
    for position in items.positions_in("train"):
        item_id = items.item_ids[position]
        state = states[item_id]
        if state.label is None or (labels == "reviewed" and state.source == "cluster"):
            continue
        turn = proposals[item_id]["position"] if state.source == "cluster" else int(position)
        rows.append((rank[state.source], turn, int(position), state.label, state.source))
    rows.sort()
    if labelling is not None:
        rows = rows[: labelling.target]
    counts: dict[str, dict[str, int]] = {}
    for source in ("reference", "review", "cluster"):
        by_class = Counter(row[3] for row in rows if row[4] == source)
        counts[source] = {name: by_class[name] for name in CLASS_NAMES}
    return TrainingSet(np.array([row[2] for row in rows], np.int64), encode_labels([row[3] for row in rows]), counts)


def list_inputs(study: Study, images: Images, items: Items, positions: np.ndarray) -> list[tuple[Path, Sequence[int]]]:
    """Return file and box of some items, as `datasets.cache_inputs` wants them."""
    root = study.image_root
    return [
        (
            root / images.relative_paths[items.image_positions[position]],
            [int(side) for side in items.boxes[position]],
        )
        for position in positions
    ]


def find_validation_items(items: Items) -> np.ndarray:
    """Return the positions of the labelled validation items, (n,) int64."""
    rows = items.positions_in("validation")
    return rows[items.is_labelled[rows]]


def cache_run_inputs(
    study: Study, run: RecordedRun, items: Items, images: Images, preprocessing: Preprocessing, *,
    stage: Stage, folder: Path | None = None,
) -> tuple[LabelledInputs, LabelledInputs | None]:  # fmt: skip
    """Decode training and validation items once into a file; return both with their labels.

    Parameters
    ----------
    folder : Path, optional
        Where the file goes; by default into the folder of the run.
    """
    positions = np.array(run.manifest["item_positions"], np.int64)
    validation = find_validation_items(items)
    inputs = list_inputs(study, images, items, np.concatenate([positions, validation]))
    cached, failures = cache_inputs(
        inputs,
        preprocessing,
        (folder or study.run_folder(run.run_id)) / INPUTS,
        n_jobs=-1,
        on_progress=stage("Reading pictures"),
    )
    rows = list_readable_rows(inputs, failures)
    labels = np.concatenate([run.manifest["labels"], encode_labels(items.reference_labels[validation])])
    is_train = rows < len(positions)
    train = LabelledInputs(cached, rows[is_train], labels[rows[is_train]].astype(np.int64))
    if is_train.all():
        return train, None
    return train, LabelledInputs(cached, rows[~is_train], labels[rows[~is_train]].astype(np.int64))
